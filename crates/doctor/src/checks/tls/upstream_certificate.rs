//! May the gateway believe its upstream's certificate?
//!
//! Proves it by judging the certificate as the gateway does: with its own trust file, for the name it expects, and only
//! as far as it verifies at all. What it does not look at is told quietly; what another check explains better is left.

use super::bearing::{self, Bearing};
use super::upstream_fault::UpstreamFault;
use super::words::certificate;
use super::{clock_fits_certificates, rotation, server_name, stranger};
use crate::observe::tls::meant::{Meant, own_name};
use crate::observe::tls::sight::{self, UpstreamSight};
use crate::observe::tls::{issuer, moment, openssl, trust};
use crate::{Case, Checked};
use rustls_pki_types::CertificateDer;
use std::sync::Arc;
use torwart_cause::finding::{Finding, Severity, said};
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
        if !is_explained && let Some(finding) = UpstreamFault::new(sight, &leaf).told(fault) {
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
