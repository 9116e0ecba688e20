//! Does the site answer with an error, and is it the gateway's own?
//!
//! Compares what visitors get with what the upstreams answer directly. A gateway's own error over upstreams that answer
//! well proves that the fault lies between the two. Errors that an upstream makes are the business of `upstream_error`.

use super::protocol;
use super::scene::{Scene, curl_site, words};
use crate::observe::exchange::{Exchange, Tls, Way};
use crate::observe::front::{Front, Page};
use crate::observe::maker::{Maker, MakerRole, is_same, maker};
use crate::{Case, Checked};
use torwart_cause::finding::http as kinds;
use torwart_cause::finding::{Finding, FindingKind, Hop, Said, Where, said};

/// Compares the site with its upstreams.
pub async fn check(case: &Case) -> Checked {
    let scene = Scene::of(case).await;
    let front = &scene.front;
    if front.pages.is_empty() {
        return Checked::not_applicable();
    }
    let Some(worst) = front.worst() else {
        return unknown_site(case, &scene).unwrap_or_else(|| Checked::fine().said(seen(front)));
    };
    if front.has_good() && !worst.exchange.is_connected() {
        // An address that cannot be reached from here may be reached from elsewhere: other checks tell.
        return Checked::fine().said(seen(front));
    }
    if front.has_good() {
        return Checked::found(vec![some_fail(case, front, worst)]);
    }
    match worst.exchange.status() {
        Some(status) if status >= 500 => answered(case, &scene, worst),
        // A good answer that was not whole: what upstreams send tells why.
        Some(_) => Checked::fine().said(seen(front)),
        None => unanswered(case, worst).await,
    }
}

/// The statuses seen, for the list of checks.
fn seen(front: &Front) -> Said {
    let statuses: Vec<String> =
        front.pages.iter().filter_map(|page| Some(page.exchange.status()?.to_string())).collect();
    said("http-site-answers").with("status", statuses.join(", "))
}

/// Some addresses answer well and others do not.
fn some_fail(case: &Case, front: &Front, worst: &Page) -> Finding {
    let good = front.pages.iter().find(|page| !page.is_wrong());
    let place = Where::hop(Hop::Gateway).address(worst.address);
    let finding = Finding::new(&kinds::ONE_ADDRESS_FAILS, 85, place)
        .proof_by(page_said(worst), curl_site(case, worst.address, "-o /dev/null"));
    match good {
        Some(good) => finding.proof_by(page_said(good), curl_site(case, good.address, "-o /dev/null")),
        None => finding,
    }
}

fn page_said(page: &Page) -> Said {
    match page.exchange.status() {
        Some(status) => said("http-address-answers").with("address", page.address).with("status", status),
        None => said("http-address-answers-not").with("address", page.address),
    }
}

/// Every address answers with an error.
fn answered(case: &Case, scene: &Scene, worst: &Page) -> Checked {
    let made_by = maker(&worst.exchange);
    let place = Where::hop(Hop::Gateway).address(worst.address);
    if let Some(network) = made_by.filter(|maker| maker.role == MakerRole::Network) {
        let finding = told(case, &kinds::CDN_CANNOT_REACH_SITE, 90, place, worst).proof(by(&network));
        return Checked::found(vec![finding]);
    }
    let exchanges: Vec<_> = scene.exchanges().collect();
    if exchanges.is_empty() {
        return from_outside(case, scene, worst, made_by.as_ref());
    }
    let passes_on = exchanges.iter().any(|(_, _, exchange)| is_same(exchange, &worst.exchange));
    let all_good =
        exchanges.iter().all(|(_, _, exchange)| exchange.is_good()) && exchanges.len() == scene.known;
    let is_applications = made_by.is_some_and(|maker| maker.role == MakerRole::Application);
    if passes_on || !all_good || is_applications {
        return Checked::fine().said(seen(&scene.front));
    }
    let confidence = if made_by.is_some() { 90 } else { 75 };
    let mut finding = told(case, &kinds::UPSTREAM_ANSWERS_DIRECTLY, confidence, place, worst);
    if let Some(maker) = &made_by {
        finding = finding.proof(by(maker));
    }
    for (asked, way, exchange) in exchanges {
        let fact = said("http-upstream-answers")
            .with("upstream", &asked.upstream.address)
            .with("status", exchange.status().unwrap_or_default())
            .with("host", &asked.answered.host);
        finding = finding.proof_by(fact, asked.curl(case, way, "-o /dev/null"));
    }
    Checked::found(vec![finding])
}

