//! Does the upstream need a name in the handshake (SNI) that the gateway does not say?
//!
//! Proves it by two handshakes that differ in nothing but the name: as the gateway makes it, the upstream refuses or
//! shows a certificate the gateway must refuse; with the right name all is well.

use super::words::{certificate, failure, with_certificate};
use super::{bearing, repair};
use crate::observe::tls::meant::own_name;
use crate::observe::tls::sight::{self, UpstreamSight};
use crate::observe::tls::{TlsSeen, openssl};
use crate::{Case, Checked};
use std::net::IpAddr;
use std::rc::Rc;
use torwart_cause::Ending;
use torwart_cause::finding::{Finding, Hop, Severity, Where, said, tls};
use torwart_dial::tls::facts::CertificateFacts;

/// Does it?
pub async fn check(case: &Case) -> Checked {
    let sights = sight::upstreams(case).await;
    if sights.is_empty() {
        return Checked::not_applicable();
    }
    let mut findings = Vec::new();
    for sight in &sights {
        findings.extend(of(case, sight).await);
    }
    Checked::found(findings)
}

/// The finding for one upstream.
pub(super) async fn of(case: &Case, sight: &UpstreamSight) -> Option<Finding> {
    if !sight.meant.is_known() {
        return unknown(case, sight).await;
    }
    let refused = is_refused(&sight.seen);
    if !refused && !is_distrusted(sight, &sight.seen) {
        return None;
    }
    for name in candidates(case, sight) {
        let other = sight.asked_for(case, Some(&name)).await;
        if !is_well(&other, &name) || !refused && is_distrusted(sight, &other) {
            continue;
        }
        let confidence = if refused { 97 } else { 93 };
        let finding = tell(sight, &sight.seen, &other, &name, confidence);
        let works = bearing::site_works(case).await;
        return Some(if works { finding.severity(Severity::Warning) } else { finding });
    }
    None
}

/// Without a configuration: many gateways say no name by default, so an upstream that needs one explains a site that fails.
async fn unknown(case: &Case, sight: &UpstreamSight) -> Option<Finding> {
    let name = sight.seen.name.clone().filter(|name| is_well(&sight.seen, name))?;
    if !bearing::site_fails(case).await {
        return None;
    }
    let without = sight.asked_for(case, None).await;
    is_refused(&without)
        .then(|| tell(sight, &without, &sight.seen, &name, 80).proof(said("tls-gateway-settings-unknown")))
}

fn tell(sight: &UpstreamSight, bad: &Rc<TlsSeen>, good: &Rc<TlsSeen>, name: &str, confidence: u8) -> Finding {
    let place = repair::placed(
        Where::hop(Hop::Gateway).address(sight.address).name(name),
        sight.meant.tls.as_ref().map(|tls| &tls.sni),
    );
    let mut finding = Finding::new(&tls::SNI_REQUIRED, confidence, place);
    if let Some(told) = failure(bad, sight.address) {
        finding = finding.proof_by(told, openssl(sight.address, bad.name.as_deref(), ""));
    } else {
        finding = with_certificate(finding, bad, sight.address);
    }
    if let Some(leaf) = good.leaf() {
        finding = finding
            .proof_by(certificate(&leaf, Some(name), sight.address), openssl(sight.address, Some(name), ""));
    }
    if let (Some(product), Some(tls)) = (sight.meant.product, &sight.meant.tls) {
        finding =
            finding.proof(said("tls-setting").with("product", product).with("written", &tls.sni.written));
    }
    match repair::send_name(&sight.meant, name) {
        Some(fix) => finding.fix(fix),
        None => finding,
    }
}

/// The names that might be the right one, the likeliest first.
fn candidates(case: &Case, sight: &UpstreamSight) -> Vec<String> {
    let site = case.question().url.host.clone();
    let own = own_name(&sight.upstream.address).map(str::to_owned);
    let mut names = Vec::new();
    let mentioned = sight.meant.mentioned.iter().cloned();
    for name in sight.meant.expected.clone().into_iter().chain(mentioned).chain(own).chain([site]) {
        let is_new = !names.contains(&name) && Some(&name) != sight.meant.spoken.as_ref();
        if is_new && name.parse::<IpAddr>().is_err() && name.contains('.') {
            names.push(name);
        }
    }
    names
}

fn is_refused(seen: &TlsSeen) -> bool {
    let is_refusal = |ending| matches!(ending, Ending::TlsAlert(_) | Ending::Closed | Ending::Reset);
    !seen.asks_certificate() && seen.failure().is_some_and(|failure| is_refusal(failure.ending))
}

/// Whether the gateway must refuse the certificate for its name.
fn is_distrusted(sight: &UpstreamSight, seen: &TlsSeen) -> bool {
    let Some(name) = sight.meant.expected.as_deref().filter(|_| sight.meant.checks_name() == Some(true))
    else {
        return false;
    };
    let is_covered = |leaf: &CertificateFacts| {
        leaf.covers(name) || sight.meant.takes_common_name() && leaf.covers_by_common_name(name)
    };
    seen.leaf().is_some_and(|leaf| !is_covered(&leaf))
}

/// Whether the handshake came about with a certificate for the name.
fn is_well(seen: &TlsSeen, name: &str) -> bool {
    let is_done = seen.is_agreed() || seen.asks_certificate();
    is_done && seen.leaf().is_some_and(|leaf| leaf.covers(name) || leaf.covers_by_common_name(name))
}
