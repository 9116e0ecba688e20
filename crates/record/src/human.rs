//! The access log for eyes: one short line for each exchange, in no human language but ids and numbers.

use crate::json::{write_millis, write_visible};
use crate::log::write_client;
use crate::{Record, ServedBy, write_ending};
use torwart_cause::Step;

/// Writes lines such as `12:00:01.123456Z bakim-toruf-zalan 192.0.2.7:4711 GET shop.example/cart 502 connect_refused …`.
#[derive(Clone, Copy, Debug)]
pub struct HumanLog {
    is_coloured: bool,
    is_query_logged: bool,
}

impl HumanLog {
    /// A writer, with colours of ANSI terminals or without.
    pub const fn new(is_coloured: bool) -> Self {
        Self { is_coloured, is_query_logged: false }
    }

    /// The same with the query behind the path, or without.
    #[must_use]
    pub const fn with_query(self, is_query_logged: bool) -> Self {
        Self { is_query_logged, ..self }
    }

    /// Appends one line, with its end of line.
    pub fn write(self, record: &Record<'_>, out: &mut Vec<u8>) {
        out.extend_from_slice(&record.at.date_time()[11..]);
        out.extend_from_slice(&record.at.fraction());
        out.push(b' ');
        record.id.write(out);
        out.push(b' ');
        write_client(record.client, out);
        out.push(b' ');
        write_or_dash(record.method, 32, out);
        out.push(b' ');
        write_or_dash(record.host, 128, out);
        write_visible(record.path, 256, out);
        if let Some(query) = record.query.filter(|_| self.is_query_logged) {
            out.push(b'?');
            write_visible(query, 256, out);
        }
        out.push(b' ');
        self.write_status(record, out);
        self.write_cause(record, out);
        out.push(b' ');
        write_millis(record.duration, out);
        out.extend_from_slice(b" ms");
        if record.served_by != ServedBy::Upstream && record.cause().is_none() {
            out.push(b' ');
            out.extend_from_slice(record.served_by.id().as_bytes());
        }
        write_attempts(record, out);
        out.push(b'\n');
    }

    fn write_status(self, record: &Record<'_>, out: &mut Vec<u8>) {
        let colour = match record.status {
            Some(..400) => GREEN,
            Some(..500) => YELLOW,
            Some(_) | None => RED,
        };
        let text = record.status.map_or_else(|| "---".to_owned(), |status| status.to_string());
        self.write_coloured(colour, text.as_bytes(), out);
        if !record.is_complete {
            self.write_coloured(RED, b"!", out);
        }
    }

    fn write_cause(self, record: &Record<'_>, out: &mut Vec<u8>) {
        if let Some(cause) = record.cause() {
            out.push(b' ');
            self.write_coloured(BOLD, cause.id().as_bytes(), out);
        }
    }

    fn write_coloured(self, colour: &[u8], text: &[u8], out: &mut Vec<u8>) {
        if self.is_coloured {
            out.extend_from_slice(colour);
        }
        out.extend_from_slice(text);
        if self.is_coloured {
            out.extend_from_slice(PLAIN);
        }
    }
}

/// The way through the upstreams: ` > 10.0.0.11:3000 (refused) > 10.0.0.12:3000`.
fn write_attempts(record: &Record<'_>, out: &mut Vec<u8>) {
    for (attempt, _) in record.attempts() {
        out.extend_from_slice(b" > ");
        write_visible(attempt.upstream.as_bytes(), 128, out);
        let steps = [
            &attempt.resolve,
            &attempt.connect,
            &attempt.handshake,
            &attempt.head,
            &attempt.send,
            &attempt.body,
        ];
        if let Some(ending) = steps.into_iter().find_map(Step::ending) {
            out.extend_from_slice(b" (");
            write_ending(ending, out);
            out.push(b')');
        }
    }
}

fn write_or_dash(text: &[u8], limit: usize, out: &mut Vec<u8>) {
    if text.is_empty() {
        out.push(b'-');
    } else {
        write_visible(text, limit, out);
    }
}

const GREEN: &[u8] = b"\x1b[32m";
const YELLOW: &[u8] = b"\x1b[33m";
const RED: &[u8] = b"\x1b[31m";
const BOLD: &[u8] = b"\x1b[1m";
const PLAIN: &[u8] = b"\x1b[0m";
