//! HTTP/2 toward upstreams: shared connections, limits, refusals, the choice by ALPN, gRPC, WebSocket, polite ends.

use super::client::{Connection, post};
use super::server::{Manners, Server};
use crate::client::Client;
use crate::conversation::run;
use crate::gateway::{Folder, Gateway, cause};
use crate::upstream::Upstream;
use crate::{eventually, pace};
use bytes::Bytes;
use std::sync::Arc;
use std::time::Duration;
use torwart_lab::Ground;

fn config(url: &str, more: &str) -> String {
    format!("workers = 1\n[listen]\nhttp = \"127.0.0.1:0\"\n[site.\"*\"]\nupstreams = \"{url}\"\n{more}\n")
}

fn gateway(server: &Server) -> Gateway {
    Gateway::start(&config(&server.url("http"), "protocol = \"http2\""))
}

/// So many clients at once, each asking for this once; all must be answered so.
fn ask_at_once(gateway: &Gateway, count: usize, path: &str) {
    let address = gateway.address();
    std::thread::scope(|scope| {
        for _ in 0..count {
            scope.spawn(move || {
                let answer = Client::connect(address).get(path).expect("it is answered");
                assert_eq!((answer.status, answer.body.as_str()), (200, "well"));
            });
        }
    });
}

#[test]
fn exchanges_share_one_connection_and_one_handshake() {
    let server = Server::start(Manners::default());
    let gateway = gateway(&server);
    ask_at_once(&gateway, 30, "/slow");
    assert_eq!((server.connections(), server.requests()), (1, 30));
    let records = gateway.wait_for_records(30);
    let fresh = records.iter().filter(|record| record["attempts"][0]["reused"] == false);
    assert_eq!(fresh.count(), 1, "one of them has opened the connection");
}

#[test]
fn a_full_connection_is_joined_by_another() {
    let server = Server::start(Manners { streams: 4, ..Manners::default() });
    let gateway = gateway(&server);
    // The limit is known from here on.
    ask_at_once(&gateway, 1, "/");
    ask_at_once(&gateway, 12, "/slow");
    assert!((3..=6).contains(&server.connections()), "{}", server.connections());
}

#[test]
fn an_announced_end_costs_no_request() {
    let server = Server::start(Manners { requests: 5, ..Manners::default() });
    let gateway = gateway(&server);
    for _ in 0..6 {
        ask_at_once(&gateway, 4, "/");
    }
    assert!(server.connections() >= 3, "{}", server.connections());
}

#[test]
fn a_refused_post_is_tried_again_and_a_body_is_passed_on() {
    let server = Server::start(Manners::default());
    let gateway = gateway(&server);
    let mut client = Client::connect(gateway.address());
    let body = "x".repeat(100_000);
    assert_eq!(client.post("/", &body).expect("it is answered").body, "taken");
    let refused = client.post("/refused", "a=b").expect("it is answered");
    assert_eq!(refused.status, 502);
    let records = gateway.wait_for_records(2);
    assert_eq!(cause(&records[1]), "stream_refused");
    assert_eq!(records[1]["attempts"].as_array().map(Vec::len), Some(3));
    assert_eq!(server.connections(), 1, "a refused stream says nothing about its connection");
}

#[test]
fn what_is_not_answered_does_not_hold_up_others() {
    let server = Server::start(Manners::default());
    let url = server.url("http");
    let gateway =
        Gateway::start(&config(&url, "protocol = \"http2\"\ndeadline = { first_byte = \"500ms\" }"));
    let address = gateway.address();
    let silent =
        std::thread::spawn(move || Client::connect(address).get("/silent").expect("an answer").status);
    pace(Duration::from_millis(50));
    ask_at_once(&gateway, 5, "/");
    assert_eq!(silent.join().expect("it does not panic"), 504);
    let records = gateway.wait_for_records(6);
    assert_eq!(records.iter().filter(|record| cause(record) == "head_timed_out").count(), 1);
    assert_eq!(server.connections(), 1);
}

