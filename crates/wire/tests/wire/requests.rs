//! Request heads: what is understood, and what is refused at which byte.

use crate::outcome::{SINGLY, STRICT, WHOLE, request_in};
use torwart_wire::http1::{Leniency, RequestLimits};

pub(crate) fn request(bytes: &[u8]) -> String {
    request_in(bytes, WHOLE, &RequestLimits::default(), &STRICT)
}

/// Both in one piece and byte by byte.
fn check(bytes: &[u8], expected: &str) {
    let limits = RequestLimits::default();
    assert_eq!(request(bytes), expected, "{}", bytes.escape_ascii());
    assert_eq!(request_in(bytes, SINGLY, &limits, &STRICT), expected, "singly: {}", bytes.escape_ascii());
}

/// Request line and fields of an otherwise harmless request.
fn check_all(table: &[(&str, &str, &str)]) {
    for (line, fields, expected) in table {
        check(format!("{line}\r\n{fields}\r\n").as_bytes(), expected);
    }
}

const OK: &str = "GET / 1.1 Origin host=a none";
const GET: &str = "GET / HTTP/1.1";
const POST: &str = "POST / HTTP/1.1";
const HOST: &str = "Host: a\r\n";

#[test]
fn the_four_target_forms_are_understood() {
    check_all(&[
        (GET, HOST, OK),
        ("get / HTTP/1.1", HOST, "get / 1.1 Origin host=a none"),
        ("GET /a?b=c HTTP/1.1", HOST, "GET /a?b=c 1.1 Origin host=a none"),
        ("GET //a//b HTTP/1.1", HOST, "GET //a//b 1.1 Origin host=a none"),
        ("GET http://b:80/c?d HTTP/1.1", HOST, "GET /c?d 1.1 Absolute host=b:80 none"),
        ("GET HTTPS://b HTTP/1.1", HOST, "GET / 1.1 Absolute host=b none"),
        ("GET http://b?q HTTP/1.1", HOST, "GET /?q 1.1 Absolute host=b none"),
        ("OPTIONS http://b HTTP/1.1", HOST, "OPTIONS * 1.1 Absolute host=b none"),
        ("OPTIONS * HTTP/1.1", HOST, "OPTIONS * 1.1 Asterisk host=a none"),
        ("CONNECT b:443 HTTP/1.1", HOST, "CONNECT  1.1 Authority host=b:443 none"),
        ("CONNECT [::1]:443 HTTP/1.1", HOST, "CONNECT  1.1 Authority host=[::1]:443 none"),
    ]);
}

#[test]
fn targets_in_a_wrong_form_are_refused() {
    check_all(&[
        ("GET * HTTP/1.1", HOST, "bad_target at 4"),
        ("GET a HTTP/1.1", HOST, "bad_target at 4"),
        ("GET a:80 HTTP/1.1", HOST, "bad_target at 4"),
        ("GET ftp://a/ HTTP/1.1", HOST, "bad_target at 4"),
        ("GET http:///x HTTP/1.1", HOST, "bad_target at 11"),
        ("GET http://u@b/ HTTP/1.1", HOST, "bad_target at 12"),
        ("GET http://u:p@b/ HTTP/1.1", HOST, "bad_target at 13"),
        ("GET http://b:99999/ HTTP/1.1", HOST, "bad_target at 13"),
        ("GET http://b,c/ HTTP/1.1", HOST, "bad_target at 12"),
        ("CONNECT / HTTP/1.1", HOST, "bad_target at 8"),
        ("CONNECT b HTTP/1.1", HOST, "bad_target at 9"),
        ("CONNECT b: HTTP/1.1", HOST, "bad_target at 10"),
        ("CONNECT http://b:80/ HTTP/1.1", HOST, "bad_target at 13"),
        ("CONNECT [::1] HTTP/1.1", HOST, "bad_target at 13"),
        ("OPTIONS *x HTTP/1.1", HOST, "bad_target at 8"),
        ("GET  HTTP/1.1", HOST, "bad_target at 4"),
        ("GET /a b HTTP/1.1", HOST, "bad_target at 6"),
        ("GET /#f HTTP/1.1", HOST, "bad_target at 5"),
        ("GET /?#f HTTP/1.1", HOST, "bad_target at 6"),
        ("GET /\"<> HTTP/1.1", HOST, "bad_target at 5"),
        ("GET /\\x HTTP/1.1", HOST, "bad_target at 5"),
        ("GET /\u{fc} HTTP/1.1", HOST, "bad_target at 5"),
        ("GET /\t HTTP/1.1", HOST, "bad_target at 5"),
        ("GET /\0 HTTP/1.1", HOST, "nul at 5"),
        ("GET /\x7f HTTP/1.1", HOST, "control_byte at 5"),
    ]);
}

