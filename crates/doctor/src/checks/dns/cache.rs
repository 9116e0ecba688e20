//! Is a cache between this machine and the zone older than the zone?
//!
//! Proves: the zone's own servers agree on addresses that a resolver does not give, what it gives counts down as a cache
//! does, and its address is dead while the zone's works. A difference alone proves nothing: networks that spread load
//! over the world answer everybody differently.

use super::subject::{self, Subject, are_disjoint, dig, listed, shown};
use crate::observe::names::{Authority, ServerSaid, Touch, Zone};
use crate::{Case, Checked};
use std::net::IpAddr;
use std::time::Duration;
use tokio::time::sleep;
use torwart_cause::finding::dns::CACHE_STALE;
use torwart_cause::finding::{Finding, said};
use torwart_dial::dns::{Kind, Question};

pub async fn check(case: &Case) -> Checked {
    subject::each(case, one).await
}

async fn one(case: &Case, subject: &Subject) -> Checked {
    let servers = subject.names.servers(case).await;
    let zone = subject.names.zone(case).await;
    let Some((zone, current)) = zone.as_ref().as_ref().and_then(|zone| Some((zone, agreed(zone)?))) else {
        return Checked::not_applicable();
    };
    for told in servers.iter() {
        let old = told.addresses();
        let finding = if told.knows_no_such_name() && !told.replies().any(|reply| reply.is_authoritative) {
            forgotten(case, subject, zone, told, &current).await
        } else if !old.is_empty() && are_disjoint(&old, &current) {
            outdated(case, subject, zone, told, &old, &current).await
        } else {
            None
        };
        if let Some(finding) = finding {
            return Checked::found(vec![finding]);
        }
    }
    Checked::fine()
}

/// The addresses on which all the zone's servers agree.
fn agreed(zone: &Zone) -> Option<Vec<IpAddr>> {
    let mut good = zone.good();
    let first = good.next()?.addresses();
    let all_same = good.all(|server: &Authority| server.addresses() == first);
    (all_same && !first.is_empty()).then_some(first)
}

async fn outdated(
    case: &Case,
    subject: &Subject,
    zone: &Zone,
    told: &ServerSaid,
    old: &[IpAddr],
    current: &[IpAddr],
) -> Option<Finding> {
    for address in old.iter().take(2) {
        if !subject.names.touch(case, subject.socket(*address)).await.is_dead() {
            return None;
        }
    }
    let works = works(case, subject, current).await?;
    let (before, after) = counted_down(case, subject, told).await?;
    let command = dig(told.server, subject.host(), Kind::A, "");
    let cached = said("dns-cache-says")
        .with("server", shown(told.server))
        .with("name", subject.host())
        .with("addresses", listed(old))
        .with("before", before)
        .with("after", after);
    let port = subject.port;
    let dead = old.first()?;
    let finding = Finding::new(&CACHE_STALE, 92, subject.place())
        .proof_by(cached, command)
        .proof_by(says(zone, current), authority_command(zone))
        .proof_by(
            said("dns-address-dead").with("address", dead).with("port", port),
            format!("nc -vz -w 3 {dead} {port}"),
        )
        .proof_by(
            said("dns-address-works").with("address", works).with("port", port),
            format!("nc -vz -w 3 {works} {port}"),
        );
    Some(finding)
}

async fn forgotten(
    case: &Case,
    subject: &Subject,
    zone: &Zone,
    told: &ServerSaid,
    current: &[IpAddr],
) -> Option<Finding> {
    let works = works(case, subject, current).await?;
    let cached =
        said("dns-cache-knows-no-name").with("server", shown(told.server)).with("name", subject.host());
    let finding = Finding::new(&CACHE_STALE, 85, subject.place())
        .proof_by(cached, dig(told.server, subject.host(), Kind::A, ""))
        .proof_by(says(zone, current), authority_command(zone))
        .proof(said("dns-address-works").with("address", works).with("port", subject.port));
    Some(finding)
}

async fn works(case: &Case, subject: &Subject, addresses: &[IpAddr]) -> Option<IpAddr> {
    for address in addresses.iter().take(3) {
        if *subject.names.touch(case, subject.socket(*address)).await == Touch::Accepts {
            return Some(*address);
        }
    }
    None
}

/// The time to live, twice with a moment between, if it fell as only a cache's does.
async fn counted_down(case: &Case, subject: &Subject, told: &ServerSaid) -> Option<(u32, u32)> {
    let before = told.replies().find(|reply| !reply.is_authoritative)?.ttl()?;
    sleep(MOMENT).await;
    let kind = if told.v4.as_ref().as_ref().is_ok_and(|reply| !reply.addresses().is_empty()) {
        Kind::A
    } else {
        Kind::Aaaa
    };
    let again =
        subject.names.ask(case, told.server, Question::recursive(subject.host(), kind).signed()).await;
    let after = again.as_ref().as_ref().ok()?.ttl()?;
    (after < before).then_some((before, after))
}

fn says(zone: &Zone, current: &[IpAddr]) -> torwart_cause::finding::Said {
    let servers: Vec<_> = zone.good().map(|server| server.name.clone()).collect();
    said("dns-zone-says")
        .with("zone", &zone.name)
        .with("servers", listed(&servers))
        .with("addresses", listed(current))
}

fn authority_command(zone: &Zone) -> String {
    let server = zone.good().next().map(Authority::socket);
    server.map_or_else(
        || format!("dig +trace {}", zone.asked),
        |server| dig(server, &zone.asked, Kind::A, "+norecurse"),
    )
}

/// More than a second: times to live are whole seconds.
const MOMENT: Duration = Duration::from_millis(1200);
