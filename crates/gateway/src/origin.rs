//! Which names a TLS connection may be used for: clients reuse one for every name they believe it covers
//! (RFC 9113 §9.1.1).

use crate::certificates::Certificates;
use rustls::client::verify_server_name;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::server::ParsedCertificate;
use rustls::sign::CertifiedKey;
use std::sync::Arc;

/// The name a client asked for in its handshake, and what it was shown.
pub struct Origin {
    name: String,
    shown: Arc<CertifiedKey>,
}

impl Origin {
    /// `None` where the client asked for no name: what it was shown says nothing about what it wanted.
    pub fn of(name: Option<&str>, certificates: &Certificates) -> Option<Self> {
        let name = name?;
        Some(Self { name: name.to_owned(), shown: certificates.shown_for(name)? })
    }

    /// Whether requests for this host may come on the connection: it is the one that was asked for, another one that is
    /// shown the same, or one that the certificate names.
    pub fn covers(&self, host: &str, certificates: &Certificates) -> bool {
        host.trim_end_matches('.').eq_ignore_ascii_case(&self.name)
            || certificates.shown_for(host).is_some_and(|pair| Arc::ptr_eq(&pair, &self.shown))
            || self.shown.cert.first().is_some_and(|leaf| names(leaf, host))
    }
}

fn names(leaf: &CertificateDer<'_>, host: &str) -> bool {
    let Ok(name) = ServerName::try_from(host) else { return false };
    ParsedCertificate::try_from(leaf).is_ok_and(|leaf| verify_server_name(&leaf, &name).is_ok())
}
