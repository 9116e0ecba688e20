//! Does every name server that the zone is delegated to serve it?
//!
//! Proves: each is asked without recursion. One that answers without authority is lame; one that answers neither over
//! UDP nor takes TCP is dead. Judged only where another one is well, or where the resolvers fail too: a network that
//! lets nobody ask the world's name servers is no fault of the zone.

use super::subject::{self, Subject, dig, failed};
use crate::observe::names::{Authority, Touch, Zone};
use crate::{Case, Checked};
use torwart_cause::finding::dns::{AUTHORITY_DEAD, LAME};
use torwart_cause::finding::{Finding, FindingKind, Said, Severity, said};
use torwart_dial::dns::{Kind, Reply};

pub async fn check(case: &Case) -> Checked {
    subject::each(case, one).await
}

async fn one(case: &Case, subject: &Subject) -> Checked {
    let zone = subject.names.zone(case).await;
    let Some(zone) = zone.as_ref() else { return Checked::not_applicable() };
    let trace = Some(format!("dig +trace {}", zone.asked));
    if zone.is_intercepted() {
        return Checked::could_not(said("dns-intercepted").with("zone", &zone.name), trace);
    }
    let servers = subject.names.servers(case).await;
    let is_broken = subject.is_unresolved() && servers.iter().any(|told| told.failed() || !told.is_alive());
    let has_good = zone.good().next().is_some();
    if !has_good && !is_broken {
        let why = said("dns-zone-out-of-reach").with("zone", &zone.name);
        return if zone.servers.is_empty() {
            Checked::not_applicable()
        } else {
            Checked::could_not(why, trace)
        };
    }
    let severity = if has_good { Severity::Warning } else { Severity::Critical };
    let lame: Vec<_> = zone.servers.iter().filter(|server| server.is_lame()).collect();
    let mut findings = Vec::new();
    if !lame.is_empty() || !zone.without_address.is_empty() {
        let mut finding = finding(&LAME, if has_good { 92 } else { 88 }, subject, zone, severity);
        for server in &lame {
            finding = finding
                .proof_by(lameness(server, zone), dig(server.socket(), &zone.name, Kind::Soa, "+norecurse"));
        }
        for name in &zone.without_address {
            let without =
                said("dns-name-server-without-address").with("server", name).with("zone", &zone.name);
            finding = finding.proof_by(without, format!("dig {name} A"));
        }
        findings.push(finding);
    }
    let mut dead = Vec::new();
    for server in &zone.servers {
        if let Some(failure) = server.failure()
            && is_judged(server, zone)
            && *subject.names.touch(case, server.socket()).await != Touch::Accepts
        {
            dead.push((server, failure));
        }
    }
    if !dead.is_empty() && (has_good || lame.is_empty()) {
        let mut finding = finding(&AUTHORITY_DEAD, if has_good { 80 } else { 65 }, subject, zone, severity);
        for (server, failure) in dead {
            let command = dig(server.socket(), &zone.name, Kind::Soa, "+norecurse");
            finding = finding.proof_by(failed(server.socket(), failure), command);
        }
        findings.push(finding);
    }
    Checked::found(findings)
}

fn finding(
    kind: &'static FindingKind,
    confidence: u8,
    subject: &Subject,
    zone: &Zone,
    severity: Severity,
) -> Finding {
    let names: Vec<_> =
        if zone.by_parent.is_empty() { zone.by_resolver.clone() } else { zone.by_parent.clone() };
    let delegated = said("dns-delegated").with("zone", &zone.name).with("servers", subject::listed(&names));
    Finding::new(kind, confidence, subject.place()).severity(severity).proof(delegated)
}

fn lameness(server: &Authority, zone: &Zone) -> Said {
    let code = server.soa.as_ref().as_ref().map_or_else(|_| "-".to_owned(), Reply::code);
    let is_code = server.soa.as_ref().as_ref().is_ok_and(|reply| reply.rcode != Reply::NO_ERROR);
    let lame = if is_code { said("dns-lame-code").with("code", code) } else { said("dns-lame-no-authority") };
    lame.with("server", &server.name).with("address", server.address.ip()).with("zone", &zone.name)
}

/// Whether silence says something about the server: not where no server of its family answers at all.
fn is_judged(server: &Authority, zone: &Zone) -> bool {
    let is_same = |other: &&Authority| other.address.is_ipv6() == server.address.is_ipv6();
    !server.address.is_ipv6() || zone.servers.iter().filter(is_same).any(|other| other.failure().is_none())
}
