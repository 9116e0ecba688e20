//! From names to addresses.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use torwart_cause::Ending;
use torwart_config::plan::ResolverPlan;

/// The host's own files that a resolver reads, again whenever they change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SystemFiles {
    /// Names with fixed addresses, consulted first.
    pub hosts: PathBuf,
    /// Name servers and search list, where the plan names no servers.
    pub resolv_conf: PathBuf,
}

impl Default for SystemFiles {
    fn default() -> Self {
        Self { hosts: PathBuf::from("/etc/hosts"), resolv_conf: PathBuf::from("/etc/resolv.conf") }
    }
}

/// The addresses of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Never empty.
    pub addresses: Arc<[SocketAddr]>,
    /// Whether it is the last good answer of a name that could not be refreshed.
    pub is_stale: bool,
    /// How long it remains fresh; zero for a stale one.
    pub ttl: Duration,
}

/// Resolves names for all cores; keeps answers, refreshes those in use, survives dead name servers.
#[derive(Debug)]
pub struct Resolver {}

impl Resolver {
    /// Starts the resolver's own thread.
    pub fn start(plan: &ResolverPlan, files: SystemFiles) -> std::io::Result<Self> {
        let _ = (plan, files);
        Ok(Self {})
    }

    /// The addresses of a name, from memory or by asking, within `deadline`.
    pub async fn addresses(&self, name: &str, port: u16, deadline: Duration) -> Result<Answer, Ending> {
        let _ = (name, port, deadline);
        Err(Ending::Name(torwart_cause::NameFault::Unreachable))
    }

    /// The addresses of a name, if they are known and fresh. Never waits, never asks.
    pub fn cached(&self, name: &str, port: u16) -> Option<Answer> {
        let _ = (name, port);
        None
    }
}
