//! Does the certificate at the upstream's address belong to somebody else?
//!
//! Proves it by a certificate that is good, for names that have nothing in common with the site, the upstream or what
//! the gateway expects, whatever name is asked for: the address has a new tenant.

use super::bearing;
use super::words::with_certificate;
use crate::observe::tls::meant::own_name;
use crate::observe::tls::sight::{self, UpstreamSight};
use crate::observe::tls::{moment, trust};
use crate::{Case, Checked};
use std::net::IpAddr;
use torwart_cause::finding::{Finding, Hop, Severity, Where, said, tls};
use torwart_dial::tls::facts::CertificateFacts;
use torwart_dial::tls::judge::verify;

/// Does it?
pub async fn check(case: &Case) -> Checked {
    let mut checked = Checked::not_applicable();
    for sight in sight::upstreams(case).await {
        if !sight.seen.chain().is_empty() {
            checked = checked.and(Checked::found(of(case, &sight).await.into_iter().collect()));
        }
    }
    checked
}

/// The finding for one upstream.
pub(super) async fn of(case: &Case, sight: &UpstreamSight) -> Option<Finding> {
    let ours = our_names(case, sight);
    let leaf = sight.seen.leaf().filter(|leaf| is_foreign(leaf, &ours))?;
    let trust = trust::of_visitor(case).ok()?;
    if !verify(sight.seen.chain(), &trust, None, moment::now(), &[]).is_empty() {
        return None;
    }
    let by_site = sight.asked_for(case, Some(&case.question().url.host)).await;
    if !by_site.leaf().is_none_or(|leaf| is_foreign(&leaf, &ours)) {
        return None;
    }
    let place = Where::hop(Hop::Path).address(sight.address).name(leaf.names_line());
    let finding = with_certificate(Finding::new(&tls::STRANGER, 85, place), &sight.seen, sight.address)
        .proof(said("tls-nothing-in-common").with("names", leaf.names_line()).with("ours", ours.join(", ")));
    let mut bearing = bearing::of(case, sight, sight.meant.checks_name()).await;
    if bearing.severity == Severity::Info && bearing::site_fails(case).await {
        bearing.severity = Severity::Warning;
    }
    Some(bearing.weigh(finding))
}

fn our_names(case: &Case, sight: &UpstreamSight) -> Vec<String> {
    let own = own_name(&sight.upstream.address).map(str::to_owned);
    let all = [
        Some(case.question().url.host.clone()),
        own,
        sight.meant.expected.clone(),
        sight.meant.spoken.clone(),
    ];
    let mut names: Vec<String> =
        all.into_iter().flatten().filter(|name| name.parse::<IpAddr>().is_err()).collect();
    names.sort();
    names.dedup();
    names
}

/// Whether none of its names shares a domain with one of ours.
fn is_foreign(leaf: &CertificateFacts, ours: &[String]) -> bool {
    let theirs: Vec<&str> =
        leaf.names.iter().map(String::as_str).filter(|name| name.parse::<IpAddr>().is_err()).collect();
    let is_related = |name: &&str| ours.iter().any(|own| domain(own) == domain(name));
    !theirs.is_empty() && !ours.is_empty() && !theirs.iter().any(is_related)
}

/// The last two labels of a name: near enough to what somebody owns.
fn domain(name: &str) -> String {
    let labels: Vec<&str> = name.trim_end_matches('.').rsplit('.').take(2).collect();
    labels.join(".").to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_another_domain_are_foreign() {
        let leaf = CertificateFacts {
            names: vec!["*.other.test".into(), "10.0.0.1".into()],
            ..CertificateFacts::default()
        };
        assert!(is_foreign(&leaf, &["shop.example".to_owned()]));
        assert!(!is_foreign(&leaf, &["api.other.test".to_owned()]));
        assert!(!is_foreign(&CertificateFacts::default(), &["shop.example".to_owned()]));
    }
}
