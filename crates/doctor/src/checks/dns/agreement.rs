//! Do the name servers of the zone say the same?
//!
//! Proves: two servers that speak for the zone have different versions of it and give different answers, and still do
//! some seconds later. Different versions with equal answers, and different answers of one version (which is how load is
//! spread over the world), are as they should be.

use super::subject::{self, Subject, are_disjoint, dig, listed};
use crate::observe::names::{Authority, Touch};
use crate::{Case, Checked};
use std::time::Duration;
use tokio::time::sleep;
use torwart_cause::finding::dns::AUTHORITIES_DISAGREE;
use torwart_cause::finding::{Finding, Severity, said};
use torwart_dial::dns::{Kind, Question};

pub async fn check(case: &Case) -> Checked {
    subject::each(case, one).await
}

async fn one(case: &Case, subject: &Subject) -> Checked {
    let zone = subject.names.zone(case).await;
    let Some(zone) = zone.as_ref() else { return Checked::not_applicable() };
    let mut good: Vec<&Authority> = zone.good().filter(|server| server.serial().is_some()).collect();
    // The newest version first (RFC 1982).
    good.sort_by(|one, other| match (one.serial(), other.serial()) {
        (Some(one), Some(other)) if one == other => std::cmp::Ordering::Equal,
        (Some(one), Some(other)) if one.wrapping_sub(other) < 1 << 31 => std::cmp::Ordering::Less,
        _ => std::cmp::Ordering::Greater,
    });
    let Some((newest, others)) = good.split_first() else { return Checked::not_applicable() };
    let differs = |other: &&&Authority| other.serial() != newest.serial() && contradicts(newest, other);
    let lagging: Vec<&Authority> = others.iter().filter(differs).copied().collect();
    if lagging.is_empty() {
        let serial = newest.serial().unwrap_or_default();
        let count = good.len();
        return Checked::fine().said(
            said("dns-zone-agrees").with("zone", &zone.name).with("count", count).with("serial", serial),
        );
    }
    // A zone that was changed this moment is on its way to the others.
    sleep(TRANSFER.min(case.left() / 3)).await;
    let mut finding = Finding::new(&AUTHORITIES_DISAGREE, 90, subject.place()).severity(Severity::Info);
    finding = finding.proof_by(told(newest), dig(newest.socket(), &zone.name, Kind::Soa, "+norecurse"));
    let mut is_real = false;
    for server in lagging {
        let again = subject
            .names
            .ask(case, server.socket(), Question::direct(zone.name.clone(), Kind::Soa).signed())
            .await;
        let serial = again.as_ref().as_ref().ok().and_then(|reply| reply.zone()).map(|(_, serial)| serial);
        if serial == newest.serial() {
            continue;
        }
        is_real = true;
        finding = finding.proof_by(told(server), dig(server.socket(), &zone.asked, Kind::A, "+norecurse"));
        let severity = harm(case, subject, newest, server).await;
        finding.severity = finding.severity.max(severity);
    }
    if is_real { Checked::found(vec![finding]) } else { Checked::fine() }
}

fn contradicts(one: &Authority, other: &Authority) -> bool {
    let knows_none = |server: &Authority| server.knows_no_such_name();
    knows_none(one) != knows_none(other)
        || are_disjoint(&one.addresses(), &other.addresses()) && !one.addresses().is_empty()
}

fn told(server: &Authority) -> torwart_cause::finding::Said {
    let addresses = server.addresses();
    let key = if addresses.is_empty() { "dns-authority-says-nothing" } else { "dns-authority-says" };
    said(key)
        .with("server", &server.name)
        .with("address", server.address.ip())
        .with("serial", server.serial().unwrap_or_default())
        .with("addresses", listed(&addresses))
}

/// What it means for those who ask the server that lags behind.
async fn harm(case: &Case, subject: &Subject, newest: &Authority, old: &Authority) -> Severity {
    if old.knows_no_such_name() || old.addresses().is_empty() {
        return Severity::Critical;
    }
    let mut is_dead = true;
    for address in old.addresses().into_iter().take(2) {
        is_dead &= subject.names.touch(case, subject.socket(address)).await.is_dead();
    }
    let mut is_alive = false;
    for address in newest.addresses().into_iter().take(2) {
        is_alive |= *subject.names.touch(case, subject.socket(address)).await == Touch::Accepts;
    }
    if is_dead && is_alive { Severity::Critical } else { Severity::Info }
}

/// A change reaches the other servers within a moment (RFC 1996).
const TRANSFER: Duration = Duration::from_secs(2);
