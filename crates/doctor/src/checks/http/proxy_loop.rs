//! Does the gateway lead back to itself?
//!
//! Three signs: an upstream of its configuration that is an address at which the site itself answers, an answer 508 or an
//! error type that says so, and a `Via` with the same station many times.

use super::scene::{curl_site, place};
use crate::observe::exchange::Exchange;
use crate::{Case, Checked, Source};
use torwart_cause::finding::http as kinds;
use torwart_cause::finding::{Finding, Hop, Where, said};

/// Compares addresses, and reads the signs in the site's answers.
pub async fn check(case: &Case) -> Checked {
    let (front, upstreams) = (case.front().await, case.upstreams().await);
    if front.pages.is_empty() {
        return Checked::not_applicable();
    }
    if front.pages.iter().all(|page| !page.is_wrong()) {
        return Checked::fine();
    }
    for upstream in upstreams.iter().filter(|upstream| matches!(upstream.source, Source::Config { .. })) {
        let Some(address) = case.socket_address(&upstream.address).await else { continue };
        if let Some(page) = front.pages.iter().find(|page| page.address == address) {
            let fact =
                said("http-loop-address").with("upstream", &upstream.address).with("address", page.address);
            let finding = Finding::new(&kinds::PROXY_LOOP, 95, place(upstream, Hop::Gateway)).proof(fact);
            return Checked::found(vec![finding]);
        }
    }
    for page in &front.pages {
        if let Some(sign) = sign(&page.exchange) {
            let place = Where::hop(Hop::Gateway).address(page.address);
            let finding = Finding::new(&kinds::PROXY_LOOP, 85, place).proof_by(
                said("http-loop-sign").with("sign", sign),
                curl_site(case, page.address, "-o /dev/null"),
            );
            return Checked::found(vec![finding]);
        }
    }
    Checked::fine()
}

/// What in an answer says that a request went in circles.
fn sign(exchange: &Exchange) -> Option<String> {
    if exchange.status() == Some(508) {
        return Some("508 Loop Detected".to_owned());
    }
    if let Some(value) = exchange.all("proxy-status").find(|value| value.contains("proxy_loop_detected")) {
        return Some(format!("Proxy-Status: {value}"));
    }
    let stations: Vec<String> =
        exchange.all("via").flat_map(|via| via.split(',')).map(|station| station.trim().to_owned()).collect();
    let most =
        stations.iter().map(|station| stations.iter().filter(|other| *other == station).count()).max()?;
    (most >= CIRCLES).then(|| format!("Via: {}", stations.join(", ").chars().take(120).collect::<String>()))
}

/// Two tiers of one delivery network name themselves twice; nobody sane does so five times.
const CIRCLES: usize = 5;
