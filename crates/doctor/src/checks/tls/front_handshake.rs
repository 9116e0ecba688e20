//! Does the gateway shake hands with visitors?
//!
//! Proves what stands in the way: a port that speaks plain HTTP, TLS where plain HTTP was asked for, versions nobody
//! speaks any more, an alert, a connection cut. A demand for a client certificate is the site's own wish, no fault.

use super::words::{failure, first_line, protocol_of};
use crate::observe::exchange::Exchange;
use crate::observe::tls::sight::{self, FrontSight};
use crate::observe::tls::{moment, openssl};
use crate::{Case, Checked};
use torwart_cause::finding::{Finding, FindingKind, Fix, Hop, Where, said, tls};
use torwart_cause::{Cause, Ending, TlsFault};
use torwart_dial::tls::inspect::{Heard, suite_name, version_name};

/// Does it?
pub async fn check(case: &Case) -> Checked {
    if !case.question().url.is_https {
        return plain(case).await;
    }
    let sights = sight::front(case).await;
    let tried: Vec<_> = sights.iter().filter(|sight| sight.seen.is_tried()).collect();
    let Some(first) = tried.first() else { return Checked::not_applicable() };
    let mut checked = Checked::fine();
    for sight in &tried {
        checked = checked.and(judge(case, sight));
    }
    checked.findings.dedup_by(|one, other| one.kind == other.kind);
    match first.seen.shown.as_ref().filter(|shown| shown.is_agreed()) {
        Some(shown) => {
            checked.said(said("tls-front-agreed").with("version", shown.version.unwrap_or("TLS")).with(
                "until",
                first.seen.leaf().map_or_else(String::new, |leaf| moment::shown(leaf.not_after)),
            ))
        }
        None => checked,
    }
}

fn judge(case: &Case, sight: &FrontSight) -> Checked {
    let Some(reason) = sight.seen.failure() else { return Checked::fine() };
    let host = case.question().url.host.as_str();
    let command = openssl(sight.address, Some(host), "");
    let new = |kind: &'static FindingKind, confidence| {
        Finding::new(kind, confidence, Where::hop(Hop::Gateway).address(sight.address).name(host))
    };
    if sight.seen.asks_certificate() && case.question().client_certificate.is_none() {
        return Checked::could_not(
            said("tls-front-wants-certificate").with("address", sight.address),
            Some(command),
        );
    }
    if reason.ending == Ending::Tls(TlsFault::NotTls) {
        let bytes = reason.first_bytes.as_deref().unwrap_or_default();
        let spoke = said("tls-spoke-instead")
            .with("address", sight.address)
            .with("protocol", protocol_of(bytes).unwrap_or("?"))
            .with("line", first_line(bytes));
        return Checked::found(vec![new(&tls::FRONT_PLAIN_HTTP, 97).proof_by(spoke, command)]);
    }
    if let Some(Heard::Chose { version, suite, .. }) = &sight.seen.old
        && *version < 0x0303
    {
        let chose = said("tls-chose-old")
            .with("address", sight.address)
            .with("version", version_name(*version))
            .with("suite", suite_name(*suite).unwrap_or("?"));
        let command = openssl(sight.address, Some(host), " -tls1 -cipher ALL:@SECLEVEL=0");
        return Checked::found(vec![new(&tls::FRONT_OLD_VERSIONS, 96).proof_by(chose, command)]);
    }
    let Some(told) = failure(&sight.seen, sight.address) else { return Checked::fine() };
    let mut finding = new(&tls::FRONT_HANDSHAKE_FAILED, 85).proof_by(told, command);
    if let Some(Heard::Chose { version, suite, .. }) = &sight.seen.old {
        finding = finding.proof(
            said("tls-chose-old")
                .with("address", sight.address)
                .with("version", version_name(*version))
                .with("suite", suite_name(*suite).unwrap_or("?")),
        );
    }
    Checked::found(vec![finding])
}

/// Whether the port speaks TLS although the URL says `http`.
async fn plain(case: &Case) -> Checked {
    let front = case.front().await;
    let wanting = front.pages.iter().find(|page| wants_tls(&page.exchange));
    let Some(page) = wanting else { return Checked::not_applicable() };
    let url = &case.question().url;
    let seen = case.tls_of(page.address, Some(&url.host)).await;
    if seen.chain().is_empty() && !seen.is_agreed() {
        return Checked::fine();
    }
    let place = Where::hop(Hop::Gateway).address(page.address).name(&url.host);
    let told = said("tls-speaks-tls").with("address", page.address);
    let https = url.to_string().replacen("http://", "https://", 1);
    let finding = Finding::new(&tls::FRONT_WANTS_TLS, 97, place)
        .proof_by(told, openssl(page.address, Some(&url.host), ""))
        .fix(Fix { before: Some(url.to_string()), after: https, ..Fix::default() });
    Checked::found(vec![finding])
}

/// Whether an answer to a plain request says, in one way or another, that TLS is wanted.
pub(super) fn wants_tls(exchange: &Exchange) -> bool {
    if exchange.cause() == Some(Cause::WantsTls) {
        return true;
    }
    let body = exchange.text().to_ascii_lowercase();
    match exchange.status() {
        Some(400 | 426 | 497) => SAYINGS.iter().any(|saying| body.contains(saying)),
        Some(_) => false,
        None => exchange.attempt.connect.is_done(),
    }
}

/// How servers say that they want TLS: nginx, Go, Apache, Tomcat, Jetty, Envoy's and Node's proxies.
const SAYINGS: &[&str] = &[
    "plain http request was sent to https port",
    "sent an http request to an https server",
    "speaking plain http to an ssl-enabled server port",
    "combination of host and port requires tls",
    "http request sent to https",
    "requires tls",
];
