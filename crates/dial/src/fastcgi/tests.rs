//! A connection to an application, seen from above, against an application that is played by hand.

use super::{Begin, FastCgi, ask_for_worker};
use crate::{Idle, Stream, ending_of};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use torwart_cause::{Deadline, Ending, Fault, Malformation};
use torwart_wire::fastcgi::{Params, write_begin};
use torwart_wire::http1::ResponseLimits;

fn pair() -> (FastCgi, UnixStream) {
    let (ours, theirs) = UnixStream::pair().expect("a pair of sockets");
    (FastCgi::new(Stream::from(ours)), theirs)
}

fn records(body: u64) -> Vec<u8> {
    let mut records = Vec::new();
    write_begin(&mut records, true);
    let mut params = Params::new(&mut records);
    params.push(b"REQUEST_METHOD", b"POST");
    params.finish();
    if body == 0 {
        records.extend_from_slice(&torwart_wire::fastcgi::stdin_header(0));
    }
    records
}

fn begin(link: &mut FastCgi, body: u64) -> Vec<u8> {
    let records = records(body);
    let limits = ResponseLimits::default();
    link.begin(&Begin { records: records.len(), body, is_head: false, keeps: true, limits });
    records
}

fn record(kind: u8, content: &[u8]) -> Vec<u8> {
    let [high, low] = u16::try_from(content.len()).expect("a short content").to_be_bytes();
    [&[1, kind, 0, 1, high, low, 0, 0], content].concat()
}

const END: [u8; 16] = [1, 3, 0, 1, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];

#[tokio::test]
async fn a_body_goes_out_in_records_that_end_with_an_empty_one() {
    let (mut link, mut application) = pair();
    let body = vec![b'x'; 150_000];
    let records = begin(&mut link, body.len() as u64);
    let sending = async {
        link.write_all(&records).await?;
        link.write_all(&body).await?;
        link.flush().await?;
        link.shutdown().await
    };
    let reading = async {
        let mut received = Vec::new();
        application.read_to_end(&mut received).await.map(|_| received)
    };
    let (sent, received) = tokio::join!(sending, reading);
    sent.expect("sent");
    let received = received.expect("received");
    let mut rest = received.strip_prefix(records.as_slice()).expect("the records come first");
    let mut joined = Vec::new();
    while let [1, 5, 0, 1, high, low, 0, 0, after @ ..] = rest {
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        joined.extend_from_slice(&after[..length]);
        rest = &after[length..];
        assert_eq!(length == 0, rest.is_empty());
    }
    assert_eq!(joined, body);
}

#[tokio::test]
async fn two_requests_go_over_one_connection() {
    let (mut link, mut application) = pair();
    for _ in 0..2 {
        let records = begin(&mut link, 0);
        link.write_all(&records).await.expect("sent");
        let mut received = vec![0; records.len()];
        application.read_exact(&mut received).await.expect("received");
        let answer = [record(6, b"Content-Length: 2\r\n\r\nok"), END.to_vec()].concat();
        application.write_all(&answer).await.expect("answered");
        let mut text = String::new();
        link.read_to_string(&mut text).await.expect("an answer");
        assert_eq!(text, "HTTP/1.1 200 \r\nContent-Length: 2\r\n\r\nok");
        let quiet = link.poll_idle(&mut std::task::Context::from_waker(std::task::Waker::noop()));
        assert!(quiet.is_pending());
    }
}

#[tokio::test]
async fn an_application_that_still_works_or_goes_on_is_not_quiet() {
    let idle =
        |link: &mut FastCgi| link.poll_idle(&mut std::task::Context::from_waker(std::task::Waker::noop()));
    let (mut link, mut application) = pair();
    begin(&mut link, 0);
    assert!(matches!(idle(&mut link), std::task::Poll::Ready(Idle::Spoke(_))));
    let answer = [record(6, b"Content-Length: 0\r\n\r\n"), END.to_vec(), b"x".to_vec()].concat();
    application.write_all(&answer).await.expect("answered");
    let mut text = String::new();
    link.read_to_string(&mut text).await.expect("an answer");
    assert_eq!(idle(&mut link), std::task::Poll::Ready(Idle::Spoke(b'x')));
}

/// What is read, and how it ends.
async fn check(answer: &[u8], expected: &str, ending: Option<Ending>) {
    let (mut link, mut application) = pair();
    begin(&mut link, 0);
    application.write_all(answer).await.expect("answered");
    drop(application);
    let mut bytes = Vec::new();
    let end = link.read_to_end(&mut bytes).await;
    assert_eq!(bytes.escape_ascii().to_string(), expected);
    assert_eq!(end.err().map(|error| ending_of(&error, Deadline::FirstByte)), ending);
}

#[tokio::test]
async fn every_end_keeps_its_meaning() {
    let chunked = r"HTTP/1.1 200 \r\nA: b\r\nTransfer-Encoding: chunked\r\n\r\n";
    check(&record(6, b"A: b\r\n\r\nhello"), &format!(r"{chunked}5\r\nhello\r\n"), None).await;
    check(b"", "", None).await;
    check(&record(6, b"A: b\r\n"), r"HTTP/1.1 200 \r\n", None).await;
    let what = |what, at| Some(Ending::Malformed(Fault { what, at }));
    check(b"HTTP/1.1 200 OK\r\n\r\n", "", what(Malformation::NotFastCgi, 0)).await;
    check(&record(6, b"<html>\n\n"), "", what(Malformation::BadFieldName, 0)).await;
    let refused = |protocol| [&END[..12], &[protocol, 0, 0, 0]].concat();
    check(&refused(2), "", Some(Ending::QueueFull)).await;
    check(&refused(1), "", Some(Ending::StreamRefused)).await;
}

#[tokio::test]
async fn who_has_a_worker_to_spare_answers() {
    let (ours, mut application) = UnixStream::pair().expect("a pair of sockets");
    let mut link = Stream::from(ours);
    application.write_all(&[1, 10, 0, 0, 0, 0, 0, 0]).await.expect("answered");
    assert_eq!(ask_for_worker(&mut link, Duration::from_secs(5)).await, Ok(()));
    let silent = ask_for_worker(&mut link, Duration::from_millis(20)).await;
    assert_eq!(silent, Err(Ending::TimedOut(Deadline::FirstByte)));
    application.write_all(b"HTTP/1.1 400").await.expect("answered");
    let what = Malformation::NotFastCgi;
    let other = ask_for_worker(&mut link, Duration::from_secs(5)).await;
    assert_eq!(other, Err(Ending::Malformed(Fault { what, at: 0 })));
}
