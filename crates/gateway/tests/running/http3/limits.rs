//! What a client over HTTP/3 may not do, and how it ends.

use super::Site;
use super::client::{connect, get};
use crate::conversation::run;
use crate::gateway::cause;
use crate::upstream::Upstream;
use h3::error::Code;
use http::Request;

#[test]
fn a_field_section_without_end_is_not_kept() {
    let upstream = Upstream::saying("well");
    let site = Site::start(&upstream);
    run(async {
        let (_endpoint, quic) =
            connect(site.address(), "shop.example", &site.trusting).await.expect("a connection");
        let (mut send, _receive) = quic.open_bi().await.expect("a stream");
        // HEADERS, of a gibibyte.
        let mut frame = vec![0x01, 0xc0, 0, 0, 0, 0x40, 0, 0, 0];
        frame.resize(64 << 10, 0);
        let mut sent = 0;
        let stopped = loop {
            match send.write(&frame).await {
                Ok(count) => sent += count,
                Err(error) => break error,
            }
            assert!(sent < 8 << 20, "it takes without end");
        };
        assert!(matches!(stopped, quinn::WriteError::Stopped(_)), "{stopped}");
    });
    assert_eq!(cause(&site.gateway.wait_for_records(1)[0]), "request_head_too_large");
}

#[test]
fn a_head_above_the_limit_is_answered_and_a_silent_one_is_given_up() {
    let upstream = Upstream::saying("well");
    let site =
        Site::start_with(&upstream, "client.limit.head = \"4KiB\"\nclient.deadline.head = \"300ms\"", "");
    run(async {
        let mut connection = site.open().await;
        let long = Request::get("https://shop.example/").header("x-long", "a".repeat(5 << 10));
        let answer = connection.ask(long.body(()).expect("a request")).await.expect("it is answered");
        assert_eq!(answer.status, 431);
        // A stream on which nothing comes but the beginning of a frame.
        let (mut send, mut receive) = connection.quic.open_bi().await.expect("a stream");
        send.write_all(&[0x01, 0x40]).await.expect("sent");
        let ended = receive.read_to_end(10).await.expect_err("it is reset");
        assert!(matches!(ended, quinn::ReadToEndError::Read(quinn::ReadError::Reset(_))), "{ended}");
        assert_eq!(connection.ask(get("/")).await.expect("it goes on").status, 200);
    });
    let records = site.gateway.wait_for_records(3);
    assert_eq!(cause(&records[0]), "request_head_too_large");
    assert_eq!(cause(&records[1]), "request_timed_out");
}

#[test]
fn an_idle_connection_is_told_to_leave_and_closed() {
    let upstream = Upstream::saying("well");
    let site = Site::start_with(&upstream, "client.deadline.keep_alive = \"200ms\"", "");
    run(async {
        let mut connection = site.open().await;
        assert_eq!(connection.ask(get("/")).await.expect("it is answered").status, 200);
        let quic = connection.quic.clone();
        connection.has_ended().await;
        let reason = quic.close_reason().expect("it is closed");
        let quinn::ConnectionError::ApplicationClosed(close) = reason else { panic!("{reason}") };
        assert_eq!(Code::from(close.error_code.into_inner()), Code::H3_NO_ERROR);
    });
}

#[test]
fn frames_that_do_not_belong_on_a_stream_end_the_connection_with_their_code() {
    let upstream = Upstream::saying("well");
    let site = Site::start(&upstream);
    run(async {
        for (bytes, expected) in [
            // DATA before HEADERS, and SETTINGS on a request stream.
            (&[0x00, 0x01, 0x41][..], Code::H3_FRAME_UNEXPECTED),
            (&[0x04, 0x00][..], Code::H3_FRAME_UNEXPECTED),
            // A field section that refers to a table that is not there.
            (&[0x01, 0x03, 0x05, 0x00, 0x80][..], Code::QPACK_DECOMPRESSION_FAILED),
        ] {
            let (_endpoint, quic) =
                connect(site.address(), "shop.example", &site.trusting).await.expect("a connection");
            let (mut send, _receive) = quic.open_bi().await.expect("a stream");
            send.write_all(bytes).await.expect("sent");
            send.finish().expect("it is open");
            let reason = quic.closed().await;
            let quinn::ConnectionError::ApplicationClosed(close) = reason else { panic!("{reason}") };
            assert_eq!(Code::from(close.error_code.into_inner()), expected, "{bytes:?}");
        }
    });
    let records = site.gateway.wait_for_records(3);
    assert!(records.iter().all(|record| cause(record) == "request_malformed"), "{records:?}");
    assert!(upstream.targets().is_empty());
}

