//! Sites that ask clients for a certificate: who is let in, and what upstreams are told about them.

use super::by_name::ByName;
use super::chosen::Chooser;
use super::shelf::Shelf;
use super::{CertificateProblem, PROTOCOLS, library, server_config, subject};
use arc_swap::ArcSwap;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::server::{VerifierBuilderError, WebPkiClientVerifier};
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, RootCertStore, ServerConfig,
    SignatureScheme,
};
use std::sync::Arc;
use torwart_config::plan::{ClientCertificate, Site, SubjectRule};
use torwart_dial::tls::facts::CertificateFacts;
use torwart_dial::tls::{read_chain, read_revocation_lists};
use torwart_wire::http1::write_field;
use x509_parser::prelude::{FromDer, X509Certificate};

/// The sites that ask, by the names clients ask for.
#[derive(Debug, Default)]
pub(super) struct Asked {
    sites: ByName<Option<Arc<Asking>>>,
    is_any: bool,
}

/// One site that asks.
#[derive(Debug)]
pub(super) struct Asking {
    /// Its own configuration: tickets and sessions of other sites are worth nothing here.
    pub(super) config: Arc<ServerConfig>,
    /// Who is let in.
    pub(super) rule: Arc<ClientCertificate>,
}

/// Who a client is, by a certificate that was accepted.
#[derive(Debug)]
pub struct Identity {
    /// The rule it was accepted by.
    pub rule: Arc<ClientCertificate>,
    /// What upstreams are told, as field lines.
    pub lines: Box<[u8]>,
}

impl Asked {
    pub(super) fn load(sites: &[Site], shelf: &Arc<ArcSwap<Shelf>>) -> Result<Self, Vec<CertificateProblem>> {
        let mut asked = Self::default();
        let mut problems = Vec::new();
        for site in sites {
            let asking = match &site.client_certificate {
                None => None,
                Some(rule) => match Asking::new(rule, shelf) {
                    Ok(asking) => Some(Arc::new(asking)),
                    Err(problem) => {
                        problems.push(problem);
                        continue;
                    }
                },
            };
            asked.is_any |= asking.is_some();
            for host in &site.hosts {
                asked.sites.set(host, asking.clone());
            }
        }
        if problems.is_empty() { Ok(asked) } else { Err(problems) }
    }

    /// The site of this name, if it asks.
    pub(super) fn find(&self, name: Option<&str>) -> Option<Arc<Asking>> {
        if !self.is_any {
            return None;
        }
        self.sites.find(name)?.clone()
    }
}

impl Asking {
    fn new(rule: &Arc<ClientCertificate>, shelf: &Arc<ArcSwap<Shelf>>) -> Result<Self, CertificateProblem> {
        let verifier = Arc::new(Verifier::new(rule)?);
        let chooser = Arc::new(Chooser::new(Arc::clone(shelf)));
        let config = server_config(chooser, &PROTOCOLS, Some(verifier))?;
        Ok(Self { config: Arc::new(config), rule: Arc::clone(rule) })
    }
}

impl Identity {
    /// What an accepted certificate says; nothing, if it cannot be read.
    pub(super) fn of(leaf: &CertificateDer<'_>, rule: &Arc<ClientCertificate>) -> Option<Self> {
        let facts = CertificateFacts::of(leaf)?;
        let mut lines = Vec::with_capacity(2048);
        // RFC 9440 §2.1: the certificate itself, as a structured byte sequence.
        lines.extend_from_slice(b"Client-Cert: :");
        write_base64(leaf, &mut lines);
        lines.extend_from_slice(b":\r\n");
        let fields = [
            ("X-Client-Cert-Subject", &facts.subject),
            ("X-Client-Cert-Issuer", &facts.issuer),
            ("X-Client-Cert-Serial", &facts.serial),
            ("X-Client-Cert-Fingerprint", &facts.sha256),
        ];
        for (name, value) in fields {
            write_field(&mut lines, name.as_bytes(), visible(value).as_bytes());
        }
        Some(Self { rule: Arc::clone(rule), lines: lines.into() })
    }
}

/// Whether a field of a request claims what only the gateway may say about a client's certificate.
pub fn is_claim(name: &[u8]) -> bool {
    matches!(name.first(), Some(b'c' | b'C' | b'x' | b'X'))
        && CLAIMS.iter().any(|claim| {
            let beginning = name.get(..claim.len()).unwrap_or_default();
            // Applications read `_` as `-` (CGI), so it counts as such.
            let is_same = |(a, b): (&u8, &u8)| a.eq_ignore_ascii_case(b) || (*a == b'_' && *b == b'-');
            !beginning.is_empty() && beginning.iter().zip(claim.as_bytes()).all(is_same)
        })
}

