//! HTTP/2 from clients: streams beside each other, bodies both ways, trailers, resets, and what must not get through.

mod client;
mod corpus;
mod floods;
mod musts;
mod passed_on;
mod raw;
mod server;
mod upstreams;

use crate::conversation::{eventually, run};
use crate::gateway::{Gateway, cause};
use crate::upstream::Upstream;
use crate::{PATIENCE, pattern};
use bytes::Bytes;
use client::{Connection, get, post};
use h2::Reason;
use http::{HeaderMap, Request};
use std::time::Duration;

fn gateway(upstream: &Upstream) -> Gateway {
    let url = upstream.url();
    Gateway::start(&format!(
        "workers = 1\n[listen]\nhttp = \"127.0.0.1:0\"\n[site.\"*\"]\nupstreams = \"{url}\"\n"
    ))
}

#[test]
fn a_request_over_http_2_is_an_exchange_like_any_other() {
    let upstream = Upstream::saying("well");
    let gateway = gateway(&upstream);
    run(async {
        let mut connection = Connection::open(gateway.address()).await;
        let answer = connection.ask(get("/a?b=c")).await.expect("it is answered");
        assert_eq!((answer.status, answer.body.as_slice()), (200, b"well".as_slice()));
        assert!(
            !answer.fields.contains_key("connection") && !answer.fields.contains_key("transfer-encoding")
        );
        let again = connection.ask(get("/again")).await.expect("the connection goes on");
        assert_eq!(again.status, 200);
    });
    assert_eq!(upstream.targets(), ["/a?b=c", "/again"]);
    let records = gateway.wait_for_records(2);
    assert_eq!(records[0]["protocol"], "HTTP/2");
    assert_eq!((&records[0]["status"], &records[0]["complete"]), (&200.into(), &true.into()));
}

#[test]
fn many_streams_are_served_beside_each_other() {
    let upstream = Upstream::start(|link| {
        while let Some(request) = link.request()? {
            if request.word().contains("slow") {
                crate::pace(Duration::from_millis(300));
            }
            link.answer(request.word())?;
        }
        Ok(())
    });
    let gateway = gateway(&upstream);
    run(async {
        let mut connection = Connection::open(gateway.address()).await;
        let slow = connection.begin(get("/slow"), true).expect("it is taken");
        let mut others = Vec::new();
        for number in 0..60 {
            others.push(connection.begin(get(&format!("/{number}")), true).expect("it is taken"));
        }
        for (number, other) in others.into_iter().enumerate() {
            let answer = other.answer().await.expect("it is answered");
            assert_eq!(answer.body, format!("/{number}").as_bytes());
        }
        assert_eq!(slow.answer().await.expect("it is answered").body, b"/slow");
    });
    assert_eq!(gateway.wait_for_records(61).len(), 61);
}

#[test]
fn large_bodies_pass_both_ways_unchanged() {
    let upstream = Upstream::start(|link| {
        while let Some(head) = link.wire.head()? {
            let mut body = Vec::new();
            link.wire.body(&head, |piece| body.extend_from_slice(piece))?;
            link.send(&format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len()))?;
            link.wire.send(&body)?;
        }
        Ok(())
    });
    let gateway = gateway(&upstream);
    let mut body = vec![0; 3 << 20];
    pattern::fill(0, &mut body);
    run(async {
        let mut connection = Connection::open(gateway.address()).await;
        for is_length_told in [true, false] {
            let mut request = post("/echo");
            if is_length_told {
                request.headers_mut().insert("content-length", body.len().into());
            }
            let stream = connection.begin(request, false).expect("it is taken");
            let answer = stream.send(Bytes::from(body.clone()), None).await.expect("it is answered");
            assert_eq!(answer.status, 200);
            assert!(answer.body == body, "the body came back changed");
        }
    });
}

#[test]
fn trailers_pass_both_ways() {
    let upstream = Upstream::start(|link| {
        while link.wire.head()?.is_some() {
            assert_eq!(link.wire.bytes(24)?, b"4\r\ndata\r\n0\r\nx-sum: 1\r\n\r\n");
            link.send(
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: grpc-status\r\n\r\n\
                 3\r\nabc\r\n0\r\ngrpc-status: 0\r\n\r\n",
            )?;
        }
        Ok(())
    });
    let gateway = gateway(&upstream);
    run(async {
        let mut connection = Connection::open(gateway.address()).await;
        let mut request = post("/t");
        request.headers_mut().insert("te", "trailers".parse().expect("a value"));
        let stream = connection.begin(request, false).expect("it is taken");
        let mut trailers = HeaderMap::new();
        trailers.insert("x-sum", "1".parse().expect("a value"));
        let answer = stream.send(Bytes::from_static(b"data"), Some(trailers)).await.expect("it is answered");
        assert_eq!(answer.body, b"abc");
        assert_eq!(answer.trailers.expect("there are trailers")["grpc-status"], "0");
    });
}

