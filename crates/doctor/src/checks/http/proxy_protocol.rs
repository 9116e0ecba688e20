//! Does the gateway send a PROXY protocol header that its upstream does not expect?
//!
//! Only its configuration tells that it sends one. The reverse, an upstream that waits for one, shows by itself: see
//! `unanswered`.

use super::protocol::proxy_header;
use super::scene::Scene;
use crate::observe::answer::{ask, question};
use crate::observe::exchange::PATIENCE;
use crate::{Case, Checked};
use torwart_cause::finding::http as kinds;
use torwart_cause::finding::{Fix, said};

/// Asks again behind a header where the configuration says that the gateway does.
pub async fn check(case: &Case) -> Checked {
    let scene = Scene::of(case).await;
    let gateway = case.gateway().await;
    let mut checked = Checked::not_applicable();
    for (asked, way, plain) in scene.exchanges() {
        let Some((route, upstream)) = gateway.route_to(&asked.upstream.address) else { continue };
        if !route.sends_proxy_protocol.value {
            continue;
        }
        checked.applies = true;
        // Many servers call the header a bad request, which gateways pass on as it is.
        if !plain.is_good() || scene.pleases_visitors() {
            continue;
        }
        let version = if route.sends_proxy_protocol.written.contains("v2") { 2 } else { 1 };
        let way_behind = way.with_first(proxy_header(way, version));
        let Some(behind) = ask(case, &way_behind, &question(case, &asked.answered.host, &[]), PATIENCE).await
        else {
            continue;
        };
        if behind.status().is_some_and(|status| status != 400 && status < 500) {
            continue;
        }
        let fact = said("http-refuses-proxy-header")
            .with("upstream", &asked.upstream.address)
            .with("version", version)
            .with("status", behind.status().map_or_else(|| "-".to_owned(), |status| status.to_string()))
            .with("plain", plain.status().unwrap_or_default());
        let written = &route.sends_proxy_protocol;
        let at = written.at.as_ref().or(upstream.at.as_ref());
        let finding = asked
            .finding(&scene, &kinds::PROXY_PROTOCOL_UNEXPECTED, 97)
            .severity(kinds::PROXY_PROTOCOL_UNEXPECTED.severity)
            .proof_by(fact, asked.curl(case, way, "-o /dev/null --haproxy-protocol"))
            .fix(Fix {
                product: gateway.product().map(|product| product.name().to_owned()),
                file: at.map(|at| (at.file.display().to_string(), at.line)),
                before: Some(upstream.written.clone()),
                after: without_proxy(&upstream.written),
            });
        checked.findings.push(finding);
    }
    checked
}

/// A server line without the word that sends the header.
fn without_proxy(written: &str) -> String {
    let words = written.split_whitespace().filter(|word| !word.starts_with("send-proxy"));
    words.collect::<Vec<_>>().join(" ")
}
