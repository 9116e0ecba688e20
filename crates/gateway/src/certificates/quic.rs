//! What clients over QUIC are shown: the same certificates, but for sites that ask clients for one.

use super::asking::Asked;
use super::chosen::Chooser;
use super::{CertificateProblem, Certificates, server_config};
use arc_swap::ArcSwap;
use rustls::ServerConfig;
use rustls::server::{ClientHello, ProducesTickets, ResolvesServerCert, ServerSessionMemoryCache};
use rustls::sign::CertifiedKey;
use std::sync::Arc;

impl Certificates {
    /// A configuration for accepting HTTP/3. With early data, each session is kept here and resumed once, so that what
    /// was recorded is accepted by this instance no second time (RFC 8446 §8.1).
    pub fn quic_config(&self, early_data: bool) -> Result<ServerConfig, CertificateProblem> {
        let chooser =
            QuicChooser { usual: Chooser::new(Arc::clone(&self.shelf)), asked: Arc::clone(&self.asked) };
        let mut config = server_config(Arc::new(chooser), &[PROTOCOL], None)?;
        if early_data {
            // QUIC knows nothing in between (RFC 9001 §4.6.1); its windows bound what comes.
            config.max_early_data_size = u32::MAX;
            config.ticketer = Arc::new(NoTickets);
            config.session_storage = ServerSessionMemoryCache::new(SESSIONS);
        }
        Ok(config)
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

/// Sessions are not handed out to be brought back: whoever holds one could use it as often as they like.
#[derive(Debug)]
struct NoTickets;

impl ProducesTickets for NoTickets {
    fn enabled(&self) -> bool {
        false
    }

    fn lifetime(&self) -> u32 {
        0
    }

    fn encrypt(&self, _: &[u8]) -> Option<Vec<u8>> {
        None
    }

    fn decrypt(&self, _: &[u8]) -> Option<Vec<u8>> {
        None
    }
}

impl std::fmt::Debug for QuicChooser {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("QuicChooser")
    }
}

/// HTTP/3 (RFC 9114 §3.1).
const PROTOCOL: &[u8] = b"h3";

/// Sessions that can be resumed with early data, about a kilobyte each.
const SESSIONS: usize = 8192;