/// Nothing is known of what stands behind the gateway.
fn from_outside(case: &Case, scene: &Scene, worst: &Page, made_by: Option<&Maker>) -> Checked {
    let place = Where::hop(Hop::Gateway).address(worst.address);
    match made_by {
        Some(maker) if maker.role == MakerRole::Application => {
            let kind = &kinds::ERROR_PASSED_ON;
            let place = Where::hop(Hop::Application).name(maker.product);
            Checked::found(vec![told(case, kind, 80, place, worst).proof(by(maker))])
        }
        Some(maker) if scene.known == 0 => {
            let why =
                said("http-behind-unknown").with("product", maker.product).with("address", worst.address);
            let command = format!("torwart doctor {} --upstream ADDRESS:PORT", case.question().url);
            let finding = told(case, &kinds::SITE_ERROR, 70, place, worst).proof(by(maker));
            Checked::found(vec![finding]).and(Checked::could_not(why, Some(command)))
        }
        None if scene.known == 0 && super::upstream_error::is_maintenance(&worst.exchange) => {
            let finding = told(case, &kinds::MAINTENANCE, 80, place, worst);
            Checked::found(vec![super::upstream_error::with_retry_after(finding, &worst.exchange)])
        }
        None if scene.known == 0 => {
            let why = said("http-maker-unknown").with("status", worst.exchange.status().unwrap_or_default());
            let command = format!("torwart doctor {} --upstream ADDRESS:PORT", case.question().url);
            let finding = told(case, &kinds::SITE_ERROR, 50, place, worst);
            Checked::found(vec![finding]).and(Checked::could_not(why, Some(command)))
        }
        Some(_) | None => Checked::fine().said(seen(&scene.front)),
    }
}

/// A finding with the site's answer as its first fact.
fn told(case: &Case, kind: &'static FindingKind, confidence: u8, place: Where, worst: &Page) -> Finding {
    let fact = said("http-site-says")
        .with("status", worst.exchange.status().unwrap_or_default())
        .with("page", words(&worst.exchange.text()));
    Finding::new(kind, confidence, place).proof_by(fact, curl_site(case, worst.address, ""))
}

fn by(maker: &Maker) -> Said {
    said("http-made-by").with("product", maker.product).with("mark", maker.mark)
}

/// The connection ends without an answer: perhaps the gateway waits for a PROXY protocol header.
async fn unanswered(case: &Case, worst: &Page) -> Checked {
    let exchange = &worst.exchange;
    let is_cut = exchange.attempt.handshake.is_failed() && exchange.attempt.connect.is_done();
    if !exchange.is_unanswered() && !is_cut {
        // No connection, a wrong certificate, a time-out: other checks tell.
        return Checked::fine();
    }
    let url = &case.question().url;
    let tls = url.is_https.then(|| Tls { name: Some(url.host.clone()), certificate: None });
    let way = Way::plain(worst.address).with_tls(tls);
    let place = Where::hop(Hop::Gateway).address(worst.address);
    let fact = said("http-site-closes").with("address", worst.address).with("after", millis(exchange));
    let command = curl_site(case, worst.address, "-o /dev/null");
    if let Some((version, answer)) = protocol::with_proxy_header(case, &way, &url.authority()).await {
        let finding = Finding::new(&kinds::GATEWAY_WANTS_PROXY_PROTOCOL, 95, place)
            .proof_by(fact, command.clone())
            .proof_by(
                said("http-answers-behind-proxy-header")
                    .with("version", version)
                    .with("status", answer.status().unwrap_or_default()),
                curl_site(case, worst.address, "-o /dev/null --haproxy-protocol"),
            );
        return Checked::found(vec![finding]);
    }
    if is_cut {
        return Checked::fine();
    }
    Checked::found(vec![Finding::new(&kinds::GATEWAY_CLOSES_UNANSWERED, 80, place).proof_by(fact, command)])
}

/// How long it took to the end, in milliseconds.
fn millis(exchange: &Exchange) -> String {
    format!("{} ms", exchange.waited().as_millis())
}

/// The gateway's own "not found" over an upstream that knows the page.
fn unknown_site(case: &Case, scene: &Scene) -> Option<Checked> {
    let page = scene.front.pages.first()?;
    let status = page.exchange.status().filter(|status| matches!(status, 404 | 421))?;
    let maker = maker(&page.exchange).filter(|maker| maker.role == MakerRole::Gateway)?;
    let mut exchanges = scene.exchanges();
    let (asked, way, good) =
        exchanges.find(|(_, _, exchange)| exchange.status().is_some_and(|own| own < 400))?;
    let place = Where::hop(Hop::Gateway).address(page.address).name(&case.question().url.host);
    let fact = said("http-upstream-answers")
        .with("upstream", &asked.upstream.address)
        .with("status", good.status().unwrap_or_default())
        .with("host", &asked.answered.host);
    let confidence = if status == 404 { 80 } else { 70 };
    let finding = told(case, &kinds::GATEWAY_KNOWS_NOT_SITE, confidence, place, page)
        .proof(by(&maker))
        .proof_by(fact, asked.curl(case, way, "-o /dev/null"));
    Some(Checked::found(vec![finding]))
}
