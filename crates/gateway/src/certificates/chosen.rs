//! The choice of a certificate during a handshake.

use super::shelf::Shelf;
use arc_swap::ArcSwap;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use std::sync::Arc;

/// Looks into the present shelf at every handshake.
pub(super) struct Chooser {
    shelf: Arc<ArcSwap<Shelf>>,
}

impl Chooser {
    pub(super) fn new(shelf: Arc<ArcSwap<Shelf>>) -> Self {
        Self { shelf }
    }
}

impl ResolvesServerCert for Chooser {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let shelf = self.shelf.load();
        let candidates = shelf.candidates(hello.server_name());
        // A site may hold an ECDSA and an RSA certificate: the first whose signature the client understands.
        let schemes = hello.signature_schemes();
        candidates
            .iter()
            .find(|pair| pair.key.choose_scheme(schemes).is_some())
            .or_else(|| candidates.first())
            .cloned()
    }
}

impl std::fmt::Debug for Chooser {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Chooser")
    }
}
