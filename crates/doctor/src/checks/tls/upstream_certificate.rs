//! May the gateway believe its upstream's certificate?
//!
//! Proves it by judging the certificate as the gateway does: with its own trust file, for the name it expects, and only
//! as far as it verifies at all. What it does not look at is told quietly; what another check explains better is left.

use super::bearing::{self, Bearing};
use super::front_certificate::since;
use super::words::{certificate, with_certificate};
use super::{clock_fits_certificates, repair, rotation, server_name, stranger};
use crate::observe::tls::meant::{Meant, own_name};
use crate::observe::tls::sight::{self, UpstreamSight};
use crate::observe::tls::{issuer, moment, openssl, trust};
use crate::{Case, Checked};
use rustls_pki_types::CertificateDer;
use std::sync::Arc;
use torwart_cause::finding::{Finding, FindingKind, Hop, Severity, Where, said, tls};
use torwart_dial::TlsConfigProblem;
use torwart_dial::tls::facts::CertificateFacts;
use torwart_dial::tls::judge::{ChainFault, Trust, verify};

/// May it?
pub async fn check(case: &Case) -> Checked {
    let mut checked = Checked::not_applicable();
    for sight in sight::upstreams(case).await {
        if !sight.seen.chain().is_empty() {
            checked = checked.and(judge(case, &sight).await);
        }
    }
    checked
}

/// Whom the gateway believes.
///
/// # Errors
/// Its trust file cannot be used.
pub(super) fn trust_of(case: &Case, meant: &Meant) -> Result<Arc<Trust>, TlsConfigProblem> {
    match meant.trust_file() {
        // HAProxy writes the system's list so.
        Some(file) if file.value.starts_with("@system-ca") => Ok(trust::of_system()),
        Some(file) => trust::of_file(&file.value),
        None if meant.is_known() => Ok(trust::of_system()),
        None => trust::of_visitor(case),
    }
}

/// The faults the gateway would find, those that only a missing certificate explains proven where that is possible.
pub(super) async fn faults(case: &Case, sight: &UpstreamSight, trust: &Trust) -> Vec<ChainFault> {
    let expected = sight.meant.expected.as_deref();
    let chain = sight.seen.chain();
    let mut spare: Vec<CertificateDer<'static>> = Vec::new();
    for front in sight::front(case).await {
        spare.extend(front.seen.chain().iter().skip(1).cloned());
    }
    let faults = verify(chain, trust, expected, moment::now(), &spare);
    let missing = faults.iter().find_map(|fault| match fault {
        ChainFault::MissingIntermediate { url: Some(url), is_proven: false, .. } => Some(url.clone()),
        _ => None,
    });
    match missing {
        Some(url) if sight.meant.verifies() != Some(false) => {
            spare.extend(issuer::fetch(case, &url).await);
            verify(chain, trust, expected, moment::now(), &spare)
        }
        _ => faults,
    }
}

async fn judge(case: &Case, sight: &UpstreamSight) -> Checked {
    let trust = match trust_of(case, &sight.meant) {
        Ok(trust) => trust,
        Err(problem) => return unreadable(sight, &problem),
    };
    let (Some(leaf), faults) = (sight.seen.leaf(), faults(case, sight, &trust).await) else {
        return Checked::not_applicable();
    };
    if faults.is_empty() || server_name::of(case, sight).await.is_some() {
        return Checked::fine();
    }
    let is_clock = clock_fits_certificates::is_ours_wrong(case, &leaf).await;
    let is_rotated = rotation::of(case, sight).await.is_some();
    let is_stranger = stranger::of(case, sight).await.is_some();
    let mut findings = Vec::new();
    for fault in &faults {
        let is_explained = match fault {
            ChainFault::Expired(_) | ChainFault::NotYetValid(_) => is_clock,
            ChainFault::SelfSigned
            | ChainFault::UnknownIssuer { .. }
            | ChainFault::MissingIntermediate { .. } => is_rotated,
            ChainFault::WrongName { .. } => is_stranger || is_harmless_name(case, sight, &leaf, fault),
            _ => false,
        };
        if !is_explained && let Some(finding) = finding(sight, &leaf, fault) {
            let bearing = bearing_of(case, sight, fault).await;
            findings.push(with_newer_front(case, &leaf, fault, bearing.weigh(finding)).await);
        }
    }
    Checked::found(findings)
}

