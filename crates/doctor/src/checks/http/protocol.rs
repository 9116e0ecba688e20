//! What is spoken at a port: known by the first bytes it sends, or by what it answers to a polite question.
//!
//! Not a check of its own. Each question is one connection; none of them changes anything at the far end.

use crate::Case;
use crate::observe::answer::{ask, question};
use crate::observe::exchange::{Exchange, FarEnd, Way, open};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;
use torwart_cause::{Attempt, Ending};

/// Another protocol than HTTP/1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// HTTP/2 without upgrade.
    Http2,
    /// FastCGI.
    FastCgi,
    /// uwsgi.
    Uwsgi,
    /// Another one, by name.
    Other(&'static str),
}

/// The protocol that begins with these bytes.
pub fn by_first_bytes(bytes: &[u8]) -> Option<Protocol> {
    if is_http2(bytes) {
        return Some(Protocol::Http2);
    }
    if is_fastcgi(bytes) {
        return Some(Protocol::FastCgi);
    }
    // A MySQL greeting: length, sequence number 0, protocol version 10, then the server's version as text.
    if let [_, 0 | 1, 0, 0, 10 | 0xff, next, ..] = bytes
        && (next.is_ascii_digit() || bytes.get(4) == Some(&0xff))
    {
        return Some(Protocol::Other("MySQL"));
    }
    let found = BANNERS.iter().find(|(banner, _)| bytes.starts_with(banner.as_bytes()));
    found.map(|(_, name)| Protocol::Other(name))
}

/// An HTTP/2 frame a server begins with: SETTINGS on stream 0, or GOAWAY.
fn is_http2(bytes: &[u8]) -> bool {
    matches!(bytes, [0, 0, length, 4 | 7, 0, 0, 0, 0, 0, ..] if *length < 128)
}

/// A FastCGI record: version 1, a known type.
fn is_fastcgi(bytes: &[u8]) -> bool {
    matches!(bytes, [1, 3 | 6 | 7 | 10 | 11, _, _, _, _, _, 0, ..])
}

/// Asks which other protocol is spoken where HTTP/1 was not answered.
pub async fn ask_around(case: &Case, way: &Way) -> Option<Protocol> {
    let answer = talk(case, way, HTTP2_PREFACE).await.unwrap_or_default();
    if is_http2(&answer) {
        return Some(Protocol::Http2);
    }
    if is_fastcgi(&fastcgi_values(case, way).await.unwrap_or_default()) {
        return Some(Protocol::FastCgi);
    }
    let answer = talk(case, way, UWSGI_PING).await.unwrap_or_default();
    matches!(answer.as_slice(), [100, 0, 0, ..]).then_some(Protocol::Uwsgi)
}

/// The answer to the simplest question of FastCGI: which values the server has. `None` where there is no connection.
pub async fn fastcgi_values(case: &Case, way: &Way) -> Option<Vec<u8>> {
    talk(case, way, FASTCGI_GET_VALUES).await
}

/// Whether these bytes answer that question.
pub fn is_fastcgi_answer(bytes: &[u8]) -> bool {
    is_fastcgi(bytes)
}

/// Sends bytes and gives the first that come back. `None` where there is no connection, or the budget is spent.
async fn talk(case: &Case, way: &Way, bytes: &[u8]) -> Option<Vec<u8>> {
    case.budget().connection(&way.host).ok()?;
    case.budget().request(&way.host).ok()?;
    let mut stream = open(way, &mut Attempt::default()).await?;
    let talking = async {
        // Whoever closes at once may still have sent something.
        let _ = stream.write_all(bytes).await;
        let mut answer = vec![0; 64];
        let count = stream.read(&mut answer).await.unwrap_or(0);
        answer.truncate(count);
        answer
    };
    Some(timeout(PATIENCE, talking).await.unwrap_or_default())
}

/// Whether the far end ends a connection on which nothing was asked yet; after how long.
pub async fn closes_unasked(case: &Case, way: &Way) -> Option<Duration> {
    case.budget().connection(&way.host).ok()?;
    let mut attempt = Attempt::default();
    let Some(mut stream) = open(way, &mut attempt).await else {
        // A reset that overtakes the end of the connection attempt.
        let is_reset = matches!(attempt.connect.ending(), Some(Ending::Reset));
        return is_reset.then(|| attempt.connect.duration().unwrap_or_default());
    };
    let begun = std::time::Instant::now();
    let mut byte = [0; 1];
    match timeout(AT_ONCE, stream.read(&mut byte)).await {
        Ok(Ok(0) | Err(_)) => Some(begun.elapsed()),
        Ok(Ok(_)) | Err(_) => None,
    }
}

/// The answer that comes behind a PROXY protocol header, with the header's version, if one makes the difference.
pub async fn with_proxy_header(case: &Case, way: &Way, host: &str) -> Option<(u8, Exchange)> {
    for version in [1, 2] {
        let way = way.with_first(proxy_header(way, version));
        let Some(answer) = ask(case, &way, &question(case, host, &[]), PATIENCE).await else { continue };
        if answer.status().is_some_and(|status| status != 400) {
            return Some((version, answer));
        }
    }
    None
}

