//! Compares what came with what had to come.

use crate::answer::{Answer, End};
use crate::client::Outcome;
use crate::scenario::{Exchange, Expect, Reached};
use serde_json::Value;
use std::time::{Duration, Instant};
use torwart_cause::Cause;
use torwart_lab::Upstream;

/// What the client got.
pub(crate) fn outcome(exchange: &Exchange, outcome: &Outcome, said: &mut Vec<String>) {
    let expect = &exchange.expect;
    let mut answers = outcome.answers.iter();
    match (expect.status, answers.next()) {
        (None, None) => {}
        (None, Some(answer)) => said.push(format!("the client got {}, expected no answer", answer.status)),
        (Some(status), None) => {
            let got = String::from_utf8_lossy(&outcome.surplus);
            said.push(format!(
                "the client got no answer but {got:?} and {:?}, expected {status}",
                outcome.end
            ));
        }
        (Some(status), Some(answer)) => self::answer(status, expect, answer, said),
    }
    let rest: Vec<_> = answers.map(|answer| answer.status).collect();
    if rest != expect.then {
        said.push(format!("further answers are {rest:?}, expected {:?}", expect.then));
    }
    if !outcome.answers.is_empty() && !outcome.surplus.is_empty() {
        said.push(format!("surplus bytes {}", shown(&outcome.surplus)));
    }
    if expect.closes.is_some_and(|closes| closes != (outcome.end != End::Open)) {
        said.push(format!("the connection is {:?}, expected closing: {:?}", outcome.end, expect.closes));
    }
    if expect.within.is_some_and(|within| outcome.took > within.0) {
        said.push(format!("it took {} ms", outcome.took.as_millis()));
    }
}

fn answer(status: u16, expect: &Expect, answer: &Answer, said: &mut Vec<String>) {
    let body = String::from_utf8_lossy(&answer.body);
    if answer.status != status {
        said.push(format!("the client got {}, expected {status}", answer.status));
    }
    if answer.is_complete != expect.complete {
        said.push(format!("the answer is complete: {}, expected {}", answer.is_complete, expect.complete));
    }
    if expect.body.as_ref().is_some_and(|wanted| wanted.0 != answer.body) {
        said.push(format!("the body is {}", shown(&answer.body)));
    }
    if expect.body_bytes.is_some_and(|wanted| wanted != answer.body.len() as u64) {
        said.push(format!("the body has {} bytes, expected {:?}", answer.body.len(), expect.body_bytes));
    }
    for text in expect.contains.iter().filter(|text| !body.contains(*text)) {
        said.push(format!("the body does not hold {text:?}"));
    }
    if expect.interim.as_ref().is_some_and(|wanted| *wanted != answer.interim) {
        said.push(format!("interim answers are {:?}, expected {:?}", answer.interim, expect.interim));
    }
    let head: String = answer.fields.iter().map(|(name, value)| format!("{name}: {value}\n")).collect();
    for text in expect.hides.iter().filter(|text| body.contains(*text) || head.contains(*text)) {
        said.push(format!("{text:?} must not be shown: {head}{body}"));
    }
    for field in &expect.fields {
        let (name, value) = field.split_once(':').unwrap_or((field, ""));
        let value = value.trim();
        if !answer.values(name).any(|other| value.is_empty() || other == value) {
            said.push(format!("field {field:?} is missing: {:?}", answer.values(name).collect::<Vec<_>>()));
        }
    }
    for name in expect.lacks.iter().filter(|name| answer.values(name).next().is_some()) {
        said.push(format!("field {name:?} must not be there"));
    }
    proxy_status(expect, answer, said);
}

/// The error type in `Proxy-Status` (RFC 9209 §2.3), and the received status where an upstream's error is passed on.
fn proxy_status(expect: &Expect, answer: &Answer, said: &mut Vec<String>) {
    let value = answer.values("proxy-status").collect::<Vec<_>>().join(", ");
    let wanted = match (expect.error(), expect.cause) {
        (Some(error), _) => format!("error={}", error.name()),
        (None, Some(Cause::UpstreamSaidSo)) => {
            format!("received-status={}", expect.status.unwrap_or_default())
        }
        _ => return,
    };
    // Where another cause is right, so is its error type.
    let mut others = expect
        .or
        .iter()
        .filter_map(|cause| cause.error_type())
        .map(|error| format!("error={}", error.name()));
    let holds = |wanted: &str| value.split(';').any(|part| part.trim() == wanted);
    if !holds(&wanted) && !others.any(|other| holds(&other)) {
        said.push(format!("Proxy-Status is {value:?}, expected {wanted}"));
    }
}

