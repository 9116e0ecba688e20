//! A client on one connection.

use crate::PATIENCE;
use crate::message::{Head, Wire};
use std::io;
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;

/// A connection to the gateway.
pub(crate) struct Client {
    pub(crate) wire: Wire,
}

/// A whole answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: Head,
    pub(crate) body: String,
}

impl Client {
    pub(crate) fn connect(address: SocketAddr) -> Self {
        Self { wire: Wire::plain(connect(address)) }
    }

    /// Over TLS; trusts this authority alone.
    pub(crate) fn connect_tls(address: SocketAddr, config: &Arc<rustls::ClientConfig>) -> Self {
        Self { wire: Wire::tls_client(connect(address), Arc::clone(config)) }
    }

    pub(crate) fn send(&mut self, text: &str) -> io::Result<()> {
        self.wire.send(text.as_bytes())
    }

    pub(crate) fn get(&mut self, path: &str) -> io::Result<Answer> {
        self.send(&format!("GET {path} HTTP/1.1\r\nHost: shop.example\r\n\r\n"))?;
        self.answer()
    }

    pub(crate) fn post(&mut self, path: &str, body: &str) -> io::Result<Answer> {
        let length = body.len();
        let head = format!("POST {path} HTTP/1.1\r\nHost: shop.example\r\nContent-Length: {length}\r\n\r\n");
        self.send(&format!("{head}{body}"))?;
        self.answer()
    }

    /// Reads an answer to its end. A connection that ends before it is an error.
    pub(crate) fn answer(&mut self) -> io::Result<Answer> {
        let head = self.head()?;
        let mut body = Vec::new();
        self.wire.body(&head, |piece| body.extend_from_slice(piece))?;
        let status = head.word().parse().map_err(io::Error::other)?;
        Ok(Answer { status, head, body: String::from_utf8_lossy(&body).into_owned() })
    }

    /// Reads the head of an answer.
    pub(crate) fn head(&mut self) -> io::Result<Head> {
        self.wire.head()?.ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }
}

impl Answer {
    /// Whether the connection stays open for another request.
    pub(crate) fn keeps_alive(&self) -> bool {
        self.head.field("connection") != Some("close")
    }
}

/// What a client needs to trust this authority (PEM) and no other.
pub(crate) fn trusting(authority: &str) -> Arc<rustls::ClientConfig> {
    use rustls_pki_types::{CertificateDer, pem::PemObject};
    let mut roots = rustls::RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_slice(authority.as_bytes()).expect("is PEM"))
        .expect("is an authority");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("the provider knows TLS 1.3")
        .with_root_certificates(roots)
        .with_no_client_auth();
    Arc::new(config)
}

fn connect(address: SocketAddr) -> TcpStream {
    TcpStream::connect_timeout(&address, PATIENCE).expect("the gateway listens")
}