#[test]
fn a_quiet_connection_is_ended_politely() {
    let server = Server::start(Manners::default());
    let url = server.url("http");
    let gateway = Gateway::start(&config(&url, "protocol = \"http2\"\nidle = { for = \"300ms\" }"));
    ask_at_once(&gateway, 1, "/");
    eventually("the connection ends", || server.ended() == 1);
    ask_at_once(&gateway, 1, "/");
    assert_eq!(server.connections(), 2);
}

#[test]
fn connections_of_an_upstream_that_leaves_the_plan_end() {
    let server = Server::start(Manners::default());
    let gateway = gateway(&server);
    ask_at_once(&gateway, 1, "/");
    let other = Upstream::saying("well");
    gateway.adopt(&config(&other.url(), "")).expect("the plan is good");
    ask_at_once(&gateway, 1, "/");
    eventually("the connection ends", || server.ended() == 1);
}

#[test]
fn a_gateway_that_stops_says_so_to_its_upstreams() {
    let server = Server::start(Manners::default());
    let mut gateway = gateway(&server);
    ask_at_once(&gateway, 1, "/");
    assert!(gateway.stop(Duration::from_secs(5)));
    eventually("the connection ends", || server.ended() == 1);
    assert_eq!(server.farewells(), 1);
}

/// A server's side of TLS that offers these protocols, and a folder with the authority to trust.
fn tls(ground: &Ground, protocols: &[&[u8]]) -> (Arc<rustls::ServerConfig>, Folder) {
    use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
    let folder = Folder::new();
    folder.write("ca.pem", ground.certificates().authority());
    let issued = ground.certificates().issue(&["localhost"]).expect("a certificate can be made");
    let chain: Vec<_> =
        CertificateDer::pem_slice_iter(issued.chain.as_bytes()).collect::<Result<_, _>>().expect("is PEM");
    let key = PrivateKeyDer::from_pem_slice(issued.key.as_bytes()).expect("is PEM");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("the provider knows TLS 1.3")
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .expect("they belong together");
    config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
    (Arc::new(config), folder)
}

const TRUST: &str = "tls = { ca = \"{folder}/ca.pem\", name = \"localhost\" }";

#[test]
fn auto_takes_what_the_upstream_chooses() {
    let ground = Ground::start().expect("the lab starts");
    let (config_of_server, folder) = tls(&ground, &[b"h2"]);
    let server = Server::start(Manners { tls: Some(config_of_server), ..Manners::default() });
    let text = config(&server.url("https"), &format!("protocol = \"auto\"\n{TRUST}"));
    let gateway = Gateway::start_in(folder, &text);
    ask_at_once(&gateway, 10, "/slow");
    assert_eq!((server.connections(), server.requests()), (1, 10));

    let (config_of_server, folder) = tls(&ground, &[b"http/1.1"]);
    let upstream = Upstream::start_tls(config_of_server, |link| {
        while link.request()?.is_some() {
            link.answer("well")?;
        }
        Ok(())
    });
    let text = config(&upstream.url().replace("http:", "https:"), &format!("protocol = \"auto\"\n{TRUST}"));
    let gateway = Gateway::start_in(folder, &text);
    ask_at_once(&gateway, 10, "/");
    ask_at_once(&gateway, 10, "/");
    assert_eq!(upstream.targets().len(), 20);
}

#[test]
fn an_upstream_that_does_not_choose_http_2_is_told_apart() {
    let ground = Ground::start().expect("the lab starts");
    let (config_of_server, folder) = tls(&ground, &[]);
    let server = Server::start(Manners { tls: Some(config_of_server), ..Manners::default() });
    let text = config(&server.url("https"), &format!("protocol = \"http2\"\n{TRUST}"));
    let gateway = Gateway::start_in(folder, &text);
    assert_eq!(Client::connect(gateway.address()).get("/").expect("an answer").status, 502);
    assert_eq!(cause(&gateway.wait_for_records(1)[0]), "tls_no_agreement");
}

fn call(path: &str, timeout: Option<&str>) -> http::Request<()> {
    let mut request = post(path);
    let fields = request.headers_mut();
    fields.insert("content-type", "application/grpc+proto".parse().expect("a value"));
    fields.insert("te", "trailers".parse().expect("a value"));
    if let Some(timeout) = timeout {
        fields.insert("grpc-timeout", timeout.parse().expect("a value"));
    }
    request
}

