//! `Server-Timing`: what the gateway's part of the waiting was, for the browser's developer tools (W3C Server Timing).
//!
//! The numbers are those of the record, in milliseconds, and only those that stand when the head goes out.

use crate::clock::Moment;
use crate::exchange::Exchange;
use std::io::Write;
use std::time::Duration;
use torwart_cause::Step;

/// Appends the field: the stages of the attempt that was answered, and the whole time until now.
pub fn write(x: &Exchange<'_>, now: Moment, out: &mut Vec<u8>) {
    out.extend_from_slice(b"Server-Timing: ");
    if let Some(attempt) = x.desk.evidence.attempts.last() {
        let stages = [
            ("resolve", &attempt.resolve),
            ("connect", &attempt.connect),
            ("tls", &attempt.handshake),
            ("first-byte", &attempt.head),
        ];
        for (name, step) in stages {
            if let Step::Done { took } = step {
                write_one(name, *took, out);
                out.extend_from_slice(b", ");
            }
        }
    }
    write_one("torwart", now.since(x.started), out);
    out.extend_from_slice(b"\r\n");
}

fn write_one(name: &str, took: Duration, out: &mut Vec<u8>) {
    // Writing into a vector cannot fail.
    let _ = write!(out, "{name};dur={:.3}", took.as_secs_f64() * 1000.0);
}
