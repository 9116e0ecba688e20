//! FastCGI: requests as written, answers as translated, heads of CGI responses.

use proptest::prelude::*;
use torwart_cause::{Ending, Fault};
use torwart_wire::cgi::parse_head;
use torwart_wire::fastcgi::{Answer, HEADER_BYTES, Params, read_params, write_begin, write_get_values};
use torwart_wire::http1::ResponseLimits;

/// A record of the request with id 1.
fn record(kind: u8, content: &[u8], padding: u8) -> Vec<u8> {
    let [high, low] = u16::try_from(content.len()).expect("a short content").to_be_bytes();
    let mut bytes = vec![1, kind, 0, 1, high, low, padding, 0];
    bytes.extend_from_slice(content);
    bytes.resize(bytes.len() + usize::from(padding), 0);
    bytes
}

fn stdout(content: &str) -> Vec<u8> {
    record(6, content.as_bytes(), (content.len() % 8) as u8)
}

fn stderr(content: &str) -> Vec<u8> {
    record(7, content.as_bytes(), 0)
}

fn end(protocol: u8) -> Vec<u8> {
    record(3, &[0, 0, 0, 7, protocol, 0, 0, 0], 0)
}

/// What becomes of an answer: the HTTP bytes, whether it is whole, what was told.
fn translated(bytes: &[u8], is_head: bool, step: usize) -> String {
    let mut answer = Answer::new(ResponseLimits::default(), is_head, true);
    let (mut out, mut unread) = (Vec::new(), Vec::new());
    for piece in bytes.chunks(step) {
        unread.extend_from_slice(piece);
        match answer.translate(&unread, &mut out) {
            Ok(taken) => drop(unread.drain(..taken)),
            Err(Ending::Malformed(Fault { what, at })) => return format!("{} at {at}", what.id()),
            Err(other) => return format!("{other:?}"),
        }
    }
    answer.close(&mut out);
    let whole = if answer.is_whole() { "whole" } else { "cut" };
    let left = if unread.is_empty() { "" } else { ", and more" };
    let errors = String::from_utf8_lossy(&answer.told().errors).into_owned();
    let errors = if errors.is_empty() { errors } else { format!(", said: {errors}") };
    format!("{}, {whole}{left}{errors}", out.escape_ascii())
}

fn check(records: &[Vec<u8>], expected: &str) {
    let bytes = records.concat();
    assert_eq!(translated(&bytes, false, bytes.len().max(1)), expected);
}

#[test]
fn an_answer_without_length_goes_out_in_chunks() {
    check(
        &[stdout("Content-Type: text/html\r\n\r\nhello"), stdout(" you"), end(0)],
        r"HTTP/1.1 200 \r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n4\r\n you\r\n0\r\n\r\n, whole",
    );
}

#[test]
fn a_stated_length_is_kept_and_its_last_byte_waits_for_the_end() {
    check(&[stdout("Content-Length: 5\n\nhello")], r"HTTP/1.1 200 \r\nContent-Length: 5\r\n\r\nhello, cut");
    let bytes = [stdout("Content-Length: 5\n\nhel"), stdout("lo")].concat();
    let mut answer = Answer::new(ResponseLimits::default(), false, true);
    let mut out = Vec::new();
    assert_eq!(answer.translate(&bytes, &mut out), Ok(bytes.len()));
    assert!(out.ends_with(b"hell") && !answer.is_over());
    assert_eq!(answer.translate(&end(0), &mut out), Ok(16));
    assert!(out.ends_with(b"hello") && answer.is_whole());
}

#[test]
fn an_answer_that_misses_its_length_is_no_whole_one() {
    let head = r"HTTP/1.1 200 \r\nContent-Length: 9\r\n\r\n";
    check(&[stdout("Content-Length: 9\n\nhello"), end(0)], &format!("{head}hello, cut"));
    let head = r"HTTP/1.1 200 \r\nContent-Length: 2\r\n\r\n";
    check(&[stdout("Content-Length: 2\n\nhello"), end(0)], &format!("{head}hello, whole"));
}

