//! No check of its own: which connections are tried, and what each that fails is a case of.
//!
//! The judgement is one pure function over an attempt and its surroundings, so that two checks never claim the same
//! failure. The site's own address is judged as the upstreams are: it is the first connection on the way.

use crate::observe::reach::{Attempted, Outcome, Reach, Surroundings, Way};
use crate::together::together;
use crate::{Case, Place, Scheme, Source, UpstreamAddress};
use std::net::IpAddr;
use std::rc::Rc;
use torwart_cause::finding::{Finding, FindingKind, Hop, Severity, Where};

/// A server that connections are made to.
#[derive(Clone, Debug)]
pub(super) struct Target {
    /// Its address.
    pub address: UpstreamAddress,
    /// Who named it; `None` for the site itself.
    pub source: Option<Source>,
    /// How far connections come.
    pub reach: Rc<Reach>,
}

/// A connection that failed.
#[derive(Clone, Debug)]
pub(super) struct Failed {
    /// Where to.
    pub target: Target,
    /// The attempt.
    pub attempted: Attempted,
    /// What it is a case of.
    pub judgement: Judgement,
    /// How bad that is here, at most.
    pub severity: Severity,
}

/// What a failed attempt is a case of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Judgement {
    /// Nothing accepts there.
    NothingListens,
    /// A box nearer than the host resets.
    ForeignReset,
    /// A filter refuses by ICMP.
    Rejected,
    /// This machine's own filter.
    OwnEgress,
    /// Only from the usual source address.
    SourceBlocked,
    /// A filter says nothing, while the host is alive.
    Dropped,
    /// Nobody says anything.
    Silent,
    /// Only the family fails: IPv4 works.
    FamilyBroken,
    /// The host is gone.
    HostDown,
    /// No route.
    NoRoute,
    /// Packets go round in circles.
    Loop,
    /// This machine forbids it.
    DeniedHere,
    /// This machine has nothing left.
    Spent,
    /// Something about a unix socket.
    Unix,
    /// This machine lacks what the attempt needs; nothing about the far end.
    Here,
}

/// The site itself, and the servers behind it, with how far connections to them come.
pub(super) async fn targets(case: &Case) -> Vec<Target> {
    let mut wanted: Vec<(UpstreamAddress, Option<Source>)> = Vec::new();
    if proxy(case).is_none() {
        wanted.push((site(case), None));
    }
    for upstream in case.upstreams().await.iter() {
        if wanted.iter().all(|(address, _)| address.place != upstream.address.place) {
            wanted.push((upstream.address.clone(), Some(upstream.source.clone())));
        }
    }
    let reaching = wanted.into_iter().map(async |(address, source)| {
        let reach = case.reach(&address).await;
        Target { address, source, reach }
    });
    together(reaching).await
}

/// Every connection that failed.
pub(super) async fn failed(case: &Case) -> Vec<Failed> {
    let targets = targets(case).await;
    let has_failed = targets.iter().any(|target| target.reach.failed().next().is_some());
    // How bad a dead upstream is depends on whether visitors notice.
    let is_site_good = has_failed && case.front().await.has_good();
    let some_upstream = targets.iter().any(|target| target.source.is_some() && target.reach.is_connected());
    let mut failed: Vec<Failed> = Vec::new();
    for target in &targets {
        for attempted in target.reach.failed() {
            if failed.iter().any(|known| known.attempted.far == attempted.far) {
                continue;
            }
            let judgement = judge(attempted, &target.reach);
            let is_elsewhere = is_site_good && target.source.is_some() && !some_upstream;
            let severity = match judgement {
                // The site works although none of its upstreams can be reached: this is not where it stands.
                Judgement::Dropped
                | Judgement::Silent
                | Judgement::Rejected
                | Judgement::NoRoute
                | Judgement::HostDown
                | Judgement::SourceBlocked
                    if is_elsewhere =>
                {
                    Severity::Info
                }
                _ if is_site_good
                    || target.reach.is_connected()
                    || (target.source.is_some() && some_upstream) =>
                {
                    Severity::Warning
                }
                _ => Severity::Critical,
            };
            failed.push(Failed { target: target.clone(), attempted: attempted.clone(), judgement, severity });
        }
    }
    failed
}

/// Those of one kind.
pub(super) async fn cases_of(case: &Case, judgement: Judgement) -> Vec<Failed> {
    let mut failed = failed(case).await;
    failed.retain(|one| one.judgement == judgement);
    failed
}

/// The address of the site as an upstream's, where the user says to connect elsewhere.
pub(super) fn site(case: &Case) -> UpstreamAddress {
    let url = &case.question().url;
    let instead = case.question().connect_to.iter();
    let instead = instead.clone().find(|((host, port), _)| *host == url.host && *port == url.port);
    let (host, port) =
        instead.map_or((url.host.clone(), url.port), |(_, (host, port))| (host.clone(), *port));
    let place = match host.parse::<IpAddr>() {
        Ok(ip) => Place::Ip((ip, port).into()),
        Err(_) => Place::Name { host, port },
    };
    UpstreamAddress { scheme: if url.is_https { Scheme::Https } else { Scheme::Http }, place }
}

