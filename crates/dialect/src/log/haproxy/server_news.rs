//! What HAProxy says of its servers: a check that failed, a server taken out or back, a backend without any.

use super::super::{LogLine, Try, errno, steps};
use crate::Product;
use crate::config::LogKind;
use torwart_cause::finding::said;
use torwart_cause::{By, Decision, Ending, Evidence, Stage, TlsFault};

/// Reads `Server be/s1 is DOWN, reason: …`, `Health check for server be/s1 failed, …`, `backend be has no server
/// available!`.
pub(super) fn read(line: &str) -> Option<LogLine> {
    // On standard error a level and a process stand before it: `[ALERT] (123) : `.
    let (level, line) = match line.strip_prefix('[').and_then(|rest| rest.split_once(" : ")) {
        Some((head, rest)) if head.len() < 60 => {
            (head.split(']').next().map(str::to_owned), rest.trim_start())
        }
        _ => (None, line),
    };
    let mut told = LogLine::new(Product::Haproxy, LogKind::Error);
    told.words.level = level;
    told.words.message = Some(line.to_owned());
    if let Some(backend) = backend_without_server(line) {
        let mut evidence = Evidence::default();
        evidence.local.pick = steps::failed(Ending::Decided(Decision::AllDown), None);
        told.evidence = Some(evidence);
        told.words.said = Some(said("gateway-said-all-down").with("upstream", backend));
        return Some(told);
    }
    let (name, news) = server_of(line)?;
    told.tries.push(Try { upstream: name.to_owned(), ..Try::default() });
    let key = if news.starts_with("is UP") || news.starts_with("succeeded") {
        "gateway-said-server-up"
    } else {
        told.evidence = check_of(name, news);
        "gateway-said-server-down"
    };
    let why = news.split_once("reason: ").map_or("", |(_, why)| why).split(", check duration").next();
    told.words.said =
        Some(said(key).with("upstream", name).with("why", why.unwrap_or_default().trim_end_matches('.')));
    Some(told)
}

fn backend_without_server(line: &str) -> Option<&str> {
    let (head, _) = line.split_once(" has no server available!")?;
    let (kind, name) = head.split_once(' ')?;
    matches!(kind, "backend" | "proxy" | "listener" | "frontend").then(|| name.trim_matches('\''))
}

/// The server's name, and what is said of it.
fn server_of(line: &str) -> Option<(&str, &str)> {
    let line = line.strip_prefix("Backup ").unwrap_or(line);
    let rest = ["Server ", "Health check for server ", "Health check for backup server "]
        .iter()
        .find_map(|head| line.strip_prefix(head))?;
    let (name, news) = rest.split_once(' ')?;
    let is_news =
        ["is DOWN", "is UP", "is going DOWN", "is stopping", "failed", "succeeded", "was DOWN", "('"]
            .iter()
            .any(|words| news.starts_with(words));
    (name.contains('/') && is_news).then_some((name, news))
}

/// How the check went: an exchange of HAProxy's own with the server.
fn check_of(name: &str, news: &str) -> Option<Evidence> {
    let (_, why) = news.split_once("reason: ")?;
    let (stage, ending) = if why.starts_with("Layer4 timeout") {
        (Stage::Connect, Ending::TimedOut(torwart_cause::Deadline::Connect))
    } else if why.starts_with("Layer4 connection problem") || why.starts_with("Socket error") {
        (Stage::Connect, errno::ending_of_sentence(why, Stage::Connect)?)
    } else if why.starts_with("Layer6 timeout") {
        (Stage::Handshake, Ending::TimedOut(torwart_cause::Deadline::Handshake))
    } else if why.starts_with("Layer6 invalid response") {
        (Stage::Handshake, Ending::Tls(TlsFault::Broken))
    } else if why.starts_with("Layer7 timeout") {
        (Stage::Head, Ending::TimedOut(torwart_cause::Deadline::FirstByte))
    } else if why.starts_with("Layer7 wrong status") {
        let mut attempt = steps::unseen(name);
        attempt.status = code_of(why);
        return Some(steps::of(attempt));
    } else if why.starts_with("Layer7 invalid response") {
        let ending = if why.contains("closed") { Ending::Closed } else { Ending::Cancelled(By::Gateway) };
        (Stage::Head, ending)
    } else {
        return None;
    };
    Some(steps::of_failure(name, stage, ending))
}

fn code_of(why: &str) -> Option<u16> {
    let (_, rest) = why.split_once("code: ")?;
    super::access::status(rest.split(',').next()?)
}
