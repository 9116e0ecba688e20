//! Which answers are compressed, and what their header says.

use super::*;
use std::sync::Arc;
use torwart_config::ByteSize;
use torwart_config::plan::Effort;

fn plan() -> Compress {
    Compress {
        codings: vec![Compression::Zstd, Compression::Brotli, Compression::Gzip],
        effort: Effort::Medium,
        least: ByteSize::kibibytes(1),
        types: ["text/*", "+json", "application/wasm"].into_iter().map(Arc::from).collect(),
    }
}

fn head(fields: &str, mut head: Head) -> Head {
    for line in fields.lines() {
        let (name, value) = line.split_once(": ").expect("a field");
        head.push_field(name.as_bytes(), value.as_bytes());
    }
    head
}

fn change(request: &str, status: u16, answer: &str, length: Option<u64>) -> Option<Change> {
    let request = head(request, Head::request(b"GET", b"/"));
    let answer = head(answer, Head::response(b"OK"));
    judge(&plan(), &request, Answer { status, head: &answer, length })
}

#[test]
fn the_clients_weights_count_before_our_order() {
    let check = |accept: &str, wanted: Option<Compression>| {
        let request = head(&format!("Accept-Encoding: {accept}"), Head::request(b"GET", b"/"));
        assert_eq!(choose(&plan(), &request), wanted, "{accept}");
    };
    check("gzip, deflate, br, zstd", Some(Compression::Zstd));
    check("gzip, deflate, br", Some(Compression::Brotli));
    check("GZIP", Some(Compression::Gzip));
    check("x-gzip", Some(Compression::Gzip));
    check("gzip;q=1.0, br;q=0.5, zstd;q=0.001", Some(Compression::Gzip));
    check("zstd;q=0, br ; Q=0.000, gzip", Some(Compression::Gzip));
    check("gzip;q=0.8, identity", None);
    check("gzip;q=0.8, identity;q=0.8", Some(Compression::Gzip));
    check("identity;q=0, gzip;q=0.1", Some(Compression::Gzip));
    check("gzip;q=nonsense", None);
    check("gzip;q=1.5", Some(Compression::Gzip));
    for accept in ["", "*", "identity", "deflate", "gzip;q=0", "gzipped", ", ;q=1,"] {
        check(accept, None);
    }
}

#[test]
fn several_lines_are_one_list() {
    let lines = "Accept-Encoding: br;q=0.1\nAccept-Encoding: gzip";
    assert_eq!(choose(&plan(), &head(lines, Head::request(b"GET", b"/"))), Some(Compression::Gzip));
}

#[test]
fn what_is_worth_it_is_compressed_for_whom_takes_it() {
    let coded = Some(Change::Coded(Compression::Gzip));
    let check = |status, answer: &str, length, wanted| {
        assert_eq!(change("Accept-Encoding: gzip", status, answer, length), wanted, "{status} {answer}");
    };
    check(200, "Content-Type: text/html; charset=utf-8", None, coded);
    check(200, "Content-Type: TEXT/CSS", Some(1024), coded);
    check(200, "Content-Type: application/problem+json", None, coded);
    check(404, "Content-Type: text/html", Some(5000), coded);
    check(500, "Content-Type: text/plain", None, coded);
    check(200, "Content-Type: text/html", Some(1023), None);
    check(200, "Content-Type: image/png", None, None);
    check(200, "Content-Type: application/json5", None, None);
    check(200, "X-None: 1", None, None);
    for status in [204, 205, 206, 226] {
        check(status, "Content-Type: text/html", None, None);
    }
    for more in [
        "Content-Encoding: br",
        "Cache-Control: public, No-Transform",
        "Content-Range: bytes 0-1/2",
        "Repr-Digest: sha-256=:x:",
        "Content-MD5: x",
    ] {
        check(200, &format!("Content-Type: text/html\n{more}"), None, None);
    }
}

#[test]
fn streams_of_events_are_left_alone_unless_named_and_calls_always() {
    let stream = head("Content-Type: text/event-stream", Head::response(b"OK"));
    let call = head("Content-Type: application/grpc+json", Head::response(b"OK"));
    let request = head("Accept-Encoding: gzip", Head::request(b"GET", b"/"));
    let mut plan = plan();
    let judge = |plan: &Compress, head| judge(plan, &request, Answer { status: 200, head, length: None });
    assert_eq!(judge(&plan, &stream), None);
    plan.types.push("text/event-stream".into());
    assert_eq!(judge(&plan, &stream), Some(Change::Coded(Compression::Gzip)));
    assert_eq!(judge(&plan, &call), None);
}

#[test]
fn others_learn_what_it_depends_on() {
    for request in ["Accept: */*", "Accept-Encoding: gzip\nCache-Control: no-transform"] {
        assert_eq!(change(request, 200, "Content-Type: text/html", None), Some(Change::Varies), "{request}");
    }
}

#[test]
fn what_another_site_asks_with_the_visitors_cookies_is_not_compressed() {
    let check = |request: &str, wanted| {
        let request = format!("Accept-Encoding: gzip\n{request}");
        assert_eq!(change(&request, 200, "Content-Type: text/html", None), Some(wanted), "{request}");
    };
    let coded = Change::Coded(Compression::Gzip);
    check("Cookie: a=b\nSec-Fetch-Site: cross-site", Change::Varies);
    check("Authorization: Basic x\nSec-Fetch-Site: cross-site", Change::Varies);
    check("Sec-Fetch-Site: cross-site", coded);
    check("Cookie: a=b\nSec-Fetch-Site: same-origin", coded);
    check("Cookie: a=b\nSec-Fetch-Site: cross-site\nSec-Fetch-User: ?1", coded);
    check("Cookie: a=b", coded);
}

fn written(change: Change, answer: &str) -> String {
    let answer = head(answer, Head::response(b"OK"));
    let mut out = Vec::new();
    answer.copy_fields(&mut out, |field| !change.overrules(field));
    change.write(&answer, &mut out);
    String::from_utf8(out).expect("text")
}

#[test]
fn the_header_speaks_of_the_new_bytes() {
    let coded = Change::Coded(Compression::Brotli);
    assert_eq!(
        written(coded, "Content-Length: 5000\nETag: \"a\"\nAccept-Ranges: bytes\nVary: Origin\nVary: Cookie"),
        "Content-Encoding: br\r\nETag: W/\"a\"\r\nVary: Origin, Cookie, Accept-Encoding\r\n"
    );
    assert_eq!(
        written(coded, "ETag: W/\"a\"\nVary: accept-encoding"),
        "Content-Encoding: br\r\nETag: W/\"a\"\r\nVary: accept-encoding\r\n"
    );
    assert_eq!(written(coded, "Vary: *"), "Content-Encoding: br\r\nVary: *\r\n");
    assert_eq!(written(Change::Varies, "ETag: \"a\""), "ETag: \"a\"\r\nVary: Accept-Encoding\r\n");
}

#[test]
fn who_asks_with_a_weak_tag_hears_that_one_again() {
    let check = |asked: &str, tag: &str, wanted| {
        assert_eq!(change(&format!("If-None-Match: {asked}"), 304, &format!("ETag: {tag}"), None), wanted);
    };
    check("\"b\", W/\"a\"", "\"a\"", Some(Change::NotModified));
    check("\"a\"", "\"a\"", None);
    check("W/\"a\"", "W/\"a\"", None);
    check("W/\"ab\"", "\"a\"", None);
    assert_eq!(written(Change::NotModified, "ETag: \"a\""), "ETag: W/\"a\"\r\nVary: Accept-Encoding\r\n");
}
