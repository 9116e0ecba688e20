//! The certificates shown to clients: read, checked, chosen by the asked name, replaced without closing a connection.
//!
//! One [`Certificates`] owns the `rustls::ServerConfig`s for the life of the process; a reload only swaps the shelf they
//! look into, so sessions and tickets survive it. The name a client asks for finds the site's own certificates first,
//! then any certificate that names it, then the first of all: a handshake that shows a wrong certificate can be
//! understood in a browser, one that breaks off cannot. Sites that ask clients for a certificate have configurations of
//! their own, so that a session of another site never opens them.

mod asking;
mod by_name;
mod chosen;
mod placeholder;
mod proofs;
mod quic;
mod shaking;
mod shelf;
mod subject;

pub use asking::Identity;
pub use asking::is_claim;
pub use proofs::Proofs;
pub use shaking::Shaken;
pub use torwart_dial::TlsConfigProblem as CertificateProblem;

use arc_swap::ArcSwap;
use asking::Asked;
use chosen::Chooser;
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{ProducesTickets, ResolvesServerCert, ServerSessionMemoryCache, WebPkiClientVerifier};
use rustls::sign::CertifiedKey;
use rustls::version::{TLS12, TLS13};
use shelf::Shelf;
use std::sync::Arc;
use torwart_config::plan::Site;

/// The certificates of all sites, and the TLS configurations that show them.
pub struct Certificates {
    /// For names whose sites ask clients for nothing.
    config: Arc<ServerConfig>,
    /// For a CA that looks for a proof by TLS.
    proving: Arc<ServerConfig>,
    shelf: Arc<ArcSwap<Shelf>>,
    /// The sites that ask clients for a certificate.
    asked: Arc<ArcSwap<Asked>>,
    proofs: Arc<Proofs>,
}

impl Certificates {
    /// Reads every certificate of every site; all problems at once.
    pub fn load(sites: &[Site]) -> Result<Self, Vec<CertificateProblem>> {
        let shelf = Arc::new(ArcSwap::from_pointee(Shelf::load(sites)?));
        let asked = Asked::load(sites, &shelf)?;
        let proofs = Arc::<Proofs>::default();
        let config = server_config(Arc::new(Chooser::new(Arc::clone(&shelf))), &PROTOCOLS, None);
        let chooser: Arc<dyn ResolvesServerCert> = Arc::<Proofs>::clone(&proofs);
        let proving = server_config(chooser, &[proofs::PROTOCOL], None);
        let (config, proving) = config.and_then(|config| Ok((config, proving?))).map_err(|e| vec![e])?;
        Ok(Self {
            config: Arc::new(config),
            proving: Arc::new(proving),
            shelf,
            asked: Arc::new(ArcSwap::from_pointee(asked)),
            proofs,
        })
    }

    /// Reads them again. With any problem the present ones stay.
    pub fn reload(&self, sites: &[Site]) -> Result<(), Vec<CertificateProblem>> {
        let shelf = Shelf::load(sites)?;
        let asked = Asked::load(sites, &self.shelf)?;
        self.shelf.store(Arc::new(shelf));
        self.asked.store(Arc::new(asked));
        Ok(())
    }

    /// Takes over certificates that were renewed. What cannot be read any more stays as it is.
    pub fn renew(&self, sites: &[Site]) -> Result<(), Vec<CertificateProblem>> {
        let shelf = self.shelf.load().load_again(sites)?;
        self.shelf.store(Arc::new(shelf));
        Ok(())
    }

    /// The configuration for accepting TLS where nobody asks clients for a certificate; it stays the same across
    /// reloads.
    #[cfg(test)]
    fn server_config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.config)
    }

    /// What clients that ask for this name are shown first.
    pub fn shown_for(&self, name: &str) -> Option<Arc<CertifiedKey>> {
        self.shelf.load().candidates(Some(name)).first().cloned()
    }

    /// What is shown to a CA that looks whether a name is ours.
    pub fn proofs(&self) -> &Arc<Proofs> {
        &self.proofs
    }

    /// Until when each certificate is valid, in seconds since 1970: by site, and by file where a site has several.
    pub fn expiries(&self) -> Vec<(String, u64)> {
        self.shelf.load().expiries().to_vec()
    }
}

impl std::fmt::Debug for Certificates {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Certificates").field("expiries", &self.expiries()).finish_non_exhaustive()
    }
}

fn server_config(
    chooser: Arc<dyn ResolvesServerCert>,
    protocols: &[&[u8]],
    verifier: Option<Arc<dyn ClientCertVerifier>>,
) -> Result<ServerConfig, CertificateProblem> {
    let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        // Older versions are forbidden by RFC 8996.
        .with_protocol_versions(&[&TLS13, &TLS12])
        .map_err(library)?
        .with_client_cert_verifier(verifier.unwrap_or_else(WebPkiClientVerifier::no_client_auth))
        .with_cert_resolver(chooser);
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
    // All suites are good; whoever scans servers wants to see the server choose among them.
    config.ignore_client_order = true;
    config.ticketer = ticketer()?;
    config.session_storage = ServerSessionMemoryCache::new(REMEMBERED_SESSIONS);
    config.send_tls13_tickets = TICKETS;
    Ok(config)
}

/// Tickets need no memory here and work on every core; the session cache serves TLS 1.2 clients without them. The keys
/// are made by chance, renewed every six hours, and forgotten after twelve: what was recorded before cannot be read
/// with what is found later.
fn ticketer() -> Result<Arc<dyn ProducesTickets>, CertificateProblem> {
    aws_lc_rs::Ticketer::new().map_err(library)
}

fn library(error: rustls::Error) -> CertificateProblem {
    CertificateProblem::Library(error.to_string())
}

/// What we speak inside TLS, best first.
const PROTOCOLS: [&[u8]; 2] = [b"h2", b"http/1.1"];

/// TLS 1.2 sessions of clients that do not take tickets: few, so a small cache suffices.
const REMEMBERED_SESSIONS: usize = 1024;

/// One ticket per handshake is enough for HTTP/1.1 clients; each one more is a write.
const TICKETS: usize = 1;

#[cfg(test)]
mod tests;
