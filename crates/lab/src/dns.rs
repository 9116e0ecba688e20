//! A scripted name server: the right answer, every wrong one, and none at all, over UDP and TCP.
//!
//! It knows the names and zones it is given and nothing else; any other name does not exist, and is refused by a server
//! that has zones. How a name is answered may change with every query, or after a time, and while it runs.

mod message;
mod zone;

pub use zone::{Data, Role, Zone};

use crate::ground::{Ground, Task};
use crate::script::Span;
use message::Question;
use serde::Deserialize;
use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::task::JoinSet;

/// A running name server. Dropping it ends it.
pub struct NameServer {
    address: SocketAddr,
    shared: Arc<Shared>,
    _task: Task,
}

/// How one name is answered.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// The reply to the first, second, … query of the name; the last serves all further ones.
    pub replies: Vec<Reply>,
    /// Time to live of the records, in seconds.
    #[serde(default = "default_ttl")]
    pub ttl: u32,
    /// How long the server waits before it replies.
    #[serde(default)]
    pub delay: Option<Span>,
    /// When set, the reply changes with time instead: one step after each such period since the rule was set.
    #[serde(default)]
    pub changes_every: Option<Span>,
}

/// One reply.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    /// These addresses, A or AAAA as asked.
    Addresses(Vec<IpAddr>),
    /// An alias of another name, without its addresses.
    Alias(String),
    /// The name of an address (PTR).
    Name(String),
    /// The servers of a service (SRV): priority, weight, port and name of each.
    Services(Vec<(u16, u16, u16, String)>),
    /// The name does not exist (RCODE 3).
    NxDomain,
    /// The server failed (RCODE 2).
    ServFail,
    /// The server refuses to answer (RCODE 5).
    Refused,
    /// The name exists and has no address.
    Empty,
    /// An alias of itself by way of another name.
    Loop,
    /// The server failed (RCODE 2) unless it is asked not to check signatures (CD); then these addresses.
    Bogus(Vec<IpAddr>),
    /// Over UDP cut off (TC set) and without records; over TCP these addresses.
    Truncated(Vec<IpAddr>),
    /// Bytes that are no DNS message, but for the number of the query.
    Garbled,
    /// The answer to another question.
    OtherQuestion,
    /// Nothing at all.
    Silence,
}

/// A query as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// The name, in lower case, without the last dot.
    pub name: String,
    /// The type asked for: 1 is A, 28 is AAAA.
    pub kind: u16,
    /// Whether it came over TCP.
    pub is_tcp: bool,
}

#[derive(Default)]
struct Shared {
    rules: Mutex<HashMap<String, Entry>>,
    zones: Mutex<Vec<Zone>>,
    queries: Mutex<Vec<Query>>,
}

struct Entry {
    rule: Rule,
    since: Instant,
    /// Queries so far, by type, because resolvers ask for A and AAAA at once.
    asked: HashMap<u16, usize>,
}

impl Rule {
    /// Always this reply, with a long time to live.
    pub fn always(reply: Reply) -> Self {
        Self { replies: vec![reply], ttl: default_ttl(), delay: None, changes_every: None }
    }
}

impl NameServer {
    /// Starts a name server that knows these names, on a free port of the loopback address.
    pub fn start(ground: &Ground, rules: impl IntoIterator<Item = (String, Rule)>) -> io::Result<Self> {
        Self::start_at(ground, SocketAddr::from(([127, 0, 0, 1], 0)), rules)
    }

    /// Starts a name server at this address.
    pub fn start_at(
        ground: &Ground,
        address: SocketAddr,
        rules: impl IntoIterator<Item = (String, Rule)>,
    ) -> io::Result<Self> {
        let (udp, tcp) = bind_both(address)?;
        let address = udp.local_addr()?;
        let (udp, tcp) = {
            let _entered = ground.enter();
            (UdpSocket::from_std(udp)?, TcpListener::from_std(tcp)?)
        };
        let shared = Arc::new(Shared::default());
        let task = ground.run(serve(udp, tcp, shared.clone()));
        let server = Self { address, shared, _task: task };
        for (name, rule) in rules {
            server.set(&name, rule);
        }
        Ok(server)
    }

    /// Where it listens, UDP and TCP alike.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers a name in this way from now on.
    pub fn set(&self, name: &str, rule: Rule) {
        let entry = Entry { rule, since: Instant::now(), asked: HashMap::new() };
        let name = name.trim_end_matches('.').to_ascii_lowercase();
        self.shared.rules.lock().unwrap_or_else(PoisonError::into_inner).insert(name, entry);
    }

    /// Answers for a zone from now on; rules for single names come first.
    pub fn set_zone(&self, zone: Zone) {
        let mut zones = self.shared.zones.lock().unwrap_or_else(PoisonError::into_inner);
        zones.retain(|known| known.name != zone.name);
        zones.push(zone);
        // The nearest zone answers.
        zones.sort_by_key(|zone| std::cmp::Reverse(zone.name.len()));
    }

