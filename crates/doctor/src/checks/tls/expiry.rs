//! Does a certificate end soon?
//!
//! Proves it by the dates shown: below fourteen days, or below three tenths of the life of a short-lived certificate,
//! the renewal that should have happened has not. More time than that is merely told.

use super::words::with_certificate;
use crate::observe::tls::moment::{self, DAY};
use crate::observe::tls::{TlsSeen, sight};
use crate::{Case, Checked};
use std::net::SocketAddr;
use torwart_cause::finding::{Finding, Hop, Severity, Where, said, tls};
use torwart_dial::tls::facts::CertificateFacts;

/// Does one?
pub async fn check(case: &Case) -> Checked {
    let now = moment::now();
    let mut checked = Checked::not_applicable();
    for sight in sight::front(case).await {
        checked = checked.and(judge(&sight.seen, sight.address, Hop::Gateway, Severity::Warning, now));
    }
    for sight in sight::upstreams(case).await {
        // What the gateway does not look at may end unnoticed.
        let is_checked = sight.meant.checks_dates() == Some(true);
        let severity = if is_checked { Severity::Warning } else { Severity::Info };
        checked = checked.and(judge(&sight.seen, sight.address, Hop::Upstream, severity, now));
    }
    checked
        .findings
        .dedup_by(|one, other| one.place.hop == other.place.hop && one.severity == other.severity);
    checked
}

fn judge(seen: &TlsSeen, address: SocketAddr, hop: Hop, severity: Severity, now: i64) -> Checked {
    let Some(leaf) = seen.leaf() else { return Checked::not_applicable() };
    let left = said("tls-days-left").with("days", moment::days(now, leaf.not_after)).with("address", address);
    if !ends_soon(&leaf, now) {
        return Checked::fine().said(left);
    }
    let finding = Finding::new(&tls::EXPIRES_SOON, 95, Where::hop(hop).address(address)).severity(severity);
    Checked::found(vec![with_certificate(finding.proof(left), seen, address)])
}

fn ends_soon(leaf: &CertificateFacts, now: i64) -> bool {
    let life = leaf.not_after - leaf.not_before;
    let left = leaf.not_after - now;
    if left <= 0 || leaf.is_too_early(now) {
        return false;
    }
    if life < SHORT { left < life * 3 / 10 } else { left < 14 * DAY }
}

/// Certificates that live shorter are renewed at two thirds of their life.
const SHORT: i64 = 45 * DAY;

#[cfg(test)]
mod tests {
    use super::*;

    fn check(life: i64, left: i64, expected: bool) {
        let leaf = CertificateFacts { not_before: 0, not_after: life, ..CertificateFacts::default() };
        assert_eq!(ends_soon(&leaf, life - left), expected, "{left} of {life}");
    }

    #[test]
    fn what_is_soon_depends_on_the_life_of_the_certificate() {
        check(90 * DAY, 20 * DAY, false);
        check(90 * DAY, 13 * DAY, true);
        check(7 * DAY, 6 * DAY, false);
        check(7 * DAY, 2 * DAY, true);
        check(DAY, DAY / 2, false);
        check(DAY, -1, false);
    }
}
