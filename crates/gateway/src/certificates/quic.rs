//! What clients over QUIC are shown: the same certificates, but for sites that ask clients for one.

use super::asking::Asked;
use super::chosen::Chooser;
use super::{CertificateProblem, Certificates, server_config};
use arc_swap::ArcSwap;
use rustls::ServerConfig;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use std::sync::Arc;

impl Certificates {
    /// A configuration for accepting HTTP/3, without early data: whoever records a request could repeat it
    /// (RFC 8470).
    pub fn quic_config(&self) -> Result<ServerConfig, CertificateProblem> {
        let chooser =
            QuicChooser { usual: Chooser::new(Arc::clone(&self.shelf)), asked: Arc::clone(&self.asked) };
        server_config(Arc::new(chooser), &[PROTOCOL], None)
    }
}

/// A configuration belongs to all names of an address here, so that a site's own question cannot be asked: for its names
/// there is no handshake, and clients come by TCP.
struct QuicChooser {
    usual: Chooser,
    asked: Arc<ArcSwap<Asked>>,
}

impl ResolvesServerCert for QuicChooser {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        match self.asked.load().find(hello.server_name()) {
            Some(_) => None,
            None => self.usual.resolve(hello),
        }
    }
}

impl std::fmt::Debug for QuicChooser {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("QuicChooser")
    }
}

/// HTTP/3 (RFC 9114 §3.1).
const PROTOCOL: &[u8] = b"h3";
