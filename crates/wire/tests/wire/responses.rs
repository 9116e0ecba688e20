//! Response heads: strict where meaning is at stake, lenient where the RFC demands it.

use crate::outcome::{SINGLY, STRICT, WHOLE, response_in};
use torwart_wire::http1::{Asked, Leniency, ResponseLimits};

const GET: Asked<'static> = Asked { is_head: false, is_connect: false, upgrade: None };
const HEAD: Asked<'static> = Asked { is_head: true, ..GET };
const CONNECT: Asked<'static> = Asked { is_connect: true, ..GET };
const WEBSOCKET: Asked<'static> = Asked { upgrade: Some(b"websocket"), ..GET };

fn response(bytes: &[u8], asked: Asked<'_>) -> String {
    response_in(bytes, WHOLE, asked, &ResponseLimits::default(), &STRICT)
}

fn check_asked(asked: Asked<'_>, bytes: &[u8], expected: &str) {
    assert_eq!(response(bytes, asked), expected, "{}", bytes.escape_ascii());
    let singly = response_in(bytes, SINGLY, asked, &ResponseLimits::default(), &STRICT);
    assert_eq!(singly, expected, "singly: {}", bytes.escape_ascii());
}

fn check(bytes: &[u8], expected: &str) {
    check_asked(GET, bytes, expected);
}

/// A 200 with these field lines.
fn check_fields(fields: &str, expected: &str) {
    check(format!("HTTP/1.1 200 OK\r\n{fields}\r\n").as_bytes(), expected);
}

