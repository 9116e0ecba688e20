//! Whoever shows proofs and certificates to clients.

use rustls_pki_types::{CertificateDer, PrivateKeyDer};

/// The side that clients and the CA connect to.
pub trait Showcase: Send + Sync + 'static {
    /// From now on a request for this token is answered with this text (RFC 8555 §8.3).
    fn answer(&self, token: &str, text: &str);

    /// The token is ours no longer.
    fn withdraw_answer(&self, token: &str);

    /// From now on a handshake for `acme-tls/1` and this name is shown this certificate (RFC 8737).
    fn show(&self, name: &str, certificate: CertificateDer<'static>, key: PrivateKeyDer<'static>);

    /// The name is proven, or given up.
    fn withdraw(&self, name: &str);

    /// A certificate in the store has changed: it is to be read anew.
    fn renewed(&self);
}
