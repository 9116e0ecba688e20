//! Do different name servers give different addresses for the same name?
//!
//! Proves: both are asked, and what each gives is tried. Inner and outer addresses for one name are usually meant so, and
//! networks that spread load answer everybody differently: only an address that is dead from here while another
//! server's works is held against anybody.

use super::subject::{self, Subject, are_disjoint, dig, listed, shown};
use crate::observe::names::{ServerSaid, Touch};
use crate::{Case, Checked};
use std::net::IpAddr;
use torwart_cause::finding::dns::SPLIT_HORIZON;
use torwart_cause::finding::{Finding, Severity, said};
use torwart_dial::dns::Kind;

pub async fn check(case: &Case) -> Checked {
    let Some(subject) = subject::site(case).await else { return Checked::not_applicable() };
    let servers = subject.names.servers(case).await;
    if servers.iter().filter(|told| told.is_alive()).count() < 2 || !subject.names.hosts.is_empty() {
        return Checked::not_applicable();
    }
    let own = subject.names.addresses.clone();
    for told in servers.iter() {
        let other = told.addresses();
        if other.is_empty() || !are_disjoint(&own, &other) {
            continue;
        }
        if let Some(finding) = differing(case, &subject, told, &own, &other).await {
            return Checked::found(vec![finding]);
        }
    }
    Checked::fine()
}

async fn differing(
    case: &Case,
    subject: &Subject,
    told: &ServerSaid,
    own: &[IpAddr],
    other: &[IpAddr],
) -> Option<Finding> {
    let works = accepts(case, subject, other).await;
    if works.is_none() && !own.is_empty() {
        return None;
    }
    let is_dead = own.is_empty() || all_dead(case, subject, own).await;
    let is_inner = own.iter().any(is_private) != other.iter().any(is_private);
    if !is_dead && !is_inner {
        return None;
    }
    let severity = if is_dead { Severity::Critical } else { Severity::Info };
    let host = subject.host();
    let key = if own.is_empty() { "dns-system-says-nothing" } else { "dns-system-says" };
    let system = said(key).with("name", host).with("addresses", listed(own));
    let elsewhere = said("dns-server-says")
        .with("server", shown(told.server))
        .with("name", host)
        .with("addresses", listed(other));
    let mut finding = Finding::new(&SPLIT_HORIZON, if is_dead { 85 } else { 70 }, subject.place())
        .severity(severity)
        .proof_by(system, format!("getent ahosts {host}"))
        .proof_by(elsewhere, dig(told.server, host, Kind::A, ""));
    if let Some(works) = works {
        finding = finding.proof(said("dns-address-works").with("address", works).with("port", subject.port));
    }
    let dead = own.first().filter(|_| is_dead);
    Some(match dead {
        Some(dead) => {
            finding.proof(said("dns-address-dead").with("address", dead).with("port", subject.port))
        }
        None => finding,
    })
}

async fn accepts(case: &Case, subject: &Subject, addresses: &[IpAddr]) -> Option<IpAddr> {
    for address in addresses.iter().take(3) {
        if *subject.names.touch(case, subject.socket(*address)).await == Touch::Accepts {
            return Some(*address);
        }
    }
    None
}

async fn all_dead(case: &Case, subject: &Subject, addresses: &[IpAddr]) -> bool {
    for address in addresses.iter().take(3) {
        if !subject.names.touch(case, subject.socket(*address)).await.is_dead() {
            return false;
        }
    }
    true
}

fn is_private(address: &IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.is_private() || v4.is_loopback() || v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_unique_local() || v6.is_loopback() || v6.is_unicast_link_local(),
    }
}
