//! Does the gateway speak an HTTP version that its upstream refuses?
//!
//! nginx speaks HTTP/1.0 to upstreams unless it is told otherwise, and upstreams in a service mesh answer that with 426.
//! Upstreams that answer only 1.0, or only HTTP/2, are the business of `unanswered`.

use super::scene::Scene;
use super::unanswered::in_http10;
use crate::observe::answer::{ask, question};
use crate::observe::exchange::PATIENCE;
use crate::{Case, Checked};
use torwart_cause::finding::http as kinds;
use torwart_cause::finding::{Fix, said};
use torwart_dialect::config::HttpVersion;

/// Asks again in HTTP/1.0 where the gateway does, or seems to.
pub async fn check(case: &Case) -> Checked {
    let scene = Scene::of(case).await;
    let gateway = case.gateway().await;
    let shows_it = scene.front.worst().is_some()
        || scene.front.pages.iter().any(|page| page.exchange.status() == Some(426));
    if scene.asked.is_empty() || !shows_it {
        return Checked::not_applicable();
    }
    let mut checked = Checked::fine();
    for (asked, way, modern) in scene.exchanges() {
        let route = gateway.route_to(&asked.upstream.address).map(|(route, _)| route);
        let speaks_old = route.is_some_and(|route| route.http_version.value == HttpVersion::Http10);
        let is_426 = scene.front.pages.iter().any(|page| page.exchange.status() == Some(426));
        if !modern.is_good() || modern.status() == Some(426) || !speaks_old && !is_426 {
            continue;
        }
        let old = in_http10(&question(case, &asked.answered.host, &[]));
        let Some(answer) = ask(case, way, &old, PATIENCE).await else { continue };
        let is_refused = matches!(answer.status(), Some(426 | 505)) || answer.is_unanswered();
        if !is_refused {
            continue;
        }
        let fact = said("http-refuses-http10")
            .with("upstream", &asked.upstream.address)
            .with("old", answer.status().map_or_else(|| "-".to_owned(), |status| status.to_string()))
            .with("modern", modern.status().unwrap_or_default());
        let mut finding = asked
            .finding(&scene, &kinds::WANTS_HTTP11, 95)
            .severity(kinds::WANTS_HTTP11.severity)
            .proof_by(fact, asked.curl(case, way, "-o /dev/null --http1.0"));
        if let Some(route) = route {
            let written = &route.http_version;
            finding = finding.fix(Fix {
                product: Some("nginx".to_owned()),
                file: written
                    .at
                    .as_ref()
                    .or(route.at.as_ref())
                    .map(|at| (at.file.display().to_string(), at.line)),
                before: written.at.is_some().then(|| written.written.clone()),
                after: "proxy_http_version 1.1; proxy_set_header Connection \"\";".to_owned(),
            });
        }
        checked.findings.push(finding);
    }
    checked
}
