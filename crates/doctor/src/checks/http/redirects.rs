//! Does the site redirect in a circle?
//!
//! The usual reason: the gateway ends TLS, speaks plain HTTP to the application and does not tell it; the application sees
//! `http` and redirects to `https` for ever. The upstream, asked with and without `X-Forwarded-Proto`, proves it.

use super::scene::{Scene, curl_site};
use crate::observe::answer::{ask, question};
use crate::observe::exchange::{Exchange, PATIENCE};
use crate::observe::front::{End, Redirects};
use crate::{Case, Checked};
use torwart_cause::finding::http as kinds;
use torwart_cause::finding::{Finding, Fix, Hop, Where, said};
use torwart_dial::ask::Question;
use torwart_dialect::Product;

/// Looks at where redirects ended.
pub async fn check(case: &Case) -> Checked {
    let front = case.front().await;
    let redirects = &front.redirects;
    if redirects.steps.is_empty() {
        return Checked::not_applicable();
    }
    let confidence = match redirects.end {
        End::Page => return Checked::fine(),
        End::Loop => 95,
        End::TooMany => 75,
    };
    let Some(page) = front.pages.first() else { return Checked::not_applicable() };
    let way = said("http-redirects").with("count", redirects.steps.len()).with("way", shown(redirects));
    let finding =
        Finding::new(&kinds::REDIRECT_LOOP, confidence, Where::hop(Hop::Gateway).address(page.address))
            .proof_by(way, curl_site(case, page.address, "-L --max-redirs 10 -o /dev/null"));
    Checked::found(vec![by_scheme(case, finding).await])
}

fn shown(redirects: &Redirects) -> String {
    let mut text: Vec<&str> = redirects.steps.iter().take(4).map(|step| step.from.as_str()).collect();
    text.extend(redirects.steps.get(..4).unwrap_or(&redirects.steps).last().map(|step| step.to.as_str()));
    text.join(" → ")
}

/// Whether the upstream redirects only those who do not say that the visitor uses https.
async fn by_scheme(case: &Case, finding: Finding) -> Finding {
    if !case.question().url.is_https {
        return finding;
    }
    let scene = Scene::of(case).await;
    for (asked, way, told) in scene.exchanges() {
        // The usual question says so.
        if redirects(told) {
            continue;
        }
        let untold = without_forwarded(&question(case, &asked.answered.host, &[]));
        let Some(answer) = ask(case, way, &untold, PATIENCE).await else { continue };
        if !redirects(&answer) {
            continue;
        }
        let fact = said("http-redirects-untold")
            .with("upstream", &asked.upstream.address)
            .with("location", answer.field("location").unwrap_or_default())
            .with("status", told.status().unwrap_or_default());
        let finding =
            finding.proof_by(fact, asked.curl(case, way, "-o /dev/null -H 'X-Forwarded-Proto: https'"));
        return match fix(case.gateway().await.product()) {
            Some(fix) => finding.fix(fix),
            None => finding,
        };
    }
    finding
}

fn redirects(exchange: &Exchange) -> bool {
    exchange.status().is_some_and(|status| (300..400).contains(&status))
        && exchange.field("location").is_some()
}

/// The same question without the field that names the visitor's scheme.
fn without_forwarded(question: &Question) -> Question {
    let text = String::from_utf8_lossy(&question.bytes).replacen("X-Forwarded-Proto: https\r\n", "", 1);
    Question { bytes: text.into_bytes(), ..question.clone() }
}

fn fix(product: Option<Product>) -> Option<Fix> {
    let (name, after) = match product? {
        Product::Nginx => ("nginx", "proxy_set_header X-Forwarded-Proto $scheme;"),
        Product::Haproxy => ("HAProxy", "http-request set-header X-Forwarded-Proto https if { ssl_fc }"),
        Product::Apache => ("Apache", "RequestHeader set X-Forwarded-Proto \"https\""),
        Product::Caddy | Product::Traefik => return None,
    };
    Some(Fix { product: Some(name.to_owned()), after: after.to_owned(), ..Fix::default() })
}
