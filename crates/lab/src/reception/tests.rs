//! Bytes in, requests out.

use super::*;

fn check(bytes: &[u8], expected: Reached, bodies: &[&str]) {
    // The same result whatever the pieces are.
    for size in [1, 3, bytes.len().max(1)] {
        let (mut reception, mut seen) = (Reception::default(), Seen::default());
        for piece in bytes.chunks(size) {
            reception.take(piece, &mut seen);
        }
        let found: Vec<_> =
            seen.requests.iter().map(|request| String::from_utf8_lossy(&request.body)).collect();
        assert_eq!(found, bodies, "{:?}", String::from_utf8_lossy(bytes));
        assert_eq!(seen.reached(), expected, "{:?}", String::from_utf8_lossy(bytes));
    }
}

#[test]
fn a_request_without_body_is_whole_with_its_head() {
    check(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", Reached::Whole, &[""]);
    check(b"GET / HTTP/1.1\r\nHost: a\r\n", Reached::Cut, &[]);
    check(b"", Reached::Nothing, &[]);
}

#[test]
fn a_body_is_whole_with_its_last_byte() {
    check(b"POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc", Reached::Whole, &["abc"]);
    check(b"POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nab", Reached::Cut, &["ab"]);
}

#[test]
fn a_chunked_body_is_whole_after_its_trailers() {
    let head = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
    check(format!("{head}3;x=y\r\nabc\r\n0\r\n\r\n").as_bytes(), Reached::Whole, &["abc"]);
    check(format!("{head}3\r\nabc\r\n0\r\nA: b\r\n\r\n").as_bytes(), Reached::Whole, &["abc"]);
    check(format!("{head}3\r\nabc\r\n0\r\n").as_bytes(), Reached::Cut, &["abc"]);
    check(format!("{head}3\r\nabcd").as_bytes(), Reached::Cut, &["abc"]);
}

#[test]
fn requests_on_one_connection_are_told_apart() {
    check(b"GET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\n\r\n", Reached::Whole, &["", ""]);
    check(b"GET /1 HTTP/1.1\r\n\r\nGET /2 HT", Reached::Cut, &[""]);
}

#[test]
fn fields_are_found_whatever_their_case() {
    let request =
        Request { head: "GET /x HTTP/1.1\r\nVia: a\r\nvia: b\r\n\r\n".to_owned(), ..Request::default() };
    assert_eq!(request.field("VIA").collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!((request.method(), request.target()), ("GET", "/x"));
}