/// The proxy that the user's environment prescribes for the site.
pub(super) fn proxy(case: &Case) -> Option<&str> {
    let question = case.question();
    let names: &[&str] = if question.url.is_https {
        &["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"]
    } else {
        &["http_proxy", "all_proxy", "ALL_PROXY"]
    };
    let proxy = names.iter().find_map(|name| question.variable(name))?;
    let exempt = ["no_proxy", "NO_PROXY"].iter().find_map(|name| question.variable(name)).unwrap_or_default();
    let host = question.url.host.as_str();
    let is_exempt = exempt.split(',').map(str::trim).any(|rule| {
        let rule = rule.trim_start_matches('.');
        rule == "*" || (!rule.is_empty() && (host == rule || host.ends_with(&format!(".{rule}"))))
    });
    (!is_exempt).then_some(proxy)
}

impl Target {
    /// Whether it is the site itself.
    pub(super) const fn is_site(&self) -> bool {
        self.source.is_none()
    }

    /// Where a finding about it is.
    pub(super) fn place(&self, hop: Hop, far: impl ToString) -> Where {
        let hop = if self.is_site() { Hop::Gateway } else { hop };
        let place = Where::hop(hop).address(far);
        let place = match &self.address.place {
            Place::Name { host, .. } => place.name(host),
            Place::Ip(_) | Place::Unix(_) => place,
        };
        match &self.source {
            Some(Source::Config { file, line }) => place.file(file, *line),
            Some(Source::Argument) | None => place,
        }
    }
}

impl Failed {
    /// A finding about it; no worse than the case is here.
    pub(super) fn finding(&self, kind: &'static FindingKind, confidence: u8, hop: Hop) -> Finding {
        let place = self.target.place(hop, &self.attempted.far);
        Finding::new(kind, confidence, place).severity(kind.severity.min(self.severity))
    }

    /// The host as a command line takes it, and the port.
    pub(super) fn host_and_port(&self) -> (String, u16) {
        let address = self.attempted.address();
        address.map_or_else(|| (self.attempted.far.to_string(), 0), |far| (far.ip().to_string(), far.port()))
    }

    /// How long it took, in milliseconds.
    pub(super) fn millis(&self) -> String {
        self.attempted.took.as_millis().to_string()
    }
}

/// What a failed attempt is a case of.
pub(super) fn judge(attempted: &Attempted, reach: &Reach) -> Judgement {
    if is_family_broken(attempted, reach) {
        return Judgement::FamilyBroken;
    }
    match attempted.outcome {
        Outcome::Connected | Outcome::NoSource | Outcome::Failed(_) => Judgement::Here,
        Outcome::HeldBack => Judgement::OwnEgress,
        Outcome::Rejected(message) if message.is_ours => Judgement::OwnEgress,
        Outcome::Reset => reset(attempted.around.as_deref()),
        Outcome::Rejected(_) => match &attempted.around {
            Some(around) if around.working_source().is_some() => Judgement::SourceBlocked,
            _ => Judgement::Rejected,
        },
        Outcome::Silent => silence(attempted.around.as_deref()),
        Outcome::HostDown(_) => Judgement::HostDown,
        Outcome::NoRoute(_) => Judgement::NoRoute,
        Outcome::Loop(_) => Judgement::Loop,
        Outcome::DeniedHere(_) => Judgement::DeniedHere,
        Outcome::PortsSpent | Outcome::DescriptorsSpent => Judgement::Spent,
        Outcome::SocketMissing
        | Outcome::SocketDenied
        | Outcome::SocketDead
        | Outcome::SocketFull
        | Outcome::NotASocket => Judgement::Unix,
    }
}

/// Some address of the other family works, and none of this one.
fn is_family_broken(attempted: &Attempted, reach: &Reach) -> bool {
    let Some(address) = attempted.address() else { return false };
    let mut connected = reach.attempts.iter().filter(|other| other.outcome == Outcome::Connected);
    let family_of = |other: &Attempted| other.address().map(|address| address.is_ipv6());
    let other_works = connected.clone().any(|other| family_of(other) == Some(!address.is_ipv6()));
    address.is_ipv6() && other_works && !connected.any(|other| family_of(other) == Some(true))
}

fn reset(around: Option<&Surroundings>) -> Judgement {
    let Some(around) = around else { return Judgement::NothingListens };
    if around.lives.is_some_and(|lives| lives.reset.distance() < lives.other.distance()) {
        return Judgement::ForeignReset;
    }
    let distance = |trace: &Option<crate::observe::reach::Trace>| trace.as_ref()?.distance();
    match (distance(&around.trace), distance(&around.other_trace)) {
        (Some(this), Some(other)) if this < other => Judgement::ForeignReset,
        _ => Judgement::NothingListens,
    }
}

fn silence(around: Option<&Surroundings>) -> Judgement {
    let Some(around) = around else { return Judgement::Silent };
    if around.working_source().is_some() {
        return Judgement::SourceBlocked;
    }
    let first_router = |trace: &Option<crate::observe::reach::Trace>| {
        trace.as_ref()?.hops.first().filter(|hop| hop.distance == 1)?.router
    };
    let is_first_hop_mute = around.trace.as_ref().is_some_and(|trace| trace.last_router().is_none());
    if is_first_hop_mute && first_router(&around.other_trace).is_some() {
        return Judgement::OwnEgress;
    }
    // A neighbour that answered nothing at all would have been reported gone after three seconds.
    if around.is_host_alive() || around.way == Way::OnLink {
        return Judgement::Dropped;
    }
    Judgement::Silent
}

#[cfg(test)]
mod tests;