    /// Every query so far.
    pub fn queries(&self) -> Vec<Query> {
        self.shared.queries.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The same port for UDP and TCP; a few tries, because a free UDP port may be a taken TCP port.
fn bind_both(address: SocketAddr) -> io::Result<(std::net::UdpSocket, std::net::TcpListener)> {
    let mut last = io::Error::from(io::ErrorKind::AddrInUse);
    for _ in 0..16 {
        let udp = std::net::UdpSocket::bind(address)?;
        match std::net::TcpListener::bind(udp.local_addr()?) {
            Ok(tcp) => {
                udp.set_nonblocking(true)?;
                tcp.set_nonblocking(true)?;
                return Ok((udp, tcp));
            }
            Err(error) => last = error,
        }
    }
    Err(last)
}

async fn serve(udp: UdpSocket, tcp: TcpListener, shared: Arc<Shared>) {
    let udp = Arc::new(udp);
    let mut tasks = JoinSet::new();
    let mut buffer = [0; 4096];
    loop {
        tokio::select! {
            received = udp.recv_from(&mut buffer), if tasks.len() < TASKS => {
                // An error here is an ICMP message about an answer nobody waits for any more.
                let Ok((count, from)) = received else { continue };
                let query = buffer.get(..count).unwrap_or_default().to_vec();
                let (udp, shared) = (udp.clone(), shared.clone());
                tasks.spawn(async move {
                    if let Some(reply) = shared.reply(&query, false).await {
                        // UDP promises nothing.
                        let _ = udp.send_to(&reply, from).await;
                    }
                });
            }
            accepted = tcp.accept(), if tasks.len() < TASKS => {
                let Ok((stream, _)) = accepted else { continue };
                let shared = shared.clone();
                tasks.spawn(async move {
                    // Whoever leaves or idles is let go.
                    let _ = tokio::time::timeout(TCP_TIME, converse(stream, &shared)).await;
                });
            }
            Some(_) = tasks.join_next() => {}
        }
    }
}

/// Messages over TCP carry their length in front (RFC 1035 §4.2.2).
async fn converse(mut stream: TcpStream, shared: &Shared) -> io::Result<()> {
    loop {
        let length = stream.read_u16().await?;
        let mut query = vec![0; usize::from(length)];
        stream.read_exact(&mut query).await?;
        let Some(reply) = shared.reply(&query, true).await else { continue };
        stream.write_u16(u16::try_from(reply.len()).unwrap_or(u16::MAX)).await?;
        stream.write_all(&reply).await?;
    }
}

impl Shared {
    async fn reply(&self, query: &[u8], is_tcp: bool) -> Option<Vec<u8>> {
        let question = Question::read(query)?;
        self.note(&question, is_tcp);
        if let Some(answer) = self.ask_zones(&question) {
            return Some(answer);
        }
        let (reply, ttl, delay) = self.choose(&question);
        if let Some(delay) = delay {
            tokio::time::sleep(delay).await;
        }
        message::answer(&question, &reply, ttl, is_tcp)
    }

    /// What the zones say, where there are zones and no rule for the name.
    fn ask_zones(&self, question: &Question) -> Option<Vec<u8>> {
        if self.rules.lock().unwrap_or_else(PoisonError::into_inner).contains_key(&question.name) {
            return None;
        }
        let zones = self.zones.lock().unwrap_or_else(PoisonError::into_inner);
        if zones.is_empty() {
            return None;
        }
        match zones.iter().find(|zone| zone.holds(&question.name)) {
            Some(zone) => Some(zone.answer(question)),
            None => message::answer(question, &Reply::Refused, 0, true),
        }
    }

    fn note(&self, question: &Question, is_tcp: bool) {
        let mut queries = self.queries.lock().unwrap_or_else(PoisonError::into_inner);
        if queries.len() < REMEMBERED {
            queries.push(Query { name: question.name.clone(), kind: question.kind, is_tcp });
        }
    }

    fn choose(&self, question: &Question) -> (Reply, u32, Option<Duration>) {
        let mut rules = self.rules.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(entry) = rules.get_mut(&question.name) else { return (Reply::NxDomain, 1, None) };
        let asked = entry.asked.entry(question.kind).or_default();
        let index = match entry.rule.changes_every {
            Some(period) => {
                let periods = entry.since.elapsed().as_millis() / period.0.as_millis().max(1);
                usize::try_from(periods).unwrap_or(usize::MAX)
            }
            None => *asked,
        };
        *asked += 1;
        let last = entry.rule.replies.len().saturating_sub(1);
        let reply = entry.rule.replies.get(index.min(last)).cloned().unwrap_or(Reply::Empty);
        (reply, entry.rule.ttl, entry.rule.delay.map(|delay| delay.0))
    }
}

fn default_ttl() -> u32 {
    300
}

/// Queries answered at the same time.
const TASKS: usize = 512;
const TCP_TIME: Duration = Duration::from_secs(30);
const REMEMBERED: usize = 10_000;

#[cfg(test)]
mod tests;
