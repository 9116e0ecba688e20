//! A party to a handshake that believes everything and remembers it: the certificates shown, and what was asked for.

use rustls::client::ResolvesClientCert;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::sign::CertifiedKey;
use rustls::{DigitallySignedStruct, Error, SignatureScheme};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use std::sync::{Arc, Mutex, PoisonError};
use x509_parser::prelude::FromDer;
use x509_parser::x509::X509Name;

/// Accepts any certificate, and any proof of holding its key: weak keys and old signatures are to be seen too.
#[derive(Debug)]
pub(super) struct Witness {
    client: Option<Arc<CertifiedKey>>,
    chain: Mutex<Vec<CertificateDer<'static>>>,
    asked: Mutex<Option<Vec<String>>>,
}

impl Witness {
    pub(super) fn new(client: Option<Arc<CertifiedKey>>) -> Self {
        Self { client, chain: Mutex::default(), asked: Mutex::default() }
    }

    /// The certificates shown, leaf first.
    pub(super) fn chain(&self) -> Vec<CertificateDer<'static>> {
        self.chain.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The authorities whose client certificates were asked for.
    pub(super) fn asked(&self) -> Option<Vec<String>> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl ServerCertVerifier for Witness {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let shown = std::iter::once(leaf).chain(intermediates).map(|der| der.clone().into_owned());
        *self.chain.lock().unwrap_or_else(PoisonError::into_inner) = shown.collect();
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _certificate: &CertificateDer<'_>,
        _signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _message: &[u8],
        _certificate: &CertificateDer<'_>,
        _signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![
            SignatureScheme::ECDSA_NISTP256_SHA256,
            SignatureScheme::ECDSA_NISTP384_SHA384,
            SignatureScheme::ECDSA_NISTP521_SHA512,
            SignatureScheme::ED25519,
            SignatureScheme::RSA_PSS_SHA256,
            SignatureScheme::RSA_PSS_SHA384,
            SignatureScheme::RSA_PSS_SHA512,
            SignatureScheme::RSA_PKCS1_SHA256,
            SignatureScheme::RSA_PKCS1_SHA384,
            SignatureScheme::RSA_PKCS1_SHA512,
            SignatureScheme::ECDSA_SHA1_Legacy,
            SignatureScheme::RSA_PKCS1_SHA1,
        ]
    }
}

impl ResolvesClientCert for Witness {
    fn resolve(&self, authorities: &[&[u8]], _schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        let names = authorities.iter().map(|der| distinguished(der)).collect();
        *self.asked.lock().unwrap_or_else(PoisonError::into_inner) = Some(names);
        self.client.clone()
    }

    fn has_certs(&self) -> bool {
        true
    }
}

fn distinguished(der: &[u8]) -> String {
    X509Name::from_der(der).map_or_else(|_| "?".to_owned(), |(_, name)| name.to_string())
}
