//! Does the gateway pass an event stream on as it comes?
//!
//! A gateway that buffers answers holds the events of a stream back until its buffer is full, so that visitors see nothing
//! for minutes. The upstream begins at once when it is asked directly.

use super::scene::{Scene, curl_site};
use crate::{Case, Checked};
use torwart_cause::Cause;
use torwart_cause::finding::http as kinds;
use torwart_cause::finding::{Finding, Fix, Hop, Where, said};
use torwart_dialect::Product;

/// Compares when streams begin.
pub async fn check(case: &Case) -> Checked {
    let scene = Scene::of(case).await;
    let Some((asked, way, direct)) = scene.exchanges().find(|(_, _, exchange)| exchange.is_stream()) else {
        return Checked::not_applicable();
    };
    let silent = |cause: Option<Cause>| cause == Some(Cause::HeadTimedOut);
    let Some(page) = scene.front.pages.iter().find(|page| silent(page.exchange.cause())) else {
        return Checked::fine();
    };
    let fact = said("http-stream-held-back")
        .with("upstream", &asked.upstream.address)
        .with("after", format!("{} ms", direct.waited().as_millis()))
        .with("waited", format!("{} s", page.exchange.waited().as_secs()));
    let mut finding =
        Finding::new(&kinds::STREAM_HELD_BACK, 92, Where::hop(Hop::Gateway).address(page.address))
            .proof_by(fact, asked.curl(case, way, "-N --max-time 5"))
            .proof_by(
                said("http-address-answers-not").with("address", page.address),
                curl_site(case, page.address, "-N --max-time 5"),
            );
    let gateway = case.gateway().await;
    if let (Some(Product::Nginx), Some((route, _))) =
        (gateway.product(), gateway.route_to(&asked.upstream.address))
    {
        let written = &route.is_buffered;
        let at = written.at.as_ref().or(route.at.as_ref());
        finding = finding.fix(Fix {
            product: Some("nginx".to_owned()),
            file: at.map(|at| (at.file.display().to_string(), at.line)),
            before: written.at.is_some().then(|| written.written.clone()),
            after: "proxy_buffering off;".to_owned(),
        });
    }
    Checked::found(vec![finding])
}