#[test]
fn status_lines_are_read_with_and_without_a_reason() {
    check(b"HTTP/1.1 200 OK\r\n\r\n", "1.1 200 (OK) until-close closes");
    check(b"HTTP/1.1 404 Not \xe4 Found\t\r\n\r\n", "1.1 404 (Not \\xe4 Found\\t) until-close closes");
    check(b"HTTP/1.1 599 \r\nContent-Length: 0\r\n\r\n", "1.1 599 () length=0");
    check(b"HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", "1.1 200 () length=0");
    check(b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", "1.0 200 (OK) length=0 closes");
    check(b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n", "1.0 200 (OK) length=0");
    check(b"HTTP/1.2 200 OK\r\nContent-Length: 0\r\n\r\n", "1.1 200 (OK) length=0");
}

#[test]
fn broken_status_lines_are_named_by_their_part() {
    for (line, expected) in [
        ("HTTP/2.0 200 OK", "unknown_version at 5"),
        ("HTTP/3.7 200 OK", "unknown_version at 5"),
        ("HTTP/0.9 200 OK", "unknown_version at 5"),
        ("HTTP/1 200 OK", "bad_version at 6"),
        ("HTTP/x.1 200 OK", "bad_version at 5"),
        ("HTTP/1.12 200 OK", "bad_status_line at 8"),
        ("HTTP/1.1", "bad_status_line at 8"),
        ("HTTP/1.1  200 OK", "bad_status at 9"),
        ("HTTP/1.1\t200 OK", "bad_status_line at 8"),
        ("HTTP/1.1 99 OK", "bad_status at 11"),
        ("HTTP/1.1 2", "bad_status at 10"),
        ("HTTP/1.1 1000 OK", "bad_status at 12"),
        ("HTTP/1.1 000 OK", "bad_status at 9"),
        ("HTTP/1.1 099 OK", "bad_status at 9"),
        ("HTTP/1.1 600 OK", "bad_status at 9"),
        ("HTTP/1.1 -20 OK", "bad_status at 9"),
        ("HTTP/1.1 abc", "bad_status at 9"),
        ("HTTP/1.1 200OK", "bad_status_line at 12"),
        ("HTTP/1.1 200\tOK", "bad_status_line at 12"),
        ("HTTP/1.1 200 O\0K", "nul at 14"),
        ("HTTP/1.1 200 O\x01K", "control_byte at 14"),
        ("HTTP/1.1 200 O\rK", "bare_cr at 14"),
    ] {
        check(format!("{line}\r\nContent-Length: 0\r\n\r\n").as_bytes(), expected);
    }
}

#[test]
fn what_is_not_http_is_named_with_its_first_bytes() {
    for (bytes, expected) in [
        (&b"SSH-2.0-OpenSSH"[..], "not_http at 0"),
        (b"220 mail ESMTP", "not_http at 0"),
        (b"-ERR unknown command", "not_http at 0"),
        (b"HTPP/1.1 200 OK", "not_http at 2"),
        (b"http/1.1 200 OK", "not_http at 0"),
        (b"HX", "not_http at 1"),
        (b"\r\nHTTP/1.1 200 OK", "not_http at 0"),
        (b"<html>", "not_http at 0"),
        (b"\x00\x00\x12\x04", "not_http at 0"),
        (b"\x15\x03\x01\x00\x02\x02\x28", "tls_record at 0"),
        (b"\x16\x03\x03", "tls_record at 0"),
        (b"\x15", "more"),
        (b"\x15\x04", "not_http at 0"),
        (b"HTTP", "more"),
        (b"", "more"),
    ] {
        check(bytes, expected);
    }
}

#[test]
fn leniency_toward_upstreams_is_what_the_rfc_demands() {
    let ok = "1.1 200 (OK) length=3";
    check(b"HTTP/1.1 200 OK\nContent-Length: 3\n\n", ok);
    check_fields("Content-Length : 3\r\n", ok);
    check_fields("Content-Length:\r\n 3\r\n", ok);
    check_fields("Content-Length: 3\r\ncontent-length: 3\r\n", ok);
    check_fields("Content-Length: 3, 3\r\n", ok);
    check_fields("X: a\r\n b\r\n\tc\r\nContent-Length: 3\r\n", ok);
}

#[test]
fn faults_in_fields_are_named() {
    for (fields, expected) in [
        (" Content-Length: 3\r\n", "obs_fold at 17"),
        ("Content Length: 3\r\n", "bad_field_name at 24"),
        ("Content\u{e4}: 3\r\n", "bad_field_name at 24"),
        (": 3\r\n", "bad_field_name at 17"),
        ("No colon\r\n", "bad_field_name at 19"),
        ("Nocolon\r\n", "no_colon at 24"),
        ("Nocolon\n", "no_colon at 24"),
        ("Nocolon \r\n", "no_colon at 24"),
        ("X: a\0b\r\n", "nul at 21"),
        ("X: a\rb\r\n", "bare_cr at 21"),
        ("X: a\x01b\r\n", "control_byte at 21"),
        ("X: a\x7fb\r\n", "control_byte at 21"),
    ] {
        check_fields(fields, expected);
    }
}

#[test]
fn framing_must_be_clear() {
    for (fields, expected) in [
        ("Content-Length: 3\r\nContent-Length: 4\r\n", "lengths_differ at 52"),
        ("Content-Length: 3, 4\r\n", "lengths_differ at 36"),
        ("Content-Length: -3\r\n", "bad_length at 33"),
        ("Content-Length: 0x3\r\n", "bad_length at 34"),
        ("Content-Length: three\r\n", "bad_length at 33"),
        ("Content-Length: 99999999999999999999\r\n", "bad_length at 51"),
        ("Content-Length:\r\n", "bad_length at 32"),
        ("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n", "length_and_coding at 36"),
        ("Transfer-Encoding: chunked\r\nContent-Length: 3\r\n", "length_and_coding at 45"),
        ("Transfer-Encoding: xchunked\r\n", "unknown_coding at 36"),
        ("Transfer-Encoding: gzip, chunked\r\n", "unknown_coding at 36"),
        ("Transfer-Encoding: gzip\r\n", "unknown_coding at 36"),
        ("Transfer-Encoding: chunked, chunked\r\n", "bad_coding at 45"),
        ("Transfer-Encoding: chunked\r\n", "1.1 200 (OK) chunked"),
        ("Content-Length: 3\r\nConnection: close\r\n", "1.1 200 (OK) length=3 closes"),
    ] {
        check_fields(fields, expected);
    }
    check(b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "coding_in_http10 at 17");
}

#[test]
fn some_answers_never_have_a_body() {
    check_asked(HEAD, b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n", "1.1 200 (OK) none");
    check_asked(HEAD, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "1.1 200 (OK) none");
    check_asked(HEAD, b"HTTP/1.1 200 OK\r\n\r\n", "1.1 200 (OK) none");
    check_asked(HEAD, b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", "bad_length at 33");
    check(b"HTTP/1.1 304 N\r\nContent-Length: 3\r\n\r\nabc", "1.1 304 (N) none left=abc");
    check(b"HTTP/1.1 204 N\r\n\r\n", "1.1 204 (N) none");
    check(b"HTTP/1.1 204 N\r\nContent-Length: 0\r\n\r\n", "1.1 204 (N) none");
    // These say that something follows which must not: the link is not to be trusted again.
    check(b"HTTP/1.1 204 N\r\nContent-Length: 3\r\n\r\nabc", "1.1 204 (N) none closes left=abc");
    check(b"HTTP/1.1 204 N\r\nTransfer-Encoding: chunked\r\n\r\n", "1.1 204 (N) none closes");
}

#[test]
fn interim_answers_are_heads_of_their_own() {
    check(
        b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200",
        "1.1 103 (Early Hints) none interim left=HTTP/1.1 200",
    );
    check(b"HTTP/1.1 100 Continue\r\n\r\n", "1.1 100 (Continue) none interim");
    check(b"HTTP/1.1 199 X\r\nContent-Length: 0\r\n\r\n", "1.1 199 (X) none interim");
}

#[test]
fn switching_needs_an_offer_of_that_protocol() {
    let switching = b"HTTP/1.1 101 S\r\nConnection: upgrade\r\nUpgrade: WebSocket\r\n\r\n\x81";
    check_asked(WEBSOCKET, switching, "1.1 101 (S) none closes switches left=\\x81");
    check_asked(
        Asked { upgrade: Some(b"a/1, websocket"), ..GET },
        switching,
        "1.1 101 (S) none closes switches left=\\x81",
    );
    check(switching, "bad_upgrade at 9");
    check_asked(Asked { upgrade: Some(b"other"), ..GET }, switching, "bad_upgrade at 46");
    check_asked(WEBSOCKET, b"HTTP/1.1 101 S\r\n\r\n", "bad_upgrade at 9");
    check_asked(WEBSOCKET, b"HTTP/1.1 101 S\r\nUpgrade: h2c\r\n\r\n", "bad_upgrade at 25");
    check_asked(WEBSOCKET, b"HTTP/1.1 101 S\r\nUpgrade: websocket, h2c\r\n\r\n", "bad_upgrade at 25");
    check(b"HTTP/1.1 426 U\r\nUpgrade: websocket\r\nContent-Length: 0\r\n\r\n", "1.1 426 (U) length=0");
    check_asked(
        CONNECT,
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n",
        "1.1 200 (OK) none closes switches",
    );
    check_asked(CONNECT, b"HTTP/1.1 403 No\r\nContent-Length: 3\r\n\r\n", "1.1 403 (No) length=3");
}

#[test]
fn an_upstream_may_say_how_long_it_keeps_links() {
    check_fields("Content-Length: 0\r\nKeep-Alive: timeout=5, max=100\r\n", "1.1 200 (OK) length=0 idle=5s");
    check_fields(
        "Content-Length: 0\r\nKeep-Alive: max=100, Timeout=\"7\"\r\n",
        "1.1 200 (OK) length=0 idle=7s",
    );
    check_fields("Content-Length: 0\r\nKeep-Alive: timeout=-1\r\n", "1.1 200 (OK) length=0");
}

#[test]
fn limits_are_kept_to_the_byte() {
    let limits = ResponseLimits { head_bytes: 60, field_bytes: 20, fields: 2 };
    let check = |text: &str, expected: &str| {
        for split in [WHOLE, SINGLY, &[5, 2]] {
            assert_eq!(response_in(text.as_bytes(), split, GET, &limits, &STRICT), expected, "{text}");
        }
    };
    let ok = "1.1 200 (OK) until-close closes";
    check("HTTP/1.1 200 OK\r\nX: 45678901234567890\r\n\r\n", ok);
    check("HTTP/1.1 200 OK\r\nX: 456789012345678901\r\n\r\n", "too large: field_bytes");
    check("HTTP/1.1 200 OK\r\nX2345678901234567890", "more");
    check("HTTP/1.1 200 OK\r\nX23456789012345678901", "too large: field_bytes");
    check("HTTP/1.1 200 OK\r\nX: 4567\r\n 0123456789\r\n\r\n", ok);
    check("HTTP/1.1 200 OK\r\nX: 4567\r\n 01234567890\r\n\r\n", "too large: field_bytes");
    check("HTTP/1.1 200 OK\r\nA:\r\nB:\r\n\r\n", ok);
    check("HTTP/1.1 200 OK\r\nA:\r\nB:\r\nC:\r\n\r\n", "too large: field_count");
    check("HTTP/1.1 200 OK and so on and on and on and on and on and on", "too large: head_bytes");
}

#[test]
fn each_leniency_allows_one_thing() {
    let check = |lenient: Leniency, text: &str, expected: &str| {
        let got = response_in(text.as_bytes(), WHOLE, GET, &ResponseLimits::default(), &lenient);
        assert_eq!(got, expected, "{text}");
        assert_ne!(response(text.as_bytes(), GET), expected, "allowed without leniency");
    };
    check(
        Leniency { coding_beats_length: true, ..STRICT },
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
        "1.1 200 (OK) chunked closes",
    );
    check(
        Leniency { control_bytes: true, ..STRICT },
        "HTTP/1.1 200 OK\r\nX: a\x01b\r\nContent-Length: 3\r\n\r\n",
        "1.1 200 (OK) length=3",
    );
}