/// How much a fault matters.
async fn bearing_of(case: &Case, sight: &UpstreamSight, fault: &ChainFault) -> Bearing {
    let is_checked = match fault {
        ChainFault::Expired(0) | ChainFault::NotYetValid(0) => sight.meant.checks_dates(),
        ChainFault::WrongName { .. } => sight.meant.checks_name(),
        _ => sight.meant.verifies(),
    };
    let mut bearing = bearing::of(case, sight, is_checked).await;
    if matches!(fault, ChainFault::Weak(..)) && bearing.severity == Severity::Critical {
        // Whether a weak key is refused depends on the gateway's library.
        bearing.severity = Severity::Warning;
    }
    bearing
}

/// A name that does not fit is no fault where OpenSSL takes the common name, or where nobody knows what is expected.
fn is_harmless_name(case: &Case, sight: &UpstreamSight, leaf: &CertificateFacts, fault: &ChainFault) -> bool {
    if matches!(fault, ChainFault::WrongName { has_common_name: true }) && sight.meant.takes_common_name() {
        return true;
    }
    let covers = |name: &str| leaf.covers(name) || leaf.covers_by_common_name(name);
    !sight.meant.is_known()
        && (covers(&case.question().url.host)
            || own_name(&sight.upstream.address).is_some_and(covers)
            || covers(&sight.address.ip().to_string()))
}

