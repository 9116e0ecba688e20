//! Is it only me: do other places answer while the site does not?
//!
//! Compares the site with the places the user names, and with what is asked anyway: the router on the way, the name
//! servers behind it. Proves, where the site cannot be reached, that nothing else can either (then it is this side's
//! fault), or that something can (then it is not), or that only one of IPv4 and IPv6 gets out. Where the site works,
//! nothing here is a fault. Nobody is asked whom the user has not named.

mod at_hand;
mod words;

use super::proxy;
use crate::observe::control::{ControlSeen, Tried, is_heard};
use crate::observe::host::Host;
use crate::observe::reach::Outcome;
use crate::question::Controls;
use crate::{Case, Checked};
use std::net::IpAddr;
use torwart_cause::Ending;
use torwart_cause::finding::client::{NO_IPV6, OFFLINE, ONLINE};
use torwart_cause::finding::{Finding, Hop, Where, said};

pub async fn check(case: &Case) -> Checked {
    // Behind a proxy direct connections tell nothing about what the user's programs see.
    if case.question().controls == Controls::Nothing || proxy::applies(case).is_some() {
        return Checked::not_applicable();
    }
    let (site, seen) = tokio::join!(Site::of(case), case.controls());
    let (useful, useless) = useful(case, &site, &seen);
    let compared = match site.standing {
        Standing::Elsewhere => Checked::not_applicable(),
        Standing::Reached => {
            useful.iter().find_map(|one| one.reached().map(|tried| (one, tried))).map_or_else(
                || if useful.is_empty() { Checked::not_applicable() } else { Checked::fine() },
                |(one, tried)| Checked::fine().said(words::reached(one, tried)),
            )
        }
        Standing::Unresolved | Standing::Unreached | Standing::Refused => compare(case, &site, &useful).await,
    };
    useless.into_iter().fold(compared, Checked::and)
}

/// How it stands with the site, from here.
struct Site {
    url: String,
    name: String,
    addresses: Vec<IpAddr>,
    standing: Standing,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// It is on this very machine, or its name leads nowhere: connections have no part in it.
    Elsewhere,
    /// A connection came through.
    Reached,
    /// No name server says anything.
    Unresolved,
    /// No connection comes through.
    Unreached,
    /// Somebody refuses each connection.
    Refused,
}

impl Site {
    async fn of(case: &Case) -> Self {
        let url = &case.question().url;
        let (front, names) = tokio::join!(case.front(), case.site());
        let addresses: Vec<IpAddr> = front.pages.iter().map(|page| page.address.ip()).collect();
        let endings: Vec<Option<&Ending>> =
            front.pages.iter().map(|page| page.exchange.attempt.connect.ending()).collect();
        let refused = |ending: &Option<&Ending>| matches!(ending, Some(Ending::Refused | Ending::Reset));
        let standing = if addresses.iter().any(|ip| ip.is_loopback() || Host::owns(*ip)) {
            Standing::Elsewhere
        } else if front.pages.iter().any(|page| page.exchange.attempt.connect.is_done()) {
            Standing::Reached
        } else if !addresses.is_empty() {
            if endings.iter().all(refused) { Standing::Refused } else { Standing::Unreached }
        } else if names.addresses.is_empty() && is_unheard(case, &names).await {
            Standing::Unresolved
        } else {
            Standing::Elsewhere
        };
        Self { url: url.to_string(), name: url.host.clone(), addresses, standing }
    }

    fn has_family(&self, is_v6: bool) -> bool {
        self.addresses.iter().any(|ip| ip.is_ipv6() == is_v6)
    }
}

/// Whether there are name servers, and none of them says a word.
async fn is_unheard(case: &Case, names: &crate::observe::names::Names) -> bool {
    let servers = names.servers(case).await;
    !servers.is_empty() && !servers.iter().any(is_heard)
}

/// The controls that can be compared with the site, and why the others cannot.
fn useful<'s>(case: &Case, site: &Site, seen: &'s [ControlSeen]) -> (Vec<&'s ControlSeen>, Vec<Checked>) {
    let mut useful = Vec::new();
    let mut useless = Vec::new();
    for one in seen {
        let shared = one.tries.iter().filter_map(|tried| tried.attempted.address());
        let shared = shared.map(|far| far.ip()).find(|ip| site.addresses.contains(ip));
        let is_out = one.reached().is_none();
        let why = if one.is_unknown {
            said("client-control-unknown").with("control", &one.control)
        } else if let Some(address) = shared {
            said("client-control-is-site").with("control", &one.control).with("address", address)
        } else if is_out && site.standing == Standing::Reached {
            said("client-control-out").with("control", &one.control).with("name", &case.question().url.host)
        } else {
            useful.push(one);
            continue;
        };
        useless.push(Checked::could_not(why, Some(words::command(&one.control))));
    }
    (useful, useless)
}

