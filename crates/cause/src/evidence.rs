//! What was observed during one exchange, stage by stage, and what could not be observed.

use crate::Step;
use std::net::SocketAddr;
use std::sync::Arc;

/// How many of the upstream's first bytes are kept when they were wrong.
pub const FIRST_BYTES: usize = 512;

/// Everything observed about one exchange.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Evidence {
    /// The client's side.
    pub client: ClientSide,
    /// The gateway's own decisions.
    pub local: Local,
    /// Every attempt at an upstream, in order. The last one decides.
    pub attempts: Vec<Attempt>,
}

/// The client's side of an exchange.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientSide {
    /// The TLS handshake with the client, where there is one.
    pub handshake: Step,
    /// Reading and understanding the request head.
    pub head: Step,
    /// Reading the request body.
    pub body: Step,
    /// Writing the answer.
    pub answer: Step,
}

/// The gateway's own decisions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Local {
    /// Choosing site, route and pool.
    pub route: Step,
    /// Judging the client.
    pub guard: Step,
    /// Concurrency limit and queue.
    pub admit: Step,
    /// Choosing an upstream.
    pub pick: Step,
}

/// Where an attempt went.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Address {
    /// TCP.
    Ip(SocketAddr),
    /// A unix socket path.
    Unix(Arc<str>),
}

/// One try at one upstream.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Attempt {
    /// The upstream as the configuration names it.
    pub upstream: Arc<str>,
    /// The address used last; `None` where no address was known.
    pub address: Option<Address>,
    /// Whether an idle link was used again.
    pub is_reused: bool,
    /// Resolving the name.
    pub resolve: Step,
    /// Establishing the connection.
    pub connect: Step,
    /// The TLS handshake.
    pub handshake: Step,
    /// Writing the request, head and body.
    pub send: Step,
    /// Awaiting and reading the head.
    pub head: Step,
    /// Reading the body.
    pub body: Step,
    /// Bytes the kernel accepted for the upstream; they count as sent.
    pub sent: u64,
    /// Bytes received from the upstream.
    pub received: u64,
    /// The status the upstream answered with.
    pub status: Option<u16>,
    /// The first bytes the upstream sent, at most [`FIRST_BYTES`], kept only when they were wrong.
    pub first_bytes: Option<Box<[u8]>>,
    /// The last bytes a FastCGI application wrote to its error stream, at most [`FIRST_BYTES`]; `None` if there were none.
    pub stderr: Option<Box<[u8]>>,
}

impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Ip(address) => address.fmt(f),
            Self::Unix(path) => write!(f, "unix:{path}"),
        }
    }
}
