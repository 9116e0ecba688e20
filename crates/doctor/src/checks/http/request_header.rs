//! Is the request refused for its own header fields: too large, or an expectation nobody meets?
//!
//! 431 says so; nginx says it in a page of its own with status 400. Visitors with large cookies meet it, others do not, so
//! the same fields must be given with `-H` to see it here.

use super::scene::{Scene, curl_site, words};
use crate::observe::exchange::Exchange;
use crate::{Case, Checked};
use torwart_cause::finding::http as kinds;
use torwart_cause::finding::{Finding, FindingKind, Hop, Where, said};

/// Looks for refusals in what the site and its upstreams answered.
pub async fn check(case: &Case) -> Checked {
    let scene = Scene::of(case).await;
    if scene.front.pages.is_empty() && scene.asked.is_empty() {
        return Checked::not_applicable();
    }
    for (asked, way, exchange) in scene.exchanges() {
        let Some(kind) = refusal(exchange) else { continue };
        let fact = said("http-upstream-says")
            .with("upstream", &asked.upstream.address)
            .with("status", exchange.status().unwrap_or_default())
            .with("page", words(&exchange.text()));
        let finding = asked.finding(&scene, kind, 90).proof_by(fact, asked.curl(case, way, ""));
        return Checked::found(vec![finding]);
    }
    for page in &scene.front.pages {
        let Some(kind) = refusal(&page.exchange) else { continue };
        let fact = said("http-site-says")
            .with("status", page.exchange.status().unwrap_or_default())
            .with("page", words(&page.exchange.text()));
        let place = Where::hop(Hop::Gateway).address(page.address);
        let finding = Finding::new(kind, 85, place).proof_by(fact, curl_site(case, page.address, ""));
        return Checked::found(vec![finding]);
    }
    Checked::fine()
}

fn refusal(exchange: &Exchange) -> Option<&'static FindingKind> {
    match exchange.status()? {
        431 | 494 => Some(&kinds::REQUEST_HEADER_TOO_BIG),
        400 if exchange.text().contains("Request Header Or Cookie Too Large") => {
            Some(&kinds::REQUEST_HEADER_TOO_BIG)
        }
        417 => Some(&kinds::EXPECTATION_REFUSED),
        _ => None,
    }
}
