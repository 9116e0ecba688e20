//! The PROXY protocol's header, read and written.

use proptest::prelude::*;
use torwart_cause::{Ending, Fault};
use torwart_wire::proxy_protocol::{Origin, parse, write_v1, write_v2};

fn said(bytes: &[u8]) -> String {
    match parse(bytes) {
        Ok(None) => "more".to_owned(),
        Ok(Some(stated)) => {
            let origin = match stated.origin {
                Origin::Sender => "sender".to_owned(),
                Origin::Unix => "unix".to_owned(),
                Origin::Client { client, server } => format!("{client} to {server}"),
            };
            let tls = stated.is_tls.map_or("", |is_tls| if is_tls { ", tls" } else { ", plain" });
            format!("{origin}, {} bytes{tls}", stated.len)
        }
        Err(Ending::Malformed(Fault { what, at })) => format!("{} at {at}", what.id()),
        Err(other) => format!("{other:?}"),
    }
}

fn check(bytes: &[u8], expected: &str) {
    assert_eq!(said(bytes), expected, "{}", bytes.escape_ascii());
}

/// A header of version 2.
fn v2(command: u8, family: u8, content: &[u8]) -> Vec<u8> {
    let mut bytes = b"\r\n\r\n\0\r\nQUIT\n".to_vec();
    bytes.extend_from_slice(&[command, family]);
    bytes.extend_from_slice(&u16::try_from(content.len()).expect("a short content").to_be_bytes());
    bytes.extend_from_slice(content);
    bytes
}

const TCP4: [u8; 12] = [192, 0, 2, 1, 198, 51, 100, 2, 0x04, 0xd2, 0x01, 0xbb];

#[test]
fn a_line_names_client_and_server() {
    check(
        b"PROXY TCP4 192.0.2.1 198.51.100.2 1234 443\r\nGET /",
        "192.0.2.1:1234 to 198.51.100.2:443, 44 bytes",
    );
    check(b"PROXY TCP6 2001:db8::1 ::1 1 65535\r\n", "[2001:db8::1]:1 to [::1]:65535, 36 bytes");
    check(b"PROXY UNKNOWN\r\n", "sender, 15 bytes");
    check(b"PROXY UNKNOWN and whatever 1 2\r\n", "sender, 32 bytes");
}

#[test]
fn a_line_that_is_not_exact_is_refused_at_its_byte() {
    check(b"GET / HTTP/1.1\r\n", "bad_proxy_header at 0");
    check(b"PROXX", "bad_proxy_header at 4");
    check(b"PROXY tcp4 192.0.2.1 198.51.100.2 1 2\r\n", "bad_proxy_header at 6");
    check(b"PROXY TCP4 192.0.2.01 198.51.100.2 1 2\r\n", "bad_proxy_header at 11");
    check(b"PROXY TCP4 ::1 198.51.100.2 1 2\r\n", "bad_proxy_header at 11");
    check(b"PROXY TCP4  192.0.2.1 198.51.100.2 1 2\r\n", "bad_proxy_header at 11");
    check(b"PROXY TCP4 192.0.2.1 198.51.100.2 01 2\r\n", "bad_proxy_header at 34");
    check(b"PROXY TCP4 192.0.2.1 198.51.100.2 1 65536\r\n", "bad_proxy_header at 36");
    check(b"PROXY TCP4 192.0.2.1 198.51.100.2 1 2 \r\n", "bad_proxy_header at 38");
    check(b"PROXY TCP4 192.0.2.1 198.51.100.2 1 +2\r\n", "bad_proxy_header at 36");
    check(b"PROXY TCP4 192.0.2.1 198.51.100.2 1\r\n", "bad_proxy_header at 36");
    check(b"PROXY TCP4 192.0.2.1 198.51.100.2 1 2\n", "bad_proxy_header at 37");
    check(b"PROXY TCP4 192.0.2.1 198.51.100.2 1 2\rX", "bad_proxy_header at 38");
    check(&[b"PROXY UNKNOWN ".as_slice(), &[b'x'; 200]].concat(), "bad_proxy_header at 107");
}

