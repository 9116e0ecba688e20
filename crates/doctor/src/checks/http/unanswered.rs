//! Does an upstream take connections without answering in HTTP, and why?
//!
//! Another protocol is known by its first bytes or by its answer to a polite question. Where none fits, three tries tell
//! a timer (the same time, seconds long) from a crash (any time), and a connection on which nothing is asked tells
//! whether the request was read at all. While visitors are served, an upstream that refuses us alone is no fault.

use super::protocol::{Protocol, ask_around, by_first_bytes, closes_unasked, with_proxy_header};
use super::scene::{Asked, Scene, show};
use crate::observe::answer::{ask, question};
use crate::observe::exchange::{Exchange, PATIENCE, Tls, Way};
use crate::together::together;
use crate::{Case, Checked};
use std::time::Duration;
use torwart_cause::Cause;
use torwart_cause::finding::http as kinds;
use torwart_cause::finding::{Finding, FindingKind, Fix, said};
use torwart_dial::ask::Question;

/// Looks into every upstream that did not answer.
pub async fn check(case: &Case) -> Checked {
    let scene = Scene::of(case).await;
    if scene.asked.is_empty() {
        return Checked::not_applicable();
    }
    let judging = scene.exchanges().map(|(asked, way, exchange)| judge(case, &scene, asked, way, exchange));
    Checked::found(together(judging).await.into_iter().flatten().collect())
}

async fn judge(case: &Case, scene: &Scene, asked: &Asked, way: &Way, exchange: &Exchange) -> Option<Finding> {
    match exchange.cause()? {
        Cause::NotHttp => Some(banner(case, scene, asked, way, exchange)),
        _ if exchange.is_unanswered() && !scene.serves_visitors() => {
            silent(case, scene, asked, way, exchange).await
        }
        _ => None,
    }
}

/// Something answered that is no HTTP.
fn banner(case: &Case, scene: &Scene, asked: &Asked, way: &Way, exchange: &Exchange) -> Finding {
    let bytes = exchange.attempt.first_bytes.as_deref().unwrap_or(&exchange.first_bytes);
    let fact = said("http-not-http").with("upstream", &asked.upstream.address).with("bytes", show(bytes));
    let protocol = by_first_bytes(bytes);
    let (kind, confidence) = match protocol {
        Some(protocol) => (kind_of(protocol), 97),
        // A misspelt status line is a web server's all the same.
        None if bytes.starts_with(b"HT") => (&kinds::HEAD_MALFORMED, 85),
        None => (&kinds::WRONG_PROTOCOL, 85),
    };
    let mut finding = asked.finding(scene, kind, confidence);
    // Some gateways wrap what is no HTTP into a page of their own, with status 200.
    let begins = bytes.get(..bytes.len().min(8)).unwrap_or_default();
    if !begins.is_empty() && scene.front.pages.iter().any(|page| page.exchange.body.starts_with(begins)) {
        finding = finding.severity(kind.severity);
    }
    let finding = finding.proof_by(fact, asked.curl(case, way, "--http0.9"));
    named(finding, protocol)
}

fn kind_of(protocol: Protocol) -> &'static FindingKind {
    match protocol {
        Protocol::Http2 => &kinds::WANTS_HTTP2,
        Protocol::FastCgi => &kinds::WANTS_FASTCGI,
        Protocol::Uwsgi => &kinds::WANTS_UWSGI,
        Protocol::Other(_) => &kinds::WRONG_PROTOCOL,
    }
}

/// With the protocol's name, and the upstream in the place.
fn named(finding: Finding, protocol: Option<Protocol>) -> Finding {
    let name = match protocol {
        Some(Protocol::Http2) => "HTTP/2",
        Some(Protocol::FastCgi) => "FastCGI",
        Some(Protocol::Uwsgi) => "uwsgi",
        Some(Protocol::Other(name)) => name,
        None => return finding,
    };
    finding.proof(said("http-speaks").with("protocol", name))
}

