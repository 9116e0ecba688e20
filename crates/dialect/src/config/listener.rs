//! Where a gateway waits for clients.

use super::{At, Fact, GatewayConfig, HostRule, NoteKind};
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// One address a gateway listens on, for one site.
#[derive(Debug, Clone, PartialEq)]
pub struct Listener {
    /// Where it is written; nothing where the product listens without being told.
    pub at: Option<At>,
    /// The address.
    pub address: ListenAddress,
    /// The names served there; none means any.
    pub names: Vec<HostRule>,
    /// Clients speak TLS here.
    pub is_tls: bool,
    /// The certificate files (chains) shown to clients.
    pub certificates: Vec<Fact<PathBuf>>,
    /// The files of the private keys, where they are apart from the certificates.
    pub keys: Vec<Fact<PathBuf>>,
    /// A PROXY protocol header is expected before the first byte.
    pub expects_proxy_protocol: Fact<bool>,
    /// The site that answers names nobody else serves.
    pub is_fallback: bool,
    /// How long an idle kept-alive connection of a client stays open.
    pub client_idle: Option<Fact<Duration>>,
}

/// An address to listen on.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ListenAddress {
    /// A port on one address, or on all of them.
    Tcp {
        /// The local address or name; nothing means all.
        host: Option<String>,
        /// The port.
        port: u16,
    },
    /// A Unix socket.
    Unix(PathBuf),
}

impl fmt::Display for ListenAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ListenAddress::Tcp { host: None, port } => write!(formatter, "*:{port}"),
            ListenAddress::Tcp { host: Some(host), port } if host.contains(':') => {
                write!(formatter, "[{host}]:{port}")
            }
            ListenAddress::Tcp { host: Some(host), port } => write!(formatter, "{host}:{port}"),
            ListenAddress::Unix(path) => write!(formatter, "unix:{}", path.display()),
        }
    }
}

impl GatewayConfig {
    /// Where no site of an address says that it takes unknown names, the first one does.
    pub(crate) fn mark_fallbacks(&mut self) {
        for place in 0..self.listeners.len() {
            let (before, rest) = self.listeners.split_at_mut(place);
            let Some((own, after)) = rest.split_first_mut() else { return };
            let is_first = !before.iter().any(|other| other.address == own.address);
            let has_named = after.iter().any(|other| other.address == own.address && other.is_fallback);
            own.is_fallback |= is_first && !has_named;
        }
    }

    /// Two sites of one address with the same name: only the first is ever reached.
    pub(crate) fn note_shadowed(&mut self) {
        let mut notes = Vec::new();
        for (place, later) in self.listeners.iter().enumerate() {
            for earlier in self.listeners.iter().take(place).filter(|other| other.address == later.address) {
                let twice = later.names.iter().find(|name| earlier.names.contains(name));
                if let Some(HostRule::Exact(name)) = twice
                    && earlier.at != later.at
                    && !matches!(name.as_str(), "" | "_")
                {
                    let (name, address, first) = (name.clone(), later.address.clone(), earlier.at.clone());
                    notes.push((later.at.clone(), NoteKind::SiteShadowed { name, address, first }));
                    break;
                }
            }
        }
        for (at, what) in notes {
            self.note(at, what);
        }
    }
}
