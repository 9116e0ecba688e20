//! Messages of HTTP/2 and HTTP/3 in the words of HTTP/1.1: what crosses, what is refused, and that nothing is smuggled.

use bytes::Bytes;
use http::uri::Scheme;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri};
use proptest::prelude::*;
use torwart_wire::http1::{Leniency, RequestLimits, parse_request};
use torwart_wire::translate::{
    Ask, Untold, read_request, read_response, read_trailers, write_request, write_response, write_trailers,
};
use torwart_wire::{Framing, Head};

fn fields(pairs: &[(&str, &str)]) -> HeaderMap {
    let mut fields = HeaderMap::new();
    for (name, value) in pairs {
        let name = HeaderName::from_bytes(name.as_bytes()).expect("a name");
        fields.append(name, HeaderValue::from_bytes(value.as_bytes()).expect("a value"));
    }
    fields
}

fn told(method: &str, uri: &str, pairs: &[(&str, &str)], ends: bool) -> Result<(String, Framing), Untold> {
    let method = Method::from_bytes(method.as_bytes()).expect("a method");
    let uri: Uri = uri.parse().expect("a URI");
    let fields = fields(pairs);
    let mut out = Vec::new();
    let ask = Ask { method: &method, uri: &uri, protocol: None, fields: &fields, ends };
    let framing = write_request(&ask, "", &mut out)?;
    Ok((String::from_utf8(out).expect("text"), framing))
}

#[test]
fn a_request_is_told_with_its_host_first_and_its_framing_once() {
    let (head, framing) =
        told("POST", "https://a.example/x?y=1", &[("content-length", "3"), ("x-a", "b")], false)
            .expect("is told");
    assert_eq!(head, "POST /x?y=1 HTTP/1.1\r\nhost: a.example\r\nx-a: b\r\ncontent-length: 3\r\n\r\n");
    assert_eq!(framing, Framing::Length(3));
    let (head, framing) = told("POST", "https://a.example/", &[], false).expect("is told");
    assert_eq!(head, "POST / HTTP/1.1\r\nhost: a.example\r\ntransfer-encoding: chunked\r\n\r\n");
    assert_eq!(framing, Framing::Chunked);
    let (_, framing) = told("GET", "https://a.example/", &[], true).expect("is told");
    assert_eq!(framing, Framing::None);
}

#[test]
fn split_cookies_are_joined() {
    let (head, _) = told("GET", "https://a/", &[("cookie", "a=1"), ("x", "y"), ("cookie", "b=2")], true)
        .expect("is told");
    assert_eq!(head, "GET / HTTP/1.1\r\nhost: a\r\nx: y\r\ncookie: a=1; b=2\r\n\r\n");
}

#[test]
fn the_wish_for_trailers_is_one_about_the_connection() {
    let (head, _) = told("GET", "https://a/", &[("te", "trailers")], true).expect("is told");
    assert_eq!(head, "GET / HTTP/1.1\r\nhost: a\r\nte: trailers\r\nconnection: te\r\n\r\n");
}

#[test]
fn what_makes_a_request_malformed_is_named() {
    for (pairs, expected) in [
        (&[("connection", "close")][..], Untold::ConnectionField),
        (&[("transfer-encoding", "chunked")], Untold::ConnectionField),
        (&[("upgrade", "h2c")], Untold::ConnectionField),
        (&[("keep-alive", "1")], Untold::ConnectionField),
        (&[("proxy-connection", "close")], Untold::ConnectionField),
        (&[("te", "gzip")], Untold::ConnectionField),
        (&[("x", " y")], Untold::SpaceAroundValue),
        (&[("x", "y\t")], Untold::SpaceAroundValue),
        (&[("host", "b")], Untold::TwoAuthorities),
        (&[("host", "a"), ("host", "a")], Untold::TwoAuthorities),
        (&[("content-length", "1"), ("content-length", "2")], Untold::BadLength),
        (&[("content-length", "+1")], Untold::BadLength),
        (&[("content-length", "1, 1")], Untold::BadLength),
    ] {
        assert_eq!(told("GET", "https://a/", pairs, true), Err(expected), "{pairs:?}");
    }
    assert_eq!(told("GET", "/", &[], true), Err(Untold::PseudoMissing), "nobody says for which host");
}

