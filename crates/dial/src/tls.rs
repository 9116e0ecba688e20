//! TLS toward upstreams: what is trusted, which name is expected, and the handshake.
//!
//! TLS 1.2 and 1.3 only, by rustls with aws-lc-rs handed over explicitly. One [`TlsClient`] serves all connections of
//! an upstream (and remembers its sessions), so it is built once per plan, never per connection.

pub mod facts;
pub mod inspect;
pub mod judge;

mod material;
mod verify;

pub use material::{TlsConfigProblem, pair_problem, read_chain, read_key, read_revocation_lists};

use crate::ending_of::handshake_ending;
use crate::tap::Tap;
use crate::{Place, Stream};
use rustls::ClientConfig;
use rustls::client::Resumption;
use rustls::client::danger::ServerCertVerifier;
use rustls_pki_types::{IpAddr as PkiIpAddr, ServerName};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use torwart_cause::{CertificateFault, Deadline, Ending};
use torwart_config::plan::{ServerName as Sni, UpstreamTls};
use verify::{Verification, Verifier};

/// The client side of TLS, built and checked.
pub struct TlsClient {
    config: Arc<ClientConfig>,
    naming: Naming,
}

/// Which name is spoken and verified.
#[derive(Clone)]
enum Naming {
    /// The place's own.
    OfPlace,
    /// This one, whatever the place.
    Fixed(ServerName<'static>),
    /// This one is spoken, the place's own is verified.
    Spoken(ServerName<'static>, Verifier),
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
    /// Reads the files and checks everything that can be checked without a connection.
    pub fn build(plan: &UpstreamTls) -> Result<Self, TlsConfigProblem> {
        let verified = plan.name.as_deref().map(material::server_name).transpose()?;
        let spoken = match &plan.sni {
            Sni::Verified | Sni::Off => None,
            Sni::Other(name) => Some(material::server_name(name)?),
        };
        let verification = Verification::of(plan)?;
        let (verifier, naming): (Arc<dyn ServerCertVerifier>, _) = match (verification, spoken, verified) {
            (Verification::Off(verifier), spoken, verified) => {
                (verifier, spoken.or(verified).map_or(Naming::OfPlace, Naming::Fixed))
            }
            (Verification::Full(verifier), Some(spoken), Some(verified)) => {
                (Arc::new(verifier.for_name(verified)), Naming::Fixed(spoken))
            }
            (Verification::Full(verifier), Some(spoken), None) => {
                (Arc::new(verifier.clone()), Naming::Spoken(spoken, verifier))
            }
            (Verification::Full(verifier), None, verified) => {
                (Arc::new(verifier), verified.map_or(Naming::OfPlace, Naming::Fixed))
            }
        };
        let mut config = material::client_config(plan, verifier)?;
        config.enable_sni = plan.sni != Sni::Off;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        config.resumption = Resumption::in_memory_sessions(SESSIONS);
        Ok(Self { config: Arc::new(config), naming })
    }

    /// The same, offering these protocols by ALPN (RFC 7301), the preferred one first.
    pub fn offering(&self, protocols: &[&[u8]]) -> Self {
        let mut config = ClientConfig::clone(&self.config);
        config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
        Self { config: Arc::new(config), naming: self.naming.clone() }
    }

    /// What a handshake with this place uses: the configuration and the name spoken.
    fn session(&self, place: &Place) -> Option<(Arc<ClientConfig>, ServerName<'static>)> {
        let config = Arc::clone(&self.config);
        match &self.naming {
            Naming::OfPlace => Some((config, name_of(place)?)),
            Naming::Fixed(name) => Some((config, name.clone())),
            Naming::Spoken(spoken, verifier) => {
                let mut config = ClientConfig::clone(&config);
                config.dangerous().set_certificate_verifier(Arc::new(verifier.for_name(name_of(place)?)));
                Some((Arc::new(config), spoken.clone()))
            }
        }
    }

    /// Shakes hands over a plain stream. `place` gives the name to expect where none is configured.
    pub async fn shake_hands(
        &self,
        stream: Stream,
        place: &Place,
        deadline: Duration,
    ) -> Result<Stream, HandshakeFailure> {
        let Some((config, name)) = self.session(place) else {
            return Err(Ending::Certificate(CertificateFault::WrongName).into());
        };
        let mut handshake = TlsConnector::from(config).connect(name, Tap::new(stream)).into_fallible();
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
        f.debug_struct("TlsClient").finish_non_exhaustive()
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

#[cfg(test)]
pub(crate) mod tests;
