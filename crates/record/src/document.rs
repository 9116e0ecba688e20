//! A kept exchange as a JSON document: all of its evidence, for the admin API and `torwart explain <request-id>`.

use crate::json::{
    write_hex, write_id, write_millis, write_text, write_text_or_null, write_unsigned, write_visible,
};
use crate::log::{HOST, METHOD, NAME, PATH, REFERER, TRACE_ID, USER_AGENT};
use crate::log::{write_address, write_client, write_id_or_null, write_number_or_null};
use crate::{Incident, OwnedRecord, write_ending};
use torwart_cause::{Attempt, Cause, Certainty, Observation, Step, Verdict};

/// The version of the documents' shape. Fields may be added without a new version, never renamed or removed.
pub const SCHEMA: u64 = 1;

/// Appends the whole exchange as one JSON object: what the log line says, and every step of the evidence.
pub fn write_document(record: &OwnedRecord, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"schema\":");
    write_unsigned(SCHEMA, out);
    out.push(b',');
    write_members(record, out);
    key("user_agent", out);
    write_text_or_null(&record.user_agent, USER_AGENT, out);
    key("referer", out);
    write_text_or_null(&record.referer, REFERER, out);
    key("trace_id", out);
    write_text_or_null(&record.trace_id, TRACE_ID, out);
    key("verdict", out);
    write_verdict(&record.verdict, out);
    let client = &record.evidence.client;
    key("client_side", out);
    let steps = [
        ("handshake", &client.handshake),
        ("head", &client.head),
        ("body", &client.body),
        ("answer", &client.answer),
    ];
    write_steps(&steps, out);
    let local = &record.evidence.local;
    key("local", out);
    let steps =
        [("route", &local.route), ("guard", &local.guard), ("admit", &local.admit), ("pick", &local.pick)];
    write_steps(&steps, out);
    key("attempts", out);
    out.push(b'[');
    for (index, attempt) in record.evidence.attempts.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write_attempt(attempt, record.attempt_causes.get(index).copied().flatten(), out);
    }
    out.extend_from_slice(b"]}");
}

/// Appends the exchange as a short JSON object, for lists.
pub fn write_summary(record: &OwnedRecord, out: &mut Vec<u8>) {
    out.push(b'{');
    write_members(record, out);
    key("upstream", out);
    let last = record.evidence.attempts.last();
    write_text_or_null(last.map_or(b"", |attempt| attempt.upstream.as_bytes()), NAME, out);
    out.push(b'}');
}

/// Appends an incident as a JSON object.
pub fn write_incident(incident: &Incident, is_open: bool, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"cause\":");
    write_id(incident.cause.id(), out);
    key("pool", out);
    write_text_or_null(incident.pool.as_bytes(), NAME, out);
    key("upstream", out);
    write_text_or_null(incident.upstream.as_bytes(), NAME, out);
    key("onset", out);
    write_id(&incident.onset.to_string(), out);
    key("last", out);
    write_id(&incident.last.to_string(), out);
    key("count", out);
    write_unsigned(incident.count, out);
    key("open", out);
    write_bool(is_open, out);
    key("example", out);
    write_id(&incident.example.to_string(), out);
    out.push(b'}');
}

fn write_members(record: &OwnedRecord, out: &mut Vec<u8>) {
    out.extend_from_slice(b"\"ts\":");
    write_id(&record.at.to_string(), out);
    key("id", out);
    write_id(&record.id.to_string(), out);
    key("client", out);
    out.push(b'"');
    write_client(record.client, out);
    out.push(b'"');
    key("method", out);
    write_text_or_null(&record.method, METHOD, out);
    key("host", out);
    write_text_or_null(&record.host, HOST, out);
    key("path", out);
    write_text_or_null(&record.path, PATH, out);
    key("protocol", out);
    write_id(record.protocol.id(), out);
    key("status", out);
    write_number_or_null(record.status.map(u64::from), out);
    key("served_by", out);
    write_id(record.served_by.id(), out);
    key("complete", out);
    write_bool(record.is_complete, out);
    for (name, text) in [("site", &record.site), ("route", &record.route), ("pool", &record.pool)] {
        key(name, out);
        write_text_or_null(text.as_bytes(), NAME, out);
    }
    key("cause", out);
    write_id_or_null(record.cause().map(Cause::id), out);
    key("stage", out);
    write_id_or_null(record.stage().map(|stage| stage.id()), out);
    key("duration_ms", out);
    write_millis(record.duration, out);
    key("sent", out);
    write_unsigned(record.sent, out);
    key("received", out);
    write_unsigned(record.received, out);
}

