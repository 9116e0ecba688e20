//! TLS toward upstreams: what is trusted, which name is expected, and the handshake.
//!
//! TLS 1.2 and 1.3 only, by rustls with aws-lc-rs handed over explicitly. One [`TlsClient`] serves all connections of
//! an upstream (and remembers its sessions), so it is built once per plan, never per connection.

mod material;
mod verify;

pub use material::TlsConfigProblem;

use crate::ending_of::handshake_ending;
use crate::tap::Tap;
use crate::{Place, Stream};
use rustls::ClientConfig;
use rustls::client::Resumption;
use rustls_pki_types::{IpAddr as PkiIpAddr, ServerName};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use torwart_cause::{CertificateFault, Deadline, Ending};

/// What is wanted of TLS toward one upstream. The default verifies against the system's roots and the upstream's host.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsPlan {
    /// Trusted roots (PEM) instead of the system's.
    pub ca: Option<PathBuf>,
    /// The name the certificate must be for, and the SNI; by default the upstream's host or address.
    pub name: Option<String>,
    /// What is said as SNI.
    pub sni: Sni,
    /// Whether the certificate is verified at all.
    pub verification: Verification,
    /// Our own certificate, for upstreams that ask for one.
    pub certificate: Option<ClientCertificate>,
    /// Revocation lists (PEM).
    pub revoked: Option<PathBuf>,
}

/// The server name indication of the handshake.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Sni {
    /// The name that is verified; none for addresses (RFC 6066 §3).
    #[default]
    VerifiedName,
    /// None.
    Off,
    /// This one, whatever name is verified.
    Other(String),
}

/// Whether certificates are verified.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Verification {
    /// Chain, dates, usage and name.
    #[default]
    Full,
    /// Nothing: whoever sits in between can read and change everything.
    Off,
}

/// A certificate chain and its key, both PEM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientCertificate {
    /// The chain, leaf first.
    pub chain: PathBuf,
    /// The private key.
    pub key: PathBuf,
}

/// The client side of TLS, built and checked.
pub struct TlsClient {
    config: Arc<ClientConfig>,
    /// What to call the server in the handshake; `None` takes it from the place.
    name: Option<ServerName<'static>>,
}

/// How a handshake failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandshakeFailure {
    /// The ending.
    pub ending: Ending,
    /// What the peer sent, where it was not TLS.
    pub first_bytes: Option<Box<[u8]>>,
}

impl TlsClient {
    /// Reads the files, checks everything that can be checked without a connection.
    pub fn build(plan: &TlsPlan) -> Result<Self, TlsConfigProblem> {
        let verified = plan.name.as_deref().map(material::server_name).transpose()?;
        let spoken = match &plan.sni {
            Sni::VerifiedName | Sni::Off => None,
            Sni::Other(name) => Some(material::server_name(name)?),
        };
        let mut config = material::client_config(plan, verified.clone().filter(|_| spoken.is_some()))?;
        config.enable_sni = plan.sni != Sni::Off;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        config.resumption = Resumption::in_memory_sessions(SESSIONS);
        Ok(Self { config: Arc::new(config), name: spoken.or(verified) })
    }

    /// Shakes hands over a plain stream. `place` gives the name to expect where none is configured.
    pub async fn shake_hands(
        &self,
        stream: Stream,
        place: &Place,
        deadline: Duration,
    ) -> Result<Stream, HandshakeFailure> {
        let Some(name) = self.name.clone().or_else(|| name_of(place)) else {
            return Err(Ending::Certificate(CertificateFault::WrongName).into());
        };
        let mut handshake =
            TlsConnector::from(Arc::clone(&self.config)).connect(name, Tap::new(stream)).into_fallible();
        match timeout(deadline, &mut handshake).await {
            Ok(Ok(mut stream)) => {
                stream.get_mut().0.mute();
                Ok(Stream::tls(stream))
            }
            Ok(Err((error, tap))) => {
                let ending = handshake_ending(&error, tap.heard());
                let is_foreign = matches!(ending, Ending::Tls(_)) && !tap.heard().is_empty();
                Err(HandshakeFailure { ending, first_bytes: is_foreign.then(|| tap.heard().into()) })
            }
            Err(_) => Err(Ending::TimedOut(Deadline::Handshake).into()),
        }
    }
}

impl From<Ending> for HandshakeFailure {
    fn from(ending: Ending) -> Self {
        Self { ending, first_bytes: None }
    }
}

impl std::fmt::Debug for TlsClient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TlsClient").field("name", &self.name).finish_non_exhaustive()
    }
}

/// The name a place is expected to have a certificate for. A unix socket without configured name counts as localhost.
fn name_of(place: &Place) -> Option<ServerName<'static>> {
    match place {
        Place::Name { host, .. } => ServerName::try_from(host.trim_end_matches('.').to_owned()).ok(),
        Place::Ip(address) => Some(ServerName::IpAddress(PkiIpAddr::from(address.ip()))),
        Place::Unix(_) => ServerName::try_from("localhost").ok(),
    }
}

/// How many sessions are remembered per upstream; one per server name and address suffices.
const SESSIONS: usize = 256;
