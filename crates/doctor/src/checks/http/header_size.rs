//! Is the header section of an upstream's answer larger than the gateway takes?
//!
//! The limit comes from the gateway's configuration; without one, from the product that made the error page and its
//! default. What exceeds every usual limit needs no configuration to be told.

use super::scene::{Asked, Scene};
use crate::observe::exchange::{Exchange, Way};
use crate::observe::maker::maker;
use crate::{Case, Checked};
use torwart_cause::Cause;
use torwart_cause::finding::http as kinds;
use torwart_cause::finding::{Finding, Fix, said};
use torwart_dialect::Product;
use torwart_dialect::config::Route;

/// Compares sizes.
pub async fn check(case: &Case) -> Checked {
    let scene = Scene::of(case).await;
    if scene.asked.is_empty() {
        return Checked::not_applicable();
    }
    let mut checked = Checked::fine();
    for (asked, way, exchange) in scene.exchanges() {
        if scene.serves_visitors() && exchange.cause().is_none() {
            // The gateway took it.
            continue;
        }
        if let Some(finding) = judge(case, &scene, asked, way, exchange).await {
            checked.findings.push(finding);
        }
    }
    checked
}

async fn judge(case: &Case, scene: &Scene, asked: &Asked, way: &Way, exchange: &Exchange) -> Option<Finding> {
    let is_endless = matches!(exchange.cause(), Some(Cause::HeadTooLarge | Cause::FieldTooLarge));
    let size = if is_endless { exchange.attempt.received as usize } else { exchange.head_bytes };
    let gateway = case.gateway().await;
    let route = gateway.route_to(&asked.upstream.address).map(|(route, _)| route);
    let limit = limit(scene, route, gateway.product());
    let is_too_many = limit.product == Some("HAProxy") && exchange.fields.len() > HAPROXY_FIELDS;
    if !is_endless && limit.measured(exchange) <= limit.bytes && !is_too_many {
        return None;
    }
    let mut confidence = if is_endless || route.is_some() { 95 } else { limit.confidence };
    if !scene.answers() {
        // The gateway's own answer would settle it.
        confidence = confidence.min(90);
    }
    let fact = said("http-head-size")
        .with("upstream", &asked.upstream.address)
        .with("bytes", size)
        .with("fields", exchange.fields.len());
    let finding = asked
        .finding(scene, &kinds::HEADER_TOO_BIG, confidence)
        .proof_by(fact, asked.curl(case, way, "-o /dev/null -w '%{size_header}\\n'"));
    let finding = match largest(exchange) {
        Some((name, bytes)) if bytes > 512 => {
            finding.proof(said("http-largest-field").with("name", name).with("bytes", bytes))
        }
        Some(_) | None => finding,
    };
    let finding = match (is_too_many, limit.product) {
        (true, _) => finding.proof(said("http-field-limit").with("limit", HAPROXY_FIELDS)),
        (false, Some(product)) => {
            finding.proof(said("http-head-limit").with("product", product).with("bytes", limit.bytes))
        }
        (false, None) => finding.proof(said("http-head-limit-usual").with("bytes", limit.bytes)),
    };
    Some(match route.and_then(|route| fix(gateway.product(), route, size)) {
        Some(fix) => finding.fix(fix),
        None => finding,
    })
}

/// What a gateway takes.
struct Limit {
    bytes: usize,
    product: Option<&'static str>,
    confidence: u8,
}

impl Limit {
    /// What this product measures: the whole head, or for Apache its longest line.
    fn measured(&self, exchange: &Exchange) -> usize {
        match (self.product, largest(exchange)) {
            (Some("Apache"), Some((_, bytes))) => bytes,
            _ => exchange.head_bytes,
        }
    }
}

fn limit(scene: &Scene, route: Option<&Route>, product: Option<Product>) -> Limit {
    if let (Some(route), Some(name)) = (route, product.map(Product::name)) {
        let bytes = usize::try_from(route.header_buffer.value).unwrap_or(usize::MAX);
        return Limit { bytes, product: Some(name), confidence: 95 };
    }
    let made_by = scene.front.worst().filter(|page| page.exchange.status() == Some(502));
    let made_by = made_by.and_then(|page| maker(&page.exchange)).map(|maker| maker.product);
    match made_by {
        Some("nginx" | "OpenResty" | "Tengine") => Limit { bytes: 4096, product: made_by, confidence: 85 },
        Some("HAProxy") => Limit { bytes: 15_360, product: made_by, confidence: 85 },
        Some("Apache") => Limit { bytes: 8192, product: made_by, confidence: 85 },
        _ => Limit { bytes: USUAL, product: None, confidence: 75 },
    }
}

/// The field that takes most room, in bytes with its name.
fn largest(exchange: &Exchange) -> Option<(&str, usize)> {
    let sizes = exchange.fields.iter().map(|(name, value)| (name.as_str(), name.len() + value.len() + 4));
    sizes.max_by_key(|(_, bytes)| *bytes)
}

/// The line that makes room, in the words of the product.
fn fix(product: Option<Product>, route: &Route, size: usize) -> Option<Fix> {
    let room = (size + size / 4).next_multiple_of(4096) / 1024;
    let fact = &route.header_buffer;
    let at = fact.at.as_ref().or(route.at.as_ref());
    let file = at.map(|at| (at.file.display().to_string(), at.line));
    let before = fact.at.is_some().then(|| fact.written.clone());
    let (name, after) = match product? {
        Product::Nginx => {
            let directive = fact.written.split_whitespace().next().unwrap_or("proxy_buffer_size");
            let busy = directive.replace("buffer_size", "busy_buffers_size");
            ("nginx", format!("{directive} {room}k; {busy} {}k;", room * 2))
        }
        Product::Haproxy => ("HAProxy", format!("tune.bufsize {}", (room + 1) * 1024)),
        Product::Apache => ("Apache", format!("ProxyPass … responsefieldsize={}", room * 1024)),
        Product::Caddy => ("Caddy", format!("transport http {{ max_response_header {room}KiB }}")),
        Product::Traefik => return None,
    };
    Some(Fix { product: Some(name.to_owned()), file, before, after })
}

/// Beyond this no usual gateway takes a header section without being told to.
const USUAL: usize = 32 * 1024;
/// HAProxy's `tune.http.maxhdr`.
const HAPROXY_FIELDS: usize = 101;
