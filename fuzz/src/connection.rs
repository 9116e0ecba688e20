//! What must hold for a whole connection of HTTP/2: whatever a client sends behind its preface, the gateway says whole
//! frames and nothing else, ends the connection once the client has ended its side, and goes on with others.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

/// Sends these bytes to a gateway, as a client that ends its side behind them.
pub(crate) fn converse(gateway: SocketAddr, bytes: &[u8]) {
    let mut stream = TcpStream::connect(gateway).expect("the gateway listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("it can be set");
    stream.set_write_timeout(Some(PATIENCE)).expect("it can be set");
    // It may have ended the connection before all of it was sent.
    let _ = stream.write_all(&[PREFACE, bytes].concat());
    let _ = stream.shutdown(Shutdown::Write);
    let (mut said, mut part) = (Vec::new(), [0; 4096]);
    let is_cut = loop {
        match stream.read(&mut part) {
            Ok(0) => break false,
            Ok(count) => said.extend_from_slice(&part[..count]),
            // What it had not read yet makes the kernel reset the connection.
            Err(error) if matches!(error.kind(), ErrorKind::ConnectionReset | ErrorKind::BrokenPipe) => {
                break true;
            }
            Err(error) => panic!("the gateway ends the connection: {error}"),
        }
    };
    let mut rest = said.as_slice();
    while let Some((head, after)) = rest.split_at_checked(9) {
        let length = usize::from(head[0]) << 16 | usize::from(head[1]) << 8 | usize::from(head[2]);
        assert!(length <= 16_384, "no frame is longer than clients take");
        assert!(head[3] <= 9, "no kind of frame that nobody knows");
        match after.get(length..) {
            Some(after) => rest = after,
            None => break,
        }
    }
    assert!(is_cut || rest.is_empty(), "frames are whole");
    goes_on(gateway);
}

/// Another client is answered as ever.
fn goes_on(gateway: SocketAddr) {
    let mut stream = TcpStream::connect(gateway).expect("the gateway listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("it can be set");
    stream.write_all(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").expect("it is taken");
    let mut said = Vec::new();
    stream.read_to_end(&mut said).expect("it is answered");
    assert!(said.starts_with(b"HTTP/1.1 308 "), "{}", said.escape_ascii());
}

/// The gateway for this: it answers by itself, but for one path whose upstream is not there.
pub(crate) const CONFIG: &str = "workers = 1\n[listen]\nhttp = \"127.0.0.1:0\"\n[site.\"*\"]\n\
     redirect = \"https://a.example{path}\"\n\
     [[site.\"*\".route]]\npath = \"/up\"\nupstreams = \"http://127.0.0.1:1\"\n";

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Much longer than anything takes.
const PATIENCE: Duration = Duration::from_secs(20);
