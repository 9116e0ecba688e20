//! The handle for whoever renews certificates while the gateway runs.

use crate::certificates::Proofs;
use crate::control::Control;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::sync::Arc;

/// Shows proofs to a CA, and takes over renewed certificates. It may outlive the gateway; then it does nothing.
#[derive(Clone)]
pub struct Renewal {
    control: Arc<Control>,
}

impl Renewal {
    pub(crate) const fn new(control: Arc<Control>) -> Self {
        Self { control }
    }

    /// From now on a plain request for this token of a CA is answered with this text (RFC 8555 §8.3).
    pub fn answer(&self, token: &str, text: &str) {
        self.proofs(|proofs| proofs.answer(token, text));
    }

    /// The token is ours no longer.
    pub fn withdraw_answer(&self, token: &str) {
        self.proofs(|proofs| proofs.withdraw_answer(token));
    }

    /// From now on a handshake for `acme-tls/1` and this name is shown this certificate (RFC 8737).
    pub fn show(&self, name: &str, certificate: CertificateDer<'static>, key: PrivateKeyDer<'static>) {
        self.proofs(|proofs| proofs.show(name, certificate, key));
    }

    /// The name is proven, or given up.
    pub fn withdraw(&self, name: &str) {
        self.proofs(|proofs| proofs.withdraw(name));
    }

    /// Reads all certificates again; connections and sessions go on. With any problem the present ones stay.
    pub fn read_again(&self) {
        self.control.renew();
    }

    /// Until when each certificate in use is valid, in seconds since 1970: by site, and by file where a site has several.
    pub fn expiries(&self) -> Vec<(String, u64)> {
        let snapshot = self.control.shared.snapshot.load();
        snapshot.certificates.as_ref().map(|certificates| certificates.expiries()).unwrap_or_default()
    }

    fn proofs(&self, change: impl FnOnce(&Proofs)) {
        if let Some(certificates) = &self.control.shared.snapshot.load().certificates {
            change(certificates.proofs());
        }
    }
}