/// A PROXY protocol header that names nobody but us.
pub fn proxy_header(way: &Way, version: u8) -> Vec<u8> {
    let to = match &way.to {
        FarEnd::Ip(address) => *address,
        FarEnd::Unix(_) => SocketAddr::from(([127, 0, 0, 1], 80)),
    };
    let port = to.port();
    if version == 1 {
        let family = if to.is_ipv4() { "TCP4" } else { "TCP6" };
        let ip = to.ip();
        return format!("PROXY {family} {ip} {ip} 40000 {port}\r\n").into_bytes();
    }
    let mut header = b"\r\n\r\n\0\r\nQUIT\n\x21".to_vec();
    let (family, octets) = match to.ip() {
        std::net::IpAddr::V4(ip) => (0x11, ip.octets().to_vec()),
        std::net::IpAddr::V6(ip) => (0x21, ip.octets().to_vec()),
    };
    let length = octets.len() * 2 + 4;
    header.extend([family, 0, u8::try_from(length).unwrap_or(12)]);
    header.extend_from_slice(&octets);
    header.extend_from_slice(&octets);
    header.extend_from_slice(&40_000_u16.to_be_bytes());
    header.extend_from_slice(&port.to_be_bytes());
    header
}

const HTTP2_PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";

/// FCGI_GET_VALUES for FCGI_MPXS_CONNS: version 1, type 9, request 0, 17 bytes of content, 7 of padding.
const FASTCGI_GET_VALUES: &[u8] = b"\x01\x09\0\0\0\x11\x07\0\x0f\0FCGI_MPXS_CONNS\0\0\0\0\0\0\0";

/// uwsgi's own ping: modifier 100, no content.
const UWSGI_PING: &[u8] = &[100, 0, 0, 0];

/// How long a polite question is waited for.
const PATIENCE: Duration = Duration::from_secs(3);
/// A connection that is ended within this time was not asked anything.
const AT_ONCE: Duration = Duration::from_millis(400);

/// What servers say first, or to a line they do not understand.
const BANNERS: &[(&str, &str)] = &[
    ("SSH-", "SSH"),
    ("220 ", "SMTP/FTP"),
    ("220-", "SMTP/FTP"),
    ("421 ", "SMTP/FTP"),
    ("500 ", "SMTP/FTP"),
    ("-ERR ", "Redis/POP3"),
    ("-NOAUTH", "Redis"),
    ("-DENIED", "Redis"),
    ("-MISCONF", "Redis"),
    ("+OK", "POP3"),
    ("* OK", "IMAP"),
    ("* BYE", "IMAP"),
    ("ERROR\r\n", "memcached"),
    ("E\0\0\0", "PostgreSQL"),
    ("EFATAL", "PostgreSQL"),
    ("AMQP", "AMQP"),
    ("RFB ", "VNC"),
    ("RTSP/", "RTSP"),
    ("ICY ", "Icecast"),
    ("SIP/", "SIP"),
    ("@RSYNCD:", "rsync"),
    ("\u{3}\0\0", "RDP"),
    ("AB\0\0", "AJP"),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn check(bytes: &[u8], expected: Option<Protocol>) {
        assert_eq!(by_first_bytes(bytes), expected, "{}", String::from_utf8_lossy(bytes));
    }

    #[test]
    fn servers_are_known_by_how_they_begin() {
        check(b"SSH-2.0-OpenSSH_9.7\r\n", Some(Protocol::Other("SSH")));
        check(b"220 mail.example ESMTP\r\n", Some(Protocol::Other("SMTP/FTP")));
        check(b"-ERR unknown command 'GET'\r\n", Some(Protocol::Other("Redis/POP3")));
        check(b"J\0\0\0\x0a8.0.36\0", Some(Protocol::Other("MySQL")));
        check(b"E\0\0\0\x2dSFATAL\0", Some(Protocol::Other("PostgreSQL")));
        check(b"\0\0\x12\x04\0\0\0\0\0", Some(Protocol::Http2));
        check(b"\x01\x0a\0\0\0\x12\x06\0", Some(Protocol::FastCgi));
        check(b"<html>hello", None);
        check(b"", None);
    }

    #[test]
    fn proxy_headers_are_right_to_the_byte() {
        let way = Way::plain("10.0.0.1:8080".parse().expect("an address"));
        let text = String::from_utf8(proxy_header(&way, 1)).expect("text");
        assert_eq!(text, "PROXY TCP4 10.0.0.1 10.0.0.1 40000 8080\r\n");
        let header = proxy_header(&way, 2);
        assert_eq!(header.len(), 16 + 12);
        assert_eq!(header.get(12..16), Some(&[0x21, 0x11, 0, 12][..]));
    }
}
