//! The lab's certificate authority and the faulty certificates it makes: fresh keys at every start, no files.

use crate::script::Tls;
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose, RevocationReason,
    RevokedCertParams, SerialNumber, date_time_ymd,
};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use serde::Deserialize;
use std::error::Error;
use std::sync::Arc;
use tokio_rustls::TlsAcceptor;

/// A certificate of the lab.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Certificate {
    /// Nothing wrong with it: for `localhost`, `*.lab.test`, 127.0.0.1 and ::1.
    #[default]
    Good,
    /// Its end date has passed.
    Expired,
    /// Its start date has not come.
    NotYetValid,
    /// For `other.example` only.
    WrongName,
    /// Signed by itself.
    SelfSigned,
    /// Signed by an authority nobody knows.
    UnknownAuthority,
    /// On the revocation list of [`Certificates::revocation_list`].
    Revoked,
    /// For clients, not for servers.
    ClientOnly,
    /// Issued by an authority that is not sent along.
    MissingIntermediate,
}

/// An authority, the leaves it issued and its revocation list.
pub struct Certificates {
    provider: Arc<CryptoProvider>,
    authority: Authority,
    authority_pem: String,
    leaves: Vec<(Certificate, Leaf)>,
    revocation_list: String,
    client: Leaf,
}

/// A certificate with its key, in PEM.
pub struct Leaf {
    /// The chain.
    pub chain: String,
    /// The private key.
    pub key: String,
    der: CertificateDer<'static>,
    key_der: Vec<u8>,
}

type Authority = Issuer<'static, KeyPair>;
type Failure = Box<dyn Error + Send + Sync>;

impl Certificate {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Good,
        Self::Expired,
        Self::NotYetValid,
        Self::WrongName,
        Self::SelfSigned,
        Self::UnknownAuthority,
        Self::Revoked,
        Self::ClientOnly,
        Self::MissingIntermediate,
    ];
}

impl Certificates {
    /// Makes an authority and one leaf of each kind.
    pub fn generate() -> Result<Self, Failure> {
        let (authority, authority_pem) = authority("Torwart lab authority", None)?;
        let (stranger, _) = self::authority("Torwart lab unknown authority", None)?;
        let (intermediate, _) = self::authority("Torwart lab intermediate", Some(&authority))?;
        let mut leaves = Vec::new();
        for kind in Certificate::ALL {
            let issuer = match kind {
                Certificate::UnknownAuthority => &stranger,
                Certificate::MissingIntermediate => &intermediate,
                _ => &authority,
            };
            leaves.push((kind, leaf(kind, issuer)?));
        }
        let revocation_list = revocation_list(&authority)?;
        let client = leaf(Certificate::ClientOnly, &authority)?;
        let provider = Arc::new(aws_lc_rs::default_provider());
        Ok(Self { provider, authority, authority_pem, leaves, revocation_list, client })
    }

    /// The authority's certificate as PEM, for the gateway to trust.
    pub fn authority(&self) -> &str {
        &self.authority_pem
    }

    /// The authority's revocation list as PEM; [`Certificate::Revoked`] stands on it.
    pub fn revocation_list(&self) -> &str {
        &self.revocation_list
    }

    /// A client certificate that upstreams of the lab accept.
    pub fn client(&self) -> &Leaf {
        &self.client
    }

    /// A leaf of this kind.
    pub fn leaf(&self, kind: Certificate) -> Option<&Leaf> {
        self.leaves.iter().find(|(other, _)| *other == kind).map(|(_, leaf)| leaf)
    }

    /// Issues a good leaf for these names, such as a gateway's own site.
    pub fn issue(&self, names: &[&str]) -> Result<Leaf, Failure> {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        signed(parameters(&names)?, &self.authority)
    }

    /// The server side of a handshake as a script wants it.
    pub(crate) fn acceptor(&self, tls: Tls) -> Result<TlsAcceptor, Failure> {
        let leaf = self.leaf(tls.certificate).ok_or("no such certificate")?;
        let versions: &[_] =
            if tls.only_tls12 { &[&rustls::version::TLS12] } else { rustls::DEFAULT_VERSIONS };
        let builder =
            ServerConfig::builder_with_provider(self.provider.clone()).with_protocol_versions(versions)?;
        let builder = if tls.wants_client_certificate {
            let mut roots = RootCertStore::empty();
            roots.add(pem_der(&self.authority_pem)?)?;
            let verifier =
                WebPkiClientVerifier::builder_with_provider(Arc::new(roots), self.provider.clone())
                    .build()?;
            builder.with_client_cert_verifier(verifier)
        } else {
            builder.with_no_client_auth()
        };
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(leaf.key_der.clone()));
        let config = builder.with_single_cert(vec![leaf.der.clone()], key)?;
        Ok(TlsAcceptor::from(Arc::new(config)))
    }
}

