//! Does an upstream refuse the `Host` the gateway sends, and take another?
//!
//! Many applications answer only for names they know. Where the upstream refuses as the site does, it is asked again with
//! the visitor's name and with its own; a good answer then is the proof.

use super::scene::{Asked, Scene, curl};
use crate::observe::answer::{ask, own_host, question};
use crate::observe::exchange::{Exchange, PATIENCE, Way};
use crate::{Case, Checked, Place};
use torwart_cause::finding::http as kinds;
use torwart_cause::finding::{Finding, Fix, Hop, Severity, said};
use torwart_dialect::Product;

/// Asks with other names.
pub async fn check(case: &Case) -> Checked {
    let scene = Scene::of(case).await;
    if scene.asked.is_empty() {
        return Checked::not_applicable();
    }
    let mut checked = Checked::fine();
    for (asked, way, exchange) in scene.exchanges() {
        if let Some(finding) = judge(case, &scene, asked, way, exchange).await {
            checked.findings.push(finding);
        }
    }
    checked
}

async fn judge(case: &Case, scene: &Scene, asked: &Asked, way: &Way, refused: &Exchange) -> Option<Finding> {
    let status = refused.status().filter(|status| matches!(status, 400 | 403 | 404 | 421 | 502 | 503))?;
    let is_what_visitors_get = scene.front.pages.iter().any(|page| page.exchange.status() == Some(status));
    if !scene.front.pages.is_empty() && !is_what_visitors_get {
        return None;
    }
    let sent = &asked.answered.host;
    let visitors = case.question().url.authority();
    let mut others = vec![visitors];
    if matches!(asked.upstream.address.place, Place::Name { .. }) {
        // By its bare address a server shows whatever site is its first: that proves nothing.
        others.push(own_host(&asked.upstream.address));
    }
    for other in others.iter().filter(|other| *other != sent) {
        let Some(answer) = ask(case, way, &question(case, other, &[]), PATIENCE).await else { continue };
        if !answer.is_whole || !answer.status().is_some_and(|status| (200..300).contains(&status)) {
            continue;
        }
        let fact = said("http-host-decides")
            .with("upstream", &asked.upstream.address)
            .with("sent", sent)
            .with("status", status)
            .with("other", other)
            .with("good", answer.status().unwrap_or_default());
        let mut finding = Finding::new(&kinds::WRONG_HOST, 90, asked.place(Hop::Gateway))
            .severity(if scene.front.pages.is_empty() { Severity::Warning } else { Severity::Critical })
            .proof_by(fact, curl(way, other, &case.question().url.target, "-o /dev/null"));
        if let Some(fix) = fix(case, asked, other).await {
            finding = finding.fix(fix);
        }
        return Some(finding);
    }
    None
}

/// The line that sends the name the upstream takes.
async fn fix(case: &Case, asked: &Asked, other: &str) -> Option<Fix> {
    let gateway = case.gateway().await;
    let (route, _) = gateway.route_to(&asked.upstream.address)?;
    let is_visitors = *other == case.question().url.authority();
    let (name, after) = match gateway.product()? {
        Product::Nginx if is_visitors => ("nginx", "proxy_set_header Host $host;".to_owned()),
        Product::Nginx => ("nginx", format!("proxy_set_header Host {other};")),
        Product::Haproxy => ("HAProxy", format!("http-request set-header Host {other}")),
        Product::Apache if is_visitors => ("Apache", "ProxyPreserveHost On".to_owned()),
        Product::Apache => ("Apache", "ProxyPreserveHost Off".to_owned()),
        Product::Caddy => ("Caddy", format!("header_up Host {other}")),
        Product::Traefik => ("Traefik", format!("passHostHeader: {is_visitors}")),
    };
    let written = route.host_header.as_ref();
    let at = written.and_then(|fact| fact.at.as_ref()).or(route.at.as_ref());
    Some(Fix {
        product: Some(name.to_owned()),
        file: at.map(|at| (at.file.display().to_string(), at.line)),
        before: written.filter(|fact| fact.at.is_some()).map(|fact| fact.written.clone()),
        after,
    })
}
