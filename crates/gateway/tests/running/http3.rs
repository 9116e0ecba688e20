//! HTTP/3 from clients: streams beside each other, bodies both ways, trailers, resets, drain, and what must not get
//! through.

mod client;
mod early;
mod limits;

use crate::client::trusting;
use crate::conversation::{eventually, run};
use crate::gateway::{Folder, Gateway, cause};
use crate::upstream::Upstream;
use crate::{PATIENCE, pattern};
use bytes::Bytes;
use client::{Connection, code, connect, get, post};
use h3::error::Code;
use http::{HeaderMap, Request};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// A gateway that speaks HTTP/3, and what its clients trust.
struct Site {
    gateway: Gateway,
    config: String,
    trusting: Arc<rustls::ClientConfig>,
}

impl Site {
    fn start(upstream: &Upstream) -> Self {
        Self::start_with(upstream, "", "")
    }

    /// As [`Site::start`], with these lines before everything else, and with these in the site.
    fn start_with(upstream: &Upstream, before: &str, in_site: &str) -> Self {
        Self::start_at("true", upstream, before, in_site)
    }

    fn start_at(http3: &str, upstream: &Upstream, before: &str, in_site: &str) -> Self {
        let made = rcgen::generate_simple_self_signed(vec!["shop.example".to_owned()]).expect("can be made");
        let authority = made.cert.pem();
        let folder = Folder::new();
        folder.write("chain.pem", &authority);
        folder.write("key.pem", &made.signing_key.serialize_pem());
        let config = format!(
            "workers = 1\n{before}\n[listen]\nhttps = \"127.0.0.1:0\"\nhttp3 = {http3}\n[site.\"shop.example\"]\n\
             certificate = {{ chain = \"chain.pem\", key = \"key.pem\" }}\nupstreams = \"{}\"\n{in_site}\n",
            upstream.url()
        );
        Self { gateway: Gateway::start_in(folder, &config), config, trusting: trusting(&authority) }
    }

    fn address(&self) -> SocketAddr {
        let bound = self.gateway.running().addresses();
        bound.iter().find_map(torwart_gateway::Bound::quic).expect("it speaks HTTP/3")
    }

    async fn open(&self) -> Connection {
        Connection::open(self.address(), &self.trusting).await
    }
}

#[test]
fn a_request_over_http_3_is_an_exchange_like_any_other() {
    let upstream = Upstream::saying("well");
    let site = Site::start(&upstream);
    run(async {
        let mut connection = site.open().await;
        let answer = connection.ask(get("/a?b=c")).await.expect("it is answered");
        assert_eq!((answer.status, answer.body.as_slice()), (200, b"well".as_slice()));
        assert!(
            !answer.fields.contains_key("connection") && !answer.fields.contains_key("transfer-encoding")
        );
        let again = connection.ask(get("/again")).await.expect("the connection goes on");
        assert_eq!(again.status, 200);
    });
    assert_eq!(upstream.targets(), ["/a?b=c", "/again"]);
    let records = site.gateway.wait_for_records(2);
    assert_eq!(records[0]["protocol"], "HTTP/3");
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
    let site = Site::start(&upstream);
    run(async {
        let mut connection = site.open().await;
        let mut slow = connection.begin(get("/slow")).await.expect("it is taken");
        slow.finish().await;
        let mut others = Vec::new();
        for number in 0..60 {
            let mut other = connection.begin(get(&format!("/{number}"))).await.expect("it is taken");
            other.finish().await;
            others.push(other);
        }
        for (number, other) in others.into_iter().enumerate() {
            let answer = other.answer().await.expect("it is answered");
            assert_eq!(answer.body, format!("/{number}").as_bytes());
        }
        assert_eq!(slow.answer().await.expect("it is answered").body, b"/slow");
    });
    assert_eq!(site.gateway.wait_for_records(61).len(), 61);
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
    let site = Site::start(&upstream);
    let mut body = vec![0; 3 << 20];
    pattern::fill(0, &mut body);
    run(async {
        let mut connection = site.open().await;
        for is_length_told in [true, false] {
            let mut request = post("/echo");
            if is_length_told {
                request.headers_mut().insert("content-length", body.len().into());
            }
            let stream = connection.begin(request).await.expect("it is taken");
            let answer = stream.send(Bytes::from(body.clone()), None).await.expect("it is answered");
            assert_eq!(answer.status, 200);
            assert!(answer.body == body, "the body came back changed");
        }
    });
}