fn finding(sight: &UpstreamSight, leaf: &CertificateFacts, fault: &ChainFault) -> Option<Finding> {
    let meant = &sight.meant;
    let name = sight.seen.name.as_deref();
    let new = |kind: &'static FindingKind, confidence, hop| {
        let place = Where::hop(hop).address(sight.address).name(leaf.names_line());
        with_certificate(Finding::new(kind, confidence, place), &sight.seen, sight.address)
    };
    let at_gateway = |mut finding: Finding| {
        let fact = meant.trust_file();
        finding.place = repair::placed(finding.place, fact);
        match fact {
            Some(file) => finding
                .proof(said("tls-setting").with("product", product(meant)).with("written", &file.written)),
            None => finding,
        }
    };
    let now = moment::now();
    let file = meant.trust_file().map(|file| file.value.display().to_string());
    let verify_command = openssl(
        sight.address,
        name,
        &file.as_ref().map_or_else(String::new, |file| format!(" -CAfile {file} -verify_return_error")),
    );
    Some(match fault {
        ChainFault::Expired(0) => {
            new(&tls::UPSTREAM_EXPIRED, 98, Hop::Upstream).proof(since("tls-over-since", leaf.not_after, now))
        }
        ChainFault::Expired(_) => {
            new(&tls::UPSTREAM_EXPIRED, 92, Hop::Upstream).proof(said("tls-intermediate-over"))
        }
        ChainFault::NotYetValid(_) => new(&tls::UPSTREAM_NOT_YET_VALID, 96, Hop::Upstream)
            .proof(said("tls-begins-at").with("moment", moment::shown(leaf.not_before))),
        ChainFault::WrongName { .. } => {
            let expected = meant.expected.as_deref().unwrap_or("-");
            let finding = new(&tls::UPSTREAM_WRONG_NAME, 96, Hop::Gateway)
                .proof(said("tls-name-expected").with("name", expected).with("names", leaf.names_line()));
            let fix = leaf
                .names
                .iter()
                .find(|name| !name.starts_with('*'))
                .and_then(|name| repair::expect_name(meant, name));
            let mut finding = match fix {
                Some(fix) => finding.fix(fix),
                None => finding,
            };
            finding.place =
                repair::placed(finding.place, meant.tls.as_ref().and_then(|tls| tls.name.as_ref()));
            finding
        }
        ChainFault::SelfSigned => {
            let told = said("tls-signed-by-itself").with("subject", &leaf.subject);
            let finding =
                at_gateway(new(&tls::UPSTREAM_SELF_SIGNED, 95, Hop::Gateway).proof_by(told, verify_command));
            with_trust(finding, sight)
        }
        ChainFault::UnknownIssuer { issuer, .. } => {
            let trusted = file.unwrap_or_else(|| "-".to_owned());
            let told = said("tls-issuer-unknown").with("issuer", issuer).with("trust", trusted);
            let finding = at_gateway(
                new(&tls::UPSTREAM_UNKNOWN_ISSUER, 94, Hop::Gateway).proof_by(told, verify_command),
            );
            with_trust(finding.proof(said("tls-chain-length").with("count", sight.seen.chain().len())), sight)
        }
        ChainFault::MissingIntermediate { issuer, is_proven, .. } => {
            let told =
                said("tls-issuer-not-sent").with("issuer", issuer).with("count", sight.seen.chain().len());
            let finding =
                new(&tls::UPSTREAM_INCOMPLETE_CHAIN, if *is_proven { 97 } else { 75 }, Hop::Upstream)
                    .proof_by(told, openssl(sight.address, name, " -showcerts"));
            if *is_proven { finding.proof(said("tls-issuer-completes")) } else { finding }
        }
        ChainFault::TrustExpired(authority) => at_gateway(new(&tls::TRUST_EXPIRED, 95, Hop::Gateway)).proof(
            said("tls-authority-over")
                .with("subject", &authority.subject)
                .with("moment", moment::shown(authority.not_after))
                .with("file", file.unwrap_or_else(|| "-".to_owned())),
        ),
        ChainFault::NotForServers => {
            new(&tls::NOT_FOR_SERVERS, 90, Hop::Upstream).proof(said("tls-not-for-servers"))
        }
        ChainFault::Weak(index, what) => new(&tls::WEAK_CERTIFICATE, 85, Hop::Upstream)
            .proof(said("tls-weak").with("what", what).with("place", index + 1)),
        ChainFault::Unreadable => return None,
    })
}

fn with_trust(finding: Finding, sight: &UpstreamSight) -> Finding {
    match repair::trust(&sight.meant, "/etc/ssl/upstream-ca.pem") {
        Some(fix) => finding.fix(fix),
        None => finding,
    }
}

fn product(meant: &Meant) -> String {
    meant.product.map_or_else(|| "-".to_owned(), |product| product.to_string())
}

/// An expired certificate behind a front that has been renewed: the renewal forgot one side.
async fn with_newer_front(
    case: &Case,
    leaf: &CertificateFacts,
    fault: &ChainFault,
    finding: Finding,
) -> Finding {
    if !matches!(fault, ChainFault::Expired(0)) {
        return finding;
    }
    for front in sight::front(case).await {
        if let Some(newer) = front.seen.leaf().filter(|own| rotation::is_successor(own, leaf)) {
            return finding.proof(certificate(&newer, front.seen.name.as_deref(), front.address));
        }
    }
    finding
}

/// The gateway's trust file cannot be read from here.
fn unreadable(sight: &UpstreamSight, problem: &TlsConfigProblem) -> Checked {
    if sight.meant.verifies() != Some(true) {
        return Checked::fine();
    }
    let file = sight.meant.trust_file().map(|file| file.value.display().to_string()).unwrap_or_default();
    let command =
        openssl(sight.address, sight.seen.name.as_deref(), &format!(" -CAfile {file} -verify_return_error"));
    Checked::could_not(said("tls-trust-unreadable").with("words", problem), Some(command))
}