#[test]
fn an_extended_connect_is_the_upgrade_that_it_stands_for() {
    let uri: Uri = "https://a/chat".parse().expect("a URI");
    let fields = fields(&[("sec-websocket-version", "13")]);
    let mut out = Vec::new();
    let ask = Ask {
        method: &Method::CONNECT,
        uri: &uri,
        protocol: Some("websocket"),
        fields: &fields,
        ends: false,
    };
    assert_eq!(write_request(&ask, "KEY", &mut out), Ok(Framing::None));
    let expected = "GET /chat HTTP/1.1\r\nhost: a\r\nsec-websocket-version: 13\r\nconnection: upgrade\r\n\
                    upgrade: websocket\r\nsec-websocket-key: KEY\r\n\r\n";
    assert_eq!(String::from_utf8(out).expect("text"), expected);
}

#[test]
fn a_response_is_read_without_what_is_about_the_connection() {
    let reply = read_response(
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nX-A: b\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc",
    )
    .expect("is whole");
    assert_eq!((reply.head.status(), reply.framing), (StatusCode::OK, Framing::Chunked));
    assert_eq!(reply.head.headers(), &fields(&[("x-a", "b")]));
    assert_eq!(reply.len, 74);
    assert!(read_response(b"HTTP/1.1 200 OK\r\nX-A: b\r\n").is_none(), "not whole yet");
    let empty = read_response(b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n").expect("is whole");
    assert_eq!(empty.framing, Framing::None, "a 304 has no body whatever it says");
}

#[test]
fn unusual_lines_of_a_head_are_read_like_any_other() {
    let long = "x".repeat(60);
    let head = format!(
        "HTTP/1.1 200 OK\r\n{long}: 1\r\nx.dot: 2\r\nX-Tab:\t3 \t\r\nx-empty:\r\nx-tabs: a\tb\r\nContent-Length: 3\r\n\r\nabc"
    );
    let reply = read_response(head.as_bytes()).expect("is whole");
    let expected = fields(&[
        (&long, "1"),
        ("x.dot", "2"),
        ("x-tab", "3"),
        ("x-empty", ""),
        ("x-tabs", "a\tb"),
        ("content-length", "3"),
    ]);
    assert_eq!((reply.head.headers(), reply.framing), (&expected, Framing::Length(3)));
    assert_eq!(reply.len, head.len() - 3);
}

#[test]
fn a_response_is_told_with_a_framing_that_ends() {
    let told = |status: u16, pairs: &[(&str, &str)], ends, is_head| {
        let mut out = Vec::new();
        let status = StatusCode::from_u16(status).expect("a status");
        let framing = write_response(status, &fields(pairs), ends, is_head, &mut out).expect("is told");
        (String::from_utf8(out).expect("text"), framing)
    };
    let (head, framing) = told(200, &[], false, false);
    assert_eq!(
        (head.as_str(), framing),
        ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", Framing::Chunked)
    );
    let (head, framing) = told(200, &[], true, false);
    assert_eq!(
        (head.as_str(), framing),
        ("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", Framing::Length(0))
    );
    let (head, framing) = told(200, &[("content-length", "7")], true, true);
    assert_eq!((head.as_str(), framing), ("HTTP/1.1 200 OK\r\ncontent-length: 7\r\n\r\n", Framing::None));
    let (head, framing) = told(204, &[], true, false);
    assert_eq!((head.as_str(), framing), ("HTTP/1.1 204 No Content\r\n\r\n", Framing::None));
}

#[test]
fn trailers_cross_both_ways() {
    let mut out = Vec::new();
    write_trailers(&fields(&[("grpc-status", "0")]), &mut out).expect("are told");
    assert_eq!(out, b"grpc-status: 0\r\n");
    assert_eq!(read_trailers(&out), fields(&[("grpc-status", "0")]));
    let refused = write_trailers(&fields(&[("connection", "close")]), &mut out);
    assert_eq!(refused, Err(Untold::ConnectionField));
}

fn a_name() -> impl Strategy<Value = HeaderName> {
    "[a-z][a-z0-9_-]{0,12}".prop_filter_map("a name", |name| {
        let is_special = matches!(
            name.as_str(),
            "host" | "te" | "cookie" | "connection" | "upgrade" | "expect" | "trailer" | "via" | "keep-alive"
        );
        if is_special { None } else { HeaderName::from_bytes(name.as_bytes()).ok() }
    })
}

fn a_value() -> impl Strategy<Value = HeaderValue> {
    proptest::collection::vec(any::<u8>(), 0..20)
        .prop_filter_map("a value", |bytes| HeaderValue::from_bytes(&bytes).ok())
}

proptest! {
    /// Whatever a field list holds: what it is told as is one head, with these fields and no other.
    #[test]
    fn a_told_request_is_exactly_one_request(
        list in proptest::collection::vec((a_name(), a_value()), 0..12),
        path in "/[a-z0-9/?&=._~-]{0,20}",
        ends in any::<bool>(),
    ) {
        let fields: HeaderMap = list.iter().cloned().collect();
        let uri: Uri = format!("https://a.example{path}").parse().expect("a URI");
        let mut out = Vec::new();
        let ask = Ask { method: &Method::POST, uri: &uri, protocol: None, fields: &fields, ends };
        let Ok(framing) = write_request(&ask, "", &mut out) else { return Ok(()) };
        let mut head = Head::with_capacity(16 << 10);
        head.buffer.spare()[..out.len()].copy_from_slice(&out);
        head.buffer.commit(out.len());
        // What the strict parser refuses is answered with 400; what it takes is what was said.
        let Ok(Some(request)) = parse_request(&mut head, &RequestLimits::default(), &Leniency::default()) else {
            return Ok(());
        };
        prop_assert!(head.buffer.unread().is_empty(), "nothing is left over for a second request");
        prop_assert_eq!(request.framing, framing);
        prop_assert_eq!(head.path_and_query(), path.as_bytes());
        let ours = |name: &[u8]| matches!(name, b"host" | b"content-length" | b"transfer-encoding");
        let read = head.fields().filter(|field| !ours(field.name)).count();
        let sent = fields.iter().filter(|(name, _)| !ours(name.as_str().as_bytes())).count();
        prop_assert_eq!(read, sent);
    }

    /// A request that the engine writes comes out of the translation as it was.
    #[test]
    fn a_request_survives_both_ways(
        list in proptest::collection::vec((a_name(), a_value()), 0..12),
        path in "/[a-z0-9/?&=._~-]{0,20}",
    ) {
        let mut fields: HeaderMap = list.iter().cloned().collect();
        fields.remove("content-length");
        let uri: Uri = format!("https://a.example{path}").parse().expect("a URI");
        let mut out = Vec::new();
        let ask = Ask { method: &Method::GET, uri: &uri, protocol: None, fields: &fields, ends: true };
        if write_request(&ask, "", &mut out).is_err() {
            return Ok(());
        }
        let (again, framing, upgrade) = read_request(&Bytes::from(out), &Scheme::HTTPS).expect("is told back");
        prop_assert_eq!((framing, upgrade), (Framing::None, None));
        prop_assert_eq!(again.uri(), &uri);
        prop_assert_eq!(again.headers(), &fields);
    }

    /// Any bytes are survived.
    #[test]
    fn a_response_of_any_bytes_is_survived(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let mut text = b"HTTP/1.1 ".to_vec();
        text.extend_from_slice(&bytes);
        let _ = read_response(&text);
        let _ = read_response(&bytes);
        let _ = read_trailers(&bytes);
        let _ = read_request(&Bytes::from(bytes), &Scheme::HTTP);
    }
}
