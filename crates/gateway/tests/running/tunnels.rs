//! Upgrades: once the upstream has agreed, bytes pass both ways as they are.

use crate::client::Client;
use crate::gateway::{Gateway, cause};
use crate::upstream::{Link, Upstream};
use crate::{PATIENCE, pattern};
use std::io;
use std::time::Duration;

const UPGRADE: &str = "GET /chat HTTP/1.1\r\nHost: shop.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
    Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

const SWITCHED: &str = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
    Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

/// A masked text frame and a pong-like binary one, as RFC 6455 §5.7 writes them.
const MASKED_HELLO: [u8; 11] = [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
const HELLO: [u8; 7] = [0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f];

fn gateway(upstream: &Upstream) -> Gateway {
    let url = upstream.url();
    Gateway::start(&format!(
        "workers = 1\n[listen]\nhttp = \"127.0.0.1:0\"\n[site.\"*\"]\nupstreams = \"{url}\"\n"
    ))
}

/// An upstream that agrees to the upgrade and goes on so.
fn upgrading(go_on: impl Fn(&mut Link) -> io::Result<()> + Send + Sync + 'static) -> Upstream {
    Upstream::start(move |link| {
        let Some(request) = link.request()? else { return Ok(()) };
        assert_eq!(request.field("upgrade"), Some("websocket"));
        assert_eq!(request.field("sec-websocket-key"), Some("dGhlIHNhbXBsZSBub25jZQ=="));
        link.send(SWITCHED)?;
        go_on(link)
    })
}

fn upgraded(gateway: &Gateway) -> Client {
    let mut client = Client::connect(gateway.address());
    client.send(UPGRADE).expect("it is taken");
    let head = client.head().expect("the head arrives");
    assert_eq!(head.word(), "101");
    assert_eq!(head.field("upgrade"), Some("websocket"));
    assert_eq!(head.field("sec-websocket-accept"), Some("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
    client
}

#[test]
fn frames_pass_both_ways_until_the_client_closes() {
    let upstream = upgrading(|link| {
        for _ in 0..100 {
            assert_eq!(link.wire.bytes(MASKED_HELLO.len())?, MASKED_HELLO);
            link.wire.send(&HELLO)?;
        }
        assert!(link.wire.has_ended());
        Ok(())
    });
    let mut gateway = gateway(&upstream);
    let mut client = upgraded(&gateway);
    for _ in 0..100 {
        client.wire.send(&MASKED_HELLO).expect("it is taken");
        assert_eq!(client.wire.bytes(HELLO.len()).expect("the frame arrives"), HELLO);
    }
    drop(client);
    let records = gateway.wait_for_records(1);
    assert_eq!((cause(&records[0]), &records[0]["complete"]), ("", &true.into()), "{}", records[0]);
    assert_eq!(records[0]["status"], 101);
    assert!(records[0]["sent"].as_u64() >= Some(700));
    assert!(gateway.stop(PATIENCE));
    assert_eq!(gateway.records().len(), 1);
}

#[test]
fn frames_that_come_with_the_heads_are_not_lost() {
    let upstream = Upstream::start(|link| {
        if link.request()?.is_some() {
            link.wire.send(&[SWITCHED.as_bytes(), &HELLO].concat())?;
            assert_eq!(link.wire.bytes(MASKED_HELLO.len())?, MASKED_HELLO);
        }
        Ok(())
    });
    let gateway = gateway(&upstream);
    let mut client = Client::connect(gateway.address());
    client.wire.send(&[UPGRADE.as_bytes(), &MASKED_HELLO].concat()).expect("it is taken");
    assert_eq!(client.head().expect("the head arrives").word(), "101");
    assert_eq!(client.wire.bytes(HELLO.len()).expect("the frame arrives"), HELLO);
    assert!(client.wire.has_ended());
}

#[test]
fn the_end_of_the_clients_side_is_passed_on_and_the_last_words_still_arrive() {
    let upstream = upgrading(|link| {
        let mut check = pattern::Check::default();
        let mut piece = vec![0; 64 << 10];
        loop {
            match link.wire.read(&mut piece)? {
                0 => break,
                read => check.take(&piece[..read]),
            }
        }
        check.expect(LENGTH);
        link.send("last words")
    });
    let gateway = gateway(&upstream);
    let mut client = upgraded(&gateway);
    let mut piece = vec![0; 64 << 10];
    for place in (0..LENGTH).step_by(piece.len()) {
        pattern::fill(place, &mut piece);
        client.wire.send(&piece).expect("it is taken");
    }
    client.wire.end_sending();
    assert_eq!(client.wire.bytes(10).expect("the last words arrive"), b"last words");
    assert!(client.wire.has_ended());
    let records = gateway.wait_for_records(1);
    assert_eq!((cause(&records[0]), &records[0]["complete"]), ("", &true.into()), "{}", records[0]);
}

const LENGTH: u64 = 1 << 20;

#[test]
fn a_protocol_nobody_offered_is_refused() {
    let upstream = Upstream::start(|link| {
        while link.request()?.is_some() {
            link.send("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: chess\r\n\r\n")?;
        }
        Ok(())
    });
    let gateway = gateway(&upstream);
    for offer in [UPGRADE, "GET / HTTP/1.1\r\nHost: shop.example\r\n\r\n"] {
        let mut client = Client::connect(gateway.address());
        client.send(offer).expect("it is taken");
        assert_eq!(client.answer().expect("it is answered").status, 502);
    }
    let records = gateway.wait_for_records(2);
    assert_eq!(records.iter().map(cause).collect::<Vec<_>>(), ["upgrade_wrong"; 2]);
}

#[test]
fn an_upgrade_the_upstream_refuses_is_an_ordinary_exchange() {
    let upstream = Upstream::saying("no");
    let gateway = gateway(&upstream);
    let mut client = Client::connect(gateway.address());
    client.send(UPGRADE).expect("it is taken");
    let answer = client.answer().expect("it is answered");
    assert_eq!((answer.status, answer.body.as_str()), (200, "no"));
    assert_eq!(client.get("/").expect("the connection goes on").status, 200);
}

#[test]
fn a_tunnel_ends_with_the_drain() {
    let upstream = upgrading(|link| {
        assert!(link.wire.has_ended());
        Ok(())
    });
    let mut gateway = gateway(&upstream);
    let mut client = upgraded(&gateway);
    assert!(!gateway.stop(Duration::from_millis(200)));
    assert!(client.wire.has_ended());
    let records = gateway.records();
    assert_eq!(records.iter().map(cause).collect::<Vec<_>>(), ["draining"]);
}
