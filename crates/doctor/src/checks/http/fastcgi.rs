//! Does an upstream that is addressed as FastCGI speak FastCGI, and find its script?
//!
//! The question is the protocol's own: which values do you have. Whether a script is found shows in the site's answer:
//! php-fpm says "File not found." and "Access denied." in so many words.

use super::protocol::{fastcgi_values, is_fastcgi_answer};
use super::scene::{curl_site, place, show};
use crate::observe::answer::way_to;
use crate::{Case, Checked, Scheme, Upstream, UpstreamAddress};
use torwart_cause::finding::http as kinds;
use torwart_cause::finding::{Finding, Hop, Severity, said};

/// Asks every FastCGI upstream.
pub async fn check(case: &Case) -> Checked {
    let upstreams = case.upstreams().await;
    let own: Vec<_> =
        upstreams.iter().filter(|upstream| upstream.address.scheme == Scheme::FastCgi).collect();
    if own.is_empty() {
        return Checked::not_applicable();
    }
    let mut checked = Checked::found(script(case, own.first().copied()).await.into_iter().collect());
    for upstream in own {
        if let Some(finding) = judge(case, upstream).await {
            checked.findings.push(finding);
        }
    }
    checked
}

async fn judge(case: &Case, upstream: &Upstream) -> Option<Finding> {
    let way = way_to(case, &upstream.address).await?;
    // No connection at all is the business of other checks.
    let answer = fastcgi_values(case, &way).await?;
    if is_fastcgi_answer(&answer) {
        return None;
    }
    let site = place(upstream, Hop::Upstream);
    let front = case.front().await;
    let is_served = !front.pages.is_empty() && front.pages.iter().all(|page| !page.is_wrong());
    if is_served {
        // Some servers close on this question and answer real requests well.
        return None;
    }
    if answer.starts_with(b"HTTP/") {
        let fact =
            said("http-fastcgi-says-http").with("upstream", &upstream.address).with("bytes", show(&answer));
        return Some(Finding::new(&kinds::FASTCGI_MEETS_HTTP, 97, site).proof(fact));
    }
    if let Some(status) = http_status(case, upstream).await {
        let bytes = format!("HTTP/1.1 {status}");
        let fact = said("http-fastcgi-says-http").with("upstream", &upstream.address).with("bytes", bytes);
        return Some(Finding::new(&kinds::FASTCGI_MEETS_HTTP, 95, site).proof(fact));
    }
    let fact = if answer.is_empty() {
        said("http-fastcgi-silent").with("upstream", &upstream.address)
    } else {
        said("http-not-http").with("upstream", &upstream.address).with("bytes", show(&answer))
    };
    let command = format!("cgi-fcgi -bind -connect {}", connect_to(upstream));
    let confidence = if answer.is_empty() { 65 } else { 90 };
    let kind = if answer.is_empty() { &kinds::FASTCGI_UNANSWERED } else { &kinds::WRONG_PROTOCOL };
    Some(Finding::new(kind, confidence, site).proof_by(fact, command))
}

/// The status of what stands there when it is asked as HTTP: some servers wait for the rest of a question they do not
/// understand.
async fn http_status(case: &Case, upstream: &Upstream) -> Option<u16> {
    let address = UpstreamAddress { scheme: Scheme::Http, place: upstream.address.place.clone() };
    let answered = case.answer(&address).await;
    answered.made()?.1.status()
}

/// The site shows php-fpm's own words for a script that is not there or not allowed.
async fn script(case: &Case, upstream: Option<&Upstream>) -> Option<Finding> {
    let front = case.front().await;
    let page = front.pages.first()?;
    let text = page.exchange.text();
    let words = match page.exchange.status()? {
        404 if text.trim() == "File not found." => "File not found.",
        403 if text.trim() == "Access denied." => "Access denied.",
        _ => return None,
    };
    let fact = said("http-fastcgi-script").with("words", words);
    let finding = Finding::new(&kinds::FASTCGI_SCRIPT_MISSING, 95, place(upstream?, Hop::Gateway));
    Some(finding.severity(Severity::Critical).proof_by(fact, curl_site(case, page.address, "")))
}

fn connect_to(upstream: &Upstream) -> String {
    let text = upstream.address.to_string();
    text.trim_start_matches("fastcgi://").trim_start_matches("unix:").to_owned()
}