#[test]
fn large_bodies_pass_without_large_windows_and_while_the_client_moves() {
    let upstream = Upstream::start(|link| {
        while let Some(head) = link.wire.head()? {
            let mut body = Vec::new();
            link.wire.body(&head, |piece| body.extend_from_slice(piece))?;
            link.send(&format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len()))?;
            link.wire.send(&body)?;
        }
        Ok(())
    });
    let site = Site::start_with(&upstream, "client.limit.windows = \"0B\"", "");
    let mut body = vec![0; 1 << 20];
    pattern::fill(0, &mut body);
    run(async {
        let mut connection = site.open().await;
        let stream = connection.begin(post("/echo")).await.expect("it is taken");
        let endpoint = connection.endpoint.clone();
        let moving = async {
            for _ in 0..3 {
                tokio::time::sleep(Duration::from_millis(20)).await;
                let other = std::net::UdpSocket::bind("127.0.0.1:0").expect("a socket");
                endpoint.rebind(other).expect("it moves");
            }
        };
        let (answer, ()) = tokio::join!(stream.send(Bytes::from(body.clone()), None), moving);
        assert!(answer.expect("it is answered").body == body, "the body came back changed");
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
    let site = Site::start(&upstream);
    run(async {
        let mut connection = site.open().await;
        let mut request = post("/t");
        request.headers_mut().insert("te", "trailers".parse().expect("a value"));
        let stream = connection.begin(request).await.expect("it is taken");
        let mut trailers = HeaderMap::new();
        trailers.insert("x-sum", "1".parse().expect("a value"));
        let answer = stream.send(Bytes::from_static(b"data"), Some(trailers)).await.expect("it is answered");
        assert_eq!(answer.body, b"abc");
        assert_eq!(answer.trailers.expect("there are trailers")["grpc-status"], "0");
    });
}

#[test]
fn a_body_that_never_came_is_no_chunked_one() {
    let upstream = Upstream::start(|link| {
        while let Some(head) = link.wire.head()? {
            assert_eq!(head.field("transfer-encoding"), None);
            link.answer("well")?;
        }
        Ok(())
    });
    let site = Site::start(&upstream);
    run(async {
        let mut connection = site.open().await;
        let mut stream = connection.begin(get("/")).await.expect("it is taken");
        // The end comes in a packet of its own.
        tokio::time::sleep(Duration::from_millis(50)).await;
        stream.finish().await;
        assert_eq!(stream.answer().await.expect("it is answered").status, 200);
    });
}

#[test]
fn a_cut_answer_is_a_reset_and_never_an_end() {
    let upstream = Upstream::start(|link| {
        link.request()?;
        link.send(&format!(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n8000\r\n{}\r\n",
            "x".repeat(0x8000)
        ))
    });
    let site = Site::start(&upstream);
    run(async {
        let mut connection = site.open().await;
        let error = match connection.ask(get("/")).await {
            Err(error) => error,
            // Nothing had gone out yet, so an honest status was still possible.
            Ok(answer) => return assert_eq!(answer.status, 502),
        };
        assert_eq!(code(&error), Some(Code::H3_INTERNAL_ERROR));
    });
    let records = site.gateway.wait_for_records(1);
    assert_eq!(cause(&records[0]), "body_cut");
}

#[test]
fn a_refused_upstream_is_told_by_status_and_the_connection_goes_on() {
    let upstream = Upstream::saying("well");
    let gone = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("it is bound");
    let route = format!("[[site.\"shop.example\".route]]\npath = \"/gone\"\nupstreams = \"http://{gone}\"");
    let site = Site::start_with(&upstream, "", &route);
    run(async {
        let mut connection = site.open().await;
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
    let site = Site::start(&upstream);
    run(async {
        let mut connection = site.open().await;
        let mut stream = connection.begin(get("/")).await.expect("it is taken");
        stream.finish().await;
        eventually("the request arrives", || !upstream.targets().is_empty()).await;
        stream.reset();
        eventually("the exchange ends", || !site.gateway.records().is_empty()).await;
    });
    let records = site.gateway.wait_for_records(1);
    assert_eq!(cause(&records[0]), "client_left");
}

#[test]
fn a_connection_that_vanishes_ends_its_exchanges() {
    let upstream = Upstream::start(|link| {
        while link.request()?.is_some() {
            if link.wire.has_ended() {
                return Ok(());
            }
        }
        Ok(())
    });
    let site = Site::start(&upstream);
    run(async {
        let mut connection = site.open().await;
        let mut stream = connection.begin(get("/")).await.expect("it is taken");
        stream.finish().await;
        eventually("the request arrives", || !upstream.targets().is_empty()).await;
        connection.quic.close(0u32.into(), b"");
        eventually("the exchange ends", || !site.gateway.records().is_empty()).await;
    });
    let records = site.gateway.wait_for_records(1);
    assert_eq!(cause(&records[0]), "client_left");
}

#[test]
fn a_reader_that_stalls_holds_up_nobody_else() {
    let upstream = Upstream::start(|link| {
        while let Some(request) = link.request()? {
            let large = "x".repeat(if request.word() == "/large" { 8 << 20 } else { 10 });
            link.answer(&large)?;
        }
        Ok(())
    });
    let site = Site::start(&upstream);
    run(async {
        let mut connection = site.open().await;
        // Nothing of it is ever read.
        let mut stalled = connection.begin(get("/large")).await.expect("it is taken");
        stalled.finish().await;
        for _ in 0..20 {
            let answer = connection.ask(get("/small")).await.expect("it is answered");
            assert_eq!(answer.body.len(), 10);
        }
        drop(stalled);
    });
}

#[test]
fn what_cannot_be_told_in_http_1_is_malformed_and_goes_nowhere() {
    let upstream = Upstream::saying("well");
    let site = Site::start(&upstream);
    run(async {
        let mut connection = site.open().await;
        for (name, value) in [("connection", "close"), ("transfer-encoding", "chunked"), ("x-a", " b")] {
            let request =
                Request::get("https://shop.example/").header(name, value).body(()).expect("a request");
            let error = connection.ask(request).await.expect_err("it is refused");
            assert_eq!(code(&error), Some(Code::H3_MESSAGE_ERROR), "{name}");
        }
        assert_eq!(connection.ask(get("/")).await.expect("it goes on").status, 200);
    });
    assert_eq!(upstream.targets(), ["/"], "nothing malformed went through");
    assert_eq!(site.gateway.wait_for_records(4).len(), 4);
}

#[test]
fn a_body_longer_than_it_says_never_becomes_a_second_request() {
    let upstream = Upstream::saying("well");
    let site = Site::start(&upstream);
    run(async {
        let mut connection = site.open().await;
        let mut request = post("/first");
        request.headers_mut().insert("content-length", 3.into());
        let mut stream = connection.begin(request).await.expect("it is taken");
        // Whether it is refused before it is sent whole is all the same.
        let _ = stream.data(b"abcGET /second HTTP/1.1\r\nHost: a\r\n\r\n").await;
        assert!(stream.answer().await.is_err(), "it is malformed");
        assert_eq!(connection.ask(get("/third")).await.expect("it goes on").status, 200);
    });
    assert!(!upstream.targets().iter().any(|target| target == "/second"));
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
    let mut site = Site::start(&upstream);
    run(async {
        let mut connection = site.open().await;
        let mut stream = connection.begin(get("/")).await.expect("it is taken");
        stream.finish().await;
        eventually("the request arrives", || !upstream.targets().is_empty()).await;
        let running = site.gateway.take();
        let stopping = std::thread::spawn(move || running.stop(PATIENCE));
        assert_eq!(stream.answer().await.expect("it is answered").status, 200);
        connection.has_ended().await;
        eventually("the gateway has stopped", || stopping.is_finished()).await;
        assert!(stopping.join().expect("stopping does not panic"), "everything ended by itself");
    });
}

#[test]
fn a_client_that_moves_goes_on() {
    let upstream = Upstream::saying("well");
    let site = Site::start(&upstream);
    run(async {
        let mut connection = site.open().await;
        assert_eq!(connection.ask(get("/before")).await.expect("it is answered").status, 200);
        let other = std::net::UdpSocket::bind("127.0.0.1:0").expect("a socket");
        connection.endpoint.rebind(other).expect("it moves");
        assert_eq!(connection.ask(get("/after")).await.expect("it is answered").status, 200);
    });
    assert_eq!(upstream.targets(), ["/before", "/after"]);
}

#[test]
fn an_unknown_name_is_shown_the_certificate_there_is() {
    let upstream = Upstream::saying("well");
    let site = Site::start(&upstream);
    run(async {
        let error =
            connect(site.address(), "other.example", &site.trusting).await.expect_err("it is not trusted");
        assert!(matches!(error, quinn::ConnectionError::TransportError(_)), "{error}");
        // The client's alert becomes a record.
        eventually("there is a record", || !site.gateway.records().is_empty()).await;
    });
    assert_eq!(cause(&site.gateway.wait_for_records(1)[0]), "client_handshake_failed");
}

#[test]
fn clients_over_tcp_are_told_of_http_3_and_not_of_what_the_upstream_offers() {
    let upstream = Upstream::start(|link| {
        while link.request()?.is_some() {
            link.send("HTTP/1.1 200 OK\r\nAlt-Svc: h3=\":9\"\r\nContent-Length: 0\r\n\r\n")?;
        }
        Ok(())
    });
    let socket = std::net::UdpSocket::bind("127.0.0.1:0").expect("a port");
    let port = socket.local_addr().expect("it is bound").port();
    drop(socket);
    let own = "[[site.\"shop.example\".route]]\npath = \"/own\"\nresponse_headers = { set = { Alt-Svc = \"clear\" } }";
    let site = Site::start_at(&format!("\"127.0.0.1:{port}\""), &upstream, "", own);
    let tcp = site.gateway.addresses(true).into_iter().next().expect("it speaks TLS");
    let mut client = crate::client::Client::connect_tls(tcp, &site.trusting);
    let expected = format!("h3=\":{port}\"; ma=86400");
    for (path, expected) in [("/", expected.as_str()), ("/own", "clear"), ("/", &expected)] {
        let answer = client.get(path).expect("an answer");
        let fields = answer.head.fields.iter();
        let lines: Vec<_> = fields.filter(|(name, _)| name == "alt-svc").map(|(_, value)| value).collect();
        assert_eq!(lines, [expected], "{path}");
    }
}

#[test]
fn a_site_that_asks_for_certificates_is_not_reached_by_http_3() {
    let upstream = Upstream::saying("well");
    let site = Site::start_with(&upstream, "", "client_certificate = { ca = \"chain.pem\" }");
    run(async {
        let error = connect(site.address(), "shop.example", &site.trusting).await.expect_err("it is refused");
        assert!(matches!(error, quinn::ConnectionError::ConnectionClosed(_)), "{error}");
        // Not either by the way of another name: there is no certificate for one.
        assert!(connect(site.address(), "other.example", &site.trusting).await.is_err());
    });
    assert!(upstream.targets().is_empty());
}

#[test]
fn a_connection_for_one_name_is_not_for_a_site_with_another_certificate() {
    let upstream = Upstream::saying("well");
    let made = rcgen::generate_simple_self_signed(vec!["other.example".to_owned()]).expect("can be made");
    let folder = Folder::new();
    folder.write("other.pem", &made.cert.pem());
    folder.write("other.key", &made.signing_key.serialize_pem());
    let pair = |file: &str| folder.path(file).display().to_string();
    let other = format!(
        "[site.\"other.example\"]\ncertificate = {{ chain = \"{}\", key = \"{}\" }}\nupstreams = \"{}\"",
        pair("other.pem"),
        pair("other.key"),
        upstream.url()
    );
    let site = Site::start_with(&upstream, "", &other);
    run(async {
        let mut connection = site.open().await;
        let request = Request::get("https://other.example/").body(()).expect("a request");
        assert_eq!(connection.ask(request).await.expect("it is answered").status, 421);
        assert_eq!(connection.ask(get("/")).await.expect("it goes on").status, 200);
    });
    assert_eq!(cause(&site.gateway.wait_for_records(2)[0]), "misdirected");
}

#[test]
fn http_3_is_switched_on_and_off_under_open_connections() {
    let upstream = Upstream::saying("well");
    let site = Site::start(&upstream);
    let address = site.address();
    let without = format!(
        "workers = 1\n[listen]\nhttps = \"127.0.0.1:0\"\n[site.\"shop.example\"]\n\
         certificate = {{ chain = \"chain.pem\", key = \"key.pem\" }}\nupstreams = \"{}\"\n",
        upstream.url()
    );
    run(async {
        let mut connection = site.open().await;
        assert_eq!(connection.ask(get("/")).await.expect("it is answered").status, 200);
        site.gateway.adopt(&without).expect("it is taken over");
        // The worker hears of the new plan in its own time; then nobody answers any more.
        let patience = Duration::from_millis(300);
        while let Ok(Ok(_)) =
            tokio::time::timeout(patience, connect(address, "shop.example", &site.trusting)).await
        {}
        assert_eq!(connection.ask(get("/still")).await.expect("the connection goes on").status, 200);
        site.gateway.adopt(&without.replace("[site", "http3 = true\n[site")).expect("it is taken over");
        let mut another = Connection::open(site.address(), &site.trusting).await;
        assert_eq!(another.ask(get("/again")).await.expect("it is answered").status, 200);
    });
    assert_eq!(upstream.targets(), ["/", "/still", "/again"]);
}

#[test]
fn all_of_ipv4_and_all_of_ipv6_may_stand_beside_each_other() {
    if std::net::UdpSocket::bind("[::1]:0").is_err() {
        return;
    }
    let upstream = Upstream::saying("well");
    let socket = std::net::UdpSocket::bind("[::]:0").expect("a port");
    let port = socket.local_addr().expect("it is bound").port();
    drop(socket);
    for [first, second] in [["0.0.0.0", "[::]"], ["[::]", "0.0.0.0"]] {
        let both = format!("[\"{first}:{port}\", \"{second}:{port}\"]");
        let site = Site::start_at(&both, &upstream, "", "");
        run(async {
            let address = SocketAddr::from(([127, 0, 0, 1], port));
            let mut connection = Connection::open(address, &site.trusting).await;
            assert_eq!(connection.ask(get("/")).await.expect("it is answered").status, 200);
        });
    }
}

#[test]
fn answers_are_compressed_over_http_3_too() {
    let upstream = Upstream::start(|link| {
        while link.request()?.is_some() {
            link.answer_with("Content-Type: text/html\r\n", &"<p>page</p>\n".repeat(20_000))?;
        }
        Ok(())
    });
    let site = Site::start_with(&upstream, "", "compress = true");
    run(async {
        let mut connection = site.open().await;
        let request = Request::get("https://shop.example/page").header("accept-encoding", "gzip");
        let answer = connection.ask(request.body(()).expect("a request")).await.expect("it is answered");
        assert_eq!(answer.fields["content-encoding"], "gzip");
        let mut text = String::new();
        let mut decoder = flate2::read::GzDecoder::new(answer.body.as_slice());
        std::io::Read::read_to_string(&mut decoder, &mut text).expect("is gzip");
        assert!(text == "<p>page</p>\n".repeat(20_000));
    });
}

#[test]
fn another_process_reads_the_socket_once_nobody_here_needs_it() {
    let upstream = Upstream::saying("well");
    let mut site = Site::start(&upstream);
    let address = site.address();
    run(async {
        let mut before = site.open().await;
        assert_eq!(before.ask(get("/before")).await.expect("it is answered").status, 200);
        let successor = site.gateway.succeed(&site.config);
        assert_eq!(successor.running().addresses(), site.gateway.running().addresses());
        let first = site.gateway.take();
        let closed = first.endpoints_closed();
        let ending = std::thread::spawn(move || first.hand_over(PATIENCE));
        closed.await;
        successor.running().open_late();
        let mut after = Connection::open(address, &site.trusting).await;
        assert_eq!(after.ask(get("/after")).await.expect("it is answered").status, 200);
        drop(before);
        assert!(ending.join().expect("it ends"));
    });
}
