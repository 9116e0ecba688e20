//! Access logs of nginx and Apache: from the values of a line to what was observed.

use super::pattern::Values;
use super::steps::{self, CLIENT_LEFT};
use super::{LogLine, Stamp, Try, meaning};
use crate::Product;
use crate::config::LogKind;
use std::time::Duration;
use torwart_cause::{Attempt, By, Deadline, Ending, Evidence, Fault, Malformation, Stage, Step};

/// What a line with these values says.
pub(super) fn line_of(product: Product, values: &Values) -> LogLine {
    let mut line = LogLine::new(product, LogKind::Access);
    line.time = time_of(values);
    line.request.client = values.get("remote_addr").map(str::to_owned);
    line.request.host = ["host", "http_host", "server_name"]
        .iter()
        .find_map(|name| values.get(name))
        .map(|host| host.to_ascii_lowercase());
    let (method, path) = request_line(values.get("request").unwrap_or_default());
    line.request.method = values.get("request_method").map(str::to_owned).or(method);
    line.request.path =
        ["request_uri", "uri"].iter().find_map(|name| values.get(name)).map(str::to_owned).or(path);
    line.request.id = values.get("request_id").map(str::to_owned);
    line.request.connection =
        ["connection", "log_id"].iter().find_map(|name| values.get(name)).map(str::to_owned);
    line.answer.status =
        values.get("status").and_then(|text| status(text).or_else(|| (text == "009").then_some(OLD)));
    line.answer.bytes =
        ["bytes_sent", "body_bytes_sent"].iter().find_map(|name| values.get(name)?.parse().ok());
    line.answer.total = seconds(values.get("request_time"))
        .or_else(|| units(values.get("duration_ms"), 1e3))
        .or_else(|| units(values.get("duration_us"), 1e6));
    let is_known = values.raw("upstream_addr").is_some();
    line.tries = tries_of(values);
    line.evidence = Some(if is_known && !line.tries.is_empty() {
        with_upstreams(&line, values)
    } else {
        steps::of_status(line.answer.status)
    });
    line.words.said = line.evidence.as_ref().and_then(meaning::of);
    line
}

/// `GET /path HTTP/1.1` taken apart.
pub(super) fn request_line(text: &str) -> (Option<String>, Option<String>) {
    let mut words = text.splitn(2, ' ');
    let method = words.next().filter(|word| is_method(word)).map(str::to_owned);
    let rest = words.next().unwrap_or_default();
    let path = rest.rsplit_once(" HTTP/").map_or(rest, |(path, _)| path);
    let path = (method.is_some() && !path.is_empty()).then(|| path.to_owned());
    (method, path)
}

fn is_method(word: &str) -> bool {
    !word.is_empty()
        && word.len() <= 32
        && word.bytes().all(|byte| byte.is_ascii_uppercase() || matches!(byte, b'-' | b'_'))
}

fn time_of(values: &Values) -> Option<Stamp> {
    if let Some(unix) = values.get("msec").and_then(|text| text.parse().ok()) {
        return Stamp::of_unix(unix);
    }
    if let Some(text) = values.get("time_iso8601") {
        return Stamp::parse_ymd(text);
    }
    Stamp::parse_clf(values.get("time_local")?)
}

/// The attempts, from nginx's lists: commas between upstreams, colons between groups of them.
fn tries_of(values: &Values) -> Vec<Try> {
    let Some(addresses) = values.get("upstream_addr") else { return Vec::new() };
    let list = |name: &str| -> Vec<String> { values.get(name).map(split_list).unwrap_or_default() };
    let (statuses, connects) = (list("upstream_status"), list("upstream_connect_time"));
    let (heads, totals) = (list("upstream_header_time"), list("upstream_response_time"));
    let at = |list: &[String], place: usize| list.get(place).and_then(|text| seconds(Some(text)));
    split_list(addresses)
        .into_iter()
        .enumerate()
        .map(|(place, upstream)| Try {
            upstream,
            status: statuses.get(place).and_then(|text| status(text)),
            connect: at(&connects, place),
            first_byte: at(&heads, place),
            total: at(&totals, place),
        })
        .collect()
}

