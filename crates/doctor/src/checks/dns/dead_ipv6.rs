//! Where the site's name has addresses of both families: do both work?
//!
//! Proves: every IPv4 address that was tried takes connections and no IPv6 address does. Refusal comes from over there;
//! silence counts only where this machine has IPv6 that works towards something else.

use super::subject::{self, Subject};
use crate::observe::host::Host;
use crate::observe::names::Touch;
use crate::{Case, Checked};
use std::net::IpAddr;
use torwart_cause::finding::dns::IPV6_DEAD;
use torwart_cause::finding::{Finding, said};

pub async fn check(case: &Case) -> Checked {
    // What gateways make of an upstream's addresses is asked where connections are.
    match subject::site(case).await {
        Some(subject) => one(case, &subject).await,
        None => Checked::not_applicable(),
    }
}

async fn one(case: &Case, subject: &Subject) -> Checked {
    let addresses = subject.names.addresses.iter().copied();
    let (six, four): (Vec<IpAddr>, Vec<IpAddr>) = addresses.partition(IpAddr::is_ipv6);
    if six.is_empty() || four.is_empty() {
        return Checked::not_applicable();
    }
    let mut works = None;
    for address in four.iter().take(TRIED) {
        if *subject.names.touch(case, subject.socket(*address)).await == Touch::Accepts {
            works = Some(*address);
            break;
        }
    }
    let Some(works) = works else { return Checked::fine() };
    let mut touches = Vec::new();
    for address in six.iter().take(TRIED) {
        touches.push((*address, *subject.names.touch(case, subject.socket(*address)).await));
    }
    if !touches.iter().all(|(_, touch)| touch.is_dead()) {
        return Checked::fine();
    }
    let Some((dead, touch)) = touches.first().copied() else { return Checked::fine() };
    let is_plain = touch == Touch::Refuses || Host::owns(dead);
    if !is_plain && !has_working_ipv6(case, subject).await {
        let why = said("dns-ipv6-untold").with("address", dead).with("port", subject.port);
        return Checked::could_not(why, Some(format!("nc -6 -vz -w 3 {dead} {}", subject.port)));
    }
    let port = subject.port;
    let key = if touch == Touch::Refuses { "dns-ipv6-refuses" } else { "dns-ipv6-silent" };
    let finding = Finding::new(
        &IPV6_DEAD,
        if is_plain { 93 } else { 80 },
        subject.place().address(subject.socket(dead)),
    )
    .proof_by(said(key).with("address", dead).with("port", port), format!("nc -6 -vz -w 3 {dead} {port}"))
    .proof_by(
        said("dns-address-works").with("address", works).with("port", port),
        format!("nc -4 -vz -w 3 {works} {port}"),
    );
    Checked::found(vec![finding])
}

/// Whether anything beyond this machine has answered over IPv6: the name servers we asked anyway.
async fn has_working_ipv6(case: &Case, subject: &Subject) -> bool {
    let is_far = |address: IpAddr| address.is_ipv6() && !Host::owns(address);
    let servers = subject.names.servers(case).await;
    if servers.iter().any(|told| told.is_alive() && is_far(told.server.ip())) {
        return true;
    }
    let zone = subject.names.zone(case).await;
    let zone_servers = zone.iter().flat_map(|zone| &zone.servers);
    zone_servers.into_iter().any(|server| is_far(server.address.ip()) && server.failure().is_none())
}

/// Addresses tried of each family.
const TRIED: usize = 2;
