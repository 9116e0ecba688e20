//! Does a WebSocket handshake get through the gateway?
//!
//! Only where the upstream itself switches protocols at this address: then the gateway should pass the switch on. The
//! handshake is made and the connection dropped; nothing is said in the new protocol.

use super::scene::{Scene, curl_site};
use crate::observe::answer::{ask, question};
use crate::observe::exchange::{Exchange, PATIENCE, Tls, Way};
use crate::{Case, Checked};
use torwart_cause::finding::http as kinds;
use torwart_cause::finding::{Finding, Fix, Hop, Severity, Where, said};
use torwart_dial::ask::Question;
use torwart_dialect::Product;

/// Shakes hands with upstream and gateway.
pub async fn check(case: &Case) -> Checked {
    let scene = Scene::of(case).await;
    let Some(page) = scene.front.pages.iter().find(|page| page.exchange.status().is_some()) else {
        return Checked::not_applicable();
    };
    for (asked, way, plain) in scene.exchanges() {
        if plain.status().is_none_or(|status| status >= 500) {
            continue;
        }
        let direct = ask(case, way, &handshake(case, &asked.answered.host), PATIENCE).await;
        if direct.as_ref().and_then(Exchange::status) != Some(101) {
            continue;
        }
        let url = &case.question().url;
        let tls = url.is_https.then(|| Tls { name: Some(url.host.clone()), certificate: None });
        let front = Way::plain(page.address).with_tls(tls);
        let Some(through) = ask(case, &front, &handshake(case, &url.authority()), PATIENCE).await else {
            return Checked::fine();
        };
        let Some(status) = through.status().filter(|status| *status != 101) else { return Checked::fine() };
        let fact = said("http-upgrade-lost").with("upstream", &asked.upstream.address).with("status", status);
        let options = "--http1.1 -o /dev/null -H 'Connection: Upgrade' -H 'Upgrade: websocket' \
                       -H 'Sec-WebSocket-Version: 13' -H 'Sec-WebSocket-Key: dG9yd2FydCBkb2N0b3IhIQ=='";
        let mut finding =
            Finding::new(&kinds::UPGRADE_LOST, 90, Where::hop(Hop::Gateway).address(page.address))
                .proof_by(fact, curl_site(case, page.address, options));
        if plain.status().is_some_and(|status| status < 400) {
            // An ordinary page, too: that nobody shakes hands at this very address may be meant so.
            finding = finding.severity(Severity::Info);
        }
        let gateway = case.gateway().await;
        if let (Some(Product::Nginx), Some(route)) = (gateway.product(), gateway.route()) {
            finding = finding.fix(Fix {
                product: Some("nginx".to_owned()),
                file: route.at.as_ref().map(|at| (at.file.display().to_string(), at.line)),
                before: None,
                after: "proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; \
                        proxy_set_header Connection $connection_upgrade;"
                    .to_owned(),
            });
        }
        return Checked::found(vec![finding]);
    }
    Checked::not_applicable()
}

/// A WebSocket handshake (RFC 6455 §4.1). The key is any sixteen bytes.
fn handshake(case: &Case, host: &str) -> Question {
    let fields = [
        ("Upgrade", "websocket"),
        ("Sec-WebSocket-Version", "13"),
        ("Sec-WebSocket-Key", "dG9yd2FydCBkb2N0b3IhIQ=="),
    ];
    let plain = question(case, host, &fields);
    let text =
        String::from_utf8_lossy(&plain.bytes).replacen("Connection: close\r\n", "Connection: Upgrade\r\n", 1);
    Question { bytes: text.into_bytes(), upgrade: Some(b"websocket".to_vec()), ..plain }
}
