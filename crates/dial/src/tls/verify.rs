//! The two departures from the usual verification: another name than the one spoken, and none at all.

use super::material::{TlsConfigProblem, webpki_verifier};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use rustls::{DigitallySignedStruct, Error, SignatureScheme};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use std::path::Path;
use std::sync::Arc;
use torwart_config::plan::UpstreamTls;

/// How a certificate is verified.
pub(super) enum Verification {
    /// Chain, dates, usage and name.
    Full(Arc<WebPkiServerVerifier>),
    /// Not at all: whoever sits in between can read and change everything.
    Off(Arc<dyn ServerCertVerifier>),
}

impl Verification {
    pub(super) fn of(plan: &UpstreamTls, revoked: Option<&Path>) -> Result<Self, TlsConfigProblem> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        if plan.verify {
            webpki_verifier(&plan.roots, revoked, provider).map(Self::Full)
        } else {
            Ok(Self::Off(Arc::new(NoVerification { provider })))
        }
    }
}

/// Verifies fully, but against its own name: SNI and certificate may differ.
#[derive(Debug)]
pub(super) struct NameOverride {
    verifier: Arc<WebPkiServerVerifier>,
    name: ServerName<'static>,
}

impl NameOverride {
    pub(super) fn boxed(
        verifier: Arc<WebPkiServerVerifier>,
        name: ServerName<'static>,
    ) -> Arc<dyn ServerCertVerifier> {
        Arc::new(Self { verifier, name })
    }
}

impl ServerCertVerifier for NameOverride {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _spoken: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.verifier.verify_server_cert(leaf, intermediates, &self.name, ocsp, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.verifier.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.verifier.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.verifier.supported_verify_schemes()
    }
}

/// Accepts any certificate, but still demands that the peer holds its key.
#[derive(Debug)]
struct NoVerification {
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for NoVerification {
    fn verify_server_cert(
        &self,
        _leaf: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