#[test]
fn what_browsers_leave_unencoded_passes() {
    check_all(&[
        ("GET /a|b^c`{d}[e] HTTP/1.1", HOST, "GET /a|b^c`{d}[e] 1.1 Origin host=a none"),
        ("GET /?a\\b|{}? HTTP/1.1", HOST, "GET /?a\\\\b|{}? 1.1 Origin host=a none"),
        ("GET /100%?% HTTP/1.1", HOST, "GET /100%?% 1.1 Origin host=a none"),
    ]);
}

#[test]
fn methods_are_tokens() {
    check_all(&[
        ("G(T / HTTP/1.1", HOST, "bad_method at 1"),
        (" GET / HTTP/1.1", HOST, "bad_method at 0"),
        ("GET\t/ HTTP/1.1", HOST, "bad_method at 3"),
        ("GET", HOST, "bad_method at 3"),
        ("\u{e4} / HTTP/1.1", HOST, "bad_method at 0"),
        (&"M".repeat(65), HOST, "unsupported_method at 0"),
        ("BREW / HTTP/1.1", HOST, "BREW / 1.1 Origin host=a none"),
    ]);
}

#[test]
fn versions_are_known_unknown_or_no_versions() {
    check_all(&[
        ("GET / HTTP/1.0", "", "GET / 1.0 Origin host= none closes"),
        ("GET / HTTP/1.9", HOST, OK),
        ("GET / HTTP/2.0", HOST, "unknown_version at 11"),
        ("GET / HTTP/0.9", HOST, "unknown_version at 11"),
        ("GET / HTTP/3.7", HOST, "unknown_version at 11"),
        ("PRI * HTTP/2.0", "", "unknown_version at 11"),
        ("GET / HTPP/1.1", HOST, "bad_version at 8"),
        ("GET / http/1.1", HOST, "bad_version at 6"),
        ("GET / HTTP/1", HOST, "bad_version at 12"),
        ("GET / HTTP/1.", HOST, "bad_version at 13"),
        ("GET / HTTP/1.1 ", HOST, "bad_version at 14"),
        ("GET / HTTP/1.10", HOST, "bad_version at 14"),
        ("GET / HTTP/11.1", HOST, "bad_version at 12"),
        ("GET / ", HOST, "bad_version at 6"),
        ("GET /", "", "bad_version at 5"),
    ]);
}

#[test]
fn lines_end_in_crlf_and_only_a_few_may_be_empty() {
    check(b"\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", OK);
    check(b"\r\n\r\n\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", OK);
    check(b"\r\n\r\n\r\n\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", "bad_method at 8");
    check(b"\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", "bare_lf at 0");
    check(b"\rGET / HTTP/1.1\r\nHost: a\r\n\r\n", "bare_cr at 0");
    check(b"GET / HTTP/1.1\nHost: a\r\n\r\n", "bare_lf at 14");
    check(b"GET / HTTP/1.1\rHost: a\r\n\r\n", "bare_cr at 14");
    check(b"GET / HTTP/1.1\r\nHost: a\n\r\n", "bare_lf at 23");
    check(b"GET / HTTP/1.1\r\nHost: a\rb\r\n\r\n", "bare_cr at 23");
    check(b"GET / HTTP/1.1\r\nHost: a\r\r\n\r\n", "bare_cr at 23");
    check(b"GET / HTTP/1.1\r\nHost: a\r\n\n", "bare_lf at 25");
    check(b"GET / HTTP/1.1\r\nHost: a\r\n\rX", "bare_cr at 25");
    check(b"GET / HTTP/1.1\r\nHost: a\r\n\r", "more");
    check(b"", "more");
}

