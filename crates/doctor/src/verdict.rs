//! The verdict: findings best first, how it stands with the site, and where its chain breaks.
//!
//! Only what the checks have already observed is used here; nothing is asked any more. How findings are ranked is the
//! vocabulary's to say (`cause::finding`), so that a report that merges several runs ranks them alike.

use crate::observe::answer::Answered;
use crate::observe::front::Front;
use crate::observe::gateway::Gateway;
use crate::{Case, UpstreamAddress};
use std::net::IpAddr;
use std::rc::Rc;
use torwart_cause::finding::{
    Contact, Diagnosis, Finding, Hop, Outcome, Role, Said, Severity, Station, StationState, said,
};

/// Whether what must be mended is as good as certain, so that waiting for the rest is idle.
pub fn is_plain(diagnosis: &Diagnosis) -> bool {
    let is_plain = |finding: &Finding| {
        finding.severity == Severity::Critical
            && finding.kind.role == Role::Root
            && finding.confidence >= PLAIN
    };
    diagnosis.findings.iter().any(is_plain)
}

/// Ranks the findings and draws the conclusions.
pub fn conclude(case: &Case, diagnosis: &mut Diagnosis) {
    diagnosis.rank();
    diagnosis.url = case.question().url.to_string();
    diagnosis.contacts = contacts(case);
    let site = case.seen();
    diagnosis.outcome = match site.works() {
        _ if !diagnosis.is_healthy() => Outcome::Faulty,
        Some(true) => Outcome::Healthy,
        Some(false) | None => Outcome::Unclear,
    };
    if diagnosis.outcome == Outcome::Unclear {
        diagnosis.notes.extend(site.trouble());
    }
    diagnosis.products = site.products();
    diagnosis.hops = stations(diagnosis, &site);
}

/// What a run has already seen of the site, for products and picture.
#[derive(Debug, Default)]
pub(crate) struct SiteSeen {
    /// What its URL answers.
    pub(crate) front: Option<Rc<Front>>,
    /// Its gateway's configuration.
    pub(crate) gateway: Option<Rc<Gateway>>,
    /// What its upstreams answer.
    pub(crate) answers: Vec<Rc<Answered>>,
    /// What its name leads to.
    pub(crate) addresses: Vec<IpAddr>,
    /// Its first upstream.
    pub(crate) upstream: Option<UpstreamAddress>,
    /// Whether an upstream was reached.
    pub(crate) is_upstream_reached: bool,
}

impl SiteSeen {
    /// Whether the site answers as it should; nothing where nobody has asked it.
    fn works(&self) -> Option<bool> {
        self.front.as_ref().filter(|front| !front.pages.is_empty()).map(|front| front.has_good())
    }

    /// What is wrong with its page, as far as its first address tells.
    fn trouble(&self) -> Option<Said> {
        let page = self.front.as_ref()?.worst()?;
        let address = page.address;
        Some(match (page.exchange.status(), page.exchange.cause()) {
            (Some(status), _) => said("walk-site-answers").with("address", address).with("status", status),
            (None, Some(cause)) => said("walk-site-fails").with("address", address).with("cause", cause.id()),
            (None, None) => said("walk-site-silent").with("address", address),
        })
    }

    /// The products recognised, the gateway's first.
    fn products(&self) -> Vec<String> {
        let configured = self.gateway.iter().filter_map(|gateway| gateway.config.as_ref());
        let configured = configured.map(|config| config.product.name().to_owned());
        let pages = self.front.iter().flat_map(|front| &front.pages).map(|page| &page.exchange);
        let answers = self.answers.iter().filter_map(|answered| answered.exchange.as_ref());
        let served = pages.chain(answers).filter_map(|exchange| exchange.field("server")).filter_map(product);
        let mut products: Vec<String> = Vec::new();
        for product in configured.chain(served) {
            if !products.contains(&product) {
                products.push(product);
            }
        }
        products
    }
}

/// The product in a `Server` field: `nginx/1.22.1` is nginx.
fn product(server: &str) -> Option<String> {
    let name = server.split(['/', ' ', '(']).next().unwrap_or_default().to_ascii_lowercase();
    let known = [
        ("nginx", "nginx"),
        ("openresty", "nginx"),
        ("apache", "Apache"),
        ("caddy", "Caddy"),
        ("traefik", "Traefik"),
        ("haproxy", "HAProxy"),
        ("envoy", "Envoy"),
        ("istio-envoy", "Envoy"),
        ("awselb", "AWS ALB"),
        ("cloudflare", "Cloudflare"),
        ("microsoft-iis", "IIS"),
        ("gunicorn", "gunicorn"),
        ("uvicorn", "uvicorn"),
        ("apache-coyote", "Tomcat"),
    ];
    known.iter().find(|(id, _)| *id == name).map(|(_, product)| (*product).to_owned())
}

