//! Streams against servers of the `h2` crate, and against raw bytes where those are too well-behaved.

mod hostile;

use super::*;
use crate::ending_of;
use bytes::BytesMut;
use h2::server::{self, SendResponse};
use h2::{Reason, RecvStream};
use http::{HeaderMap, Request, Response};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{LocalSet, spawn_local};
use tokio::time::timeout;
use torwart_cause::{Deadline, Fault, Malformation};

const OPTIONS: Options = Options { head_bytes: 64 << 10, fields: 200, silence: SILENCE };

fn run(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let bounded = async { timeout(Duration::from_secs(20), test).await.expect("it ends in time") };
    LocalSet::new().block_on(&runtime, bounded);
}

/// A connection to a server that does this with every stream.
async fn connect<F>(serve: impl Fn(Request<RecvStream>, SendResponse<Bytes>) -> F + 'static) -> Streams
where
    F: Future<Output = ()> + 'static,
{
    connect_raw(async move |tcp| {
        let mut builder = server::Builder::new();
        builder.enable_connect_protocol().max_concurrent_streams(20);
        let mut connection = builder.handshake(tcp).await.unwrap();
        while let Some(Ok((request, respond))) = connection.accept().await {
            spawn_local(serve(request, respond));
        }
    })
    .await
}

/// A connection to a peer that does this with its socket.
async fn connect_raw<F>(serve: impl FnOnce(TcpStream) -> F + 'static) -> Streams
where
    F: Future<Output = ()> + 'static,
{
    connect_with(&OPTIONS, serve).await
}

async fn connect_with<F>(options: &Options, serve: impl FnOnce(TcpStream) -> F + 'static) -> Streams
where
    F: Future<Output = ()> + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    spawn_local(async move { serve(listener.accept().await.unwrap().0).await });
    let tcp = TcpStream::connect(address).await.unwrap();
    let (streams, driver) = begin(tcp.into(), options).await.unwrap();
    spawn_local(driver);
    streams
}

/// Writes a request and reads to the end, or to the failure.
async fn ask(streams: &Streams, request: &str) -> (String, Option<Ending>) {
    let mut link = streams.open();
    if let Err(error) = link.write_all(request.as_bytes()).await {
        return (String::new(), Some(ending_of(&error, Deadline::Send)));
    }
    read(&mut link).await
}

async fn read(link: &mut StreamLink) -> (String, Option<Ending>) {
    let mut answer = BytesMut::new();
    loop {
        match link.read_buf(&mut answer).await {
            Ok(0) => return (String::from_utf8(answer.to_vec()).unwrap(), None),
            Ok(_) => {}
            Err(error) => {
                let ending = ending_of(&error, Deadline::BetweenBytes);
                return (String::from_utf8(answer.to_vec()).unwrap(), Some(ending));
            }
        }
    }
}

async fn body_of(mut body: RecvStream) -> (Vec<u8>, Option<HeaderMap>) {
    let mut bytes = Vec::new();
    while let Some(data) = body.data().await {
        let data = data.unwrap();
        bytes.extend_from_slice(&data);
        body.flow_control().release_capacity(data.len()).unwrap();
    }
    (bytes, body.trailers().await.unwrap())
}

const GET: &str = "GET /a?b HTTP/1.1\r\nHost: web.example\r\nVia: 1.1 x\r\n\r\n";
const SETTINGS: &[u8] = b"\0\0\0\x04\0\0\0\0\0";

#[test]
fn a_request_and_its_answer_are_told_in_the_words_of_http1() {
    run(async {
        let streams = connect(async |request, mut respond| {
            assert_eq!(request.method(), "GET");
            assert_eq!(request.uri(), "http://web.example/a?b");
            assert_eq!(request.headers()["via"], "1.1 x");
            assert!(request.into_body().is_end_stream());
            let head = Response::builder().header("content-length", "4").header("x-y", "z").body(()).unwrap();
            respond.send_response(head, false).unwrap().send_data("well".into(), true).unwrap();
        })
        .await;
        let (answer, ending) = ask(&streams, GET).await;
        assert_eq!(answer, "HTTP/1.1 200 OK\r\nx-y: z\r\ncontent-length: 4\r\n\r\nwell");
        assert_eq!(ending, None);
        assert_eq!((streams.active(), streams.opened()), (0, 1));
    });
}

#[test]
fn chunks_and_trailers_pass_both_ways() {
    run(async {
        let streams = connect(async |request, mut respond| {
            let (body, trailers) = body_of(request.into_body()).await;
            assert_eq!(body, b"hello world");
            assert_eq!(trailers.unwrap()["x-sum"], "7");
            let mut stream = respond.send_response(Response::new(()), false).unwrap();
            stream.send_data("a".into(), false).unwrap();
            stream.send_data("bc".into(), false).unwrap();
            let mut trailers = HeaderMap::new();
            trailers.insert("grpc-status", "0".parse().unwrap());
            stream.send_trailers(trailers).unwrap();
        })
        .await;
        let request = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n\
                       6\r\nhello \r\n5\r\nworld\r\n0\r\nx-sum: 7\r\n\r\n";
        let (answer, ending) = ask(&streams, request).await;
        let told = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n\
                    1\r\na\r\n2\r\nbc\r\n0\r\ngrpc-status: 0\r\n\r\n";
        assert_eq!((answer.as_str(), ending), (told, None));
    });
}

#[test]
fn a_head_may_come_byte_by_byte_and_an_interim_answer_comes_first() {
    run(async {
        let streams = connect(async |request, mut respond| {
            let early = Response::builder().status(103).header("link", "</a.css>").body(()).unwrap();
            respond.send_informational(early).unwrap();
            assert_eq!(body_of(request.into_body()).await.0, b"abc");
            respond.send_response(Response::builder().status(204).body(()).unwrap(), true).unwrap();
        })
        .await;
        let mut link = streams.open();
        for byte in b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc" {
            link.write_all(&[*byte]).await.unwrap();
        }
        let (answer, ending) = read(&mut link).await;
        let told = "HTTP/1.1 103 Early Hints\r\nlink: </a.css>\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n";
        assert_eq!((answer.as_str(), ending), (told, None));
    });
}

#[test]
fn an_answer_that_nobody_reads_does_not_hold_up_others() {
    run(async {
        let streams = connect(async |request, mut respond| {
            let is_large = request.uri().path() == "/large";
            let mut stream = respond.send_response(Response::new(()), false).unwrap();
            for _ in 0..if is_large { 2000 } else { 1 } {
                stream.reserve_capacity(1000);
                while stream.capacity() < 1000 {
                    let Some(Ok(_)) = std::future::poll_fn(|cx| stream.poll_capacity(cx)).await else {
                        return;
                    };
                }
                stream.send_data(Bytes::from_static(&[b'x'; 1000]), false).unwrap();
            }
            stream.send_data(Bytes::new(), true).unwrap();
        })
        .await;
        let mut stalled = Vec::new();
        for _ in 0..15 {
            let mut link = streams.open();
            link.write_all(b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
            stalled.push(link);
        }
        for _ in 0..10 {
            let (answer, ending) = ask(&streams, GET).await;
            assert!(answer.ends_with("x\r\n0\r\n\r\n") && ending.is_none());
        }
        let mut late = stalled.pop().unwrap();
        let (answer, ending) = read(&mut late).await;
        assert!(answer.len() > 2_000_000 && ending.is_none());
    });
}

#[test]
fn a_large_upload_waits_for_the_window() {
    run(async {
        let streams = connect(async |request, mut respond| {
            let (body, _) = body_of(request.into_body()).await;
            let head = Response::builder().header("x-length", body.len()).body(()).unwrap();
            respond.send_response(head, true).unwrap();
        })
        .await;
        let mut link = streams.open();
        link.write_all(b"PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 3000000\r\n\r\n").await.unwrap();
        link.write_all(&vec![b'x'; 3_000_000]).await.unwrap();
        let (answer, _) = read(&mut link).await;
        assert!(answer.contains("x-length: 3000000\r\n"), "{answer}");
    });
}

#[test]
fn a_reset_says_whether_the_stream_was_refused() {
    for (reason, expected) in [
        (Reason::REFUSED_STREAM, Ending::StreamRefused),
        (Reason::INTERNAL_ERROR, Ending::StreamReset(2)),
        (Reason::NO_ERROR, Ending::StreamReset(0)),
    ] {
        run(async move {
            let streams = connect(move |_, mut respond| async move { respond.send_reset(reason) }).await;
            assert_eq!(ask(&streams, GET).await, (String::new(), Some(expected)));
        });
    }
}

/// A peer that says this once a request may have come, and closes.
async fn saying(bytes: &'static [u8]) -> Streams {
    connect_raw(async move |mut tcp| {
        let mut heard = BytesMut::new();
        while heard.len() < 100 {
            tcp.read_buf(&mut heard).await.unwrap();
        }
        tcp.write_all(bytes).await.unwrap();
        // What comes still is read, so that the end is an orderly one.
        tcp.shutdown().await.unwrap();
        while tcp.read_buf(&mut heard).await.is_ok_and(|read| read > 0) {}
    })
    .await
}

#[test]
fn streams_above_goaways_last_are_refused_and_no_more_are_opened() {
    run(async {
        let goaway = b"\0\0\0\x04\0\0\0\0\0\0\0\x08\x07\0\0\0\0\0\0\0\0\0\0\0\0\0";
        let mut streams = saying(goaway).await;
        assert!(streams.is_usable());
        assert_eq!(ask(&streams, GET).await.1, Some(Ending::StreamRefused));
        assert!(!streams.is_usable());
        assert_eq!(ask(&streams, GET).await.1, Some(Ending::StreamRefused));
    });
}

#[test]
fn the_end_of_the_connection_is_the_end_of_its_streams() {
    run(async {
        let streams = saying(SETTINGS).await;
        assert_eq!(ask(&streams, GET).await.1, Some(Ending::Closed));
    });
}

#[test]
fn a_peer_that_falls_silent_is_given_up_and_one_that_thinks_is_not() {
    run(async {
        let options = Options { silence: Duration::from_millis(100), ..OPTIONS };
        let silent = connect_with(&options, async |mut tcp| {
            tcp.write_all(SETTINGS).await.unwrap();
            std::future::pending().await
        })
        .await;
        assert_eq!(ask(&silent, GET).await.1, Some(Ending::TimedOut(Deadline::BetweenBytes)));

        let thinking = connect_with(&options, async |tcp| {
            let mut connection = server::handshake(tcp).await.unwrap();
            let (_, mut respond): (_, SendResponse<Bytes>) = connection.accept().await.unwrap().unwrap();
            spawn_local(async move {
                tokio::time::sleep(Duration::from_millis(600)).await;
                respond.send_response(Response::new(()), true).unwrap();
            });
            while connection.accept().await.is_some() {}
        })
        .await;
        assert!(ask(&thinking, GET).await.0.starts_with("HTTP/1.1 200"));
    });
}

#[test]
fn another_protocol_is_told_apart() {
    run(async {
        let streams = saying(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n").await;
        let mut link = streams.open();
        link.write_all(GET.as_bytes()).await.unwrap();
        let not_http2 = Ending::Malformed(Fault { what: Malformation::NotHttp2, at: 0 });
        assert_eq!(read(&mut link).await.1, Some(not_http2));
        assert!(link.first_bytes().is_some_and(|bytes| bytes.starts_with(b"HTTP/1.1 400")));
    });
}

#[test]
fn a_frame_that_breaks_the_protocol_is_the_peers_fault() {
    run(async {
        let streams = saying(b"\0\0\0\x04\0\0\0\0\0\0\0\x01\0\0\0\0\0\0x").await;
        let bad_frame = Ending::Malformed(Fault { what: Malformation::BadFrame, at: 0 });
        assert_eq!(ask(&streams, GET).await.1, Some(bad_frame));
    });
}

#[test]
fn a_dropped_stream_is_cancelled() {
    run(async {
        let (told, mut tells) = tokio::sync::mpsc::unbounded_channel();
        let streams = connect(move |_, mut respond| {
            let told = told.clone();
            async move {
                let reason = std::future::poll_fn(|cx| respond.poll_reset(cx)).await;
                told.send(reason.unwrap()).unwrap();
            }
        })
        .await;
        let mut link = streams.open();
        link.write_all(GET.as_bytes()).await.unwrap();
        tokio::task::yield_now().await;
        drop(link);
        assert_eq!(tells.recv().await, Some(Reason::CANCEL));
    });
}

#[test]
fn websocket_is_asked_for_by_extended_connect() {
    run(async {
        let streams = connect(async |request, mut respond| {
            assert_eq!(request.method(), "CONNECT");
            assert_eq!(request.extensions().get::<h2::ext::Protocol>().unwrap().as_str(), "websocket");
            let mut body = request.into_body();
            let mut stream = respond.send_response(Response::new(()), false).unwrap();
            while let Some(Ok(data)) = body.data().await {
                stream.send_data(data, false).unwrap();
            }
            stream.send_data(Bytes::new(), true).unwrap();
        })
        .await;
        let mut link = streams.open();
        let head = "GET /chat HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\
                    Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
        link.write_all(head.as_bytes()).await.unwrap();
        let mut answer = BytesMut::new();
        while !answer.ends_with(b"\r\n\r\n") {
            assert!(link.read_buf(&mut answer).await.unwrap() > 0);
        }
        let answer = String::from_utf8(answer.to_vec()).unwrap();
        assert!(answer.starts_with("HTTP/1.1 101 "), "{answer}");
        assert!(answer.contains("\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"), "{answer}");
        link.write_all(b"ping").await.unwrap();
        link.shutdown().await.unwrap();
        assert_eq!(read(&mut link).await, ("ping".to_owned(), None));
    });
}

#[test]
fn the_connection_ends_politely_once_its_handle_is_dropped() {
    run(async {
        let (ended, mut ends) = tokio::sync::mpsc::unbounded_channel();
        let streams = connect_raw(async move |tcp| {
            let mut connection = server::handshake(tcp).await.unwrap();
            while let Some(accepted) = connection.accept().await {
                let (_, mut respond): (_, SendResponse<Bytes>) = accepted.unwrap();
                respond.send_response(Response::new(()), true).unwrap();
            }
            ended.send(()).unwrap();
        })
        .await;
        assert!(ask(&streams, GET).await.0.starts_with("HTTP/1.1 200"));
        drop(streams);
        assert_eq!(ends.recv().await, Some(()));
    });
}