#[test]
fn fields_follow_their_grammar() {
    check_all(&[
        (GET, "Host:a\r\nX_y: \t z \t\r\nEmpty:\r\n", OK),
        (GET, "Host: a\r\nX: \u{fc}\ttab\r\n", OK),
        (GET, " Host: a\r\n", "obs_fold at 16"),
        (GET, "Host: a\r\n b\r\n", "obs_fold at 25"),
        (GET, "Host: a\r\n\t\r\n", "obs_fold at 25"),
        (GET, "Host : a\r\n", "space_before_colon at 20"),
        (GET, "Host\t : a\r\n", "space_before_colon at 20"),
        (GET, "Host a: b\r\n", "bad_field_name at 20"),
        (GET, "Host a\r\n", "bad_field_name at 20"),
        (GET, "Host \r\n", "no_colon at 20"),
        (GET, "Host\r\n", "no_colon at 20"),
        (GET, "Host\ra: b\r\n", "bare_cr at 20"),
        (GET, "Host\n", "bare_lf at 20"),
        (GET, ": a\r\n", "bad_field_name at 16"),
        (GET, "H\u{f6}st: a\r\n", "bad_field_name at 17"),
        (GET, "H\0st: a\r\n", "nul at 17"),
        (GET, "H\x0bst: a\r\n", "control_byte at 17"),
        (GET, "X: a\0b\r\n", "nul at 20"),
        (GET, "X: a\x0bb\r\n", "control_byte at 20"),
        (GET, "X: a\x7fb\r\n", "control_byte at 20"),
    ]);
}

#[test]
fn host_is_there_once_and_valid() {
    check_all(&[
        (GET, "", "host_missing at 16"),
        ("GET http://b/ HTTP/1.1", "", "host_missing at 24"),
        (GET, "Host: a\r\nhost: a\r\n", "host_repeated at 25"),
        ("GET / HTTP/1.0", "Host: a\r\nHost: b\r\n", "host_repeated at 25"),
        (GET, "Host:\r\n", "bad_host at 21"),
        (GET, "Host: \r\n", "bad_host at 22"),
        (GET, "Host: a, b\r\n", "bad_host at 23"),
        (GET, "Host: a b\r\n", "bad_host at 23"),
        (GET, "Host: u@a\r\n", "bad_host at 23"),
        (GET, "Host: a:99999\r\n", "bad_host at 24"),
        (GET, "Host: a:b\r\n", "bad_host at 24"),
        (GET, "Host: [::g]\r\n", "bad_host at 23"),
        (GET, "Host: http://a/\r\n", "bad_host at 27"),
        ("GET http://b/ HTTP/1.1", "Host: a b\r\n", "bad_host at 31"),
        (GET, "Host: a:\r\n", "GET / 1.1 Origin host=a: none"),
        (GET, "Host: [::1]:8080\r\n", "GET / 1.1 Origin host=[::1]:8080 none"),
    ]);
}

/// A POST with one more field; `+n` in the expected text counts from the first byte after its colon.
fn check_value(name: &str, value: &str, expected: &str) {
    let before = format!("{POST}\r\n{HOST}{name}:");
    let expected = match expected.split_once('+') {
        Some((text, at)) => format!("{text}{}", before.len() + at.parse::<usize>().expect("a number")),
        None => expected.to_owned(),
    };
    check(format!("{before}{value}\r\n\r\n").as_bytes(), &expected);
}

#[test]
fn a_length_is_one_number() {
    for (value, expected) in [
        ("5", "POST / 1.1 Origin host=a length=5"),
        (" 0 ", "POST / 1.1 Origin host=a length=0"),
        ("005", "POST / 1.1 Origin host=a length=5"),
        ("9223372036854775807", "POST / 1.1 Origin host=a length=9223372036854775807"),
        ("9223372036854775808", "bad_length at +18"),
        ("18446744073709551621", "bad_length at +19"),
        ("340282366920938463463374607431768211461", "bad_length at +19"),
        ("+5", "bad_length at +0"),
        ("-5", "bad_length at +0"),
        ("0x5", "bad_length at +1"),
        (" 5 5", "bad_length at +2"),
        ("5a", "bad_length at +1"),
        ("5.0", "bad_length at +1"),
        ("\u{664}", "bad_length at +0"),
        ("", "bad_length at +0"),
        ("5, 5", "lengths_differ at +3"),
        ("5,6", "lengths_differ at +2"),
        ("5,", "bad_length at +2"),
        (",5", "bad_length at +0"),
        ("5\r\nContent-Length: 5", "lengths_differ at +19"),
        ("5\r\nContent-Length: 6", "lengths_differ at +19"),
        ("5\r\nCONTENT-LENGTH: x", "bad_length at +19"),
    ] {
        check_value("Content-Length", value, expected);
    }
}