#[test]
fn a_call_of_grpc_passes_with_its_trailers_and_fails_in_its_own_words() {
    let server = Server::start(Manners::default());
    let gateway = gateway(&server);
    run(async {
        let mut connection = Connection::open(gateway.address()).await;
        let stream = connection.begin(call("/grpc", None), false).expect("it is taken");
        let answer = stream.send(Bytes::from_static(b"\0\0\0\0\x02hi"), None).await.expect("it is answered");
        assert_eq!((answer.status, answer.body.as_slice()), (200, b"\0\0\0\0\x02hi".as_slice()));
        assert_eq!(answer.trailers.expect("trailers come through")["grpc-status"], "0");

        let answer = connection.ask(call("/silent", Some("200m"))).await.expect("it is answered");
        assert_eq!((answer.status, &answer.fields["grpc-status"]), (200, &"4".parse().expect("a value")));
        assert_eq!(answer.fields["content-type"], "application/grpc");
        assert!(answer.body.is_empty() && answer.trailers.is_none());

        let answer = connection.ask(call("/refused", None)).await.expect("it is answered");
        assert_eq!((answer.status, &answer.fields["grpc-status"]), (200, &"14".parse().expect("a value")));
        assert!(answer.fields.contains_key("grpc-message"));
    });
    let records = gateway.wait_for_records(3);
    assert_eq!(cause(&records[1]), "deadline_spent");
    assert_eq!(cause(&records[2]), "stream_refused");
}

const CHAT: &str = "GET /chat HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\
                    Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

#[test]
fn auto_takes_websocket_over_http_1() {
    let ground = Ground::start().expect("the lab starts");
    let (config_of_server, folder) = tls(&ground, &[b"h2", b"http/1.1"]);
    let upstream = Upstream::start_tls(config_of_server, |link| {
        while let Some(head) = link.request()? {
            assert_eq!(head.field("upgrade"), Some("websocket"));
            link.send(
                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\nhi",
            )?;
        }
        Ok(())
    });
    let text = config(&upstream.url().replace("http:", "https:"), &format!("protocol = \"auto\"\n{TRUST}"));
    let gateway = Gateway::start_in(folder, &text);
    let mut client = Client::connect(gateway.address());
    client.send(CHAT).expect("it is sent");
    assert_eq!(client.head().expect("it is answered").word(), "101");
    assert_eq!(client.wire.bytes(2).expect("it speaks"), b"hi");
}

#[test]
fn an_upstream_without_extended_connect_is_offered_no_websocket() {
    let server = Server::start(Manners { takes_websocket: false, ..Manners::default() });
    let gateway = gateway(&server);
    let mut client = Client::connect(gateway.address());
    client.send(CHAT).expect("it is sent");
    assert_eq!(client.head().expect("it is answered").word(), "200", "it says itself what it makes of that");
    run(async {
        let mut connection = Connection::open(gateway.address()).await;
        let mut request = http::Request::connect("http://a/chat").body(()).expect("a request");
        request.extensions_mut().insert(h2::ext::Protocol::from_static("websocket"));
        let stream = connection.begin(request, false).expect("it is taken");
        assert_eq!(stream.answer().await.expect("it is answered").status, 502);
    });
    assert_eq!(cause(&gateway.wait_for_records(2)[1]), "upgrade_wrong");
}

#[test]
fn websocket_is_tunnelled_through_a_stream() {
    let server = Server::start(Manners::default());
    let gateway = gateway(&server);
    let mut client = Client::connect(gateway.address());
    client.send(CHAT).expect("it is sent");
    let answer = client.head().expect("it is answered");
    assert_eq!((answer.word(), answer.field("upgrade")), ("101", Some("websocket")));
    assert_eq!(answer.field("sec-websocket-accept"), Some("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
    client.send("ping").expect("it is sent");
    assert_eq!(client.wire.bytes(4).expect("it is echoed"), b"ping");
    client.wire.end_sending();
    assert!(client.wire.has_ended());
}