fn split_list(text: &str) -> Vec<String> {
    text.split(", ")
        .flat_map(|part| part.split(" : "))
        .take(MOST_TRIES)
        .map(|part| part.trim().to_owned())
        .collect()
}

fn with_upstreams(line: &LogLine, values: &Values) -> Evidence {
    let knows = Knows {
        connect: values.raw("upstream_connect_time").is_some(),
        head: values.raw("upstream_header_time").is_some(),
        has_body: !matches!(line.request.method.as_deref(), Some("GET" | "HEAD" | "OPTIONS" | "DELETE")),
    };
    let mut evidence = Evidence {
        attempts: line.tries.iter().map(|attempt| attempt_of(attempt, knows)).collect(),
        ..Evidence::default()
    };
    if line.answer.status == Some(OLD)
        && let Some(last) = evidence.attempts.last_mut()
    {
        let fault = Fault { what: Malformation::NotHttp, at: 0 };
        steps::fail(last, Stage::Head, Ending::Malformed(fault), None);
        last.status = None;
    }
    if line.answer.status == Some(CLIENT_LEFT) {
        match evidence.attempts.last_mut() {
            Some(last) if last.status.is_none() => {
                let stage =
                    if last.connect == Step::Unknown && knows.connect { Stage::Connect } else { Stage::Head };
                let after = line.tries.last().and_then(|attempt| attempt.total);
                steps::fail(last, stage, Ending::Cancelled(By::Client), after);
            }
            _ => evidence.client.answer = steps::failed(Ending::Cancelled(By::Client), line.answer.total),
        }
    }
    evidence
}

/// Which times the pattern has: only then a missing value means that the stage was not passed.
#[derive(Clone, Copy)]
struct Knows {
    connect: bool,
    head: bool,
    has_body: bool,
}

fn attempt_of(told: &Try, knows: Knows) -> Attempt {
    let mut attempt = steps::unseen(&told.upstream);
    match told.connect {
        // Zero is a kept connection used again, or one made within half a millisecond: it cannot be told.
        Some(took) if !took.is_zero() => attempt.connect = Step::Done { took },
        _ => {}
    }
    if let Some(first_byte) = told.first_byte {
        if let Some(status) = told.status {
            steps::answered(&mut attempt, status, Some(first_byte));
        }
        return attempt;
    }
    match told.status {
        // Where the head's time is missing although it is logged, nginx made the status itself. A request without a
        // body is sent at once: what was waited for then is the answer.
        Some(504) if knows.head && knows.connect && told.connect.is_some() && !knows.has_body => {
            let after = told.total.map(|total| total.saturating_sub(told.connect.unwrap_or_default()));
            steps::fail(&mut attempt, Stage::Head, Ending::TimedOut(Deadline::FirstByte), after);
        }
        Some(500 | 502 | 504) | None => {
            if knows.connect && told.connect.is_none() {
                steps::end_before(&mut attempt, Stage::Handshake);
            }
        }
        Some(status) => steps::answered(&mut attempt, status, None),
    }
    attempt
}

pub(super) fn status(text: &str) -> Option<u16> {
    text.trim().parse().ok().filter(|status| (100..1000).contains(status))
}

pub(super) fn seconds(text: Option<&str>) -> Option<Duration> {
    units(text, 1.0)
}

/// A time of which one second holds `units`.
pub(super) fn units(text: Option<&str>, units: f64) -> Option<Duration> {
    Duration::try_from_secs_f64(text?.trim().parse::<f64>().ok()? / units).ok()
}

/// Attempts of one request that are kept.
const MOST_TRIES: usize = 32;

/// The status nginx logs (`009`) where it passed on an answer without any head, as HTTP/0.9 would have it.
const OLD: u16 = 9;