#[test]
fn a_coding_is_chunked_once_or_nothing() {
    for (value, expected) in [
        ("chunked", "POST / 1.1 Origin host=a chunked"),
        ("\t CHUNKED \t", "POST / 1.1 Origin host=a chunked"),
        ("chunked, chunked", "bad_coding at +9"),
        ("chunked;x", "bad_coding at +7"),
        ("chunked ;x=1", "bad_coding at +7"),
        ("chunked, gzip", "bad_coding at +9"),
        ("chunked,", "bad_coding at +8"),
        (",chunked", "bad_coding at +0"),
        ("", "bad_coding at +0"),
        ("\"chunked\"", "bad_coding at +0"),
        ("\x0bchunked", "control_byte at +0"),
        ("xchunked", "unknown_coding at +0"),
        ("chunkedx", "unknown_coding at +0"),
        ("identity", "unknown_coding at +0"),
        (" gzip, chunked", "unknown_coding at +1"),
        ("gzip;q=1, chunked", "unknown_coding at +0"),
        ("gzip\r\nTransfer-Encoding: chunked", "unknown_coding at +0"),
        ("chunked\r\nTransfer-Encoding: chunked", "bad_coding at +28"),
        ("chunked\r\nContent-Length: 5", "length_and_coding at +9"),
        ("x\r\nContent-Length: y", "length_and_coding at +3"),
    ] {
        check_value("Transfer-Encoding", value, expected);
    }
    check(b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", "coding_in_http10 at 17");
    check(
        b"POST / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\nHost: a\r\n\r\n",
        "length_and_coding at 36",
    );
}

#[test]
fn every_method_may_have_a_body() {
    check_all(&[
        (GET, "Host: a\r\nContent-Length: 3\r\n", "GET / 1.1 Origin host=a length=3"),
        ("DELETE / HTTP/1.1", "Host: a\r\nContent-Length: 3\r\n", "DELETE / 1.1 Origin host=a length=3"),
        ("HEAD / HTTP/1.1", "Host: a\r\nTransfer-Encoding: chunked\r\n", "HEAD / 1.1 Origin host=a chunked"),
        (POST, HOST, "POST / 1.1 Origin host=a none"),
    ]);
    assert_eq!(
        request(b"PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhiGET"),
        "PUT / 1.1 Origin host=a length=2 left=hiGET"
    );
}

#[test]
fn connection_expectation_and_upgrade_are_told() {
    let ok = |flags: &str| format!("{OK}{flags}");
    let body = "Content-Length: 1\r\n";
    for (fields, expected) in [
        ("Connection: close\r\n".to_owned(), ok(" closes")),
        ("Connection: x, CLOSE\r\n".to_owned(), ok(" closes")),
        ("Connection: keep-alive\r\nConnection: close\r\n".to_owned(), ok(" closes")),
        ("Proxy-Connection: close\r\n".to_owned(), ok("")),
        ("TE: gzip;q=0, trailers\r\n".to_owned(), ok(" accepts-trailers")),
        ("Expect: 100-continue\r\n".to_owned(), ok("")),
        (
            format!("Expect: 100-Continue\r\n{body}"),
            "GET / 1.1 Origin host=a length=1 expects-continue".to_owned(),
        ),
        ("Expect: 200-ok\r\n".to_owned(), "bad_expectation at 33".to_owned()),
        ("Connection: upgrade\r\nUpgrade: websocket\r\n".to_owned(), ok(" wants-upgrade")),
        ("Connection: upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n".to_owned(), ok("")),
        ("Upgrade: websocket\r\n".to_owned(), ok("")),
        ("Max-Forwards: 3\r\n".to_owned(), ok("")),
    ] {
        check(format!("{GET}\r\n{HOST}{fields}\r\n").as_bytes(), &expected);
    }
    check_all(&[
        ("GET / HTTP/1.0", "Connection: Keep-Alive\r\n", "GET / 1.0 Origin host= none"),
        (
            "GET / HTTP/1.0",
            "Connection: upgrade\r\nUpgrade: x\r\nTE: trailers\r\n",
            "GET / 1.0 Origin host= none closes",
        ),
        (
            "GET / HTTP/1.0",
            "Content-Length: 1\r\nExpect: 100-continue\r\n",
            "GET / 1.0 Origin host= length=1 closes",
        ),
        (
            "OPTIONS * HTTP/1.1",
            "Host: a\r\nMax-Forwards: 3\r\n",
            "OPTIONS * 1.1 Asterisk host=a none max-forwards=3",
        ),
        (
            "TRACE / HTTP/1.1",
            "Host: a\r\nMax-Forwards: 99999999999\r\n",
            "TRACE / 1.1 Origin host=a none max-forwards=4294967295",
        ),
        ("TRACE / HTTP/1.1", "Host: a\r\nMax-Forwards: -1\r\n", "TRACE / 1.1 Origin host=a none"),
    ]);
}

#[test]
fn tls_on_a_plain_port_is_recognised_at_once() {
    check(&[0x16, 3, 1], "tls_record at 0");
    check(&[0x16, 3], "tls_record at 0");
    check(&[0x16], "more");
    check(&[0x16, 4], "bad_method at 0");
    check(&[0x80, 0x2e], "bad_method at 0");
}

#[test]
fn limits_are_kept_to_the_byte() {
    let limits = RequestLimits { head_bytes: 64, target_bytes: 10, fields: 2 };
    let check = |text: String, expected: &str| {
        for split in [WHOLE, SINGLY, &[3, 7]] {
            assert_eq!(request_in(text.as_bytes(), split, &limits, &STRICT), expected, "{text}");
        }
    };
    check("GET /123456789 HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(), "GET /123456789 1.1 Origin host=a none");
    check("GET /1234567890 HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(), "too large: target");
    check("GET /1234567890".to_owned(), "too large: target");
    check("GET /123456789\r\n".to_owned(), "bad_version at 14");
    check("GET /123456789\0".to_owned(), "nul at 14");
    check("GET /1234567890\0".to_owned(), "too large: target");
    check(format!("{GET}\r\nHost: a\r\nX: {}\r\n\r\n", "x".repeat(32)), OK);
    check(format!("{GET}\r\nHost: a\r\nX: {}\r\n\r\n", "x".repeat(33)), "too large: head_bytes");
    check(format!("{GET}\r\nHost: a\r\nX: {}", "x".repeat(100)), "too large: head_bytes");
    check(format!("{GET}\r\nHost: a\r\nX: {}\0", "x".repeat(100)), "too large: head_bytes");
    check(format!("{GET}\r\nHost: a\r\nA:\r\nB:\r\n\r\n"), "too large: field_count");
}

#[test]
fn each_leniency_allows_one_thing() {
    let check = |lenient: Leniency, text: &str, expected: &str| {
        for split in [WHOLE, SINGLY] {
            let got = request_in(text.as_bytes(), split, &RequestLimits::default(), &lenient);
            assert_eq!(got, expected, "{text}");
        }
        assert_ne!(request(text.as_bytes()), expected, "allowed without leniency");
    };
    check(
        Leniency { equal_lengths: true, ..STRICT },
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5, 5\r\nContent-Length: 5\r\n\r\n",
        "POST / 1.1 Origin host=a length=5",
    );
    check(
        Leniency { coding_beats_length: true, ..STRICT },
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
        "POST / 1.1 Origin host=a chunked closes",
    );
    check(Leniency { bare_lf: true, ..STRICT }, "\nGET / HTTP/1.1\nHost: a\r\n\n", OK);
    check(Leniency { obs_fold: true, ..STRICT }, "GET / HTTP/1.1\r\nHost:\r\n  a\r\n\r\n", OK);
    check(Leniency { space_before_colon: true, ..STRICT }, "GET / HTTP/1.1\r\nHost \t: a\r\n\r\n", OK);
    check(Leniency { missing_host: true, ..STRICT }, "GET / HTTP/1.1\r\n\r\n", "GET / 1.1 Origin host= none");
    check(
        Leniency { missing_host: true, ..STRICT },
        "GET / HTTP/1.1\r\nHost:\r\n\r\n",
        "GET / 1.1 Origin host= none",
    );
    check(
        Leniency { target_characters: true, ..STRICT },
        "GET /\u{fc}\\\"?<\u{fc}> HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /\\xc3\\xbc\\\\\\\"?<\\xc3\\xbc> 1.1 Origin host=a none",
    );
}
