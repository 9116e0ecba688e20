//! What is shown to a CA that looks whether a name is ours.
//!
//! A text for a well-known path (RFC 8555 §8.3), or a certificate for a protocol of its own (RFC 8737). Whoever orders
//! certificates puts them here and takes them away again; most of the time there is none, which costs one load.

use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The proofs that are shown now.
#[derive(Default)]
pub struct Proofs {
    /// How many texts there are, so that requests need not ask for the lock.
    count: AtomicUsize,
    shown: Mutex<Shown>,
}

#[derive(Default)]
struct Shown {
    texts: HashMap<String, Arc<str>>,
    certificates: HashMap<String, Arc<CertifiedKey>>,
}

impl Proofs {
    /// The text for a request for this path, if it is one of ours.
    pub fn text(&self, path: &[u8]) -> Option<Arc<str>> {
        if self.count.load(Ordering::Relaxed) == 0 {
            return None;
        }
        let token = std::str::from_utf8(path.strip_prefix(WELL_KNOWN)?).ok()?;
        self.shown().texts.get(token).cloned()
    }

    /// From now on a request for this token is answered with this text.
    pub fn answer(&self, token: &str, text: &str) {
        let mut shown = self.shown();
        shown.texts.insert(token.to_owned(), text.into());
        self.count.store(shown.texts.len(), Ordering::Relaxed);
    }

    /// The token is ours no longer.
    pub fn withdraw_answer(&self, token: &str) {
        let mut shown = self.shown();
        shown.texts.remove(token);
        self.count.store(shown.texts.len(), Ordering::Relaxed);
    }

    /// From now on a CA that asks for this name is shown this certificate.
    pub fn show(&self, name: &str, certificate: CertificateDer<'static>, key: PrivateKeyDer<'static>) {
        // Not checked as other pairs are: no library knows the critical extension that is the proof.
        match aws_lc_rs::sign::any_supported_type(&key) {
            Ok(key) => {
                let pair = CertifiedKey::new(vec![certificate], key);
                self.shown().certificates.insert(name.to_ascii_lowercase(), Arc::new(pair));
            }
            // The CA will say that it found nothing.
            Err(error) => tracing::warn!(name, %error, "a proof cannot be shown"),
        }
    }

    /// The name is proven, or given up.
    pub fn withdraw(&self, name: &str) {
        self.shown().certificates.remove(&name.to_ascii_lowercase());
    }

    fn shown(&self) -> MutexGuard<'_, Shown> {
        // Every step leaves both maps whole, so a panic elsewhere does not spoil them.
        self.shown.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ResolvesServerCert for Proofs {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.shown().certificates.get(&hello.server_name()?.to_ascii_lowercase()).cloned()
    }
}

impl std::fmt::Debug for Proofs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Proofs").field("texts", &self.count).finish_non_exhaustive()
    }
}

/// Where CAs look (RFC 8555 §8.3).
const WELL_KNOWN: &[u8] = b"/.well-known/acme-challenge/";

/// The protocol CAs ask for (RFC 8737 §3).
pub(super) const PROTOCOL: &[u8] = b"acme-tls/1";