/// What the gateway wrote down.
pub(crate) fn log_line(expect: &Expect, line: &str, said: &mut Vec<String>) {
    let line: Value = match serde_json::from_str(line) {
        Ok(line) => line,
        Err(error) => return said.push(format!("the log line is no JSON ({error}): {line}")),
    };
    let text = |key: &str| line.get(key).and_then(Value::as_str).map(str::to_owned);
    let cause = text("cause");
    let is_other = expect.or.iter().any(|or| cause.as_deref() == Some(or.id()));
    if cause.as_deref() != expect.cause.map(Cause::id) && !is_other {
        said.push(format!("the log names {cause:?}, expected {:?}", expect.cause.map(Cause::id)));
    } else if !is_other && expect.stage() != Some("any") && text("stage").as_deref() != expect.stage() {
        said.push(format!("the log says stage {:?}, expected {:?}", text("stage"), expect.stage()));
    }
    let status = line.get("status").and_then(Value::as_u64);
    if expect.status.is_some() && status != expect.status.map(u64::from) {
        said.push(format!("the log says status {status:?}, expected {:?}", expect.status));
    }
    let complete = line.get("complete").and_then(Value::as_bool);
    if expect.status.is_some() && complete != Some(expect.complete) {
        said.push(format!("the log says complete {complete:?}, expected {}", expect.complete));
    }
    if expect.status.is_some() && text("served_by").as_deref() != Some(expect.served_by()) {
        said.push(format!("the log says served by {:?}, expected {}", text("served_by"), expect.served_by()));
    }
    if let Some(wanted) = &expect.attempts {
        let attempts = line.get("attempts").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let cause =
            |attempt: &Value| attempt.get("cause").and_then(Value::as_str).unwrap_or("well").to_owned();
        let found: Vec<_> = attempts.iter().map(cause).collect();
        if found != *wanted {
            said.push(format!("the attempts ended {found:?}, expected {wanted:?}"));
        }
    }
}

/// The beginning of some bytes, as a complaint shows them.
pub(crate) fn shown(bytes: &[u8]) -> String {
    format!("{:?}", String::from_utf8_lossy(&bytes[..bytes.len().min(200)]))
}

/// What reached the upstreams.
pub(crate) fn upstreams(expect: &Expect, upstreams: &[Upstream], said: &mut Vec<String>) {
    if let Some(wanted) = expect.reached {
        // The last bytes may still be on their way when the client has its answer.
        let reached = settle(|| most(upstreams), wanted);
        if reached != wanted {
            said.push(format!("{reached:?} reached the upstreams, expected {wanted:?}"));
        }
    }
    never_whole(expect, upstreams, said);
    let connections: Vec<_> = upstreams.iter().flat_map(Upstream::seen).collect();
    let heads: String = connections
        .iter()
        .flat_map(|seen| &seen.requests)
        .map(|request| format!("{}{}", request.head, String::from_utf8_lossy(&request.body)))
        .collect();
    for text in expect.upstream_sees.iter().filter(|text| !heads.contains(*text)) {
        said.push(format!("{text:?} did not reach the upstream: {heads:?}"));
    }
    let lower = heads.to_ascii_lowercase();
    for text in expect.upstream_lacks.iter().filter(|text| lower.contains(&text.to_ascii_lowercase())) {
        said.push(format!("{text:?} must not reach the upstream: {heads:?}"));
    }
    if expect.connections.is_some_and(|wanted| wanted != connections.len()) {
        said.push(format!(
            "{} connections reached the upstreams, expected {:?}",
            connections.len(),
            expect.connections
        ));
    }
}

/// Where only a part of a request may have gone out, an upstream must never have a whole one.
pub(crate) fn never_whole(expect: &Expect, upstreams: &[Upstream], said: &mut Vec<String>) {
    if expect.never_whole && most(upstreams) == Reached::Whole {
        said.push("a whole request reached an upstream".to_owned());
    }
}

fn most(upstreams: &[Upstream]) -> Reached {
    let reached = upstreams.iter().map(Upstream::reached);
    reached.fold(Reached::Nothing, |most, reached| match (most, reached) {
        (_, torwart_lab::Reached::Whole) | (Reached::Whole, _) => Reached::Whole,
        (_, torwart_lab::Reached::Cut) | (Reached::Cut, _) => Reached::Cut,
        (Reached::Nothing, torwart_lab::Reached::Nothing) => Reached::Nothing,
    })
}

/// Asks until the answer is the wanted one, or the time is up.
fn settle<T: PartialEq>(question: impl Fn() -> T, wanted: T) -> T {
    let until = Instant::now() + Duration::from_millis(500);
    loop {
        let answer = question();
        if answer == wanted || Instant::now() > until {
            return answer;
        }
        std::thread::park_timeout(Duration::from_millis(5));
    }
}