/// The stations with their state: whole before the break, unknown behind it.
fn stations(diagnosis: &Diagnosis, site: &SiteSeen) -> Vec<Station> {
    let verdict = diagnosis.verdict();
    let breaks_at = verdict.filter(|finding| weighs_as_break(finding, site)).map(|finding| finding.place.hop);
    let station = |hop| {
        let state = match breaks_at {
            Some(broken) if hop == broken => StationState::Broken,
            Some(broken) if hop < broken => StationState::Well,
            Some(_) => StationState::Unknown,
            None => state_without_break(hop, diagnosis, site),
        };
        Station { hop, name: name_of(hop, verdict, site), state }
    };
    Hop::ALL.map(station).into()
}

/// A warning on a site that works breaks nothing.
fn weighs_as_break(finding: &Finding, site: &SiteSeen) -> bool {
    finding.severity == Severity::Critical || site.works() == Some(false)
}

fn state_without_break(hop: Hop, diagnosis: &Diagnosis, site: &SiteSeen) -> StationState {
    let is_wrong = hop == Hop::Gateway && site.works() == Some(false);
    let has_warning = is_wrong
        || diagnosis
            .findings
            .iter()
            .any(|finding| finding.place.hop == hop && finding.severity > Severity::Info);
    let is_looked_at = match hop {
        Hop::You => true,
        Hop::Dns => site.works().is_some() || !site.addresses.is_empty(),
        Hop::Gateway => site.works().is_some(),
        Hop::Path | Hop::Upstream => site.is_upstream_reached || site.works() == Some(true),
        Hop::Application => site.works() == Some(true),
    };
    match (has_warning, is_looked_at) {
        (true, _) => StationState::Doubtful,
        (false, true) => StationState::Well,
        (false, false) => StationState::Unknown,
    }
}

fn name_of(hop: Hop, verdict: Option<&Finding>, site: &SiteSeen) -> Option<String> {
    let of_verdict = verdict.filter(|finding| finding.place.hop == hop);
    let told =
        of_verdict.and_then(|finding| finding.place.address.clone().or_else(|| finding.place.name.clone()));
    match hop {
        Hop::You | Hop::Path | Hop::Application => told,
        Hop::Dns => site.addresses.first().map(ToString::to_string).or(told),
        Hop::Gateway => site.products().into_iter().next().or(told),
        Hop::Upstream => told.or_else(|| site.upstream.as_ref().map(ToString::to_string)).map(bare),
    }
}

/// Room is short in the picture: the usual scheme is left out.
fn bare(address: String) -> String {
    address.strip_prefix("http://").map(str::to_owned).unwrap_or(address)
}

fn contacts(case: &Case) -> Vec<Contact> {
    let contact = |(host, made): (String, crate::budget::Made)| Contact {
        host,
        connections: made.connections,
        requests: made.requests,
    };
    case.budget().made().into_iter().map(contact).collect()
}

/// Confidence in percent from which a finding counts as plain.
const PLAIN: u8 = 90;

#[cfg(test)]
mod tests {
    use super::*;
    use torwart_cause::finding::Where;
    use torwart_cause::finding::connect::REFUSED_NOTHING_LISTENS;

    fn states(findings: Vec<Finding>, site: &SiteSeen) -> Vec<StationState> {
        let diagnosis = Diagnosis { findings, ..Diagnosis::default() };
        stations(&diagnosis, site).iter().map(|station| station.state).collect()
    }

    #[test]
    fn the_chain_is_whole_before_the_break_and_unknown_behind_it() {
        use StationState::{Broken, Unknown, Well};
        let refused = Finding::new(&REFUSED_NOTHING_LISTENS, 90, Where::hop(Hop::Upstream));
        let found = states(vec![refused], &SiteSeen::default());
        assert_eq!(found, [Well, Well, Well, Well, Broken, Unknown]);
    }

    #[test]
    fn what_nobody_has_looked_at_is_not_well() {
        use StationState::{Unknown, Well};
        let found = states(Vec::new(), &SiteSeen::default());
        assert_eq!(found, [Well, Unknown, Unknown, Unknown, Unknown, Unknown]);
    }

    #[test]
    fn only_a_certain_root_is_plain() {
        let refused = |confidence| {
            let finding = Finding::new(&REFUSED_NOTHING_LISTENS, confidence, Where::hop(Hop::Upstream));
            Diagnosis { findings: vec![finding], ..Diagnosis::default() }
        };
        assert!(is_plain(&refused(90)) && !is_plain(&refused(89)) && !is_plain(&Diagnosis::default()));
    }

    #[test]
    fn products_are_known_by_what_they_call_themselves() {
        assert_eq!(product("nginx/1.22.1").as_deref(), Some("nginx"));
        assert_eq!(product("Apache/2.4.62 (Debian)").as_deref(), Some("Apache"));
        assert_eq!(product("weather"), None);
    }
}
