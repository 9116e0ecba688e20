//! Against hyper as a server: what it refuses we refuse, and what we refuse although it accepts is on a list with reasons.

use crate::outcome::{STRICT, WHOLE, chunked_in};
use crate::properties::{REQUEST_STARTS, soup};
use crate::requests::request;
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use proptest::prelude::*;
use std::convert::Infallible;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use torwart_wire::http1::{ChunkLimits, RequestLimits, parse_request};
use torwart_wire::{Framing, Head};

/// Where we are stricter than hyper, and why.
const STRICTER: &[(&str, &str)] = &[
    ("bare_lf", "a line that ends for one party goes on for another"),
    ("bad_target", "userinfo, fragments, other schemes and raw bytes beyond what browsers send"),
    ("host_missing", "hyper leaves Host to the application"),
    ("host_repeated", "hyper leaves Host to the application"),
    ("bad_host", "hyper leaves Host to the application"),
    ("length_and_coding", "hyper drops the length and goes on"),
    ("lengths_differ", "hyper merges equal lengths"),
    ("bad_length", "hyper takes numbers up to 2^64, and looks at no length beside a coding"),
    ("bad_coding", "hyper takes empty members and fields"),
    ("unknown_coding", "hyper hands `gzip, chunked` to the application"),
    ("coding_in_http10", "hyper ignores the coding"),
    ("bad_expectation", "hyper leaves unknown expectations to the application"),
    ("bad_chunk_size", "hyper takes whitespace after a size"),
    ("bad_chunk_extension", "hyper passes over extensions unread"),
    ("bad_trailer", "hyper drops what it cannot read after the last chunk"),
    ("too large: field_count", "more connection options than anybody means"),
    ("bad_method", "a method of no bytes, or more empty lines than a few"),
];

/// Where hyper is stricter than we are, and why we are not.
const LENIENT: &[(&[u8], &str)] = &[(b"HTTP/1.2", "later minor versions count as 1.1 (RFC 9110 §2.5)")];

#[derive(Debug, PartialEq, Eq)]
enum Taken {
    Yes,
    No,
    /// Neither: the message has no end.
    Open,
}

fn ours(bytes: &[u8]) -> (Taken, String) {
    let mut head = Head::with_capacity(bytes.len());
    head.buffer.spare().copy_from_slice(bytes);
    head.buffer.commit(bytes.len());
    let parsed = match parse_request(&mut head, &RequestLimits::default(), &STRICT) {
        Err(_) => return (Taken::No, request(bytes)),
        Ok(None) => return (Taken::Open, String::new()),
        Ok(Some(parsed)) => parsed,
    };
    let body = head.buffer.unread();
    match parsed.framing {
        Framing::None => (Taken::Yes, String::new()),
        Framing::Length(length) if length <= body.len() as u64 => (Taken::Yes, String::new()),
        Framing::Length(_) | Framing::UntilClose => (Taken::Open, String::new()),
        Framing::Chunked => {
            let text = chunked_in(body, WHOLE, ChunkLimits::default());
            let outcome = text.split_once("> ").map_or("", |(_, outcome)| outcome).to_owned();
            let taken = match outcome.as_str() {
                "more" => Taken::Open,
                end if end.starts_with("end") => Taken::Yes,
                _ => Taken::No,
            };
            (taken, outcome)
        }
    }
}

async fn hypers(bytes: &[u8]) -> Taken {
    let (client, server) = tokio::io::duplex(64 * 1024);
    let service = hyper::service::service_fn(async |request: Request<Incoming>| {
        let status = match request.into_body().collect().await {
            Ok(_) => StatusCode::OK,
            Err(_) => StatusCode::IM_A_TEAPOT,
        };
        let mut response = Response::new(Full::new(Bytes::new()));
        *response.status_mut() = status;
        Ok::<_, Infallible>(response)
    });
    let (mut from_server, mut to_server) = tokio::io::split(client);
    let serve = hyper::server::conn::http1::Builder::new()
        .half_close(true)
        .serve_connection(TokioIo::new(server), service);
    let talk = async {
        let _ = to_server.write_all(bytes).await;
        let _ = to_server.shutdown().await;
        let mut answer = Vec::new();
        let _ = from_server.read_to_end(&mut answer).await;
        answer
    };
    let (served, answer) = tokio::join!(serve, talk);
    let text = String::from_utf8_lossy(&answer);
    let statuses: Vec<_> = text.split("HTTP/1.").skip(1).filter_map(|rest| rest.get(2..5)).collect();
    match statuses.iter().find(|status| **status != "100") {
        Some(&"200") => Taken::Yes,
        Some(&"418") | None if served.is_ok() || statuses.is_empty() => Taken::Open,
        _ => Taken::No,
    }
}

fn compare(bytes: &[u8]) -> Result<(), String> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().build().expect("a runtime needs nothing here");
    let theirs = runtime.block_on(hypers(bytes));
    let (ours, outcome) = ours(bytes);
    let is_known = match (&ours, &theirs) {
        (Taken::Yes, Taken::Yes) | (Taken::No, Taken::No | Taken::Open) | (Taken::Open, _) => true,
        (Taken::No, Taken::Yes) => STRICTER.iter().any(|(rule, _)| outcome.starts_with(rule)),
        (Taken::Yes, Taken::No | Taken::Open) => {
            LENIENT.iter().any(|(part, _)| bytes.windows(part.len()).any(|window| window == *part))
        }
    };
    if is_known {
        Ok(())
    } else {
        Err(format!("ours {ours:?} ({outcome}), hyper's {theirs:?}: {}", bytes.escape_ascii()))
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn requests_are_judged_alike(bytes in soup(REQUEST_STARTS)) {
        if let Err(difference) = compare(&bytes) {
            prop_assert!(false, "{difference}");
        }
    }

    #[test]
    fn chunked_requests_are_judged_alike(bytes in soup(CHUNKED_STARTS)) {
        if let Err(difference) = compare(&bytes) {
            prop_assert!(false, "{difference}");
        }
    }
}

const CHUNKED_STARTS: &[&str] = &[
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n",
];

#[test]
fn known_attacks_are_judged_alike_or_stricter() {
    let attacks = [
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +5\r\n\r\nhello",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5;\n\nhello\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n10000000000000005\r\nhello\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5 zz\r\nhello\r\n0\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n",
        "G(T / HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.2\r\nHost: a\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ];
    for attack in attacks {
        assert_eq!(compare(attack.as_bytes()), Ok(()));
    }
    assert!(STRICTER.iter().all(|(_, reason)| !reason.is_empty()));
}
