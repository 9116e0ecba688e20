//! The answer for programs: problem details (RFC 9457).
//!
//! The type is `about:blank` for everybody: what a stranger may know is in the status. Trusted viewers find the cause
//! and what was observed in extension members.

use super::{Answer, context};
use crate::sentence_at;
use serde::Serialize;

pub(super) fn document(answer: &Answer<'_>) -> String {
    let words = context::Words::of(answer);
    let problem = Problem {
        r#type: "about:blank",
        title: words.title,
        status: answer.status,
        detail: format!("{} {}", words.message, words.advice),
        instance: uri_reference(answer.request_id),
        retry_after: answer.retry_after,
        position: answer.waits.map(|waits| waits.position),
        estimated_wait: answer.waits.map(|waits| waits.estimate),
        support: context::support(answer),
        status_page: context::status_page(answer),
        cause: answer.details.as_ref().map(|_| answer.cause.id()),
        stage: answer.details.as_ref().map(|details| details.stage.id()),
        ending: answer.details.as_ref().and_then(|details| {
            details.ending.map(|ending| sentence_at(details.stage, &ending, answer.lang))
        }),
        upstream: answer.details.as_ref().and_then(|details| details.upstream),
        address: answer.details.as_ref().and_then(|details| details.address.map(ToString::to_string)),
        attempts: answer.details.as_ref().map(|details| details.attempts),
    };
    // Strings and numbers always have a JSON form.
    serde_json::to_string(&problem).unwrap_or_default() + "\n"
}

/// The members, in the order in which they are read.
#[derive(Serialize)]
struct Problem<'a> {
    r#type: &'static str,
    title: String,
    status: u16,
    detail: String,
    instance: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    position: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    estimated_wait: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    support: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status_page: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stage: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ending: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    upstream: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    attempts: Option<usize>,
}

/// `instance` is a URI reference (RFC 9457 §3.1.5): whatever may not stand in one is percent-encoded.
fn uri_reference(id: &str) -> String {
    let mut reference = String::with_capacity(id.len());
    for byte in id.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                reference.push(char::from(byte));
            }
            _ => reference.push_str(&format!("%{byte:02X}")),
        }
    }
    reference
}
