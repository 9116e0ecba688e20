//! Was a certificate, or its authority, renewed on one side of the gateway only?
//!
//! Proves it by what the gateway still trusts: an authority of the same name with another key, an earlier certificate
//! for the same names, or an authority that fits the gateway's own certificate and not the one behind it.

use super::bearing;
use super::repair;
use super::upstream_certificate::{faults, trust_of};
use super::words::{certificate, with_certificate};
use crate::observe::tls::moment;
use crate::observe::tls::sight::{self, UpstreamSight};
use crate::{Case, Checked};
use torwart_cause::finding::{Finding, Hop, Said, Where, said, tls};
use torwart_dial::tls::facts::CertificateFacts;
use torwart_dial::tls::judge::{ChainFault, Trust, verify};

/// Was it?
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
    let file = sight.meant.trust_file().filter(|_| sight.meant.verifies() == Some(true))?;
    let trust = trust_of(case, &sight.meant).ok().filter(|trust| !trust.is_system())?;
    let leaf = sight.seen.leaf()?;
    let shown = faults(case, sight, &trust).await;
    let is_untrusted = |fault: &ChainFault| {
        matches!(
            fault,
            ChainFault::SelfSigned
                | ChainFault::UnknownIssuer { .. }
                | ChainFault::MissingIntermediate { .. }
        )
    };
    let fault = shown.iter().find(|fault| is_untrusted(fault))?;
    let path = file.value.display().to_string();
    let proof = match fault {
        ChainFault::UnknownIssuer { issuer, has_namesake: true } => {
            said("tls-namesake").with("issuer", issuer).with("file", &path)
        }
        _ => predecessor(&leaf, &trust, &path).or(fits_front(case, &leaf, &trust, &path).await)?,
    };
    let place = repair::placed(Where::hop(Hop::Gateway).address(sight.address), Some(file));
    let finding =
        with_certificate(Finding::new(&tls::ROTATED_ONE_SIDE, 94, place), &sight.seen, sight.address);
    let finding = finding.proof_by(proof, format!("openssl x509 -noout -subject -serial -dates -in {path}"));
    Some(bearing::of(case, sight, Some(true)).await.weigh(finding))
}

/// The trust file holds an earlier certificate of the same server.
fn predecessor(leaf: &CertificateFacts, trust: &Trust, path: &str) -> Option<Said> {
    let earlier =
        trust.facts().into_iter().find(|own| own.sha256 != leaf.sha256 && is_same_server(own, leaf))?;
    Some(
        said("tls-predecessor-trusted")
            .with("file", path)
            .with("serial", &earlier.serial)
            .with("from", moment::shown(earlier.not_before))
            .with("until", moment::shown(earlier.not_after)),
    )
}

/// The trust file fits the certificate at the front, which is for the same names.
async fn fits_front(case: &Case, leaf: &CertificateFacts, trust: &Trust, path: &str) -> Option<Said> {
    for front in sight::front(case).await {
        let Some(own) = front.seen.leaf().filter(|own| shares_name(own, leaf)) else { continue };
        if verify(front.seen.chain(), trust, None, moment::now(), &[]).is_empty() {
            let told = certificate(&own, front.seen.name.as_deref(), front.address);
            return Some(told.with("file", path));
        }
    }
    None
}

/// Whether the first was made in the second's place: same names, later.
pub(super) fn is_successor(newer: &CertificateFacts, older: &CertificateFacts) -> bool {
    newer.sha256 != older.sha256 && newer.not_before > older.not_before && shares_name(newer, older)
}

fn is_same_server(one: &CertificateFacts, other: &CertificateFacts) -> bool {
    one.subject == other.subject && !one.subject.is_empty() || shares_name(one, other)
}

fn shares_name(one: &CertificateFacts, other: &CertificateFacts) -> bool {
    one.names.iter().any(|name| other.names.contains(name))
}
