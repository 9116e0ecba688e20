//! Reading certificates, keys and revocation lists, and building the configuration of the handshake from them.

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};
use rustls_pki_types::pem::{Error as PemError, PemObject};
use rustls_pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer, ServerName};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use torwart_config::plan::{Roots, UpstreamTls};

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
    /// The TLS library refuses the combination of our own settings.
    Library(String),
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
            Self::Library(error) => write!(f, "the TLS library refuses: {error}"),
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

/// The configuration of the handshake.
pub(super) fn client_config(
    plan: &UpstreamTls,
    verifier: Arc<dyn ServerCertVerifier>,
) -> Result<ClientConfig, TlsConfigProblem> {
    let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_protocol_versions(VERSIONS)
        .map_err(|error| TlsConfigProblem::Library(error.to_string()))?
        .dangerous()
        .with_custom_certificate_verifier(verifier);
    let Some(files) = &plan.client_certificate else { return Ok(builder.with_no_client_auth()) };
    let chain = read_chain(&files.chain)?;
    let key = read_key(&files.key)?;
    builder.with_client_auth_cert(chain, key).map_err(|error| pair_problem(&error, &files.chain, &files.key))
}

/// Why a chain and a key that could be read make no pair.
pub fn pair_problem(error: &rustls::Error, chain: &Path, key: &Path) -> TlsConfigProblem {
    match error {
        rustls::Error::InconsistentKeys(_) => {
            TlsConfigProblem::KeyMismatch { chain: chain.to_owned(), key: key.to_owned() }
        }
        rustls::Error::General(_) => TlsConfigProblem::NoKey { file: key.to_owned() },
        other => unusable(chain, other),
    }
}

/// Whom to believe.
pub(super) struct Trusted {
    pub(super) roots: RootCertStore,
    /// The certificates of the operator's own file, as they stand there.
    pub(super) own: Vec<CertificateDer<'static>>,
}

/// Reads the trusted roots.
pub(super) fn trusted(roots: &Roots) -> Result<Trusted, TlsConfigProblem> {
    match roots {
        Roots::System => Ok(Trusted { roots: system_roots()?, own: Vec::new() }),
        Roots::File(file) => {
            let own = read_chain(file)?;
            let mut roots = RootCertStore::empty();
            for certificate in &own {
                roots.add(certificate.clone()).map_err(|error| unusable(file, &error))?;
            }
            Ok(Trusted { roots, own })
        }
    }
}

/// The verifier that checks chain, dates, usage and name.
pub(super) fn webpki_verifier(
    roots: RootCertStore,
    revoked: Option<&Path>,
    provider: Arc<CryptoProvider>,
) -> Result<Arc<WebPkiServerVerifier>, TlsConfigProblem> {
    let mut builder = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider);
    if let Some(file) = revoked {
        // A list speaks for its own issuer only; the other certificates of a chain have none and stay acceptable.
        builder = builder.with_crls(read_revocation_lists(file)?).allow_unknown_revocation_status();
    }
    builder.build().map_err(|error| match revoked {
        Some(file) => unusable(file, &error),
        None => TlsConfigProblem::NoRoots,
    })
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

/// Reads a PEM file of certificates, leaf first as it stands there.
pub fn read_chain(file: &Path) -> Result<Vec<CertificateDer<'static>>, TlsConfigProblem> {
    let found: Vec<_> = read_pem(file)?;
    if found.is_empty() { Err(TlsConfigProblem::NoCertificate { file: file.to_owned() }) } else { Ok(found) }
}

/// Reads a PEM file of revocation lists.
pub fn read_revocation_lists(
    file: &Path,
) -> Result<Vec<CertificateRevocationListDer<'static>>, TlsConfigProblem> {
    let found: Vec<_> = read_pem(file)?;
    if found.is_empty() {
        Err(TlsConfigProblem::NoRevocationList { file: file.to_owned() })
    } else {
        Ok(found)
    }
}

/// Reads the first private key of a PEM file.
pub fn read_key(file: &Path) -> Result<PrivateKeyDer<'static>, TlsConfigProblem> {
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

/// Older versions are forbidden by RFC 8996.
const VERSIONS: &[&SupportedProtocolVersion] = &[&TLS13, &TLS12];
