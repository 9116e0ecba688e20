//! Caddy's log: JSON objects, access and error lines told apart by their logger and message.

use super::{LogLine, Stamp, Try, go, json, meaning, steps};
use crate::Product;
use crate::config::LogKind;
use serde_json::{Map, Value};
use torwart_cause::finding::said;
use torwart_cause::{Ending, Stage};

/// Reads a line of Caddy's log.
pub(super) fn read(line: &str) -> Option<LogLine> {
    let object = console(line).or_else(|| json::object(line))?;
    let logger = json::own_text(&object, "logger").unwrap_or_default();
    let message = json::own_text(&object, "msg")?;
    let time = time_of(&object)?;
    let is_access = logger.starts_with("http.log.access") || message == "handled request";
    let mut told = LogLine::new(Product::Caddy, if is_access { LogKind::Access } else { LogKind::Error });
    told.time = Some(time);
    told.words.level = json::own_text(&object, "level");
    fill(&mut told, &object);
    let upstream =
        ["upstream", "host", "address", "backend"].iter().find_map(|key| json::own_text(&object, key));
    if is_access {
        told.evidence = Some(steps::of_status(told.answer.status));
        return Some(told);
    }
    let error = json::own_text(&object, "error");
    told.words.message = Some(match &error {
        Some(error) => format!("{message}: {error}"),
        None => message.clone(),
    });
    told.tries.extend(upstream.clone().map(|upstream| Try { upstream, ..Try::default() }));
    let upstream = upstream.unwrap_or_default();
    let is_about_exchange = logger.starts_with("http.log.error") || logger.starts_with("http.handlers");
    told.evidence = match message.as_str() {
        "aborting with incomplete response" => {
            let mut evidence = error.as_deref().and_then(|error| go::evidence_of(error, &upstream));
            if evidence.is_none() {
                evidence = Some(steps::of_failure(&upstream, Stage::Body, Ending::Closed));
            }
            evidence.map(|evidence| in_body(evidence, &upstream))
        }
        "upstream roundtrip" if error.is_none() => {
            let mut attempt = steps::unseen(&upstream);
            if let Some(status) = told.answer.status {
                steps::answered(&mut attempt, status, told.answer.total);
            }
            Some(steps::of(attempt))
        }
        _ if is_about_exchange => {
            let found = go::evidence_of(error.as_deref().unwrap_or(&message), &upstream);
            match found {
                Some(evidence) => Some(evidence),
                None if logger.starts_with("http.log.error") => Some(steps::of_status(told.answer.status)),
                None => None,
            }
        }
        _ => None,
    };
    note_dialled(&mut told);
    told.words.said = told.evidence.as_ref().and_then(meaning::of).or_else(|| {
        CHECKS.contains(&message.as_str()).then(|| {
            said("gateway-said-server-down").with("upstream", &upstream).with("why", error.unwrap_or(message))
        })
    });
    Some(told)
}

/// The form for people: time, level, logger and message between tabs, then JSON; perhaps with colours.
fn console(line: &str) -> Option<Map<String, Value>> {
    let (time, rest) = line.split_once('\t')?;
    Stamp::parse_ymd(time)?;
    let (level, rest) = rest.split_once('\t')?;
    // Colours are escapes of digits and small letters round the level.
    let letters: String = level.chars().filter(char::is_ascii_uppercase).collect();
    let mut parts: Vec<&str> = rest.split('\t').collect();
    let mut object = parts.last().and_then(|last| json::object(last)).unwrap_or_default();
    if parts.last().is_some_and(|last| last.starts_with('{')) {
        parts.pop();
    }
    let message = parts.pop()?;
    let texts = [("ts", time), ("level", &letters.to_ascii_lowercase()), ("msg", message)];
    object.extend(texts.map(|(key, text)| (key.to_owned(), Value::String(text.to_owned()))));
    if let Some(logger) = parts.first() {
        object.insert("logger".to_owned(), Value::String((*logger).to_owned()));
    }
    Some(object)
}

fn fill(told: &mut LogLine, object: &Map<String, Value>) {
    if let Some(request) = object.get("request").and_then(Value::as_object) {
        told.request.client =
            json::own_text(request, "client_ip").or_else(|| json::own_text(request, "remote_ip"));
        told.request.host = json::own_text(request, "host").map(|host| host.to_ascii_lowercase());
        told.request.method = json::own_text(request, "method");
        told.request.path = json::own_text(request, "uri");
    }
    told.request.id = json::own_text(object, "uuid").or_else(|| json::own_text(object, "err_id"));
    told.answer.status = json::status(object, "status");
    told.answer.bytes = object.get("size").and_then(Value::as_u64);
    told.answer.total = json::duration(object, "duration", 1.0);
}

/// `ts` is seconds by default; the operator may have chosen another form.
fn time_of(object: &Map<String, Value>) -> Option<Stamp> {
    let time = object.get("ts").or_else(|| object.get("time"))?;
    match time {
        Value::Number(number) => {
            let number = number.as_f64()?;
            // Milliseconds and nanoseconds are formats that can be chosen too.
            let seconds = if number > 1e17 {
                number / 1e9
            } else if number > 1e11 {
                number / 1e3
            } else {
                number
            };
            Stamp::of_unix(seconds)
        }
        Value::String(text) => Stamp::parse_ymd(text).or_else(|| Stamp::parse_clf(text)),
        _ => None,
    }
}

/// The head had come: what is told happened in the body.
fn in_body(mut evidence: torwart_cause::Evidence, upstream: &str) -> torwart_cause::Evidence {
    let ending = evidence.attempts.first().and_then(|attempt| {
        [&attempt.send, &attempt.head, &attempt.body].into_iter().find_map(|step| step.ending().copied())
    });
    if let Some(ending) = ending {
        evidence = steps::of_failure(upstream, Stage::Body, ending);
    }
    evidence
}

/// The address stands in the error text where no field has it.
pub(super) fn note_dialled(told: &mut LogLine) {
    if !told.tries.is_empty() {
        return;
    }
    let upstream = told.evidence.as_ref().and_then(|evidence| evidence.attempts.last());
    if let Some(attempt) = upstream.filter(|attempt| !attempt.upstream.is_empty()) {
        told.tries.push(Try { upstream: attempt.upstream.to_string(), ..Try::default() });
    }
}

/// News of active health checks.
const CHECKS: [&str; 5] = [
    "HTTP request failed",
    "unexpected status code",
    "status code out of tolerances",
    "response body failed expectations",
    "failed to read response body",
];