/// The connection ended before any byte of an answer.
async fn silent(case: &Case, scene: &Scene, asked: &Asked, way: &Way, first: &Exchange) -> Option<Finding> {
    let host = &asked.answered.host;
    if way.tls.is_none() && first.waited() < A_WHILE && speaks_tls(case, way).await {
        // Plain HTTP to a TLS port: the checks of TLS tell.
        return None;
    }
    let fact = said("http-upstream-closes")
        .with("upstream", &asked.upstream.address)
        .with("after", format!("{} ms", first.waited().as_millis()));
    let curl = asked.curl(case, way, "-o /dev/null");
    if first.waited() >= A_WHILE {
        // Whoever takes a request and works on it for a while understands it.
        return sampled(case, scene, asked, way, first).await;
    }
    if let Some((version, answer)) = with_proxy_header(case, way, host).await {
        let proof = said("http-answers-behind-proxy-header")
            .with("version", version)
            .with("status", answer.status().unwrap_or_default());
        let finding = asked.finding(scene, &kinds::PROXY_PROTOCOL_MISSING, 95).proof_by(fact, curl);
        let command = asked.curl(case, way, "-o /dev/null --haproxy-protocol");
        return Some(fixed(case, asked, finding.proof_by(proof, command), version).await);
    }
    if let Some(answer) = old_version(case, asked, way).await {
        let proof = said("http-answers-http10").with("status", answer.status().unwrap_or_default());
        let finding = asked.finding(scene, &kinds::HTTP11_REFUSED, 90).proof_by(fact, curl);
        return Some(finding.proof_by(proof, asked.curl(case, way, "-o /dev/null --http1.0")));
    }
    if let Some(protocol) = ask_around(case, way).await {
        let finding = asked.finding(scene, kind_of(protocol), 95).proof_by(fact, curl);
        return Some(named(finding, Some(protocol)));
    }
    sampled(case, scene, asked, way, first).await
}

/// The line that sends a PROXY protocol header, where the gateway's product is known and has one.
async fn fixed(case: &Case, asked: &Asked, finding: Finding, version: u8) -> Finding {
    let gateway = case.gateway().await;
    let Some((route, upstream)) = gateway.route_to(&asked.upstream.address) else { return finding };
    if route.sends_proxy_protocol.value || gateway.product() != Some(torwart_dialect::Product::Haproxy) {
        return finding;
    }
    let option = if version == 1 { "send-proxy" } else { "send-proxy-v2" };
    finding.fix(Fix {
        product: Some("HAProxy".to_owned()),
        file: upstream.at.as_ref().map(|at| (at.file.display().to_string(), at.line)),
        before: Some(upstream.written.clone()),
        after: format!("{} {option}", upstream.written.trim_end()),
    })
}

async fn speaks_tls(case: &Case, way: &Way) -> bool {
    let tls = Tls { name: Some(case.question().url.host.clone()), certificate: None };
    let way = way.clone().with_tls(Some(tls));
    if case.budget().connection(&way.host).is_err() {
        return false;
    }
    let mut attempt = torwart_cause::Attempt::default();
    crate::observe::exchange::open(&way, &mut attempt).await.is_some()
        || matches!(attempt.handshake.ending(), Some(torwart_cause::Ending::TlsAlert(_)))
}

/// The answer to the same request in HTTP/1.0, if there is one.
async fn old_version(case: &Case, asked: &Asked, way: &Way) -> Option<Exchange> {
    let modern = question(case, &asked.answered.host, &[]);
    let answer = ask(case, way, &in_http10(&modern), PATIENCE).await?;
    (answer.is_whole && answer.status().is_some_and(|status| status < 500)).then_some(answer)
}

/// The same request in HTTP/1.0.
pub(super) fn in_http10(question: &Question) -> Question {
    let text = String::from_utf8_lossy(&question.bytes).replacen(" HTTP/1.1\r\n", " HTTP/1.0\r\n", 1);
    Question { bytes: text.into_bytes(), ..question.clone() }
}

