//! A ClientHello of our own, for what the TLS library does not speak: TLS 1.0 and 1.1, RSA key exchange, old ciphers.
//!
//! It only asks and reads: up to TLS 1.2 the server's choice, its certificates and its wish for a client certificate
//! come in the clear. No handshake is ever completed, so nothing can be sent over such a connection.

use super::server_flight::{Flight, Progress};
use crate::Stream;
use crate::ending_of::{ending_of, handshake_ending};
use rustls::crypto::aws_lc_rs;
use rustls_pki_types::CertificateDer;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;
use torwart_cause::{Deadline, Ending, TlsFault};

/// What to ask for.
#[derive(Clone, Debug)]
pub struct Hello {
    /// The name to ask for; none sends none.
    pub name: Option<String>,
    /// The newest version offered, as on the wire: `0x0301` is TLS 1.0, `0x0303` TLS 1.2.
    pub newest: u16,
    /// The cipher suites offered, by number.
    pub suites: Vec<u16>,
}

/// What the server said to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// It chose.
    Chose {
        /// The version.
        version: u16,
        /// The cipher suite.
        suite: u16,
        /// The certificates shown, leaf first.
        chain: Vec<CertificateDer<'static>>,
        /// Whether it asked for a client certificate.
        asks_certificate: bool,
    },
    /// It ended the handshake in this way.
    Ended(Ending),
}

impl Hello {
    /// Everything we know, up to this version.
    pub fn up_to(newest: u16, name: Option<&str>) -> Self {
        Self { name: name.map(str::to_owned), newest, suites: SUITES.iter().map(|(id, _)| *id).collect() }
    }

    /// The record to send.
    fn record(&self) -> Vec<u8> {
        let mut body = Vec::with_capacity(256);
        body.extend(self.newest.to_be_bytes());
        let mut random = [0x54; 32];
        // A predictable random is no harm where nothing will be encrypted.
        let _ = aws_lc_rs::default_provider().secure_random.fill(&mut random);
        body.extend(random);
        body.push(0);
        let suites: Vec<u8> = self.suites.iter().flat_map(|suite| suite.to_be_bytes()).collect();
        put16(&mut body, &suites);
        body.extend([1, 0]);
        put16(&mut body, &self.extensions());
        let mut message = vec![1, 0];
        put16(&mut message, &body);
        // The record's own version is the oldest one offered by anybody (RFC 5246, appendix E.1).
        let mut record = vec![22, 3, 1];
        put16(&mut record, &message);
        record
    }

    fn extensions(&self) -> Vec<u8> {
        let mut all = Vec::new();
        let name = self.name.as_deref().map(|name| name.trim_end_matches('.'));
        if let Some(name) = name.filter(|name| name.parse::<std::net::IpAddr>().is_err()) {
            let mut entry = vec![0];
            put16(&mut entry, name.as_bytes());
            put_extension(&mut all, 0, &listed(&entry));
        }
        // x25519, P-256, P-384, P-521.
        put_extension(&mut all, 10, &listed(&[0, 29, 0, 23, 0, 24, 0, 25]));
        // Uncompressed points.
        put_extension(&mut all, 11, &[1, 0]);
        if self.newest >= 0x0303 {
            let schemes = [4, 3, 5, 3, 6, 3, 8, 7, 8, 4, 8, 5, 8, 6, 4, 1, 5, 1, 6, 1, 2, 3, 2, 1, 2, 2];
            put_extension(&mut all, 13, &listed(&schemes));
        }
        // An empty renegotiation_info: some servers insist on it (RFC 5746).
        put_extension(&mut all, 0xff01, &[0]);
        all
    }
}

