//! Does a certificate only seem invalid because this machine's clock is wrong?
//!
//! Proves it by at least two other clocks, the `Date` fields of the site's front and of an upstream at another address,
//! that agree with each other, contradict ours, and by which the certificate is valid.

use super::words::certificate;
use crate::observe::tls::moment::{self, of_date_field};
use crate::observe::tls::sight;
use crate::{Case, Checked};
use std::collections::BTreeMap;
use std::net::IpAddr;
use torwart_cause::finding::{Finding, Hop, Severity, Where, host, said};
use torwart_dial::tls::facts::CertificateFacts;

/// Is our clock to blame?
pub async fn check(case: &Case) -> Checked {
    let fronts = sight::front(case).await.into_iter().map(|sight| (sight.address, sight.seen));
    let upstreams = sight::upstreams(case).await.into_iter().map(|sight| (sight.address, sight.seen));
    let seen: Vec<_> = fronts.chain(upstreams).collect();
    if seen.is_empty() {
        return Checked::not_applicable();
    }
    for (address, seen) in seen {
        let Some(leaf) = seen.leaf() else { continue };
        if let Some(others) = contradiction(case, &leaf).await {
            let is_here = case.gateway().await.is_here;
            let place = Where::hop(if is_here { Hop::Gateway } else { Hop::You });
            let told = said("tls-clock-contradicted")
                .with("own", moment::shown(moment::now()))
                .with("others", moment::shown(others))
                .with("days", (moment::now() - others).abs() / moment::DAY);
            let finding = Finding::new(&host::CLOCK_WRONG, 92, place)
                .severity(if is_here { Severity::Critical } else { Severity::Warning })
                .proof_by(told, "date -u; timedatectl")
                .proof(certificate(&leaf, seen.name.as_deref(), address));
            return Checked::found(vec![finding]);
        }
    }
    Checked::fine()
}

/// Whether this certificate is out of its time by our clock alone.
pub(super) async fn is_ours_wrong(case: &Case, leaf: &CertificateFacts) -> bool {
    contradiction(case, leaf).await.is_some()
}

/// What other clocks say, where they make the certificate valid and ours does not.
async fn contradiction(case: &Case, leaf: &CertificateFacts) -> Option<i64> {
    let now = moment::now();
    if !leaf.is_over(now) && !leaf.is_too_early(now) {
        return None;
    }
    let clocks = clocks(case).await;
    let (first, last) = (*clocks.values().min()?, *clocks.values().max()?);
    let is_agreed = clocks.len() >= 2 && last - first < AGREED;
    let is_contradiction = (now - first).abs() > CONTRADICTED && (now - last).abs() > CONTRADICTED;
    let is_valid = !leaf.is_over(first) && !leaf.is_too_early(first);
    (is_agreed && is_contradiction && is_valid).then_some(first)
}

/// The clocks that can be read, by address. One machine has one clock, so this machine's addresses do not count.
async fn clocks(case: &Case) -> BTreeMap<IpAddr, i64> {
    let mut clocks = BTreeMap::new();
    let front = case.front().await;
    let pages = front.pages.iter().map(|page| (page.address.ip(), &page.exchange));
    for (ip, exchange) in pages {
        clocks.extend(exchange.field("date").and_then(of_date_field).map(|moment| (ip, moment)));
    }
    for upstream in case.upstreams().await.iter() {
        let Some(address) = case.socket_address(&upstream.address).await else { continue };
        let answer = case.answer(&upstream.address).await;
        let date =
            answer.exchange.as_ref().and_then(|exchange| exchange.field("date")).and_then(of_date_field);
        clocks.extend(date.map(|moment| (address.ip(), moment)));
    }
    clocks.retain(|ip, _| !ip.is_loopback());
    clocks
}

/// Clocks that differ by less agree, in seconds.
const AGREED: i64 = 300;
/// Clocks that differ by more contradict each other, in seconds.
const CONTRADICTED: i64 = 3600;