/// Two more tries, and a connection on which nothing is asked.
async fn sampled(case: &Case, scene: &Scene, asked: &Asked, way: &Way, first: &Exchange) -> Option<Finding> {
    let again = question(case, &asked.answered.host, &[]);
    let unasked = closes_unasked(case, way).await;
    let mut tries = Vec::new();
    if first.waited() < TOO_LONG {
        // One after the other: a server with one worker would make the second wait for the first.
        for _ in 0..2 {
            tries.extend(ask(case, way, &again, PATIENCE).await);
        }
    } else {
        tries.extend(together((0..2).map(|_| ask(case, way, &again, PATIENCE))).await.into_iter().flatten());
    }
    let silent: Vec<&Exchange> =
        std::iter::once(first).chain(tries.iter().filter(|exchange| exchange.is_unanswered())).collect();
    let waits: Vec<Duration> = silent.iter().map(|exchange| exchange.waited()).collect();
    let shown: Vec<String> = waits.iter().map(|wait| format!("{} ms", wait.as_millis())).collect();
    let answered = tries.len() + 1 - silent.len();
    let fact = said("http-upstream-closes-each-time")
        .with("upstream", &asked.upstream.address)
        .with("tries", tries.len() + 1)
        .with("silent", silent.len())
        .with("waits", shown.join(", "));
    let curl = asked.curl(case, way, "-o /dev/null -w '%{time_total}\\n'");
    let (kind, confidence) = if answered > 0 {
        (&kinds::CLOSED_BEFORE_ANSWER, 70)
    } else if is_timer(&waits) {
        (&kinds::WORKER_TIMEOUT, if spread(&waits) < Duration::from_millis(100) { 95 } else { 80 })
    } else if unasked.is_some() {
        (&kinds::CLOSED_AT_ONCE, 85)
    } else {
        (&kinds::CLOSED_BEFORE_ANSWER, 85)
    };
    let mut finding = asked.finding(scene, kind, confidence).proof_by(fact, curl);
    if let Some(after) = unasked {
        finding =
            finding.proof(said("http-closes-unasked").with("after", format!("{} ms", after.as_millis())));
    }
    if answered > 0 {
        finding = finding.severity(torwart_cause::finding::Severity::Warning);
    }
    Some(finding)
}

/// Whether three waits are one timer: at least a second, and alike within a tenth; or two seconds and alike within one,
/// because application servers look at their clocks once a second.
fn is_timer(waits: &[Duration]) -> bool {
    let Some(least) = waits.iter().min() else { return false };
    let is_close = spread(waits) < *least / 10;
    let is_by_second = *least >= Duration::from_secs(2) && spread(waits) <= Duration::from_secs(1);
    waits.len() >= 3 && *least >= Duration::from_secs(1) && (is_close || is_by_second)
}

/// Between the shortest and the longest.
fn spread(waits: &[Duration]) -> Duration {
    let least = waits.iter().min().copied().unwrap_or_default();
    waits.iter().max().copied().unwrap_or_default().saturating_sub(least)
}

/// A server that waits for another protocol closes sooner than this.
const A_WHILE: Duration = Duration::from_secs(1);
/// From here on three tries in a row would take too long.
const TOO_LONG: Duration = Duration::from_secs(4);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timer_is_constant_and_long() {
        let waits = |millis: [u64; 3]| millis.map(Duration::from_millis);
        assert!(is_timer(&waits([2003, 2011, 2006])));
        assert!(is_timer(&waits([2046, 2680, 2142])));
        assert!(!is_timer(&waits([2003, 2600, 3900])));
        assert!(!is_timer(&waits([1003, 1600, 1900])));
        assert!(!is_timer(&waits([3, 3, 3])));
        assert!(!is_timer(&waits([2003, 2011, 2006])[..2]));
    }
}
