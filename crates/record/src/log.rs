//! The access log as JSON: one line for each exchange, the same fields in the same order.
//!
//! Every field is always there, `null` where there is nothing to say; texts of the client are cut at a limit, so that a
//! line stays below some kilobytes whatever a client sends. Bytes go straight into the batch, without allocation.

use crate::json::{
    write_id, write_millis, write_socket_address, write_text, write_text_or_null, write_unsigned,
};
use crate::{Client, Crawler, Record, Timestamp, write_ending};
use torwart_cause::{Address, Attempt, Cause, Step};

/// Writes JSON lines. Keeps the text of the current second.
#[derive(Clone, Debug)]
pub struct JsonLog {
    is_query_logged: bool,
    second: u64,
    date_time: [u8; 19],
}

impl JsonLog {
    /// A writer; queries are left out unless asked for, as they may hold secrets.
    pub fn new(is_query_logged: bool) -> Self {
        let start = Timestamp::default();
        Self { is_query_logged, second: start.seconds(), date_time: start.date_time() }
    }

    /// Appends one line, with its end of line.
    pub fn write(&mut self, record: &Record<'_>, out: &mut Vec<u8>) {
        out.reserve(512);
        out.extend_from_slice(b"{\"ts\":\"");
        self.write_time(record.at, out);
        out.extend_from_slice(b"\",\"id\":\"");
        record.id.write(out);
        out.extend_from_slice(b"\",\"client\":\"");
        write_client(record.client, out);
        out.extend_from_slice(b"\",\"method\":");
        write_text_or_null(record.method, METHOD, out);
        out.extend_from_slice(b",\"host\":");
        write_text_or_null(record.host, HOST, out);
        out.extend_from_slice(b",\"path\":");
        self.write_path(record, out);
        out.extend_from_slice(b",\"protocol\":");
        write_id(record.protocol.id(), out);
        write_outcome(record, out);
        write_sizes(record, out);
        out.extend_from_slice(b",\"attempts\":[");
        for (index, (attempt, cause)) in record.attempts().enumerate() {
            if index > 0 {
                out.push(b',');
            }
            write_attempt(attempt, cause, out);
        }
        out.extend_from_slice(b"]}\n");
    }

    fn write_time(&mut self, at: Timestamp, out: &mut Vec<u8>) {
        let second = at.seconds();
        if second != self.second {
            self.second = second;
            self.date_time = at.date_time();
        }
        out.extend_from_slice(&self.date_time);
        out.extend_from_slice(&at.fraction());
    }

    fn write_path(&self, record: &Record<'_>, out: &mut Vec<u8>) {
        write_text_or_null(record.path, PATH, out);
        if let Some(query) = record.query.filter(|_| self.is_query_logged && !record.path.is_empty()) {
            // The closing quote makes room for the query: one field holds both, as the client sent them.
            out.pop();
            out.push(b'?');
            let start = out.len();
            write_text(query, PATH, out);
            out.remove(start);
        }
    }
}

fn write_outcome(record: &Record<'_>, out: &mut Vec<u8>) {
    out.extend_from_slice(b",\"status\":");
    write_number_or_null(record.status.map(u64::from), out);
    out.extend_from_slice(b",\"served_by\":");
    write_id(record.served_by.id(), out);
    out.extend_from_slice(b",\"complete\":");
    out.extend_from_slice(if record.is_complete { b"true" } else { b"false" });
    out.extend_from_slice(b",\"site\":");
    write_text_or_null(record.site().as_bytes(), NAME, out);
    out.extend_from_slice(b",\"route\":");
    write_text_or_null(record.route_name().as_bytes(), NAME, out);
    out.extend_from_slice(b",\"pool\":");
    write_text_or_null(record.pool_name().as_bytes(), NAME, out);
    out.extend_from_slice(b",\"cause\":");
    write_id_or_null(record.cause().map(Cause::id), out);
    out.extend_from_slice(b",\"stage\":");
    write_id_or_null(record.stage().map(|stage| stage.id()), out);
    out.extend_from_slice(b",\"queue_ms\":");
    match record.evidence.local.admit.duration().filter(|waited| !waited.is_zero()) {
        Some(waited) => write_millis(waited, out),
        None => out.extend_from_slice(b"null"),
    }
}

fn write_sizes(record: &Record<'_>, out: &mut Vec<u8>) {
    out.extend_from_slice(b",\"duration_ms\":");
    write_millis(record.duration, out);
    out.extend_from_slice(b",\"sent\":");
    write_unsigned(record.sent, out);
    out.extend_from_slice(b",\"received\":");
    write_unsigned(record.received, out);
    out.extend_from_slice(b",\"user_agent\":");
    write_text_or_null(record.user_agent, USER_AGENT, out);
    out.extend_from_slice(b",\"referer\":");
    write_text_or_null(record.referer, REFERER, out);
    out.extend_from_slice(b",\"trace_id\":");
    write_text_or_null(record.trace_id, TRACE_ID, out);
    out.extend_from_slice(b",\"crawler\":");
    match record.crawler {
        Some(crawler) => write_crawler(crawler, out),
        None => out.extend_from_slice(b"null"),
    }
}