/// The site cannot be reached: what about the rest of the world?
async fn compare(case: &Case, site: &Site, controls: &[&ControlSeen]) -> Checked {
    if let Some(finding) = one_family(site, controls) {
        return Checked::found(vec![finding]);
    }
    // Where somebody refuses in the site's name, only somebody who refuses all else too would be on this side.
    let is_reached = |tried: &&Tried| match site.standing {
        Standing::Refused => tried.is_connected(),
        _ => tried.attempted.outcome.is_answer(),
    };
    let reached = controls.iter().find_map(|one| Some((*one, one.tries.iter().find(is_reached)?)));
    if let Some((one, tried)) = reached {
        let finding = Finding::new(&ONLINE, 95, Where::hop(Hop::You).name(&one.control))
            .proof_by(words::reached(one, tried), words::command(&one.control));
        return Checked::found(vec![finding]).said(words::reached(one, tried));
    }
    let failed: Vec<&ControlSeen> = controls.iter().copied().filter(|one| has_failed(one, site)).collect();
    if failed.is_empty() {
        return at_hand::compare(case, site).await;
    }
    let mut confidence = match failed.len() {
        1 => 85,
        _ => 93,
    };
    let is_stopped_here = |tried: &Tried| {
        matches!(tried.attempted.outcome, Outcome::HeldBack | Outcome::DeniedHere(_) | Outcome::NoRoute(None))
            || matches!(tried.attempted.outcome, Outcome::Rejected(message) if message.is_ours)
    };
    let mut finding = offline(site);
    for one in &failed {
        finding = match one.tries.first() {
            Some(tried) => finding.proof_by(words::failed(one, tried), words::command(&one.control)),
            None => finding.proof_by(
                said("client-control-unresolved").with("control", &one.control),
                words::command(&one.control),
            ),
        };
    }
    let heard = at_hand::heard(case, site).await;
    if let Some(server) = heard {
        confidence = 80;
        finding = finding.proof_by(
            said("client-server-answers-only").with("server", server),
            format!("dig @{server} . NS"),
        );
    }
    if failed.iter().all(|one| !one.tries.is_empty() && one.tries.iter().all(is_stopped_here)) {
        confidence = 96;
    }
    finding.confidence = confidence;
    Checked::found(vec![at_hand::with_router(finding, site)])
}

/// Whether no try came through, and none ended for a reason of the control's own.
fn has_failed(one: &ControlSeen, site: &Site) -> bool {
    let is_refused =
        |tried: &Tried| site.standing == Standing::Refused && tried.attempted.outcome.is_answer();
    let is_unresolved = one.tries.is_empty() && !one.is_unknown;
    is_unresolved
        || !one.tries.is_empty() && one.tries.iter().all(|tried| tried.has_no_way() || is_refused(tried))
}

/// The finding that nothing gets out, with what is known of the site.
fn offline(site: &Site) -> Finding {
    let finding = Finding::new(&OFFLINE, 0, Where::hop(Hop::You));
    if site.standing == Standing::Unresolved {
        return finding.proof_by(
            said("client-site-unresolved").with("name", &site.name),
            format!("getent ahosts {}", site.name),
        );
    }
    let addresses: Vec<String> = site.addresses.iter().map(ToString::to_string).collect();
    finding.proof_by(
        said("client-site-unreached").with("name", &site.name).with("addresses", addresses.join(", ")),
        format!("curl -sSI '{}'", site.url),
    )
}

/// The site has one family of addresses only, and controls show that just this one does not get out.
fn one_family(site: &Site, controls: &[&ControlSeen]) -> Option<Finding> {
    if site.standing != Standing::Unreached || site.has_family(true) == site.has_family(false) {
        return None;
    }
    let is_v6 = site.has_family(true);
    let of =
        |is_v6| controls.iter().flat_map(move |one| one.of_family(is_v6).map(move |tried| (*one, tried)));
    let (one, works) = of(!is_v6).find(|(_, tried)| tried.is_connected())?;
    let (other, fails) = of(is_v6).next()?;
    if !of(is_v6).all(|(_, tried)| tried.has_no_way()) {
        return None;
    }
    let finding = match is_v6 {
        true => {
            let first = site.addresses.first()?;
            let only = said("client-site-only-ipv6").with("name", &site.name).with("address", first);
            Finding::new(&NO_IPV6, 88, Where::hop(Hop::You).name(&site.name))
                .proof_by(only, format!("getent ahosts {}", site.name))
        }
        false => Finding { confidence: 88, ..offline(site) },
    };
    let family = if is_v6 { "-6" } else { "-4" };
    let rest = if is_v6 { "-4" } else { "-6" };
    Some(
        finding
            .proof_by(words::failed(other, fails), words::command_over(&other.control, family))
            .proof_by(words::reached(one, works), words::command_over(&one.control, rest)),
    )
}

#[cfg(test)]
mod tests;
