//! Does the upstream demand a client certificate, and does the gateway show a good one?
//!
//! Proves the demand by the server's own request and by its refusal, which under TLS 1.3 comes after the handshake, and
//! with nginx only as an answer. What the gateway shows is judged where its files can be read.

use super::words::{failure, with_certificate};
use super::{bearing, repair};
use crate::observe::exchange::Exchange;
use crate::observe::tls::sight::{self, UpstreamSight};
use crate::observe::tls::{moment, observe_as, openssl};
use crate::{Case, Checked};
use std::path::Path;
use torwart_cause::finding::{Finding, Hop, Severity, Where, said, tls};
use torwart_dial::TlsConfigProblem;
use torwart_dial::tls::facts::CertificateFacts;
use torwart_dial::tls::inspect::ClientPair;
use torwart_dial::tls::read_chain;

/// Does it?
pub async fn check(case: &Case) -> Checked {
    let sights = sight::upstreams(case).await;
    let mut checked = Checked::not_applicable();
    for sight in sights.iter().filter(|sight| sight.seen.asks_certificate()) {
        checked = checked.and(judge(case, sight).await);
    }
    checked
}

/// Whether the demand for a client certificate explains why the handshake failed.
pub(super) fn explains(sight: &UpstreamSight) -> bool {
    sight.seen.asks_certificate()
}

async fn judge(case: &Case, sight: &UpstreamSight) -> Checked {
    let Some(refusal) = refusal(case, sight).await else { return Checked::fine() };
    let works = bearing::site_works(case).await && !is_passed_on(case).await;
    let configured = sight.meant.tls.as_ref().and_then(|tls| tls.client_certificate.as_ref());
    let Some(file) = configured else {
        // A gateway of which we know nothing may well show one, and a site that works proves it.
        if works && !sight.meant.is_known() {
            return Checked::fine();
        }
        let confidence = if sight.meant.is_known() { 97 } else { 85 };
        let finding = wanted(sight, refusal, confidence);
        return Checked::found(vec![if works { finding.severity(Severity::Warning) } else { finding }]);
    };
    if works {
        return Checked::fine();
    }
    let key = sight.meant.tls.as_ref().and_then(|tls| tls.client_key.as_ref());
    let key_file = key.map_or(&file.value, |key| &key.value);
    shown(case, sight, &file.value, key_file, refusal).await
}

/// How the upstream refuses whoever shows no certificate; `None` if it does not.
async fn refusal(case: &Case, sight: &UpstreamSight) -> Option<torwart_cause::finding::Said> {
    if let Some(told) = failure(&sight.seen, sight.address) {
        return Some(told);
    }
    let answer = case.answer(&sight.upstream.address).await;
    let exchange = answer.exchange.as_ref()?;
    let status = exchange.status().filter(|status| [400, 401, 403, 495, 496].contains(status))?;
    let body = exchange.text().to_ascii_lowercase();
    let is_about_it =
        body.contains("ssl certificate") || body.contains("client certificate") || status >= 495;
    is_about_it
        .then(|| said("tls-answer-wants-certificate").with("status", status).with("address", sight.address))
}

/// Whether visitors get the refusal as an answer: then a site that answers does not work all the same.
async fn is_passed_on(case: &Case) -> bool {
    case.front().await.pages.iter().any(|page| {
        page.exchange.status().is_some_and(|status| REFUSALS.contains(&status))
            && is_about_certificates(&page.exchange)
    })
}

fn is_about_certificates(exchange: &Exchange) -> bool {
    let body = exchange.text().to_ascii_lowercase();
    body.contains("ssl certificate") || body.contains("client certificate")
}

fn wanted(sight: &UpstreamSight, refusal: torwart_cause::finding::Said, confidence: u8) -> Finding {
    let place = Where::hop(Hop::Gateway).address(sight.address);
    let place = repair::placed(place, sight.meant.tls.as_ref().map(|tls| &tls.sni));
    let asked = sight.seen.shown.as_ref().and_then(|shown| shown.asked.clone()).unwrap_or_default();
    let authorities = if asked.is_empty() { "-".to_owned() } else { asked.join("; ") };
    let command = openssl(sight.address, sight.seen.name.as_deref(), "");
    let finding = Finding::new(&tls::CLIENT_CERTIFICATE_WANTED, confidence, place)
        .proof_by(refusal, &command)
        .proof(said("tls-asks-certificate").with("address", sight.address).with("authorities", authorities));
    match repair::show_certificate(&sight.meant) {
        Some(fix) => finding.fix(fix),
        None => finding,
    }
}

/// Judges the certificate the gateway shows, and tries it.
async fn shown(
    case: &Case,
    sight: &UpstreamSight,
    chain: &Path,
    key: &Path,
    refusal: torwart_cause::finding::Said,
) -> Checked {
    let command = format!("openssl x509 -noout -subject -issuer -dates -in {}", chain.display());
    let Some(own) = read_chain(chain).ok().and_then(|chain| CertificateFacts::of(chain.first()?)) else {
        return Checked::could_not(
            said("tls-client-file-unreadable").with("file", chain.display()),
            Some(command),
        );
    };
    let told = said("tls-client-certificate-is")
        .with("file", chain.display())
        .with("subject", &own.subject)
        .with("issuer", &own.issuer)
        .with("until", moment::shown(own.not_after));
    if own.is_over(moment::now()) {
        let place = Where::hop(Hop::Gateway).file(chain.display(), 0).address(sight.address);
        let finding = Finding::new(&tls::CLIENT_CERTIFICATE_EXPIRED, 97, place);
        return Checked::found(vec![finding.proof_by(told, command).proof(refusal)]);
    }
    let pair = match ClientPair::read(chain, key) {
        Ok(pair) => pair,
        // Whether the two belong together is another check's question.
        Err(TlsConfigProblem::KeyMismatch { .. }) => return Checked::fine(),
        Err(_) => {
            return Checked::could_not(said("tls-client-file-unreadable").with("file", key.display()), None);
        }
    };
    let seen = observe_as(case, sight.address, sight.seen.name.as_deref(), pair).await;
    let Some(refused) = failure(&seen, sight.address) else { return Checked::fine() };
    let place = Where::hop(Hop::Gateway).file(chain.display(), 0).address(sight.address);
    let finding = Finding::new(&tls::ALERT_RECEIVED, 92, place).proof(refused).proof_by(told, command);
    Checked::found(vec![with_certificate(finding, &seen, sight.address)])
}

/// Statuses by which servers refuse whoever shows no certificate; 495 and 496 are nginx's own.
const REFUSALS: &[u16] = &[400, 401, 403, 495, 496];
