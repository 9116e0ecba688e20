//! One connection attempt to one address, with everything the kernel knows about it afterwards.
//!
//! [`super::connect`] is for those who want a connection; this is for those who want the reason. It keeps the error
//! number, the ICMP messages that came back (type, code, sender), the kernel's counters, and the source address, also
//! of an attempt that nobody answered. Nothing is interpreted here beyond the [`Ending`].

use super::{SocketPlan, prepare};
use crate::ending_of;
use socket2::{Domain, Protocol, Socket, Type};
use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::io::Interest;
use tokio::net::TcpStream;
use tokio::time::timeout;
use torwart_cause::{Deadline, Ending};
use torwart_kernel::{QueuedError, TcpInfo, error_queue};

/// A connection attempt that has ended, one way or the other.
#[derive(Debug)]
pub struct Observed {
    /// The far end.
    pub address: SocketAddr,
    /// The connection, or how the attempt ended.
    pub result: Result<TcpStream, Ending>,
    /// The operating system's error number, where there was one.
    pub error_number: Option<i32>,
    /// What the network said, in order. Filled only where the plan receives errors.
    pub messages: Vec<QueuedError>,
    /// The kernel's counters when the attempt ended; `retransmitted` counts the SYNs sent again.
    pub info: Option<TcpInfo>,
    /// The source address and port, where the kernel had chosen one.
    pub local: Option<SocketAddr>,
    /// How long it took.
    pub took: Duration,
}

/// Tries one address, and reports what came of it.
pub async fn observe(plan: &SocketPlan, address: SocketAddr, deadline: Duration) -> Observed {
    let start = Instant::now();
    let mut observed = Observed {
        address,
        result: Err(Ending::TimedOut(Deadline::Connect)),
        error_number: None,
        messages: Vec::new(),
        info: None,
        local: None,
        took: Duration::ZERO,
    };
    let stream = match begin(plan, address) {
        Ok(stream) => stream,
        Err(Begun { error, socket }) => {
            observed.fail(&error);
            observed.messages = socket.as_ref().map(queued).unwrap_or_default();
            observed.took = start.elapsed();
            return observed;
        }
    };
    let outcome = timeout(deadline, established(&stream)).await;
    observed.took = start.elapsed();
    observed.local = stream.local_addr().ok().filter(|local| local.port() != 0);
    observed.messages = queued(&stream);
    observed.info = TcpInfo::of(&stream).ok();
    match outcome {
        Ok(Ok(())) => observed.result = Ok(stream),
        Ok(Err(error)) => observed.fail(&error),
        Err(_) => {}
    }
    observed
}

impl Observed {
    fn fail(&mut self, error: &io::Error) {
        self.error_number = error.raw_os_error();
        self.result = Err(ending_of(error, Deadline::Connect));
    }
}

/// An attempt that failed before the network was asked; the socket may still hold a message of our own stack.
struct Begun {
    error: io::Error,
    socket: Option<Socket>,
}

/// Sends the first SYN; the stream it returns is not connected yet.
fn begin(plan: &SocketPlan, address: SocketAddr) -> Result<TcpStream, Begun> {
    let early = |error| Begun { error, socket: None };
    let kind = Type::STREAM.nonblocking().cloexec();
    let socket = Socket::new(Domain::for_address(address), kind, Some(Protocol::TCP)).map_err(early)?;
    prepare(plan, &socket, address.is_ipv6()).map_err(early)?;
    match socket.connect(&address.into()) {
        Ok(()) => {}
        Err(error) if error.raw_os_error() == Some(libc::EINPROGRESS) => {}
        Err(error) => return Err(Begun { error, socket: Some(socket) }),
    }
    TcpStream::from_std(socket.into()).map_err(early)
}

/// Waits until the handshake is over.
async fn established(stream: &TcpStream) -> io::Result<()> {
    loop {
        stream.writable().await?;
        if let Some(error) = stream.take_error()? {
            return Err(error);
        }
        match stream.peer_addr() {
            Ok(_) => return Ok(()),
            // A queued message of the network wakes the socket without ending the attempt.
            Err(error) if error.kind() == io::ErrorKind::NotConnected => {
                let again = || Err::<(), _>(io::ErrorKind::WouldBlock.into());
                let _ = stream.try_io(Interest::WRITABLE, again);
            }
            Err(error) => return Err(error),
        }
    }
}

/// Empties the error queue; the bound keeps a flood of messages from holding us here.
fn queued(socket: impl std::os::fd::AsFd) -> Vec<QueuedError> {
    let mut messages = Vec::new();
    while messages.len() < MOST_MESSAGES
        && let Ok(Some(message)) = error_queue::take(&socket)
    {
        messages.push(message);
    }
    messages
}

/// More than one attempt can draw: a SYN and its few repetitions.
const MOST_MESSAGES: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;
    use torwart_kernel::ErrorOrigin;

    const DEADLINE: Duration = Duration::from_secs(5);

    fn plan() -> SocketPlan {
        SocketPlan { receives_errors: true, ..SocketPlan::default() }
    }

    fn closed_port() -> SocketAddr {
        std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
    }

    #[tokio::test]
    async fn a_connection_brings_its_counters_and_its_source() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let seen = observe(&plan(), listener.local_addr().unwrap(), DEADLINE).await;
        let stream = seen.result.unwrap();
        assert_eq!(seen.local, Some(stream.local_addr().unwrap()));
        assert_eq!(seen.info.unwrap().retransmitted, 0);
        assert_eq!((seen.error_number, seen.messages.len()), (None, 0));
    }

    #[tokio::test]
    async fn a_reset_is_a_refusal_without_a_message() {
        let seen = observe(&plan(), closed_port(), DEADLINE).await;
        assert_eq!(seen.result.unwrap_err(), Ending::Refused);
        assert_eq!(seen.error_number, Some(libc::ECONNREFUSED));
        assert!(seen.messages.is_empty());
    }

    #[tokio::test]
    async fn silence_shows_its_repeated_syns() {
        let socket = || Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        let listener = socket();
        listener.bind(&"127.0.0.1:0".parse::<SocketAddr>().unwrap().into()).unwrap();
        listener.listen(0).unwrap();
        let address = listener.local_addr().unwrap();
        let _waiting: Vec<Socket> = (0..4)
            .map(|_| {
                let filler = socket();
                filler.set_nonblocking(true).unwrap();
                let _ = filler.connect(&address);
                filler
            })
            .collect();
        let seen = observe(&plan(), address.as_socket().unwrap(), Duration::from_millis(1500)).await;
        assert_eq!(seen.result.unwrap_err(), Ending::TimedOut(Deadline::Connect));
        assert_eq!(seen.error_number, None);
        assert!(seen.info.unwrap().retransmitted >= 1);
        assert!(seen.local.is_some());
    }

    #[tokio::test]
    async fn what_our_own_host_cannot_do_is_known_at_once() {
        let elsewhere = SocketPlan { bind: Some("192.0.2.1".parse().unwrap()), ..plan() };
        let seen = observe(&elsewhere, closed_port(), DEADLINE).await;
        assert_eq!(seen.error_number, Some(libc::EADDRNOTAVAIL));
        let seen = observe(&plan(), "255.255.255.255:80".parse().unwrap(), DEADLINE).await;
        assert_eq!(seen.result.unwrap_err(), Ending::Unroutable);
        assert!(seen.messages.iter().all(|message| message.origin != ErrorOrigin::Icmp6));
    }
}
