//! From names to addresses, remembered, refreshed, and with every failure told apart.
//!
//! One [`Resolver`] serves all cores. Its own thread asks the name servers; the cores read a shared snapshot without
//! locks and only wait when a name is not known. Names in use are refreshed before they expire. A name whose refresh
//! fails keeps its last good answer, marked as stale: a broken name server should not take down upstreams that work.

mod files;
mod lookup;
mod names;
mod question;
mod services;
mod worker;

pub use files::{Hosts, ResolvConf, SystemFiles};
pub use names::NameState;
pub use services::{Service, Services};

use names::{Names, Seen};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;
use torwart_cause::{Deadline, Ending, NameFault};
use torwart_config::plan::ResolverPlan;
use worker::Wanted;

/// The addresses of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Never empty; in the order in which the name servers gave them, IPv6 first.
    pub addresses: Arc<[SocketAddr]>,
    /// Whether it is the last good answer of a name that could not be refreshed.
    pub is_stale: bool,
    /// How long it remains fresh; zero for a stale one.
    pub ttl: Duration,
}

/// Resolves names for all cores.
#[derive(Debug)]
pub struct Resolver {
    names: Arc<Names>,
    /// The name servers of the plan; without any, this host's.
    servers: Vec<SocketAddr>,
    resolv_conf: PathBuf,
    /// Always there until the drop, which closes it to end the thread.
    requests: Option<mpsc::Sender<Wanted>>,
    thread: Option<JoinHandle<()>>,
}

impl Resolver {
    /// Starts the resolver's own thread.
    pub fn start(plan: &ResolverPlan, files: SystemFiles) -> io::Result<Self> {
        let names = Arc::new(Names::default());
        let (requests, wanted) = mpsc::channel(REQUESTS);
        let (servers, resolv_conf) = (plan.servers.clone(), files.resolv_conf.clone());
        let thread = worker::start(plan.clone(), files, Arc::clone(&names), wanted)?;
        Ok(Self { names, servers, resolv_conf, requests: Some(requests), thread: Some(thread) })
    }

    /// The addresses of a name, from memory or by asking, within `deadline`.
    pub async fn addresses(&self, name: &str, port: u16, deadline: Duration) -> Result<Answer, Ending> {
        if let Some(addresses) = own_knowledge(name) {
            return Ok(fixed(&addresses, port));
        }
        match self.names.look(name) {
            Seen::Good(answer) => return Ok(answer.with_port(port)),
            Seen::Bad(ending) => return Err(ending),
            Seen::Unknown => {}
        }
        match timeout(deadline, self.ask(name)).await {
            Ok(Ok(())) => {}
            Ok(Err(ending)) => return Err(ending),
            // Asking goes on in the background; meanwhile the last good answer is better than none.
            Err(_) => {
                let last_good = self.names.last_good(name);
                let answer = last_good.ok_or(Ending::TimedOut(Deadline::Resolve))?;
                return Ok(answer.with_port(port));
            }
        }
        match self.names.look_after_asking(name) {
            Seen::Good(answer) => Ok(answer.with_port(port)),
            Seen::Bad(ending) => Err(ending),
            Seen::Unknown => Err(Ending::Cancelled(torwart_cause::By::Gateway)),
        }
    }

    /// The addresses of a name, if they are known. Never waits, never asks.
    pub fn cached(&self, name: &str, port: u16) -> Option<Answer> {
        if let Some(addresses) = own_knowledge(name) {
            return Some(fixed(&addresses, port));
        }
        match self.names.look(name) {
            Seen::Good(answer) => Some(answer.with_port(port)),
            Seen::Bad(_) | Seen::Unknown => None,
        }
    }

    /// Every name that was asked for, with what is known of it.
    pub fn known(&self) -> Vec<NameState> {
        self.names.states()
    }

    /// Waits until the worker has news about the name.
    async fn ask(&self, name: &str) -> Result<(), Ending> {
        // Without its thread the resolver cannot ask anybody.
        const GONE: Ending = Ending::Name(NameFault::Unreachable);
        let requests = self.requests.as_ref().ok_or(GONE)?;
        let (done, news) = oneshot::channel();
        requests.send(Wanted { name: name.into(), done }).await.map_err(|_| GONE)?;
        news.await.map_err(|_| GONE)
    }
}

impl Drop for Resolver {
    fn drop(&mut self) {
        self.requests = None;
        if let Some(thread) = self.thread.take() {
            // A panic there was already reported by the panic hook.
            let _ = thread.join();
        }
    }
}

/// What needs nobody's answer: addresses written as such, and the names of this very host (RFC 6761 §6.3).
fn own_knowledge(name: &str) -> Option<Vec<IpAddr>> {
    let name = name.strip_suffix('.').unwrap_or(name);
    let bare = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
    if let Ok(address) = bare.parse() {
        return Some(vec![address]);
    }
    let (below, last) = name.rsplit_once('.').unwrap_or(("", name));
    let is_local = last.eq_ignore_ascii_case("localhost") && !below.ends_with('.');
    is_local.then(|| vec![IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)])
}

fn fixed(addresses: &[IpAddr], port: u16) -> Answer {
    let addresses = addresses.iter().map(|address| SocketAddr::new(*address, port)).collect();
    Answer { addresses, is_stale: false, ttl: Duration::MAX }
}

/// More cores than this never wait for names at once without a deadline of their own passing first.
const REQUESTS: usize = 1024;

#[cfg(test)]
pub(crate) mod tests;