#[test]
fn without_the_record_that_ends_the_request_nothing_is_whole() {
    check(
        &[stdout("Content-Type: a/b\r\n\r\nhello")],
        r"HTTP/1.1 200 \r\nContent-Type: a/b\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n, cut",
    );
    check(&[stdout("Content-Type: a/b\r\n")], r"HTTP/1.1 200 \r\n, cut");
    check(&[], ", cut");
    check(&[end(0)], ", cut");
}

#[test]
fn status_and_location_make_the_status_line() {
    check(
        &[stdout("X: y\r\nStatus: 404 Not Found\r\nContent-Length: 0\r\n\r\n"), end(0)],
        r"HTTP/1.1 404 Not Found\r\nX: y\r\nContent-Length: 0\r\n\r\n, whole",
    );
    check(
        &[stdout("Location: /x\r\nContent-Length: 0\r\n\r\n"), end(0)],
        r"HTTP/1.1 302 \r\nLocation: /x\r\nContent-Length: 0\r\n\r\n, whole",
    );
    check(
        &[stdout("Status: 204\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"), end(0)],
        r"HTTP/1.1 204 \r\n\r\n, whole",
    );
}

#[test]
fn an_answer_to_head_waits_for_the_end_of_the_request() {
    let bytes = [stdout("Content-Length: 5\r\n\r\n"), stdout("hello")].concat();
    assert_eq!(translated(&bytes, true, bytes.len()), r"HTTP/1.1 200 \r\nContent-Length: 5\r\n, cut");
    let bytes = [bytes, end(0)].concat();
    assert_eq!(translated(&bytes, true, bytes.len()), r"HTTP/1.1 200 \r\nContent-Length: 5\r\n\r\n, whole");
}

#[test]
fn complaints_are_kept_and_never_shown() {
    check(
        &[stderr("PHP message: "), stdout("Content-Length: 0\n\n"), stderr("PHP Fatal error"), end(0)],
        r"HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n, whole, said: PHP message: PHP Fatal error",
    );
    let long = "x".repeat(600) + "the end";
    let mut answer = Answer::new(ResponseLimits::default(), false, true);
    answer.translate(&[stderr(&long), stdout(&long)].concat(), &mut Vec::new()).expect("no head yet");
    assert_eq!(answer.told().errors.len(), 512);
    assert!(answer.told().errors.ends_with(b"the end"));
    assert_eq!(answer.told().first.len(), 512);
}

#[test]
fn refusals_are_told_apart() {
    check(&[end(1)], "StreamRefused");
    check(&[end(2)], "QueueFull");
    check(&[end(3)], "bad_record at 12");
    check(&[end(9)], "bad_record at 12");
}

#[test]
fn what_is_no_record_is_refused_at_its_byte() {
    check(&[b"HTTP/1.1 400 Bad Request".to_vec()], "not_fastcgi at 0");
    check(&[vec![1, 5, 0, 1, 0, 0, 0, 0]], "not_fastcgi at 1");
    check(&[vec![1, 6, 1, 1, 0, 0, 0, 0]], "bad_record at 2");
    check(&[vec![1, 6, 0, 2, 0, 0, 0, 0]], "bad_record at 3");
    check(&[stdout(""), vec![2]], "bad_record at 8");
    check(&[record(3, &[0; 7], 0)], "bad_record at 4");
}

#[test]
fn what_follows_the_end_is_left_alone() {
    let head = r"HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n";
    check(&[stdout("Content-Length: 0\n\n"), end(0), b"x".to_vec()], &format!("{head}, whole, and more"));
}

