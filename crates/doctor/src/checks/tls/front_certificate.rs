//! May a visitor believe the certificate of the site?
//!
//! Proves, for each address of the site: dates, names, chain and strength, against the trust of whoever stands here.
//! An authority that only this machine does not know is told quietly, because the visitors' machines may know it.

use super::words::with_certificate;
use super::{clock_fits_certificates, key_files};
use crate::observe::tls::sight::{self, FrontSight};
use crate::observe::tls::{issuer, moment, openssl, trust};
use crate::{Case, Checked};
use std::net::IpAddr;
use torwart_cause::finding::{Finding, FindingKind, Hop, Severity, Where, said, tls};
use torwart_dial::tls::facts::CertificateFacts;
use torwart_dial::tls::judge::{ChainFault, Trust, verify};

/// May a visitor believe it?
pub async fn check(case: &Case) -> Checked {
    let sights = sight::front(case).await;
    let shown: Vec<_> = sights.iter().filter(|sight| !sight.seen.chain().is_empty()).collect();
    if shown.is_empty() {
        return Checked::not_applicable();
    }
    let trust = match trust::of_visitor(case) {
        Ok(trust) => trust,
        Err(problem) => {
            return Checked::could_not(said("tls-trust-unreadable").with("words", problem), None);
        }
    };
    let mut findings: Vec<Finding> = Vec::new();
    for sight in shown {
        for finding in judge(case, sight, &trust).await {
            // The same fault at every address is one fault.
            match findings.iter_mut().find(|known| known.kind == finding.kind) {
                Some(known) => known.evidence.extend(finding.evidence.into_iter().take(1)),
                None => findings.push(finding),
            }
        }
    }
    if case.question().is_insecure {
        findings.iter_mut().for_each(|finding| finding.severity = Severity::Info);
    }
    Checked::found(findings)
}

async fn judge(case: &Case, sight: &FrontSight, trust: &Trust) -> Vec<Finding> {
    let host = case.question().url.host.as_str();
    let Some(leaf) = sight.seen.leaf() else { return Vec::new() };
    let now = moment::now();
    let mut faults = verify(sight.seen.chain(), trust, Some(host), now, &[]);
    let missing = faults.iter().find_map(|fault| match fault {
        ChainFault::MissingIntermediate { url: Some(url), is_proven: false, .. } => Some(url.clone()),
        _ => None,
    });
    if let Some(url) = missing
        && let Some(der) = issuer::fetch(case, &url).await
    {
        faults = verify(sight.seen.chain(), trust, Some(host), now, &[der]);
    }
    let is_clock = clock_fits_certificates::is_ours_wrong(case, &leaf).await;
    let is_private = is_private(sight) && !trust::is_prescribed(case, trust);
    let mut findings = Vec::new();
    for fault in &faults {
        let Some(mut finding) = finding(case, sight, &leaf, fault, is_clock, is_private) else { continue };
        if matches!(fault, ChainFault::Expired(0))
            && let Some(newer) = key_files::newer_on_disk(case, &leaf).await
        {
            finding = newer.tell(finding);
        }
        findings.push(finding);
    }
    findings
}

fn finding(
    case: &Case,
    sight: &FrontSight,
    leaf: &CertificateFacts,
    fault: &ChainFault,
    is_clock: bool,
    is_private: bool,
) -> Option<Finding> {
    let unless_private = |severity| if is_private { severity } else { Severity::Critical };
    let now = moment::now();
    let host = case.question().url.host.as_str();
    let new = |kind: &'static FindingKind, confidence| {
        let place = Where::hop(Hop::Gateway).address(sight.address).name(host);
        with_certificate(Finding::new(kind, confidence, place), &sight.seen, sight.address)
    };
    let verify_command = openssl(sight.address, Some(host), " -verify_return_error");
    Some(match fault {
        ChainFault::Expired(_) | ChainFault::NotYetValid(_) if is_clock => return None,
        ChainFault::Expired(0) => {
            new(&tls::FRONT_EXPIRED, 99).proof(since("tls-over-since", leaf.not_after, now))
        }
        ChainFault::Expired(_) => new(&tls::FRONT_EXPIRED, 90).proof(said("tls-intermediate-over")),
        ChainFault::NotYetValid(_) => new(&tls::FRONT_NOT_YET_VALID, 97)
            .proof(said("tls-begins-at").with("moment", moment::shown(leaf.not_before))),
        ChainFault::WrongName { .. } => new(&tls::FRONT_WRONG_NAME, 98)
            .proof(said("tls-name-expected").with("name", host).with("names", leaf.names_line())),
        ChainFault::SelfSigned => new(&tls::FRONT_SELF_SIGNED, 95)
            .proof_by(said("tls-signed-by-itself").with("subject", &leaf.subject), verify_command)
            .severity(unless_private(Severity::Warning)),
        ChainFault::MissingIntermediate { issuer, is_proven, .. } => {
            let finding = new(&tls::FRONT_INCOMPLETE_CHAIN, if *is_proven { 97 } else { 75 });
            let sent =
                said("tls-issuer-not-sent").with("issuer", issuer).with("count", sight.seen.chain().len());
            let finding = finding.proof_by(sent, openssl(sight.address, Some(host), " -showcerts"));
            if *is_proven { finding.proof(said("tls-issuer-completes")) } else { finding }
        }
        ChainFault::UnknownIssuer { issuer, .. } => new(&tls::FRONT_UNKNOWN_ISSUER, 85)
            .proof_by(said("tls-issuer-unknown-here").with("issuer", issuer), verify_command)
            .severity(unless_private(Severity::Info)),
        ChainFault::NotForServers => new(&tls::NOT_FOR_SERVERS, 90).proof(said("tls-not-for-servers")),
        ChainFault::Weak(index, what) => new(&tls::WEAK_CERTIFICATE, 90)
            .proof(said("tls-weak").with("what", what).with("place", index + 1)),
        ChainFault::TrustExpired(_) | ChainFault::Unreadable => return None,
    })
}

pub(super) fn since(key: &'static str, moment: i64, now: i64) -> torwart_cause::finding::Said {
    said(key).with("moment", moment::shown(moment)).with("days", moment::days(moment, now))
}

/// Private sites have private authorities: unless the user said whom to trust, not knowing them is no fault of theirs.
fn is_private(sight: &FrontSight) -> bool {
    match sight.address.ip() {
        IpAddr::V4(ip) => ip.is_private() || ip.is_loopback() || ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local(),
    }
}
