//! Where a gateway waits for clients.

use super::{At, Fact, HostRule};
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
