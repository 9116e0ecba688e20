//! The PROXY protocol: from load balancers in front, and to upstreams behind.

use crate::client::{Client, trusting};
use crate::gateway::{Folder, Gateway, cause};
use crate::message::Wire;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};

fn config(upstream: SocketAddr, from: &str, more: &str) -> String {
    format!(
        r#"
[listen]
http = {{ address = "127.0.0.1:0", proxy_protocol = true, from = "{from}" }}

[client]
deadline = {{ handshake = "300ms" }}

[site."shop.example"]
upstreams = "http://{upstream}"
{more}
"#
    )
}

/// An upstream that answers each connection once, with what it was sent.
fn mirror() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("it is bound");
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let mut text = Vec::new();
            let mut room = [0; 4096];
            while !text.windows(4).any(|end| end == b"\r\n\r\n" && text.len() > 30) {
                match stream.read(&mut room) {
                    Ok(read) if read > 0 => text.extend_from_slice(&room[..read]),
                    _ => break,
                }
            }
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", text.len());
            // A client that has left cannot be told.
            let _ = stream.write_all(&[head.as_bytes(), &text].concat());
        }
    });
    address
}

#[test]
fn the_stated_client_counts() {
    let gateway = Gateway::start(&config(mirror(), "127.0.0.0/8", ""));
    let mut client = Client::connect(gateway.address());
    client.send("PROXY TCP4 203.0.113.7 198.51.100.1 4711 80\r\n").expect("sent");
    let answer = client.get("/").expect("an answer");
    assert_eq!(answer.status, 200);
    assert!(answer.body.contains("X-Forwarded-For: 203.0.113.7\r\n"), "{}", answer.body);
    assert!(gateway.wait_for_records(1)[0]["client"].as_str().expect("text").starts_with("203.0.113.7"));
}

#[test]
fn a_binary_header_may_come_in_pieces_and_say_that_the_client_spoke_tls() {
    let gateway = Gateway::start(&config(mirror(), "127.0.0.1", ""));
    let mut client = Client::connect(gateway.address());
    let mut header =
        b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x14\xcb\0\x71\x08\xc6\x33\x64\x01\x12\x67\x01\xbb".to_vec();
    header.extend_from_slice(b"\x20\0\x05\x01\0\0\0\0");
    for piece in header.chunks(7) {
        client.wire.send(piece).expect("sent");
        crate::pace(std::time::Duration::from_millis(5));
    }
    let answer = client.get("/").expect("an answer");
    assert!(answer.body.contains("X-Forwarded-For: 203.0.113.8\r\n"), "{}", answer.body);
    assert!(answer.body.contains("X-Forwarded-Proto: https\r\n"), "{}", answer.body);
}

#[test]
fn who_is_not_listed_and_who_says_nothing_right_is_turned_away() {
    let check = |from: &str, first: &str, expected: &str| {
        let gateway = Gateway::start(&config(mirror(), from, ""));
        let mut client = Client::connect(gateway.address());
        // It may be turned away before this is sent.
        let _ = client.send(first);
        assert!(client.wire.has_ended(), "{first}");
        assert_eq!(cause(&gateway.wait_for_records(1)[0]), expected, "{first}");
    };
    check("10.0.0.0/8", "PROXY TCP4 203.0.113.7 198.51.100.1 4711 80\r\n", "denied");
    check("127.0.0.1", "GET / HTTP/1.1\r\nHost: shop.example\r\n\r\n", "client_handshake_failed");
    check("127.0.0.1", "PROXY TCP4 203.0.113.7 198.51.100.1 04711 80\r\n", "client_handshake_failed");
    check("127.0.0.1", "PROXY TCP4 ", "client_handshake_failed");
}

#[test]
fn upstreams_are_told_whose_connection_it_is_and_each_link_is_used_once() {
    let gateway = Gateway::start(&config(mirror(), "127.0.0.1", "proxy_protocol = \"v1\""));
    for address in ["203.0.113.7", "203.0.113.8"] {
        let mut client = Client::connect(gateway.address());
        client.send(&format!("PROXY TCP4 {address} 198.51.100.1 4711 80\r\n")).expect("sent");
        for _ in 0..2 {
            let answer = client.get("/").expect("an answer");
            let expected = format!("PROXY TCP4 {address} 198.51.100.1 4711 80\r\nGET / HTTP/1.1\r\n");
            assert!(answer.body.starts_with(&expected), "{}", answer.body);
        }
    }
    let records = gateway.wait_for_records(4);
    assert!(records.iter().all(|record| record["attempts"][0]["reused"] == false));
}

#[test]
fn tls_begins_behind_the_header() {
    let made = rcgen::generate_simple_self_signed(vec!["shop.example".to_owned()]).expect("can be made");
    let authority = made.cert.pem();
    let folder = Folder::new();
    folder.write("chain.pem", &authority);
    folder.write("key.pem", &made.signing_key.serialize_pem());
    let config = format!(
        r#"
[listen]
https = {{ address = "127.0.0.1:0", proxy_protocol = true, from = "127.0.0.1" }}

[site."shop.example"]
certificate = {{ chain = "chain.pem", key = "key.pem" }}
upstreams = "http://{}"
"#,
        mirror()
    );
    let gateway = Gateway::start_in(folder, &config);
    let address = gateway.addresses(true)[0];
    let mut tcp = std::net::TcpStream::connect(address).expect("the gateway listens");
    tcp.write_all(b"PROXY TCP6 2001:db8::7 2001:db8::1 4711 443\r\n").expect("sent");
    let mut client = Client { wire: Wire::tls_client(tcp, trusting(&authority)) };
    let answer = client.get("/").expect("an answer");
    assert!(answer.body.contains("X-Forwarded-For: 2001:db8::7\r\n"), "{}", answer.body);
    assert!(answer.body.contains("X-Forwarded-Proto: https\r\n"), "{}", answer.body);
}