/// Sends the hello over a plain stream and reads the server's first flight.
pub async fn say_hello(mut stream: Stream, hello: &Hello, deadline: Duration) -> Heard {
    let record = hello.record();
    let mut flight = Flight::default();
    let talk = async {
        stream.write_all(&record).await?;
        stream.flush().await?;
        let mut buffer = [0; 4096];
        loop {
            // Once it has chosen, the rest of its flight is a bonus.
            let patience = if flight.heard().is_some() { REST } else { deadline };
            let Ok(read) = timeout(patience, stream.read(&mut buffer)).await else { return Ok(()) };
            let count = read?;
            if count == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
            match flight.take(buffer.get(..count).unwrap_or_default()) {
                Progress::Wanting => {}
                Progress::Done => return Ok(()),
            }
        }
    };
    let result: Option<std::io::Result<()>> = timeout(deadline, talk).await.ok();
    if let Some(heard) = flight.heard() {
        return heard;
    }
    Heard::Ended(match result {
        None => Ending::TimedOut(Deadline::Handshake),
        Some(Ok(())) => Ending::Tls(TlsFault::Broken),
        Some(Err(error)) if flight.is_silent() => match ending_of(&error, Deadline::Handshake) {
            Ending::ClosedWithoutNotify => Ending::Closed,
            other => other,
        },
        Some(Err(error)) => handshake_ending(&error, flight.first_bytes()),
    })
}

/// A version as OpenSSL writes it.
pub const fn version_name(version: u16) -> &'static str {
    match version {
        0x0300 => "SSLv3",
        0x0301 => "TLSv1",
        0x0302 => "TLSv1.1",
        0x0303 => "TLSv1.2",
        0x0304 => "TLSv1.3",
        _ => "unknown",
    }
}

/// A cipher suite of [`SUITES`] as OpenSSL writes it.
pub fn suite_name(suite: u16) -> Option<&'static str> {
    SUITES.iter().find(|(id, _)| *id == suite).map(|(_, name)| *name)
}

/// Length of 16 bits, then the bytes.
fn put16(to: &mut Vec<u8>, bytes: &[u8]) {
    let length = u16::try_from(bytes.len()).unwrap_or(u16::MAX);
    to.extend(length.to_be_bytes());
    to.extend(bytes.iter().take(usize::from(length)));
}

fn listed(bytes: &[u8]) -> Vec<u8> {
    let mut list = Vec::with_capacity(bytes.len() + 2);
    put16(&mut list, bytes);
    list
}

fn put_extension(to: &mut Vec<u8>, kind: u16, content: &[u8]) {
    to.extend(kind.to_be_bytes());
    put16(to, content);
}

/// How long the rest of a server's flight is awaited after its choice.
const REST: Duration = Duration::from_millis(700);
/// The cipher suites up to TLS 1.2 that we can ask for: registered number, OpenSSL's name.
pub const SUITES: &[(u16, &str)] = &[
    (0xc02b, "ECDHE-ECDSA-AES128-GCM-SHA256"),
    (0xc02f, "ECDHE-RSA-AES128-GCM-SHA256"),
    (0xc02c, "ECDHE-ECDSA-AES256-GCM-SHA384"),
    (0xc030, "ECDHE-RSA-AES256-GCM-SHA384"),
    (0xcca9, "ECDHE-ECDSA-CHACHA20-POLY1305"),
    (0xcca8, "ECDHE-RSA-CHACHA20-POLY1305"),
    (0x009e, "DHE-RSA-AES128-GCM-SHA256"),
    (0x009f, "DHE-RSA-AES256-GCM-SHA384"),
    (0xccaa, "DHE-RSA-CHACHA20-POLY1305"),
    (0xc023, "ECDHE-ECDSA-AES128-SHA256"),
    (0xc027, "ECDHE-RSA-AES128-SHA256"),
    (0xc024, "ECDHE-ECDSA-AES256-SHA384"),
    (0xc028, "ECDHE-RSA-AES256-SHA384"),
    (0xc009, "ECDHE-ECDSA-AES128-SHA"),
    (0xc013, "ECDHE-RSA-AES128-SHA"),
    (0xc00a, "ECDHE-ECDSA-AES256-SHA"),
    (0xc014, "ECDHE-RSA-AES256-SHA"),
    (0x0067, "DHE-RSA-AES128-SHA256"),
    (0x006b, "DHE-RSA-AES256-SHA256"),
    (0x0033, "DHE-RSA-AES128-SHA"),
    (0x0039, "DHE-RSA-AES256-SHA"),
    (0x009c, "AES128-GCM-SHA256"),
    (0x009d, "AES256-GCM-SHA384"),
    (0x003c, "AES128-SHA256"),
    (0x003d, "AES256-SHA256"),
    (0x002f, "AES128-SHA"),
    (0x0035, "AES256-SHA"),
    (0x000a, "DES-CBC3-SHA"),
    (0x0005, "RC4-SHA"),
    (0x0004, "RC4-MD5"),
];

#[cfg(test)]
mod tests;
