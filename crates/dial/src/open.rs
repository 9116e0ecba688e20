//! From a target to an established stream, every step written into the attempt's evidence.

use crate::connect::{SocketPlan, connect, connect_unix};
use crate::fastcgi::FastCgi;
use crate::link_local::is_link_local;
use crate::resolve::Resolver;
use crate::{Stream, TlsClient, ending_of};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::io::AsyncWriteExt;
use torwart_cause::{Address, Attempt, Deadline, Decision, Ending, Step};
use torwart_config::plan::{self, LinkDeadlines};
use torwart_wire::proxy_protocol;

/// Where to go, and how.
#[derive(Clone, Debug)]
pub struct Target {
    /// The upstream as the configuration names it.
    pub label: Arc<str>,
    /// Where it is.
    pub place: Place,
    /// TLS, where it is wanted.
    pub tls: Option<Arc<TlsClient>>,
    /// How the socket is set up.
    pub socket: SocketPlan,
    /// Whether FastCGI is spoken.
    pub is_fastcgi: bool,
    /// What goes out before anything else: a PROXY protocol header.
    pub prelude: Option<Arc<[u8]>>,
}

/// Where an upstream is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// A name that must be resolved.
    Name {
        /// The host name, without brackets or port.
        host: Arc<str>,
        /// The port.
        port: u16,
    },
    /// An address.
    Ip(SocketAddr),
    /// The path of a unix socket.
    Unix(Arc<str>),
}

impl From<&plan::Target> for Place {
    fn from(target: &plan::Target) -> Self {
        match target {
            plan::Target::Name { name, port } => Self::Name { host: Arc::clone(name), port: *port },
            plan::Target::Address(address) => Self::Ip(*address),
            plan::Target::Unix(path) => Self::Unix(path.to_string_lossy().into()),
        }
    }
}

impl Target {
    /// The target of a configured upstream; `tls` must be there where its scheme is `https`.
    pub fn new(upstream: &plan::Upstream, tls: Option<Arc<TlsClient>>) -> Self {
        Self {
            label: Arc::clone(&upstream.label),
            place: Place::from(&upstream.target),
            tls,
            socket: SocketPlan::for_upstream(upstream),
            is_fastcgi: upstream.scheme == plan::Scheme::FastCgi,
            prelude: None,
        }
    }
}

impl Target {
    /// The same for a connection that is nobody's but ours, where the upstream wants to be told whose it is.
    #[must_use]
    pub fn for_ourselves(self, version: Option<plan::ProxyVersion>) -> Self {
        let mut header = Vec::new();
        match version {
            Some(plan::ProxyVersion::V1) => proxy_protocol::write_v1(&mut header, None, None),
            Some(plan::ProxyVersion::V2) => proxy_protocol::write_v2(&mut header, None, None),
            None => return self,
        }
        Self { prelude: Some(header.into()), ..self }
    }
}

impl SocketPlan {
    /// The sockets toward a configured upstream.
    pub fn for_upstream(upstream: &plan::Upstream) -> Self {
        let is_name = matches!(upstream.target, plan::Target::Name { .. });
        Self { refuses_link_local: is_name && !upstream.may_be_link_local, ..Self::default() }
    }
}

/// A stage failed: the evidence says why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stop;

/// Resolves, connects and shakes hands, and writes each step into `attempt`.
pub async fn open(
    target: &Target,
    resolver: &Resolver,
    deadlines: &LinkDeadlines,
    attempt: &mut Attempt,
) -> Result<Stream, Stop> {
    attempt.upstream = Arc::clone(&target.label);
    let mut stream = match &target.place {
        Place::Ip(address) => open_tcp(target, &[*address], deadlines, attempt).await?,
        Place::Unix(path) => open_unix(path, deadlines, attempt).await?,
        Place::Name { host, port } => {
            let start = Instant::now();
            let answer = match resolver.addresses(host, *port, deadlines.resolve).await {
                Ok(answer) => answer,
                Err(ending) => return Err(failed(&mut attempt.resolve, ending, start.elapsed())),
            };
            attempt.resolve = Step::Done { took: start.elapsed() };
            open_tcp(target, &answer.addresses, deadlines, attempt).await?
        }
    };
    if let Some(prelude) = &target.prelude {
        let start = Instant::now();
        let sent = tokio::time::timeout(deadlines.connect, stream.write_all(prelude)).await;
        let ending = match sent {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(ending_of(&error, Deadline::Connect)),
            Err(_) => Some(Ending::TimedOut(Deadline::Connect)),
        };
        if let Some(ending) = ending {
            return Err(failed(&mut attempt.connect, ending, start.elapsed()));
        }
    }
    match &target.tls {
        Some(tls) => shake_hands(tls, stream, &target.place, deadlines, attempt).await,
        None if target.is_fastcgi => Ok(FastCgi::new(stream).into()),
        None => Ok(stream),
    }
}

async fn open_tcp(
    target: &Target,
    addresses: &[SocketAddr],
    deadlines: &LinkDeadlines,
    attempt: &mut Attempt,
) -> Result<Stream, Stop> {
    // Known even when the caller gives up in the middle.
    attempt.address = addresses.first().copied().map(Address::Ip);
    let is_forbidden = |address: &SocketAddr| target.socket.refuses_link_local && is_link_local(address.ip());
    let allowed: Vec<SocketAddr>;
    let addresses = if addresses.iter().any(is_forbidden) {
        allowed = addresses.iter().copied().filter(|address| !is_forbidden(address)).collect();
        if allowed.is_empty() {
            let ending = Ending::Decided(Decision::AddressForbidden);
            return Err(failed(&mut attempt.connect, ending, Duration::ZERO));
        }
        &allowed
    } else {
        addresses
    };
    match connect(&target.socket, addresses, deadlines.connect).await {
        Ok(connected) => {
            attempt.address = Some(Address::Ip(connected.address));
            attempt.connect = Step::Done { took: connected.took };
            Ok(connected.stream.into())
        }
        Err(failure) => {
            attempt.address = failure.address.map(Address::Ip);
            Err(failed(&mut attempt.connect, failure.ending, failure.after))
        }
    }
}

async fn open_unix(
    path: &Arc<str>,
    deadlines: &LinkDeadlines,
    attempt: &mut Attempt,
) -> Result<Stream, Stop> {
    attempt.address = Some(Address::Unix(Arc::clone(path)));
    match connect_unix(Path::new(&**path), deadlines.connect).await {
        Ok((stream, took)) => {
            attempt.connect = Step::Done { took };
            Ok(stream.into())
        }
        Err((ending, after)) => Err(failed(&mut attempt.connect, ending, after)),
    }
}

async fn shake_hands(
    tls: &TlsClient,
    stream: Stream,
    place: &Place,
    deadlines: &LinkDeadlines,
    attempt: &mut Attempt,
) -> Result<Stream, Stop> {
    let start = Instant::now();
    match tls.shake_hands(stream, place, deadlines.handshake).await {
        Ok(stream) => {
            attempt.handshake = Step::Done { took: start.elapsed() };
            Ok(stream)
        }
        Err(failure) => {
            attempt.first_bytes = failure.first_bytes;
            Err(failed(&mut attempt.handshake, failure.ending, start.elapsed()))
        }
    }
}

fn failed(step: &mut Step, ending: Ending, after: Duration) -> Stop {
    *step = Step::Failed { ending, after };
    Stop
}

#[cfg(test)]
mod tests;