#[test]
fn a_binary_header_names_client_and_server() {
    check(&v2(0x21, 0x11, &TCP4), "192.0.2.1:1234 to 198.51.100.2:443, 28 bytes");
    check(&v2(0x20, 0x11, &TCP4), "sender, 28 bytes");
    check(&v2(0x20, 0x00, &[]), "sender, 16 bytes");
    check(&v2(0x21, 0x00, &[]), "sender, 16 bytes");
    check(&v2(0x21, 0x31, &[0; 216]), "unix, 232 bytes");
    let tls = [TCP4.as_slice(), &[0x20, 0, 5, 1, 0, 0, 0, 0]].concat();
    check(&v2(0x21, 0x11, &tls), "192.0.2.1:1234 to 198.51.100.2:443, 36 bytes, tls");
}

#[test]
fn a_binary_header_that_is_not_exact_is_refused_at_its_byte() {
    check(b"\r\n\r\n\0\r\nQUIX", "bad_proxy_header at 10");
    check(&v2(0x31, 0x11, &TCP4), "bad_proxy_header at 12");
    check(&v2(0x22, 0x11, &TCP4), "bad_proxy_header at 12");
    check(&v2(0x21, 0x12, &TCP4), "bad_proxy_header at 13");
    check(&v2(0x21, 0x11, &TCP4[..11]), "bad_proxy_header at 14");
    check(&v2(0x21, 0x11, &[0; 4097]), "bad_proxy_header at 14");
    let cut = [TCP4.as_slice(), &[0x20, 0]].concat();
    check(&v2(0x21, 0x11, &cut), "bad_proxy_header at 28");
    let beyond = [TCP4.as_slice(), &[0x20, 0, 9, 1]].concat();
    check(&v2(0x21, 0x11, &beyond), "bad_proxy_header at 29");
}

#[test]
fn a_stated_checksum_must_be_right() {
    let wrong = [TCP4.as_slice(), &[3, 0, 4, 1, 2, 3, 4]].concat();
    check(&v2(0x21, 0x11, &wrong), "bad_proxy_checksum at 31");
    // The sum was computed by another implementation.
    let right = std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/corpus/proxy_header/checked"));
    check(&right.expect("part of the corpus"), "192.0.2.1:1234 to 198.51.100.2:443, 35 bytes");
}

#[test]
fn half_a_header_asks_for_more() {
    for whole in [b"PROXY TCP4 192.0.2.1 198.51.100.2 1234 443\r\n".to_vec(), v2(0x21, 0x11, &TCP4)] {
        for len in 0..whole.len() {
            check(&whole[..len], "more");
        }
    }
}

#[test]
fn what_is_written_suits_both_ends() {
    let address = |text: &str| Some(text.parse().expect("an address"));
    let line = |client: &str, server: &str| {
        let mut out = Vec::new();
        write_v1(&mut out, address(client), address(server));
        String::from_utf8(out).expect("text")
    };
    assert_eq!(line("192.0.2.1:9", "10.0.0.1:80"), "PROXY TCP4 192.0.2.1 10.0.0.1 9 80\r\n");
    assert_eq!(line("[::ffff:192.0.2.1]:9", "10.0.0.1:80"), "PROXY TCP4 192.0.2.1 10.0.0.1 9 80\r\n");
    assert_eq!(line("[2001:db8::1]:9", "10.0.0.1:80"), "PROXY TCP6 2001:db8::1 ::ffff:10.0.0.1 9 80\r\n");
    let (mut one, mut two) = (Vec::new(), Vec::new());
    write_v1(&mut one, None, address("10.0.0.1:80"));
    write_v2(&mut two, None, None);
    assert_eq!(one, b"PROXY UNKNOWN\r\n");
    check(&two, "sender, 16 bytes");
}

proptest! {
    #[test]
    fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = said(&bytes);
        let _ = said(&[b"PROXY ".as_slice(), &bytes].concat());
        let _ = said(&[b"\r\n\r\n\0\r\nQUIT\n\x21".as_slice(), &bytes].concat());
    }

    #[test]
    fn what_is_written_is_read_again(client: [u8; 4], server: [u8; 4], ports: (u16, u16)) {
        let (client, server) = ((client, ports.0).into(), (server, ports.1).into());
        for write in [write_v1, write_v2] {
            let mut out = Vec::new();
            write(&mut out, Some(client), Some(server));
            let stated = parse(&out).expect("right").expect("whole");
            prop_assert_eq!(stated.origin, Origin::Client { client, server });
            prop_assert_eq!(stated.len, out.len());
        }
    }
}
