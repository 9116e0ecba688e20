//! How an upstream's certificate is verified: by chain, dates, usage and name, with two additions, or not at all.
//!
//! The additions: the verified name may differ from the one spoken in the handshake, and a certificate that the
//! operator put into the file of trusted roots is trusted itself. The latter matters because `openssl req -x509` makes
//! self-signed server certificates that call themselves authorities, which the strict rules refuse as servers.

use super::material::{TlsConfigProblem, trusted, webpki_verifier};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, Error, SignatureScheme};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use std::sync::Arc;
use torwart_config::plan::UpstreamTls;
use x509_parser::prelude::{FromDer, X509Certificate};

/// How a certificate is verified.
pub(super) enum Verification {
    /// Chain, dates, usage and name.
    Full(Verifier),
    /// Not at all: whoever sits in between can read and change everything.
    Off(Arc<dyn ServerCertVerifier>),
}

impl Verification {
    pub(super) fn of(plan: &UpstreamTls) -> Result<Self, TlsConfigProblem> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        if !plan.verify {
            return Ok(Self::Off(Arc::new(NoVerification { provider })));
        }
        let trusted = trusted(&plan.roots)?;
        let chain = webpki_verifier(trusted.roots, plan.revoked.as_deref(), provider)?;
        Ok(Self::Full(Verifier { chain, own: trusted.own.into(), name: None }))
    }
}

/// Verifies fully.
#[derive(Clone, Debug)]
pub(super) struct Verifier {
    chain: Arc<WebPkiServerVerifier>,
    /// The certificates of the operator's own file of roots.
    own: Arc<[CertificateDer<'static>]>,
    /// The name to verify instead of the spoken one.
    name: Option<ServerName<'static>>,
}

impl Verifier {
    /// The same, but for this name whatever is spoken.
    pub(super) fn for_name(&self, name: ServerName<'static>) -> Self {
        Self { name: Some(name), ..self.clone() }
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        spoken: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let name = self.name.as_ref().unwrap_or(spoken);
        match self.chain.verify_server_cert(leaf, intermediates, name, ocsp, now) {
            Err(Error::InvalidCertificate(CertificateError::Other(_) | CertificateError::UnknownIssuer))
                if self.own.iter().any(|own| own.as_ref() == leaf.as_ref()) =>
            {
                verify_own(leaf, name, now)
            }
            other => other,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.chain.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.chain.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.chain.supported_verify_schemes()
    }
}

/// A certificate the operator named: its chain needs no proof, its dates and its name do.
fn verify_own(
    leaf: &CertificateDer<'_>,
    name: &ServerName<'_>,
    now: UnixTime,
) -> Result<ServerCertVerified, Error> {
    let (_, certificate) =
        X509Certificate::from_der(leaf).map_err(|_| Error::from(CertificateError::BadEncoding))?;
    let now = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
    if now < certificate.validity().not_before.timestamp() {
        return Err(CertificateError::NotValidYet.into());
    }
    if now > certificate.validity().not_after.timestamp() {
        return Err(CertificateError::Expired.into());
    }
    verify_server_name(&ParsedCertificate::try_from(leaf)?, name)?;
    Ok(ServerCertVerified::assertion())
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
