//! Do all addresses of the site show the same certificate?
//!
//! Proves that one node was forgotten when the certificate was renewed: same names, another, older certificate. Nodes
//! that renew on their own differ too, which is fine as long as none is much older than the others.

use super::words::{certificate, with_certificate};
use crate::observe::tls::moment::{self, DAY};
use crate::observe::tls::sight::{self, FrontSight};
use crate::{Case, Checked};
use torwart_cause::finding::{Finding, Hop, Severity, Where, tls};
use torwart_dial::tls::facts::CertificateFacts;

/// Do they?
pub async fn check(case: &Case) -> Checked {
    let sights = sight::front(case).await;
    let shown: Vec<_> = sights.iter().filter_map(|sight| Some((sight, sight.seen.leaf()?))).collect();
    let Some((newest_at, newest)) = shown.iter().max_by_key(|(_, leaf)| (leaf.not_after, leaf.not_before))
    else {
        return Checked::not_applicable();
    };
    if shown.len() < 2 {
        return Checked::not_applicable();
    }
    let older =
        shown.iter().filter(|(_, leaf)| leaf.sha256 != newest.sha256).min_by_key(|(_, leaf)| leaf.not_after);
    match older {
        Some((sight, leaf)) => Checked::found(vec![differ(sight, leaf, newest_at, newest)]),
        None => Checked::fine(),
    }
}

fn differ(
    sight: &FrontSight,
    leaf: &CertificateFacts,
    newest_at: &FrontSight,
    newest: &CertificateFacts,
) -> Finding {
    let place = Where::hop(Hop::Gateway).address(sight.address);
    let finding =
        with_certificate(Finding::new(&tls::ADDRESSES_DIFFER, 85, place), &sight.seen, sight.address);
    let severity = severity(leaf, newest, moment::now());
    let name = newest_at.seen.name.as_deref();
    finding.severity(severity).proof(certificate(newest, name, newest_at.address))
}

/// A node that lags behind by weeks was forgotten; one that is about to fall out of time breaks soon.
fn severity(leaf: &CertificateFacts, newest: &CertificateFacts, now: i64) -> Severity {
    let is_over = leaf.is_over(now) && !newest.is_over(now);
    let is_ending = leaf.not_after - now < 14 * DAY && newest.not_after - leaf.not_after > 7 * DAY;
    let is_stranger = leaf.names != newest.names && leaf.common_name != newest.common_name;
    if is_over || is_ending || is_stranger { Severity::Warning } else { Severity::Info }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaf(not_before: i64, not_after: i64) -> CertificateFacts {
        CertificateFacts {
            not_before: not_before * DAY,
            not_after: not_after * DAY,
            ..CertificateFacts::default()
        }
    }

    #[test]
    fn only_a_node_that_lags_behind_is_a_fault() {
        let newest = leaf(100, 190);
        assert_eq!(severity(&leaf(98, 188), &newest, 110 * DAY), Severity::Info);
        assert_eq!(severity(&leaf(30, 120), &newest, 110 * DAY), Severity::Warning);
        assert_eq!(severity(&leaf(10, 100), &newest, 110 * DAY), Severity::Warning);
    }
}