/// Names come from others: what is no visible ASCII goes as a percent escape, and so does the percent sign.
fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b' '..=b'~' if byte != b'%' => out.push(char::from(byte)),
            other => out.push_str(&format!("%{other:02X}")),
        }
    }
    out.trim().to_owned()
}

/// Base64 with padding (RFC 4648 §4).
fn write_base64(bytes: &[u8], out: &mut Vec<u8>) {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for group in bytes.chunks(3) {
        let byte = |at: usize| u32::from(group.get(at).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for place in 0..4 {
            let digit = DIGITS[(bits >> (18 - 6 * place) & 63) as usize];
            out.push(if place > group.len() { b'=' } else { digit });
        }
    }
}

/// Checks the chain as browsers' servers do, and then whom it is for.
#[derive(Debug)]
struct Verifier {
    chain: Arc<dyn ClientCertVerifier>,
    subjects: Vec<SubjectRule>,
}

impl Verifier {
    fn new(rule: &ClientCertificate) -> Result<Self, CertificateProblem> {
        let mut roots = RootCertStore::empty();
        for certificate in read_chain(&rule.ca)? {
            roots.add(certificate).map_err(library)?;
        }
        let provider = Arc::new(aws_lc_rs::default_provider());
        let mut builder = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
        if let Some(revoked) = &rule.revoked {
            // A CA whose list is not in the file has revoked nothing we know of.
            builder = builder
                .with_crls(read_revocation_lists(revoked)?)
                .only_check_end_entity_revocation()
                .allow_unknown_revocation_status();
        }
        if !rule.is_required {
            builder = builder.allow_unauthenticated();
        }
        let said = |error: VerifierBuilderError| CertificateProblem::Library(error.to_string());
        Ok(Self { chain: builder.build().map_err(said)?, subjects: rule.subjects.clone() })
    }
}

impl ClientCertVerifier for Verifier {
    fn offer_client_auth(&self) -> bool {
        true
    }

    fn client_auth_mandatory(&self) -> bool {
        self.chain.client_auth_mandatory()
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.chain.root_hint_subjects()
    }

    fn verify_client_cert(
        &self,
        leaf: &CertificateDer<'_>,
        between: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        let verified = self.chain.verify_client_cert(leaf, between, now)?;
        let parsed = X509Certificate::from_der(leaf).map_err(|_| CertificateError::BadEncoding)?;
        if subject::fits(&self.subjects, &parsed.1) {
            Ok(verified)
        } else {
            // Clients are told `access_denied`.
            Err(CertificateError::ApplicationVerificationFailure.into())
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<rustls::client::danger::HandshakeSignatureValid, Error> {
        self.chain.verify_tls12_signature(message, leaf, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<rustls::client::danger::HandshakeSignatureValid, Error> {
        self.chain.verify_tls13_signature(message, leaf, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.chain.supported_verify_schemes()
    }
}

/// What begins like this is said by the gateway alone.
const CLAIMS: [&str; 2] = ["client-cert", "x-client-cert"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn claims_are_known_in_any_spelling() {
        for name in [
            "Client-Cert",
            "client_cert",
            "X-Client-Cert-Subject",
            "x_client-CERT_serial",
            "Client-Cert-Chain",
        ] {
            assert!(is_claim(name.as_bytes()), "{name}");
        }
        for name in ["", "Cookie", "X-Client", "Client-Cer", "X-Request-Id", "Content-Type"] {
            assert!(!is_claim(name.as_bytes()), "{name}");
        }
    }

    #[test]
    fn base64_has_its_padding() {
        let encoded = |text: &str| {
            let mut out = Vec::new();
            write_base64(text.as_bytes(), &mut out);
            String::from_utf8(out).unwrap()
        };
        assert_eq!(
            ["", "f", "fo", "foo", "foob", "fooba", "foobar"].map(encoded),
            ["", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"]
        );
    }

    #[test]
    fn what_a_certificate_says_cannot_add_a_line() {
        assert_eq!(visible("CN=a\r\nX: y, O=50 % Ü"), "CN=a%0D%0AX: y, O=50 %25 %C3%9C");
    }
}
