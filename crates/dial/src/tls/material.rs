//! Reading certificates, keys and revocation lists, and building the configuration of the handshake from them.

use super::verify::{NameOverride, NoVerification};
use super::{TlsPlan, Verification};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::{Error as PemError, PemObject};
use rustls_pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer, ServerName};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Why a TLS client cannot be built.
#[derive(Debug)]
pub enum TlsConfigProblem {
    /// A file cannot be read.
    Unreadable {
        /// Which.
        file: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// A file is not PEM, or its PEM is damaged.
    NotPem {
        /// Which.
        file: PathBuf,
    },
    /// A file holds no certificate.
    NoCertificate {
        /// Which.
        file: PathBuf,
    },
    /// A file holds no private key, or one in a form we do not read (such as an encrypted one).
    NoKey {
        /// Which.
        file: PathBuf,
    },
    /// A file holds no revocation list.
    NoRevocationList {
        /// Which.
        file: PathBuf,
    },
    /// A certificate or list in a file cannot be used.
    Unusable {
        /// Which.
        file: PathBuf,
        /// Why.
        error: String,
    },
    /// Certificate and key do not belong together.
    KeyMismatch {
        /// The certificate's file.
        chain: PathBuf,
        /// The key's file.
        key: PathBuf,
    },
    /// A configured name is neither a host name nor an address.
    BadName {
        /// The name.
        name: String,
    },
    /// Neither the system nor the program brings a trusted root.
    NoRoots,
}

impl fmt::Display for TlsConfigProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable { file, .. } => write!(f, "{} cannot be read", file.display()),
            Self::NotPem { file } => write!(f, "{} is not a valid PEM file", file.display()),
            Self::NoCertificate { file } => write!(f, "{} holds no certificate", file.display()),
            Self::NoKey { file } => write!(f, "{} holds no unencrypted private key", file.display()),
            Self::NoRevocationList { file } => write!(f, "{} holds no revocation list", file.display()),
            Self::Unusable { file, error } => write!(f, "{} cannot be used: {error}", file.display()),
            Self::KeyMismatch { chain, key } => {
                write!(
                    f,
                    "the key in {} does not belong to the certificate in {}",
                    key.display(),
                    chain.display()
                )
            }
            Self::BadName { name } => write!(f, "`{name}` is neither a host name nor an address"),
            Self::NoRoots => f.write_str("the system has no trusted certificates"),
        }
    }
}

impl std::error::Error for TlsConfigProblem {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Unreadable { error, .. } => Some(error),
            _ => None,
        }
    }
}

/// A configured name as the handshake wants it.
pub(super) fn server_name(name: &str) -> Result<ServerName<'static>, TlsConfigProblem> {
    ServerName::try_from(name.trim_end_matches('.').to_owned())
        .map_err(|_| TlsConfigProblem::BadName { name: name.to_owned() })
}

/// The configuration of the handshake. `verified` is set where another name than the spoken one is verified.
pub(super) fn client_config(
    plan: &TlsPlan,
    verified: Option<ServerName<'static>>,
) -> Result<ClientConfig, TlsConfigProblem> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let verifier: Arc<dyn ServerCertVerifier> = match plan.verification {
        Verification::Off => Arc::new(NoVerification::new(Arc::clone(&provider))),
        Verification::Full => {
            let verifier = webpki_verifier(plan, &provider)?;
            match verified {
                Some(name) => Arc::new(NameOverride::new(verifier, name)),
                None => verifier,
            }
        }
    };
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| unusable(Path::new(""), &error))?
        .dangerous()
        .with_custom_certificate_verifier(verifier);
    let Some(certificate) = &plan.certificate else { return Ok(builder.with_no_client_auth()) };
    let chain = certificates(&certificate.chain)?;
    let key = private_key(&certificate.key)?;
    builder.with_client_auth_cert(chain, key).map_err(|error| match error {
        rustls::Error::InconsistentKeys(_) => {
            TlsConfigProblem::KeyMismatch { chain: certificate.chain.clone(), key: certificate.key.clone() }
        }
        other => unusable(&certificate.chain, &other),
    })
}

fn webpki_verifier(
    plan: &TlsPlan,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<WebPkiServerVerifier>, TlsConfigProblem> {
    let roots = match &plan.ca {
        Some(file) => roots_of(file)?,
        None => system_roots()?,
    };
    let mut builder = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider));
    if let Some(file) = &plan.revoked {
        // A list speaks for its own issuer only; the other certificates of a chain have none and stay acceptable.
        builder = builder.with_crls(revocation_lists(file)?).allow_unknown_revocation_status();
    }
    builder.build().map_err(|error| match &plan.revoked {
        Some(file) => unusable(file, &error),
        None => TlsConfigProblem::NoRoots,
    })
}

fn roots_of(file: &Path) -> Result<RootCertStore, TlsConfigProblem> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(file)? {
        roots.add(certificate).map_err(|error| unusable(file, &error))?;
    }
    Ok(roots)
}

/// The system's trusted certificates, or Mozilla's where the system (an empty container, say) has none.
fn system_roots() -> Result<RootCertStore, TlsConfigProblem> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() {
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    if roots.is_empty() { Err(TlsConfigProblem::NoRoots) } else { Ok(roots) }
}

fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, TlsConfigProblem> {
    let found: Vec<_> = read_pem(file)?;
    if found.is_empty() { Err(TlsConfigProblem::NoCertificate { file: file.to_owned() }) } else { Ok(found) }
}

fn revocation_lists(file: &Path) -> Result<Vec<CertificateRevocationListDer<'static>>, TlsConfigProblem> {
    let found: Vec<_> = read_pem(file)?;
    if found.is_empty() {
        Err(TlsConfigProblem::NoRevocationList { file: file.to_owned() })
    } else {
        Ok(found)
    }
}

fn private_key(file: &Path) -> Result<PrivateKeyDer<'static>, TlsConfigProblem> {
    let bytes = read(file)?;
    PrivateKeyDer::from_pem_slice(&bytes).map_err(|error| match error {
        PemError::NoItemsFound => TlsConfigProblem::NoKey { file: file.to_owned() },
        _ => TlsConfigProblem::NotPem { file: file.to_owned() },
    })
}

fn read_pem<T: PemObject>(file: &Path) -> Result<Vec<T>, TlsConfigProblem> {
    let bytes = read(file)?;
    T::pem_slice_iter(&bytes)
        .collect::<Result<_, _>>()
        .map_err(|_| TlsConfigProblem::NotPem { file: file.to_owned() })
}

fn read(file: &Path) -> Result<Vec<u8>, TlsConfigProblem> {
    std::fs::read(file).map_err(|error| TlsConfigProblem::Unreadable { file: file.to_owned(), error })
}

fn unusable(file: &Path, error: &dyn fmt::Display) -> TlsConfigProblem {
    TlsConfigProblem::Unusable { file: file.to_owned(), error: error.to_string() }
}