fn write_verdict(verdict: &Verdict, out: &mut Vec<u8>) {
    match verdict {
        Verdict::Well => out.extend_from_slice(b"{\"kind\":\"well\"}"),
        Verdict::Named { cause, certainty, deciding, alternatives } => {
            out.extend_from_slice(b"{\"kind\":\"named\"");
            key("cause", out);
            write_id(cause.id(), out);
            key("certainty", out);
            write_id(certainty_id(*certainty), out);
            key("deciding", out);
            write_id(deciding.id(), out);
            key("alternatives", out);
            write_causes(alternatives, out);
            key("actor", out);
            write_id(cause.actor().id(), out);
            key("retry", out);
            write_id(cause.retry().id(), out);
            key("error_type", out);
            write_id_or_null(cause.error_type().map(|error| error.name()), out);
            out.push(b'}');
        }
        Verdict::Open { candidates, missing } => {
            out.extend_from_slice(b"{\"kind\":\"open\"");
            key("candidates", out);
            write_causes(candidates, out);
            key("missing", out);
            out.push(b'"');
            match missing {
                Observation::EndingOf(stage) => {
                    out.extend_from_slice(b"ending_of:");
                    out.extend_from_slice(stage.id().as_bytes());
                }
                Observation::LinkReuse => out.extend_from_slice(b"link_reuse"),
                Observation::Attempts => out.extend_from_slice(b"attempts"),
            }
            out.extend_from_slice(b"\"}");
        }
    }
}

fn write_attempt(attempt: &Attempt, cause: Option<Cause>, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"upstream\":");
    write_text(attempt.upstream.as_bytes(), NAME, out);
    key("address", out);
    write_address(attempt.address.as_ref(), out);
    key("reused", out);
    write_bool(attempt.is_reused, out);
    key("steps", out);
    let steps = [
        ("resolve", &attempt.resolve),
        ("connect", &attempt.connect),
        ("handshake", &attempt.handshake),
        ("send", &attempt.send),
        ("head", &attempt.head),
        ("body", &attempt.body),
    ];
    write_steps(&steps, out);
    key("sent", out);
    write_unsigned(attempt.sent, out);
    key("received", out);
    write_unsigned(attempt.received, out);
    key("status", out);
    write_number_or_null(attempt.status.map(u64::from), out);
    key("cause", out);
    write_id_or_null(cause.map(Cause::id), out);
    key("first_bytes", out);
    match &attempt.first_bytes {
        Some(bytes) => {
            out.extend_from_slice(b"{\"hex\":\"");
            write_hex(bytes, out);
            out.push(b'"');
            key("text", out);
            let mut visible = Vec::with_capacity(bytes.len());
            write_visible(bytes, bytes.len(), &mut visible);
            write_text(&visible, visible.len(), out);
            out.push(b'}');
        }
        None => out.extend_from_slice(b"null"),
    }
    if let Some(bytes) = &attempt.stderr {
        key("stderr", out);
        write_text(bytes, bytes.len(), out);
    }
    out.push(b'}');
}

fn write_steps(steps: &[(&str, &Step)], out: &mut Vec<u8>) {
    out.push(b'{');
    for (index, (name, step)) in steps.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write_id(name, out);
        out.push(b':');
        write_step(step, out);
    }
    out.push(b'}');
}

fn write_step(step: &Step, out: &mut Vec<u8>) {
    let state = match step {
        Step::NotReached => "not_reached",
        Step::Unknown => "unknown",
        Step::Done { .. } => "done",
        Step::Failed { .. } => "failed",
    };
    out.extend_from_slice(b"{\"state\":");
    write_id(state, out);
    if let Some(took) = step.duration() {
        key("ms", out);
        write_millis(took, out);
    }
    if let Some(ending) = step.ending() {
        key("ending", out);
        out.push(b'"');
        write_ending(ending, out);
        out.push(b'"');
    }
    out.push(b'}');
}

fn write_causes(causes: &[Cause], out: &mut Vec<u8>) {
    out.push(b'[');
    for (index, cause) in causes.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write_id(cause.id(), out);
    }
    out.push(b']');
}

fn write_bool(value: bool, out: &mut Vec<u8>) {
    out.extend_from_slice(if value { b"true" } else { b"false" });
}

fn key(name: &str, out: &mut Vec<u8>) {
    out.push(b',');
    write_id(name, out);
    out.push(b':');
}

const fn certainty_id(certainty: Certainty) -> &'static str {
    match certainty {
        Certainty::Likely => "likely",
        Certainty::Certain => "certain",
    }
}