#[test]
fn a_broken_head_is_refused_at_its_byte() {
    let check = |head: &str, expected: &str| {
        let said = match parse_head(head.as_bytes(), &ResponseLimits::default()) {
            Ok(None) => "more".to_owned(),
            Ok(Some(head)) => format!("{} {:?} {}", head.status, head.length, head.len),
            Err(Ending::Malformed(Fault { what, at })) => format!("{} at {at}", what.id()),
            Err(other) => format!("{other:?}"),
        };
        assert_eq!(said, expected, "{head:?}");
    };
    check("", "more");
    check("A: b\r\n", "more");
    check("A: b\r\n\r\nbody", "200 None 8");
    check("A: b\n\nbody", "200 None 6");
    check("Status: 503 no\nContent-Length: 7\n\n", "503 Some(7) 34");
    check("<br />\n<b>Warning", "bad_field_name at 0");
    check("A: b\nWarning\n", "no_colon at 12");
    check("A: b\n c\n", "obs_fold at 5");
    check("A : b\n", "bad_field_name at 1");
    check("A: b\0c\n", "nul at 4");
    check("A: b\rc\n", "bare_cr at 4");
    check("A: \x01\n", "control_byte at 3");
    check("Status: 99\n", "bad_status at 8");
    check("Status: 101 Switching\n", "bad_status at 8");
    check("Status: 200x\n", "bad_status at 8");
    check("Status: 200\nStatus: 200\n", "bad_status at 12");
    check("Content-Length: -1\n", "bad_length at 16");
    check("Content-Length: 18446744073709551616\n", "bad_length at 16");
    check("Content-Length: 1\nContent-Length: 1\n\n", "200 Some(1) 37");
    check("Content-Length: 1\nContent-Length: 2\n", "lengths_differ at 18");
    check(&"A: b\n".repeat(201), "TooLarge(FieldCount)");
    check(&"A".repeat(70_000), "TooLarge(HeadBytes)");
}

/// The content of the records of a request's variables, joined, and how many records there are.
fn joined(mut bytes: &[u8]) -> (Vec<u8>, usize) {
    let (mut content, mut count) = (Vec::new(), 0);
    while let [1, 4, 0, 1, high, low, 0, 0, rest @ ..] = bytes {
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        content.extend_from_slice(&rest[..length]);
        bytes = &rest[length..];
        count += 1;
    }
    assert!(bytes.is_empty());
    (content, count)
}

#[test]
fn variables_end_with_an_empty_record_and_never_cross_one() {
    let long = vec![b'v'; 40_000];
    let mut out = Vec::new();
    let mut params = Params::new(&mut out);
    for name in [b"A", b"B", b"C"] {
        params.push(name, &long);
    }
    params.finish();
    let (content, count) = joined(&out);
    assert_eq!(count, 4);
    let pairs = read_params(&content).expect("whole pairs");
    assert_eq!(pairs.iter().map(|(name, _)| *name).collect::<Vec<_>>(), [b"A", b"B", b"C"]);
    let first = usize::from(u16::from_be_bytes([out[4], out[5]]));
    assert!(read_params(&out[HEADER_BYTES..HEADER_BYTES + first]).is_some());
}

#[test]
fn a_request_begins_as_the_specification_says() {
    let mut out = Vec::new();
    write_begin(&mut out, true);
    assert_eq!(out, [1, 1, 0, 1, 0, 8, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0]);
    out.clear();
    write_get_values(&mut out);
    assert_eq!(out, b"\x01\x09\0\0\0\x11\0\0\x0f\0FCGI_MPXS_CONNS");
    assert_eq!(read_params(b"\x01\x05ab"), None);
}

proptest! {
    #[test]
    fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..300), is_head: bool) {
        let _ = translated(&bytes, is_head, 3);
        let _ = translated(&record(6, &bytes, 1), is_head, 3);
        let _ = read_params(&bytes);
    }

    #[test]
    fn variables_come_back(pairs in proptest::collection::vec((".{0,9}", ".{0,200}"), 0..20)) {
        let mut out = Vec::new();
        let mut params = Params::new(&mut out);
        for (name, value) in &pairs {
            params.push(name.as_bytes(), value.as_bytes());
        }
        params.finish();
        let (content, _) = joined(&out);
        let read = read_params(&content).expect("whole pairs");
        let wrote: Vec<_> = pairs.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes())).collect();
        prop_assert_eq!(read, wrote);
    }
}
