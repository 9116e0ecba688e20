//! Large bodies arrive byte by byte as they were sent, both ways at once, and are never kept whole in memory.

use crate::client::{Client, trusting};
use crate::gateway::{Folder, Gateway};
use crate::message::Wire;
use crate::process::alone;
use crate::upstream::{Link, Upstream};
use crate::{PATIENCE, pattern};
use std::io;
use std::sync::Arc;
use torwart_lab::Certificates;

const LENGTH: u64 = 50 << 20;

/// What the gateway may need for it beyond what it needs for a small one.
const MOST_MEMORY: u64 = 20 << 20;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Framing {
    Length,
    Chunked,
}

fn field(framing: Framing, length: u64) -> String {
    match framing {
        Framing::Length => format!("Content-Length: {length}\r\n"),
        Framing::Chunked => "Transfer-Encoding: chunked\r\n".to_owned(),
    }
}

/// Sends a body of the pattern.
fn send(wire: &mut Wire, framing: Framing, length: u64) -> io::Result<()> {
    let mut piece = vec![0; PIECE];
    let mut place = 0;
    while place < length {
        let size = usize::try_from(length - place).map_or(PIECE, |left| left.min(PIECE));
        pattern::fill(place, &mut piece[..size]);
        if framing == Framing::Chunked {
            wire.send(format!("{size:x}\r\n").as_bytes())?;
        }
        wire.send(&piece[..size])?;
        if framing == Framing::Chunked {
            wire.send(b"\r\n")?;
        }
        place += size as u64;
    }
    if framing == Framing::Chunked { wire.send(b"0\r\n\r\n") } else { Ok(()) }
}

const PIECE: usize = 60_000;

/// Takes a body of the pattern and answers with one of the same length and framing.
fn mirror(link: &mut Link) -> io::Result<()> {
    while let Some(head) = link.wire.head()? {
        let mut check = pattern::Check::default();
        link.wire.body(&head, |piece| check.take(piece))?;
        assert_eq!(check.wrong_at, None);
        let framing = if head.field("content-length").is_some() { Framing::Length } else { Framing::Chunked };
        link.send(&format!("HTTP/1.1 200 OK\r\n{}\r\n", field(framing, check.length)))?;
        send(&mut link.wire, framing, check.length)?;
    }
    Ok(())
}

/// Uploads a body and downloads one; both must be right.
fn exchange(client: &mut Client, framing: Framing, length: u64) {
    let head = format!("PUT / HTTP/1.1\r\nHost: shop.example\r\n{}\r\n", field(framing, length));
    client.send(&head).expect("it is taken");
    send(&mut client.wire, framing, length).expect("the body is taken");
    let head = client.head().expect("it is answered");
    assert_eq!(head.word(), "200");
    assert_eq!(head.field("content-length").is_some(), framing == Framing::Length);
    let mut check = pattern::Check::default();
    client.wire.body(&head, |piece| check.take(piece)).expect("the body arrives");
    check.expect(length);
}

/// Small bodies first, so that whatever is made once is there; then large ones in no more memory.
fn check(gateway: &mut Gateway, mut connect: impl FnMut(&Gateway) -> Client) {
    for framing in [Framing::Length, Framing::Chunked] {
        exchange(&mut connect(gateway), framing, 2 << 20);
    }
    let before = memory("VmRSS");
    for framing in [Framing::Length, Framing::Chunked] {
        exchange(&mut connect(gateway), framing, LENGTH);
    }
    let grown = memory("VmHWM").saturating_sub(before);
    assert!(grown < MOST_MEMORY, "the process has grown by {grown} bytes");
    assert!(gateway.stop(PATIENCE));
    let records = gateway.records();
    assert_eq!(records.len(), 4);
    for record in &records[2..] {
        assert_eq!((&record["status"], &record["complete"]), (&200.into(), &true.into()), "{record}");
        assert!(record["sent"].as_u64() >= Some(LENGTH), "{record}");
        assert!(record["received"].as_u64() >= Some(LENGTH), "{record}");
        assert!(record["attempts"][0]["sent"].as_u64() >= Some(LENGTH), "{record}");
        assert!(record["attempts"][0]["received"].as_u64() >= Some(LENGTH), "{record}");
    }
}

/// What the kernel says about this process, in bytes: now (`VmRSS`) or at most so far (`VmHWM`).
fn memory(what: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux has it");
    let line = status.lines().find_map(|line| line.strip_prefix(what)).expect("it is listed");
    let kibibytes = line.trim_matches(|c: char| !c.is_ascii_digit());
    kibibytes.parse::<u64>().expect("is a number") << 10
}

#[test]
fn fifty_mebibytes_each_way_pass_in_little_memory() {
    alone("large_bodies::fifty_mebibytes_each_way_pass_in_little_memory", || {
        let upstream = Upstream::start(mirror);
        let url = upstream.url();
        let mut gateway = Gateway::start(&format!(
            "workers = 1\n[listen]\nhttp = \"127.0.0.1:0\"\n[site.\"*\"]\nupstreams = \"{url}\"\n"
        ));
        check(&mut gateway, |gateway| Client::connect(gateway.address()));
    });
}

#[test]
fn fifty_mebibytes_each_way_pass_over_tls_in_little_memory() {
    alone("large_bodies::fifty_mebibytes_each_way_pass_over_tls_in_little_memory", || {
        let certificates = Certificates::generate().expect("can be made");
        let leaf = certificates.issue(&["shop.example"]).expect("can be made");
        let folder = Folder::new();
        folder.write("ca.pem", certificates.authority());
        folder.write("site.pem", &leaf.chain);
        folder.write("site.key", &leaf.key);
        let upstream = Upstream::start_tls(server(&leaf.chain, &leaf.key), mirror);
        let address = upstream.address();
        let mut gateway = Gateway::start_in(
            folder,
            &format!(
                "workers = 1\n[listen]\nhttps = \"127.0.0.1:0\"\n[site.\"shop.example\"]\n\
                 certificate = {{ chain = \"{{folder}}/site.pem\", key = \"{{folder}}/site.key\" }}\n\
                 upstreams = \"https://{address}\"\n\
                 tls = {{ ca = \"{{folder}}/ca.pem\", name = \"shop.example\" }}\n"
            ),
        );
        let trusting = trusting(certificates.authority());
        check(&mut gateway, |gateway| Client::connect_tls(gateway.addresses(true)[0], &trusting));
    });
}

/// A TLS server with this certificate.
pub(crate) fn server(chain: &str, key: &str) -> Arc<rustls::ServerConfig> {
    use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
    let chain = CertificateDer::pem_slice_iter(chain.as_bytes()).map(|der| der.expect("is PEM")).collect();
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).expect("is PEM");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("the provider knows TLS 1.3")
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .expect("they belong together");
    Arc::new(config)
}
