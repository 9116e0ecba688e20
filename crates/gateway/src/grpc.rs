//! What gRPC wants of a gateway: answers of our own in its form, and the deadline that its clients state.
//!
//! A gRPC client reads how a call ended from `grpc-status`; an answer with an HTTP status and a page tells it little.
//! Answers of our own are "trailers-only" therefore: a head with status 200 that says all.

use std::time::Duration;
use torwart_cause::Cause;
use torwart_report::{Lang, Page};
use torwart_wire::http1::{write_field, write_number};
use torwart_wire::{Head, Known};

/// The media type of answers.
pub const CONTENT_TYPE: &str = "application/grpc";

/// Whether a request is a call of gRPC.
pub fn is_call(request: &Head) -> bool {
    let kind = request.get(Known::ContentType).unwrap_or_default();
    let Some((start, rest)) = kind.split_at_checked(CONTENT_TYPE.len()) else { return false };
    start.eq_ignore_ascii_case(CONTENT_TYPE.as_bytes()) && matches!(rest, [] | [b'+' | b';' | b' ', ..])
}

/// Appends how the call ended.
pub fn write_status(cause: Cause, status: u16, out: &mut Vec<u8>) {
    out.extend_from_slice(b"grpc-status: ");
    write_number(out, u64::from(code(cause, status)));
    out.extend_from_slice(b"\r\n");
    let mut message = Vec::new();
    write_escaped(Page::of(cause, Lang::En).title, &mut message);
    write_field(out, b"grpc-message", &message);
}

/// The status code of gRPC: as its document on mapping HTTP statuses says, but for deadlines and sizes, which have their
/// own.
fn code(cause: Cause, status: u16) -> u8 {
    match (cause, status) {
        (Cause::DeadlineSpent, _) => DEADLINE_EXCEEDED,
        // As a service says of a message that is too large.
        (Cause::RequestBodyTooLarge | Cause::RequestHeadTooLarge, _) => RESOURCE_EXHAUSTED,
        (_, 400) => INTERNAL,
        (_, 401) => UNAUTHENTICATED,
        (_, 403) => PERMISSION_DENIED,
        (_, 404) => UNIMPLEMENTED,
        (_, 429 | 502..=504) => UNAVAILABLE,
        _ => UNKNOWN,
    }
}

/// Printable ASCII stays, everything else and `%` is escaped (the protocol's `Status-Message`).
fn write_escaped(text: &str, out: &mut Vec<u8>) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    for &byte in text.as_bytes() {
        if matches!(byte, b' '..=b'~') && byte != b'%' {
            out.push(byte);
        } else {
            out.extend_from_slice(&[b'%', DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
        }
    }
}

/// How long the client of a call will wait, as it says in `grpc-timeout`: at most eight digits and a unit.
pub fn timeout(request: &Head) -> Option<Duration> {
    if !is_call(request) {
        return None;
    }
    let (unit, digits) = request.find("grpc-timeout")?.split_last()?;
    let digits = std::str::from_utf8(digits).ok().filter(|digits| (1..=8).contains(&digits.len()))?;
    let count = digits.bytes().all(|digit| digit.is_ascii_digit()).then(|| digits.parse::<u64>().ok())??;
    match unit {
        b'H' => Some(Duration::from_secs(count * 3600)),
        b'M' => Some(Duration::from_secs(count * 60)),
        b'S' => Some(Duration::from_secs(count)),
        b'm' => Some(Duration::from_millis(count)),
        b'u' => Some(Duration::from_micros(count)),
        b'n' => Some(Duration::from_nanos(count)),
        _ => None,
    }
}

const UNKNOWN: u8 = 2;
const DEADLINE_EXCEEDED: u8 = 4;
const PERMISSION_DENIED: u8 = 7;
const RESOURCE_EXHAUSTED: u8 = 8;
const UNIMPLEMENTED: u8 = 12;
const INTERNAL: u8 = 13;
const UNAVAILABLE: u8 = 14;
const UNAUTHENTICATED: u8 = 16;

#[cfg(test)]
mod tests {
    use super::*;
    use torwart_wire::http1::{RequestLimits, parse_request};

    fn head(lines: &str) -> Head {
        let mut head = Head::with_capacity(4096);
        let text = format!("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n{lines}\r\n");
        head.buffer.spare()[..text.len()].copy_from_slice(text.as_bytes());
        head.buffer.commit(text.len());
        let parsed = parse_request(&mut head, &RequestLimits::default(), &Default::default());
        assert!(matches!(parsed, Ok(Some(_))), "{parsed:?}");
        head
    }

    #[test]
    fn calls_are_known_by_their_media_type() {
        for kind in ["application/grpc", "application/grpc+proto", "Application/GRPC; a=b"] {
            assert!(is_call(&head(&format!("Content-Type: {kind}\r\n"))), "{kind}");
        }
        for kind in ["application/grpc-web", "application/json", "application/grp"] {
            assert!(!is_call(&head(&format!("Content-Type: {kind}\r\n"))), "{kind}");
        }
        assert!(!is_call(&head("")));
    }

    #[test]
    fn a_timeout_has_a_unit_and_at_most_eight_digits() {
        let of = |text: &str| {
            timeout(&head(&format!("Content-Type: application/grpc\r\ngrpc-timeout: {text}\r\n")))
        };
        assert_eq!(of("100m"), Some(Duration::from_millis(100)));
        assert_eq!(of("2S"), Some(Duration::from_secs(2)));
        assert_eq!(of("99999999H"), Some(Duration::from_secs(99_999_999 * 3600)));
        for bad in ["", "m", "100", "-1S", "100000000S", "1x"] {
            assert_eq!(of(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_lost_upstream_is_unavailable_and_a_spent_deadline_is_exceeded() {
        let said = |cause: Cause| {
            let mut out = Vec::new();
            write_status(cause, cause.status().unwrap_or_default(), &mut out);
            String::from_utf8(out).expect("text")
        };
        assert!(said(Cause::ConnectRefused).starts_with("grpc-status: 14\r\ngrpc-message: "));
        assert!(said(Cause::DeadlineSpent).starts_with("grpc-status: 4\r\n"));
        assert!(said(Cause::RequestMalformed).starts_with("grpc-status: 13\r\n"));
        assert!(said(Cause::RequestBodyTooLarge).starts_with("grpc-status: 8\r\n"));
        for &cause in Cause::ALL.iter().filter(|cause| cause.status().is_some()) {
            let said = said(cause);
            assert!(
                !said.starts_with("grpc-status: 0\r\n") && said.contains("\r\ngrpc-message: "),
                "{cause}"
            );
        }
    }

    #[test]
    fn messages_are_escaped() {
        let mut out = Vec::new();
        write_escaped("100 % ä\n", &mut out);
        assert_eq!(out, b"100 %25 %C3%A4%0A");
    }
}
