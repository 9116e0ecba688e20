//! From names to addresses.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use torwart_cause::Ending;

/// How names are resolved. The default is what the host itself would do, but with every failure told apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolverPlan {
    /// Who is asked.
    pub source: Source,
    /// The hosts file, consulted first. `None` leaves it out.
    pub hosts: Option<PathBuf>,
    /// No answer is kept shorter than this, so that a TTL of zero does not turn into a query per connection.
    pub shortest: Duration,
    /// No answer is kept longer than this.
    pub longest: Duration,
    /// How long "no such name" is believed.
    pub negative: Duration,
    /// How long one server may take for one question before the next is asked.
    pub patience: Duration,
}

/// Who is asked for addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// The servers and the search list of this file, read again when it changes.
    ResolvConf(PathBuf),
    /// These servers, in order, and no search list.
    Servers(Vec<SocketAddr>),
    /// The system's own `getaddrinfo`, with whatever nsswitch says. It tells no TTL; answers live for `shortest`.
    System,
}

impl Default for ResolverPlan {
    fn default() -> Self {
        Self {
            source: Source::ResolvConf(PathBuf::from("/etc/resolv.conf")),
            hosts: Some(PathBuf::from("/etc/hosts")),
            shortest: Duration::from_secs(1),
            longest: Duration::from_secs(3600),
            negative: Duration::from_secs(5),
            patience: Duration::from_secs(1),
        }
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
    pub fn start(plan: ResolverPlan) -> std::io::Result<Self> {
        let _ = plan;
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