#[test]
fn a_cut_answer_is_a_reset_and_never_an_end() {
    let upstream = Upstream::start(|link| {
        link.request()?;
        link.send("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\nnot all of it")
    });
    let gateway = gateway(&upstream);
    run(async {
        let mut connection = Connection::open(gateway.address()).await;
        let error = match connection.ask(get("/")).await {
            Err(error) => error,
            // Nothing had gone out yet, so an honest status was still possible.
            Ok(answer) => return assert_eq!(answer.status, 502),
        };
        assert_eq!(error.reason(), Some(Reason::INTERNAL_ERROR));
    });
    let records = gateway.wait_for_records(1);
    assert_eq!(cause(&records[0]), "body_cut");
}

#[test]
fn a_refused_upstream_is_told_by_status_and_the_connection_goes_on() {
    let upstream = Upstream::saying("well");
    let gone = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("it is bound");
    let gateway = Gateway::start(&format!(
        "workers = 1\n[listen]\nhttp = \"127.0.0.1:0\"\n[site.\"*\"]\nupstreams = \"{}\"\n\
         [[site.\"*\".route]]\npath = \"/gone\"\nupstreams = \"http://{gone}\"\n",
        upstream.url()
    ));
    run(async {
        let mut connection = Connection::open(gateway.address()).await;
        let answer = connection.ask(get("/gone")).await.expect("it is answered");
        assert_eq!(answer.status, 502);
        assert!(answer.fields["proxy-status"].to_str().expect("text").contains("connection_refused"));
        assert_eq!(connection.ask(get("/")).await.expect("it goes on").status, 200);
    });
}

#[test]
fn a_reset_by_the_client_lets_go_of_the_upstream() {
    let upstream = Upstream::start(|link| {
        while link.request()?.is_some() {
            if link.wire.has_ended() {
                return Ok(());
            }
        }
        Ok(())
    });
    let gateway = gateway(&upstream);
    run(async {
        let mut connection = Connection::open(gateway.address()).await;
        let mut stream = connection.begin(get("/"), true).expect("it is taken");
        eventually("the request arrives", || !upstream.targets().is_empty()).await;
        stream.reset();
        eventually("the exchange ends", || !gateway.records().is_empty()).await;
    });
    let records = gateway.wait_for_records(1);
    assert_eq!(cause(&records[0]), "client_left");
}

#[test]
fn a_reader_that_stalls_holds_up_nobody_else() {
    let upstream = Upstream::start(|link| {
        while let Some(request) = link.request()? {
            let large = "x".repeat(if request.word() == "/large" { 4 << 20 } else { 10 });
            link.answer(&large)?;
        }
        Ok(())
    });
    let gateway = gateway(&upstream);
    run(async {
        let mut connection = Connection::open(gateway.address()).await;
        // Nothing of it is ever read.
        let stalled = connection.begin(get("/large"), true).expect("it is taken");
        for _ in 0..20 {
            let answer = connection.ask(get("/small")).await.expect("it is answered");
            assert_eq!(answer.body.len(), 10);
        }
        drop(stalled);
    });
}

#[test]
fn fields_about_the_connection_make_a_request_malformed() {
    let upstream = Upstream::saying("well");
    let gateway = gateway(&upstream);
    run(async {
        let mut connection = Connection::open(gateway.address()).await;
        let two_hosts =
            Request::get("http://a.example/").header("host", "b.example").body(()).expect("a request");
        let error = connection.ask(two_hosts).await.expect_err("it is refused");
        assert_eq!(error.reason(), Some(Reason::PROTOCOL_ERROR));
        let spaced = Request::get("http://a.example/").header("x-a", " b").body(()).expect("a request");
        let error = connection.ask(spaced).await.expect_err("it is refused");
        assert_eq!(error.reason(), Some(Reason::PROTOCOL_ERROR));
        assert_eq!(connection.ask(get("/")).await.expect("it goes on").status, 200);
    });
    assert_eq!(upstream.targets(), ["/"], "nothing malformed went through");
}

