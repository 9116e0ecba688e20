//! The certificates shown to clients: read, checked, chosen by the asked name, replaced without closing a connection.
//!
//! One [`Certificates`] owns one `rustls::ServerConfig` for the life of the process; a reload only swaps the shelf the
//! configuration looks into, so sessions and tickets survive it. The name a client asks for finds the site's own
//! certificates first, then any certificate that names it, then the first of all: a handshake that shows a wrong
//! certificate can be understood in a browser, one that breaks off cannot.

mod chosen;
mod shelf;

pub use torwart_dial::TlsConfigProblem as CertificateProblem;

use arc_swap::ArcSwap;
use chosen::Chooser;
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::server::ServerSessionMemoryCache;
use rustls::version::{TLS12, TLS13};
use shelf::Shelf;
use std::sync::Arc;
use torwart_config::plan::Site;

/// The certificates of all sites, and the TLS configuration that shows them.
pub struct Certificates {
    config: Arc<ServerConfig>,
    shelf: Arc<ArcSwap<Shelf>>,
}

impl Certificates {
    /// Reads every certificate of every site; all problems at once.
    pub fn load(sites: &[Site]) -> Result<Self, Vec<CertificateProblem>> {
        let shelf = Arc::new(ArcSwap::from_pointee(Shelf::load(sites)?));
        let config = server_config(Arc::clone(&shelf)).map_err(|error| vec![error])?;
        Ok(Self { config: Arc::new(config), shelf })
    }

    /// Reads them again. With any problem the present ones stay.
    pub fn reload(&self, sites: &[Site]) -> Result<(), Vec<CertificateProblem>> {
        self.shelf.store(Arc::new(Shelf::load(sites)?));
        Ok(())
    }

    /// The configuration for accepting TLS; it stays the same across reloads.
    pub fn server_config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.config)
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

fn server_config(shelf: Arc<ArcSwap<Shelf>>) -> Result<ServerConfig, CertificateProblem> {
    let library = |error: rustls::Error| CertificateProblem::Library(error.to_string());
    let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        // Older versions are forbidden by RFC 8996.
        .with_protocol_versions(&[&TLS13, &TLS12])
        .map_err(library)?
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(Chooser::new(shelf)));
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    // Tickets need no memory here and work on every core; the cache serves TLS 1.2 clients without them.
    config.ticketer = aws_lc_rs::Ticketer::new().map_err(library)?;
    config.session_storage = ServerSessionMemoryCache::new(REMEMBERED_SESSIONS);
    config.send_tls13_tickets = TICKETS;
    Ok(config)
}

/// TLS 1.2 sessions of clients that do not take tickets: few, so a small cache suffices.
const REMEMBERED_SESSIONS: usize = 1024;

/// One ticket per handshake is enough for HTTP/1.1 clients; each one more is a write.
const TICKETS: usize = 1;

#[cfg(test)]
mod tests;
