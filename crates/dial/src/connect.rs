//! From addresses to an established socket.
//!
//! Several addresses of one name race as RFC 8305 describes: families alternate, the next one starts after 250 ms or
//! as soon as one fails, the first to connect wins and the others are dropped.

mod observe;
mod race;

pub use observe::{Observed, observe};
pub use race::CONNECTION_ATTEMPT_DELAY;

use crate::ending_of;
use race::race;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::AsFd;
use std::path::Path;
use std::time::{Duration, Instant};
use tokio::net::{TcpSocket, TcpStream, UnixStream};
use tokio::time::{sleep, timeout};
use torwart_cause::{Deadline, Ending};
use torwart_kernel::socket::{self, Keepalive};

/// How sockets toward upstreams are set up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SocketPlan {
    /// The source address; addresses of the other family are not tried then.
    pub bind: Option<IpAddr>,
    /// Time to live (hop limit) of outgoing packets.
    pub ttl: Option<u8>,
    /// Cap on the segment size.
    pub segment_size: Option<u16>,
    /// Whether ICMP errors end a connection attempt at once.
    pub receives_errors: bool,
    /// Whether small segments go out at once.
    pub nodelay: bool,
    /// Probes on idle connections.
    pub keepalive: Option<Keepalive>,
    /// How long sent bytes may stay unacknowledged.
    pub user_timeout: Option<Duration>,
    /// Whether link-local addresses and metadata services are refused: where a name led to them.
    pub refuses_link_local: bool,
}

impl Default for SocketPlan {
    fn default() -> Self {
        Self {
            bind: None,
            ttl: None,
            segment_size: None,
            receives_errors: false,
            nodelay: true,
            keepalive: None,
            user_timeout: None,
            refuses_link_local: false,
        }
    }
}

/// An established TCP connection.
#[derive(Debug)]
pub struct Connected {
    /// The connection.
    pub stream: TcpStream,
    /// Its far end.
    pub address: SocketAddr,
    /// From the first attempt to the established connection.
    pub took: Duration,
}

/// Why no address could be connected to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnectFailure {
    /// The address whose failure is reported; `None` when there was none to try.
    pub address: Option<SocketAddr>,
    /// How it failed.
    pub ending: Ending,
    /// Counted from the first attempt.
    pub after: Duration,
}

/// Connects to whichever address answers first, all within `deadline`.
pub async fn connect(
    plan: &SocketPlan,
    addresses: &[SocketAddr],
    deadline: Duration,
) -> Result<Connected, ConnectFailure> {
    let start = Instant::now();
    let mut failed = None;
    let order = race::interleave(addresses, plan.bind);
    match timeout(deadline, race(plan, &order, &mut failed)).await {
        Ok(Some((stream, address))) => Ok(Connected { stream, address, took: start.elapsed() }),
        Ok(None) => {
            let (address, ending) = match failed {
                Some((address, ending)) => (Some(address), ending),
                // Nothing to try: either no address at all, or none of the source address's family.
                None => (addresses.first().copied(), Ending::Unroutable),
            };
            Err(ConnectFailure { address, ending, after: start.elapsed() })
        }
        Err(_) => Err(ConnectFailure {
            address: order.first().copied(),
            ending: Ending::TimedOut(Deadline::Connect),
            after: start.elapsed(),
        }),
    }
}

/// Connects to a unix socket. A full queue is waited for briefly: unlike TCP, the kernel does not wait by itself.
pub async fn connect_unix(
    path: &Path,
    deadline: Duration,
) -> Result<(UnixStream, Duration), (Ending, Duration)> {
    let start = Instant::now();
    let patience = deadline.min(QUEUE_PATIENCE);
    let mut pause = FIRST_PAUSE;
    loop {
        let error = match timeout(deadline, UnixStream::connect(path)).await {
            Ok(Ok(stream)) => return Ok((stream, start.elapsed())),
            Ok(Err(error)) => error,
            Err(_) => return Err((Ending::TimedOut(Deadline::Connect), start.elapsed())),
        };
        let is_full = error.kind() == io::ErrorKind::WouldBlock;
        if !is_full || start.elapsed() + pause > patience {
            return Err((ending_of(&error, Deadline::Connect), start.elapsed()));
        }
        sleep(pause).await;
        pause *= 2;
    }
}

/// One connection attempt to one address.
async fn connect_one(plan: &SocketPlan, address: SocketAddr) -> Result<TcpStream, Ending> {
    let attempt = async {
        let socket = if address.is_ipv6() { TcpSocket::new_v6()? } else { TcpSocket::new_v4()? };
        prepare(plan, &socket, address.is_ipv6())?;
        socket.connect(address).await
    };
    attempt.await.map_err(|error: io::Error| ending_of(&error, Deadline::Connect))
}

fn prepare(plan: &SocketPlan, fresh: &impl AsFd, is_v6: bool) -> io::Result<()> {
    if plan.nodelay {
        socket::set_nodelay(fresh, true)?;
    }
    if let Some(ttl) = plan.ttl {
        socket::set_ttl(fresh, is_v6, ttl)?;
    }
    if let Some(bytes) = plan.segment_size {
        socket::set_segment_size(fresh, bytes)?;
    }
    if plan.receives_errors {
        socket::set_receive_errors(fresh, is_v6)?;
    }
    if let Some(keepalive) = &plan.keepalive {
        socket::set_keepalive(fresh, keepalive)?;
    }
    if plan.user_timeout.is_some() {
        socket::set_user_timeout(fresh, plan.user_timeout)?;
    }
    if let Some(source) = plan.bind {
        socket::set_bind_without_port(fresh)?;
        socket::bind(fresh, SocketAddr::new(source, 0))?;
    }
    Ok(())
}

/// Longer than a busy accept loop needs for one turn, short enough that a dead one is noticed.
const QUEUE_PATIENCE: Duration = Duration::from_secs(1);

/// The first pause before a full queue is tried again; it doubles each time.
const FIRST_PAUSE: Duration = Duration::from_millis(2);

#[cfg(test)]
mod tests;
