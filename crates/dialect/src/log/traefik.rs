//! Traefik's logs: access lines as JSON or in its common format, and the troubles of its own log.
//!
//! The status that stands as the origin's may be Traefik's own: its error answer passes the same recorder. A body as
//! long as Traefik's own text marks it.

use super::pattern::Pattern;
use super::{LogLine, Stamp, Try, access, caddy, go, json, meaning, steps};
use crate::Product;
use crate::config::LogKind;
use serde_json::{Map, Value};
use torwart_cause::Evidence;

/// Reads a line of one of Traefik's logs.
pub(super) fn read(line: &str) -> Option<LogLine> {
    if let Some(object) = json::object(line) {
        return if object.contains_key("DownstreamStatus") || object.contains_key("RequestMethod") {
            access_json(&object)
        } else {
            trouble_json(&object)
        };
    }
    access_common(line).or_else(|| trouble_text(line))
}

fn access_json(object: &Map<String, Value>) -> Option<LogLine> {
    let mut told = LogLine::new(Product::Traefik, LogKind::Access);
    told.time = ["StartUTC", "StartLocal", "time"]
        .iter()
        .find_map(|key| json::own_text(object, key))
        .and_then(|text| Stamp::parse_ymd(&text));
    told.request.client = json::own_text(object, "ClientHost");
    told.request.host = json::own_text(object, "RequestHost")
        .or_else(|| json::own_text(object, "RequestAddr"))
        .map(|host| host.to_ascii_lowercase());
    told.request.method = json::own_text(object, "RequestMethod");
    told.request.path = json::own_text(object, "RequestPath");
    told.request.id =
        json::own_text(object, "trace_id").or_else(|| json::own_text(object, "request_X-Request-Id"));
    told.answer.status = json::status(object, "DownstreamStatus");
    told.answer.bytes = object.get("DownstreamContentSize").and_then(Value::as_u64);
    told.answer.total = json::duration(object, "Duration", 1e9);
    let upstream = json::own_text(object, "ServiceURL").or_else(|| json::own_text(object, "ServiceAddr"));
    let origin = json::status(object, "OriginStatus").filter(|status| *status != 0);
    let took = json::duration(object, "OriginDuration", 1e9);
    told.tries.extend(upstream.map(|upstream| Try {
        upstream,
        status: origin,
        total: took,
        ..Try::default()
    }));
    let size = object.get("OriginContentSize").and_then(Value::as_u64).or(told.answer.bytes);
    told.evidence = Some(evidence_of(&told, size));
    told.answer.status.map(|_| told)
}

fn access_common(line: &str) -> Option<LogLine> {
    let values = Pattern::of_nginx(COMMON).values(line)?;
    let mut told = access::line_of(Product::Traefik, &values);
    told.answer.status?;
    told.tries = values
        .get("service_url")
        .map(|upstream| Try { upstream: upstream.to_owned(), status: told.answer.status, ..Try::default() })
        .into_iter()
        .collect();
    told.evidence = Some(evidence_of(&told, told.answer.bytes));
    Some(told)
}

fn evidence_of(told: &LogLine, size: Option<u64>) -> Evidence {
    let status = told.answer.status;
    let Some(attempt) = told.tries.last() else { return steps::of_status(status) };
    if status == Some(steps::CLIENT_LEFT) {
        return steps::of_status(status);
    }
    let mut seen = steps::unseen(&attempt.upstream);
    match attempt.status.or(status) {
        Some(made @ (500 | 502 | 503 | 504)) if size.is_none_or(|size| OWN.contains(&(made, size))) => {}
        Some(made) => steps::answered(&mut seen, made, None),
        None => {}
    }
    steps::of(seen)
}

fn trouble_json(object: &Map<String, Value>) -> Option<LogLine> {
    let message = json::own_text(object, "message").or_else(|| json::own_text(object, "msg"))?;
    let time = Stamp::parse_ymd(&json::own_text(object, "time")?)?;
    let level = json::own_text(object, "level");
    Some(trouble(Some(time), level, &message, json::own_text(object, "error").as_deref()))
}

/// `2026-11-21T16:05:12Z ERR proxy.go:100 > 502 Bad Gateway error="…"`, or `time="…" level=debug msg="…"`.
fn trouble_text(line: &str) -> Option<LogLine> {
    if let Some(rest) = line.strip_prefix("time=\"") {
        let (time, rest) = rest.split_once('"')?;
        let level = rest.split_once("level=").and_then(|(_, rest)| rest.split(' ').next()).map(str::to_owned);
        let message = quoted(rest, "msg=")?;
        let error = message.split_once("caused by: ").map(|(_, error)| error.to_owned());
        return Some(trouble(Some(Stamp::parse_ymd(time)?), level, &message, error.as_deref()));
    }
    let (time, rest) = line.split_once(' ')?;
    let time = Stamp::parse_ymd(time)?;
    let (level, rest) = rest.split_once(' ')?;
    if !LEVELS.contains(&level) {
        return None;
    }
    let message = rest.split_once(" > ").map_or(rest, |(_, message)| message);
    let error = quoted(message, "error=");
    let message = message.split(" error=").next().unwrap_or(message);
    Some(trouble(Some(time), Some(level.to_owned()), message, error.as_deref()))
}

/// The value behind `key`, with or without quotes, escapes undone.
fn quoted(text: &str, key: &str) -> Option<String> {
    let (_, rest) = text.split_once(key)?;
    let Some(inner) = rest.strip_prefix('"') else {
        return rest.split(' ').next().map(str::to_owned);
    };
    let mut value = String::new();
    let mut letters = inner.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '"' => return Some(value),
            '\\' => value.extend(letters.next()),
            letter => value.push(letter),
        }
    }
    Some(value)
}

fn trouble(time: Option<Stamp>, level: Option<String>, message: &str, error: Option<&str>) -> LogLine {
    let mut told = LogLine::new(Product::Traefik, LogKind::Error);
    told.time = time;
    told.words.level = level;
    told.words.message = Some(match error {
        Some(error) if !message.contains(error) => format!("{message}: {error}"),
        _ => message.to_owned(),
    });
    told.answer.status = message.trim_start_matches('\'').get(..3).and_then(access::status);
    told.evidence = go::evidence_of(error.unwrap_or(message), "");
    told.words.said = told.evidence.as_ref().and_then(meaning::of);
    caddy::note_dialled(&mut told);
    told
}

const COMMON: &str = "$remote_addr - $remote_user [$time_local] \"$request\" $status $body_bytes_sent \"$referer\" \
                      \"$agent\" $count \"$router\" \"$service_url\" ${duration_ms}ms";

const LEVELS: [&str; 8] = ["TRC", "DBG", "INF", "WRN", "ERR", "FTL", "PNC", "???"];

/// Statuses with the length of the text that Traefik sends with them itself.
const OWN: [(u16, u64); 6] = [
    (500, "Internal Server Error".len() as u64),
    (502, "Bad Gateway".len() as u64),
    (503, "no available server\n".len() as u64),
    (503, "Service Unavailable".len() as u64),
    (504, "Gateway Timeout".len() as u64),
    (502, "Bad Gateway\n".len() as u64),
];