fn authority(name: &str, signer: Option<&Authority>) -> Result<(Authority, String), Failure> {
    let key = KeyPair::generate()?;
    let mut parameters = CertificateParams::new(Vec::new())?;
    parameters.distinguished_name = named(name);
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let certificate = match signer {
        Some(signer) => parameters.signed_by(&key, signer)?,
        None => parameters.self_signed(&key)?,
    };
    Ok((Issuer::new(parameters, key), certificate.pem()))
}

fn leaf(kind: Certificate, issuer: &Authority) -> Result<Leaf, Failure> {
    let good = ["localhost", "*.lab.test", "127.0.0.1", "::1"].map(str::to_owned);
    let names = if kind == Certificate::WrongName { &["other.example".to_owned()][..] } else { &good };
    let mut parameters = parameters(names)?;
    match kind {
        Certificate::Expired => {
            parameters.not_before = date_time_ymd(2020, 1, 1);
            parameters.not_after = date_time_ymd(2021, 1, 1);
        }
        Certificate::NotYetValid => parameters.not_before = date_time_ymd(2090, 1, 1),
        Certificate::ClientOnly => {
            parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        }
        Certificate::Revoked => parameters.serial_number = Some(SerialNumber::from(REVOKED)),
        _ => {}
    }
    if kind == Certificate::SelfSigned {
        let key = KeyPair::generate()?;
        let certificate = parameters.self_signed(&key)?;
        return Ok(Leaf::new(&certificate, &key));
    }
    signed(parameters, issuer)
}

fn parameters(names: &[String]) -> Result<CertificateParams, Failure> {
    let mut parameters = CertificateParams::new(names.to_vec())?;
    parameters.distinguished_name = named(names.first().map_or("lab", String::as_str));
    parameters.not_before = date_time_ymd(2020, 1, 1);
    parameters.not_after = date_time_ymd(2099, 1, 1);
    parameters.use_authority_key_identifier_extension = true;
    parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    Ok(parameters)
}

fn signed(parameters: CertificateParams, issuer: &Authority) -> Result<Leaf, Failure> {
    let key = KeyPair::generate()?;
    let certificate = parameters.signed_by(&key, issuer)?;
    Ok(Leaf::new(&certificate, &key))
}

impl Leaf {
    fn new(certificate: &rcgen::Certificate, key: &KeyPair) -> Self {
        Self {
            chain: certificate.pem(),
            key: key.serialize_pem(),
            der: certificate.der().clone(),
            key_der: key.serialize_der(),
        }
    }
}

fn revocation_list(authority: &Authority) -> Result<String, Failure> {
    let revoked = RevokedCertParams {
        serial_number: SerialNumber::from(REVOKED),
        revocation_time: date_time_ymd(2024, 1, 1),
        reason_code: Some(RevocationReason::KeyCompromise),
        invalidity_date: None,
    };
    let parameters = CertificateRevocationListParams {
        this_update: date_time_ymd(2024, 1, 1),
        next_update: date_time_ymd(2099, 1, 1),
        crl_number: SerialNumber::from(1),
        issuing_distribution_point: None,
        revoked_certs: vec![revoked],
        key_identifier_method: KeyIdMethod::Sha256,
    };
    Ok(parameters.signed_by(authority)?.pem()?)
}

fn named(name: &str) -> DistinguishedName {
    let mut names = DistinguishedName::new();
    names.push(DnType::CommonName, name);
    names
}

fn pem_der(pem: &str) -> Result<CertificateDer<'static>, Failure> {
    use rustls_pki_types::pem::PemObject;
    Ok(CertificateDer::from_pem_slice(pem.as_bytes())?)
}

/// The serial number on the revocation list.
const REVOKED: u64 = 0x0bad;

#[cfg(test)]
mod tests;
