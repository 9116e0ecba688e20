//! Does an upstream itself answer with an error?
//!
//! Then the gateway only passes it on, and nobody need look at the gateway. A second gateway behind the first, an
//! application closed for maintenance and one that limits its visitors are told apart.

use super::scene::{Asked, Scene, words};
use crate::observe::exchange::{Exchange, Way};
use crate::observe::maker::{MakerRole, maker};
use crate::{Case, Checked};
use torwart_cause::finding::http as kinds;
use torwart_cause::finding::{Finding, Hop, Severity, said};

/// Looks at the status of each upstream's own answer.
pub async fn check(case: &Case) -> Checked {
    let scene = Scene::of(case).await;
    if scene.asked.is_empty() {
        return Checked::not_applicable();
    }
    let findings =
        scene.exchanges().filter_map(|(asked, way, exchange)| judge(case, &scene, asked, way, exchange));
    Checked::found(findings.collect())
}

fn judge(case: &Case, scene: &Scene, asked: &Asked, way: &Way, exchange: &Exchange) -> Option<Finding> {
    let status = exchange.status()?;
    let is_error = status >= 500 && exchange.is_whole;
    let front_status = scene.front.worst().and_then(|page| page.exchange.status());
    let is_limit = status == 429 && scene.front.pages.iter().any(|page| page.exchange.status() == Some(429));
    if !is_error && !is_limit {
        return None;
    }
    // Visitors are served although the only upstream answers us so: it asks for something the gateway adds.
    if scene.serves_visitors() && scene.known < 2 && !is_limit {
        return None;
    }
    let made_by = maker(exchange);
    let kind = match made_by {
        _ if is_limit => &kinds::RATE_LIMITS_GATEWAY,
        _ if is_maintenance(exchange) => &kinds::MAINTENANCE,
        Some(maker) if maker.role != MakerRole::Application => &kinds::INNER_GATEWAY_ERROR,
        Some(_) | None => &kinds::ERROR_PASSED_ON,
    };
    let hop = if kind == &kinds::INNER_GATEWAY_ERROR { Hop::Upstream } else { Hop::Application };
    let confidence = if front_status == Some(status) { 95 } else { 85 };
    let fact = said("http-upstream-says")
        .with("upstream", &asked.upstream.address)
        .with("status", status)
        .with("page", words(&exchange.text()));
    let mut finding = Finding::new(kind, confidence, asked.place(hop))
        .severity(if scene.serves_visitors() { kind.severity.min(Severity::Warning) } else { kind.severity })
        .proof_by(fact, asked.curl(case, way, ""));
    if let Some(maker) = made_by {
        finding = finding.proof(said("http-made-by").with("product", maker.product).with("mark", maker.mark));
    }
    if front_status == Some(status) {
        finding = finding.proof(said("http-passed-on").with("status", status));
    }
    Some(with_retry_after(finding, exchange))
}

/// Whether an answer says that the application is closed on purpose: 503 with a time to come back, or in so many words.
pub(super) fn is_maintenance(exchange: &Exchange) -> bool {
    if exchange.status() != Some(503) || maker(exchange).is_some_and(|maker| maker.role == MakerRole::Gateway)
    {
        return false;
    }
    let page = words(&exchange.text()).to_lowercase();
    exchange.field("retry-after").is_some()
        || ["maintenance", "wartung"].iter().any(|word| page.contains(word))
}

/// With the time the answer says to come back, if it says one.
pub(super) fn with_retry_after(finding: Finding, exchange: &Exchange) -> Finding {
    match exchange.field("retry-after") {
        Some(value) => finding.proof(said("http-retry-after").with("value", value)),
        None => finding,
    }
}