#[test]
fn streams_beside_the_requests_have_an_end_too() {
    let upstream = Upstream::saying("well");
    let site = Site::start(&upstream);
    run(async {
        let (_endpoint, quic) =
            connect(site.address(), "shop.example", &site.trusting).await.expect("a connection");
        let mut control = quic.open_uni().await.expect("a stream");
        // The control stream with empty settings, and then frames that nobody knows.
        control.write_all(&[0x00, 0x04, 0x00]).await.expect("sent");
        let mut frame = vec![0x21, 0x80, 0, 0x40, 0];
        frame.resize(5 + (16 << 10), 0);
        let mut sent = 0;
        while control.write_all(&frame).await.is_ok() {
            sent += frame.len();
            assert!(sent < 8 << 20, "it takes without end");
        }
    });
}

#[test]
fn a_flood_of_resets_ends_its_connection_and_no_other() {
    let upstream = Upstream::saying("well");
    let site = Site::start(&upstream);
    run(async {
        let mut flood = site.open().await;
        let mut other = site.open().await;
        let mut taken = 0;
        while let Ok(mut stream) = flood.begin(get("/")).await {
            stream.finish().await;
            stream.reset();
            tokio::task::yield_now().await;
            taken += 1;
            assert!(taken < 50_000, "it goes on without end");
        }
        let quinn::ConnectionError::ApplicationClosed(close) = flood.quic.closed().await else {
            panic!("it is closed with a code")
        };
        assert_eq!(Code::from(close.error_code.into_inner()), Code::H3_EXCESSIVE_LOAD);
        assert_eq!(other.ask(get("/")).await.expect("it is served").status, 200);
    });
    let limited = || site.gateway.records().iter().filter(|record| cause(record) == "rate_limited").count();
    crate::eventually("it is recorded", || limited() == 1);
}

#[test]
fn what_nobody_knows_is_let_be() {
    let upstream = Upstream::saying("well");
    let site = Site::start(&upstream);
    run(async {
        let (_endpoint, quic) =
            connect(site.address(), "shop.example", &site.trusting).await.expect("a connection");
        // Settings of a reserved name, a reserved frame behind them, and a stream of a reserved kind (RFC 9114 §7.2.8,
        // §6.2.3).
        let mut control = quic.open_uni().await.expect("a stream");
        control.write_all(&[0x00, 0x04, 0x02, 0x21, 0x07, 0x21, 0x03, 1, 2, 3]).await.expect("sent");
        let mut strange = quic.open_uni().await.expect("a stream");
        strange.write_all(&[0x40, 0x40, 9, 9, 9]).await.expect("sent");
        // Reserved frames before and behind the head of a request: GET https://shop.example/.
        let (mut send, mut receive) = quic.open_bi().await.expect("a stream");
        let mut fields = vec![0x00, 0x00, 0xd1, 0xd7, 0xc1, 0x50, 12];
        fields.extend_from_slice(b"shop.example");
        let mut request = vec![0x21, 0x02, 7, 7, 0x01, fields.len() as u8];
        request.extend_from_slice(&fields);
        request.extend_from_slice(&[0x40, 0x5f, 0x01, 7]);
        send.write_all(&request).await.expect("sent");
        send.finish().expect("it is open");
        let answer = receive.read_to_end(64 << 10).await.expect("it is answered");
        assert!(answer.windows(4).any(|part| part == b"well"), "{answer:?}");
        assert!(quic.close_reason().is_none(), "the connection goes on");
    });
    assert_eq!(upstream.targets(), ["/"]);
}