#[cold]
fn write_crawler(crawler: Crawler, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"name\":");
    write_id(crawler.name, out);
    out.extend_from_slice(if crawler.is_ads { b",\"ads\":true" } else { b",\"ads\":false" });
    out.extend_from_slice(match crawler.is_verified {
        Some(true) => b",\"verified\":true}",
        Some(false) => b",\"verified\":false}",
        None => b",\"verified\":null}",
    });
}

/// Appends the JSON object of one attempt.
pub(crate) fn write_attempt(attempt: &Attempt, cause: Option<Cause>, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"upstream\":");
    write_text(attempt.upstream.as_bytes(), NAME, out);
    out.extend_from_slice(b",\"address\":");
    write_address(attempt.address.as_ref(), out);
    out.extend_from_slice(b",\"reused\":");
    out.extend_from_slice(if attempt.is_reused { b"true" } else { b"false" });
    out.extend_from_slice(b",\"resolve_ms\":");
    write_step(&attempt.resolve, out);
    out.extend_from_slice(b",\"connect_ms\":");
    write_step(&attempt.connect, out);
    out.extend_from_slice(b",\"tls_ms\":");
    write_step(&attempt.handshake, out);
    out.extend_from_slice(b",\"first_byte_ms\":");
    write_step(&attempt.head, out);
    out.extend_from_slice(b",\"body_ms\":");
    write_step(&attempt.body, out);
    out.extend_from_slice(b",\"sent\":");
    write_unsigned(attempt.sent, out);
    out.extend_from_slice(b",\"received\":");
    write_unsigned(attempt.received, out);
    out.extend_from_slice(b",\"status\":");
    write_number_or_null(attempt.status.map(u64::from), out);
    out.extend_from_slice(b",\"cause\":");
    write_id_or_null(cause.map(Cause::id), out);
    out.extend_from_slice(b",\"ending\":");
    write_attempt_ending(attempt, out);
    if let Some(bytes) = &attempt.stderr {
        out.extend_from_slice(b",\"stderr\":");
        write_text(bytes, bytes.len(), out);
    }
    out.push(b'}');
}

/// The ending of the first stage that failed; only failed attempts are asked for theirs.
fn write_attempt_ending(attempt: &Attempt, out: &mut Vec<u8>) {
    let steps =
        [&attempt.resolve, &attempt.connect, &attempt.handshake, &attempt.head, &attempt.send, &attempt.body];
    match steps.into_iter().find_map(Step::ending) {
        Some(ending) => {
            out.push(b'"');
            write_ending(ending, out);
            out.push(b'"');
        }
        None => out.extend_from_slice(b"null"),
    }
}

/// Appends a client's address, without quotes.
pub(crate) fn write_client(client: Client, out: &mut Vec<u8>) {
    match client {
        Client::Ip(address) => write_socket_address(address, out),
        Client::Unix => out.extend_from_slice(b"unix"),
    }
}

pub(crate) fn write_address(address: Option<&Address>, out: &mut Vec<u8>) {
    match address {
        Some(Address::Ip(address)) => {
            out.push(b'"');
            write_socket_address(*address, out);
            out.push(b'"');
        }
        Some(Address::Unix(path)) => {
            out.extend_from_slice(b"\"unix:");
            let start = out.len();
            write_text(path.as_bytes(), NAME, out);
            out.remove(start);
        }
        None => out.extend_from_slice(b"null"),
    }
}

fn write_step(step: &Step, out: &mut Vec<u8>) {
    match step.duration() {
        Some(took) => write_millis(took, out),
        None => out.extend_from_slice(b"null"),
    }
}

pub(crate) fn write_number_or_null(number: Option<u64>, out: &mut Vec<u8>) {
    match number {
        Some(number) => write_unsigned(number, out),
        None => out.extend_from_slice(b"null"),
    }
}

pub(crate) fn write_id_or_null(id: Option<&str>, out: &mut Vec<u8>) {
    match id {
        Some(id) => write_id(id, out),
        None => out.extend_from_slice(b"null"),
    }
}

// How much of each text goes into a line.
pub(crate) const METHOD: usize = 32;
pub(crate) const HOST: usize = 256;
pub(crate) const PATH: usize = 2048;
pub(crate) const NAME: usize = 256;
pub(crate) const USER_AGENT: usize = 512;
pub(crate) const REFERER: usize = 1024;
pub(crate) const TRACE_ID: usize = 64;
