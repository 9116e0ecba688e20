//! The answer for programs: problem details (RFC 9457).

use super::{Answer, context};
use crate::sentence_at;
use serde_json::{Map, Value, json};

pub(super) fn document(answer: &Answer<'_>) -> String {
    let words = context::Words::of(answer);
    let mut members = Map::new();
    members.insert("type".into(), json!("about:blank"));
    members.insert("title".into(), json!(words.title));
    members.insert("status".into(), json!(answer.status));
    members.insert("detail".into(), json!(format!("{} {}", words.message, words.advice)));
    members.insert("instance".into(), json!(uri_reference(answer.request_id)));
    if let Some(seconds) = answer.retry_after {
        members.insert("retry_after".into(), json!(seconds));
    }
    if let Some(link) = context::link(answer.support, context::SUPPORT) {
        members.insert("support".into(), json!(link));
    }
    if let Some(link) = context::link(answer.status_page, context::STATUS_PAGE) {
        members.insert("status_page".into(), json!(link));
    }
    if let Some(details) = &answer.details {
        members.insert("cause".into(), json!(answer.cause.id()));
        members.insert("stage".into(), json!(details.stage.id()));
        members.insert(
            "ending".into(),
            json!(details.ending.map(|ending| sentence_at(details.stage, &ending, answer.lang))),
        );
        members.insert("upstream".into(), json!(details.upstream));
        members.insert("address".into(), json!(details.address.map(ToString::to_string)));
        members.insert("attempts".into(), json!(details.attempts));
    }
    Value::Object(members).to_string() + "\n"
}

/// `instance` is a URI reference (RFC 9457 §3.1.5): whatever may not stand in one is percent-encoded.
fn uri_reference(id: &str) -> String {
    let mut reference = String::with_capacity(id.len());
    for byte in id.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                reference.push(char::from(byte))
            }
            _ => reference.push_str(&format!("%{byte:02X}")),
        }
    }
    reference
}
