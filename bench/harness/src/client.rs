//! One client connection: plain or TLS, a request sent as prepared bytes, an answer read and judged.

use crate::{http2, http3};
use anyhow::{Context as _, Result};
use rustls::crypto::aws_lc_rs;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, ServerName};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// Where and how to connect.
#[derive(clap::Args, Clone)]
pub(crate) struct Target {
    /// Address of the proxy.
    #[arg(long)]
    to: SocketAddr,
    /// Speak TLS 1.3 and trust this certificate.
    #[arg(long)]
    trust: Option<PathBuf>,
    /// Speak HTTP/2, one request per connection (for `hold`).
    #[arg(long, requires = "trust")]
    http2: bool,
    /// Speak HTTP/3 (for `load`).
    #[arg(long, requires = "trust", conflicts_with = "http2")]
    pub(crate) http3: bool,
    /// The host to ask for, also in the TLS handshake.
    #[arg(long, default_value = "localhost")]
    host: String,
    /// The path to ask for.
    #[arg(long, default_value = "/1k")]
    path: String,
    /// Send a POST with a body of so many bytes.
    #[arg(long)]
    post: Option<usize>,
    /// Send no field but `Host`, as simple load generators do, instead of a browser's seven.
    #[arg(long)]
    bare: bool,
    /// Ask for the connection's end with every request, and open a new one for the next.
    #[arg(long)]
    close: bool,
}

/// A target, ready to be asked again and again.
pub(crate) struct Asker {
    to: SocketAddr,
    name: ServerName<'static>,
    tls: Option<TlsConnector>,
    request: Vec<u8>,
    http2: bool,
    /// Whether every request has a connection of its own.
    pub(crate) closes: bool,
}

/// Why a request did not get its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// No connection, or no TLS session.
    Connect,
    /// The connection ended before the answer was complete.
    Cut,
    /// The answer is not `200` with a length, or is longer than it says.
    Wrong,
}

impl Target {
    pub(crate) fn asker(&self) -> Result<Asker> {
        Ok(Asker {
            to: self.to,
            name: ServerName::try_from(self.host.clone()).context("--host is not a name")?,
            tls: self.trust.as_deref().map(|trust| self.connector(trust)).transpose()?,
            request: if self.http2 { http2::request(&self.host, &self.path) } else { self.request() },
            http2: self.http2,
            closes: self.close,
        })
    }

    /// The same for HTTP/3.
    pub(crate) fn http3_asker(&self) -> Result<http3::Asker> {
        let trust = self.trust.as_deref().context("HTTP/3 needs --trust")?;
        http3::Asker::new(self.to, &self.host, &self.path, tls(trust)?)
    }

    fn connector(&self, trust: &Path) -> Result<TlsConnector> {
        let mut config = tls(trust)?;
        if self.http2 {
            config.alpn_protocols = vec![b"h2".to_vec()];
        }
        Ok(TlsConnector::from(Arc::new(config)))
    }

    /// A request as a browser would send it, some 350 bytes of head, or a bare one.
    fn request(&self) -> Vec<u8> {
        let method = if self.post.is_some() { "POST" } else { "GET" };
        let mut text = format!("{method} {} HTTP/1.1\r\nHost: {}\r\n", self.path, self.host);
        if !self.bare {
            text.push_str(BROWSER);
        }
        if let Some(size) = self.post {
            text.push_str(&format!("Content-Type: application/octet-stream\r\nContent-Length: {size}\r\n"));
        }
        if self.close {
            text.push_str("Connection: close\r\n");
        }
        text.push_str("\r\n");
        let mut bytes = text.into_bytes();
        bytes.resize(bytes.len() + self.post.unwrap_or(0), b'y');
        bytes
    }
}

const BROWSER: &str = "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0\r\n\
    Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\nAccept-Language: de,en;q=0.5\r\n\
    Accept-Encoding: gzip, deflate, br\r\nReferer: https://shop.example/\r\n\
    Cookie: session=0123456789abcdef0123456789abcdef\r\n";

/// TLS 1.3 with X25519 only, so that every proxy does the same work in the handshake, and never a resumed session.
fn tls(trust: &Path) -> Result<rustls::ClientConfig> {
    let mut provider = aws_lc_rs::default_provider();
    provider.kx_groups = vec![aws_lc_rs::kx_group::X25519];
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(trust).context("--trust is not a certificate")?)?;
    let mut config = rustls::ClientConfig::builder_with_provider(Arc::new(provider))
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.resumption = rustls::client::Resumption::disabled();
    Ok(config)
}

/// A connection of either kind.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

impl Asker {
    /// The bytes of a request.
    pub(crate) fn request(&self) -> &[u8] {
        &self.request
    }

    pub(crate) async fn connect(&self) -> Result<Box<dyn Stream>, Failure> {
        let stream = TcpStream::connect(self.to).await.map_err(|_| Failure::Connect)?;
        stream.set_nodelay(true).map_err(|_| Failure::Connect)?;
        let Some(tls) = &self.tls else { return Ok(Box::new(stream)) };
        let stream = tls.connect(self.name.clone(), stream).await.map_err(|_| Failure::Connect)?;
        Ok(Box::new(stream))
    }

    /// One request and its whole answer; the body's length.
    pub(crate) async fn ask(&self, stream: &mut dyn Stream, buffer: &mut [u8]) -> Result<usize, Failure> {
        stream.write_all(&self.request).await.map_err(|_| Failure::Cut)?;
        if self.http2 {
            return http2::answer(stream, buffer).await;
        }
        let mut filled = 0;
        let (head, length) = loop {
            filled += read(stream, buffer.get_mut(filled..).unwrap_or_default()).await?;
            let bytes = buffer.get(..filled).unwrap_or_default();
            let Some(head) = head_length(bytes) else { continue };
            let is_good = bytes.starts_with(b"HTTP/1.1 200 ");
            let length =
                bytes.get(..head).and_then(content_length).filter(|_| is_good).ok_or(Failure::Wrong)?;
            break (head, length);
        };
        let mut taken = filled - head;
        while taken < length {
            taken += read(stream, buffer).await?;
        }
        if taken == length { Ok(length) } else { Err(Failure::Wrong) }
    }
}

pub(crate) async fn read(stream: &mut dyn Stream, room: &mut [u8]) -> Result<usize, Failure> {
    match stream.read(room).await {
        Ok(0) | Err(_) => Err(Failure::Cut),
        Ok(count) => Ok(count),
    }
}

/// The length of a head with its blank line, once it is complete.
pub(crate) fn head_length(bytes: &[u8]) -> Option<usize> {
    bytes.windows(4).position(|window| window == b"\r\n\r\n").map(|at| at + 4)
}

/// The value of `Content-Length` in a head.
pub(crate) fn content_length(head: &[u8]) -> Option<usize> {
    const NAME: &[u8] = b"content-length:";
    head.split(|byte| *byte == b'\n')
        .find(|line| line.get(..NAME.len()).is_some_and(|name| name.eq_ignore_ascii_case(NAME)))
        .and_then(|line| std::str::from_utf8(line.get(NAME.len()..)?).ok()?.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_and_lengths_are_found() {
        let head = b"HTTP/1.1 200 OK\r\nA: b\r\ncontent-LENGTH:  12\r\n\r\n";
        assert_eq!(head_length(head), Some(head.len()));
        assert_eq!(content_length(head), Some(12));
        assert_eq!(head_length(&head[..head.len() - 1]), None);
        assert_eq!(content_length(b"HTTP/1.1 200 OK\r\n\r\n"), None);
    }
}