#[test]
fn a_websocket_over_http_2_is_a_tunnel() {
    let upstream = Upstream::start(|link| {
        let Some(head) = link.wire.head()? else { return Ok(()) };
        assert_eq!(head.field("upgrade"), Some("websocket"));
        assert_eq!(head.field("sec-websocket-key").map(str::len), Some(24));
        link.send(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\nhello",
        )?;
        let said = link.wire.bytes(4)?;
        link.send(&format!("you said {}", String::from_utf8_lossy(&said)))
    });
    let gateway = gateway(&upstream);
    run(async {
        let mut connection = Connection::open(gateway.address()).await;
        let mut request = Request::connect("http://a.example/chat").body(()).expect("a request");
        request.extensions_mut().insert(h2::ext::Protocol::from_static("websocket"));
        request.headers_mut().insert("sec-websocket-version", "13".parse().expect("a value"));
        let stream = connection.begin(request, false).expect("it is taken");
        let answer = stream.send(Bytes::from_static(b"ping"), None).await.expect("it is answered");
        assert_eq!((answer.status, answer.body.as_slice()), (200, b"helloyou said ping".as_slice()));
    });
}

#[test]
fn an_answer_that_does_not_switch_never_looks_like_an_open_websocket() {
    let upstream = Upstream::saying("a page");
    let gateway = gateway(&upstream);
    run(async {
        let mut connection = Connection::open(gateway.address()).await;
        let mut request = Request::connect("http://a.example/chat").body(()).expect("a request");
        request.extensions_mut().insert(h2::ext::Protocol::from_static("websocket"));
        let stream = connection.begin(request, false).expect("it is taken");
        assert_eq!(stream.answer().await.expect("it is answered").status, 502);
    });
    assert_eq!(cause(&gateway.wait_for_records(1)[0]), "upgrade_wrong");
}

#[test]
fn a_drain_lets_streams_end_and_takes_no_new_ones() {
    let upstream = Upstream::start(|link| {
        while link.request()?.is_some() {
            crate::pace(Duration::from_millis(300));
            link.answer("well")?;
        }
        Ok(())
    });
    let mut gateway = gateway(&upstream);
    run(async {
        let mut connection = Connection::open(gateway.address()).await;
        let stream = connection.begin(get("/"), true).expect("it is taken");
        eventually("the request arrives", || !upstream.targets().is_empty()).await;
        let running = gateway.take();
        let stopping = std::thread::spawn(move || running.stop(PATIENCE));
        assert_eq!(stream.answer().await.expect("it is answered").status, 200);
        connection.has_ended().await;
        assert!(stopping.join().expect("stopping does not panic"), "everything ended by itself");
    });
}

#[test]
fn a_flood_of_resets_ends_its_connection_and_no_other() {
    let upstream = Upstream::saying("well");
    let gateway = gateway(&upstream);
    run(async {
        let mut flood = Connection::open(gateway.address()).await;
        let mut other = Connection::open(gateway.address()).await;
        for _ in 0..5_000 {
            let Some(mut stream) = flood.begin(get("/"), true) else { break };
            stream.reset();
            tokio::task::yield_now().await;
        }
        assert_eq!(other.ask(get("/")).await.expect("it is served").status, 200);
    });
}

#[test]
fn answers_are_compressed_on_streams_too_and_a_cut_one_is_reset() {
    let upstream = Upstream::start(|link| {
        while let Some(request) = link.request()? {
            let page = "<p>page</p>\n".repeat(20_000);
            let stated = if request.word() == "/cut" { 2 * page.len() } else { page.len() };
            let head = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n";
            link.send(&format!("{head}Content-Length: {stated}\r\n\r\n{page}"))?;
            if request.word() == "/cut" {
                break;
            }
        }
        Ok(())
    });
    let url = upstream.url();
    let gateway = Gateway::start(&format!(
        "workers = 1\n[listen]\nhttp = \"127.0.0.1:0\"\n[site.\"*\"]\nupstreams = \"{url}\"\ncompress = true\n"
    ));
    let request = |path: &str| {
        let request = Request::get(format!("http://a.example{path}")).header("accept-encoding", "gzip");
        request.body(()).expect("a request")
    };
    run(async {
        let mut connection = Connection::open(gateway.address()).await;
        let answer = connection.ask(request("/whole")).await.expect("it is answered");
        assert_eq!(answer.fields["content-encoding"], "gzip");
        let mut text = String::new();
        let mut decoder = flate2::read::GzDecoder::new(answer.body.as_slice());
        std::io::Read::read_to_string(&mut decoder, &mut text).expect("is gzip");
        assert!(text == "<p>page</p>\n".repeat(20_000));
        let error = connection.ask(request("/cut")).await.expect_err("it is not whole");
        assert!(error.is_reset(), "{error}");
    });
    assert_eq!(cause(&gateway.wait_for_records(2)[1]), "body_cut");
}
