//! Sockets as the gateway wants them: listeners with their options, and what can be set or asked on a connection.
//!
//! Everything takes a borrowed descriptor, so that std's, tokio's and socket2's sockets serve alike.

use crate::option;
use rustix::net::{RecvFlags, SendFlags, SocketFlags};
use socket2::{Domain, Protocol, SockRef, Socket, TcpKeepalive, Type};
use std::io::{self, BufRead, BufReader};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::os::fd::AsFd;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::time::Duration;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// How to listen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListenPlan {
    /// Where.
    pub address: SocketAddr,
    /// Whether several listeners share the address, one per core (`SO_REUSEPORT`).
    pub shares_port: bool,
    /// How many connections may wait to be accepted; `net.core.somaxconn` caps it.
    pub backlog: u32,
    /// Whether accepted connections send small segments at once (inherited from the listener).
    pub nodelay: bool,
    /// Whether an IPv6 listener leaves IPv4 alone.
    pub only_v6: bool,
    /// Whether connections wait in the kernel until their clients have sent something, at most a second
    /// (`TCP_DEFER_ACCEPT`).
    pub defers: bool,
}

impl ListenPlan {
    /// The usual choice for an address: shared port, a long queue, no delay.
    pub const fn new(address: SocketAddr) -> Self {
        Self { address, shares_port: true, backlog: BACKLOG, nodelay: true, only_v6: false, defers: false }
    }
}

/// Opens a non-blocking TCP listener.
pub fn listen(plan: &ListenPlan) -> io::Result<TcpListener> {
    let socket = Socket::new(
        Domain::for_address(plan.address),
        Type::STREAM.nonblocking().cloexec(),
        Some(Protocol::TCP),
    )?;
    if plan.address.is_ipv6() {
        socket.set_only_v6(plan.only_v6)?;
    }
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(plan.shares_port)?;
    socket.set_tcp_nodelay(plan.nodelay)?;
    if plan.defers {
        option::set_int(&socket, libc::IPPROTO_TCP, libc::TCP_DEFER_ACCEPT, DEFERRED_SECONDS)?;
    }
    socket.bind(&plan.address.into())?;
    socket.listen(i32::try_from(plan.backlog).unwrap_or(i32::MAX))?;
    Ok(socket.into())
}

/// Makes a TCP listener that somebody else has opened as [`listen`] would have made it.
pub fn adopt(listener: &TcpListener, plan: &ListenPlan) -> io::Result<()> {
    let socket = SockRef::from(listener);
    socket.set_nonblocking(true)?;
    socket.set_tcp_nodelay(plan.nodelay)?;
    if plan.defers {
        option::set_int(listener, libc::IPPROTO_TCP, libc::TCP_DEFER_ACCEPT, DEFERRED_SECONDS)?;
    }
    Ok(())
}

/// Opens a non-blocking UDP socket that nobody shares, with room for what comes while others have the core.
pub fn bind_udp(address: SocketAddr, only_v6: bool) -> io::Result<UdpSocket> {
    let kind = Type::DGRAM.nonblocking().cloexec();
    let socket = Socket::new(Domain::for_address(address), kind, Some(Protocol::UDP))?;
    if address.is_ipv6() {
        socket.set_only_v6(only_v6)?;
    }
    // The system gives what it allows; less is no reason not to serve.
    let _ = socket.set_recv_buffer_size(UDP_ROOM);
    let _ = socket.set_send_buffer_size(UDP_ROOM);
    socket.bind(&address.into())?;
    Ok(socket.into())
}

/// Whether a socket for IPv6 leaves IPv4 alone.
pub fn is_only_v6(socket: impl AsFd) -> io::Result<bool> {
    SockRef::from(&socket).only_v6()
}

/// Opens a non-blocking unix listener whose file never has more than these permission bits. The path must be free: taking
/// over a stale socket is the caller's decision.
pub fn listen_unix(path: &Path, backlog: u32, mode: u32) -> io::Result<UnixListener> {
    let socket = Socket::new(Domain::UNIX, Type::STREAM.nonblocking().cloexec(), None)?;
    // Before there is a file: Linux gives it the mode of the socket, less the process's mask.
    rustix::fs::fchmod(&socket, rustix::fs::Mode::from_raw_mode(mode))?;
    socket.bind(&socket2::SockAddr::unix(path)?)?;
    socket.listen(i32::try_from(backlog).unwrap_or(i32::MAX))?;
    Ok(socket.into())
}

/// From now on connections of this listener are there for the taking as soon as they are made.
pub fn stop_deferring(listener: impl AsFd) -> io::Result<()> {
    option::set_int(listener, libc::IPPROTO_TCP, libc::TCP_DEFER_ACCEPT, 0)
}

/// Whether connections to this port are half made: their clients may believe that they are connected already.
pub fn has_half_made(port: u16) -> bool {
    ["/proc/self/net/tcp", "/proc/self/net/tcp6"].iter().any(|table| {
        std::fs::File::open(table).is_ok_and(|table| table_has_half_made(BufReader::new(table), port))
    })
}

/// One line after the other in the same room: there may be hundreds of thousands.
fn table_has_half_made(mut table: impl BufRead, port: u16) -> bool {
    let mut line = String::new();
    while table.read_line(&mut line).is_ok_and(|read| read > 0) {
        if is_half_made(&line, port) {
            return true;
        }
        line.clear();
    }
    false
}

/// `sl local_address rem_address st ...`, numbers in hexadecimal (proc_pid_net(5)); state 3 is `SYN_RECV`.
fn is_half_made(line: &str, port: u16) -> bool {
    let mut words = line.split_ascii_whitespace();
    let local = words.nth(1).and_then(|local| local.rsplit_once(':'));
    local.is_some_and(|(_, local)| u16::from_str_radix(local, 16) == Ok(port)) && words.nth(1) == Some("03")
}

/// Lets the runtime's event loop tell of a listener whose connections shall not join it by themselves.
///
/// # Panics
///
/// Outside of a runtime.
pub fn watch(listener: TcpListener) -> io::Result<AsyncFd<TcpListener>> {
    // SAFETY: a `TcpListener` owns its descriptor, shows the same one as long as it lives, and closes it only when it is
    // dropped; `AsyncFd` deregisters it before that.
    #[expect(unsafe_code, reason = "the runtime asks for this promise")]
    let watched = unsafe { AsyncFd::register_with_interest(listener, Interest::READABLE) };
    watched.map_err(|error| error.into_parts().1)
}

/// Takes the next connection of a listener, non-blocking, in one call.
pub fn accept(listener: impl AsFd) -> io::Result<(TcpStream, SocketAddr)> {
    let (stream, peer) =
        rustix::net::acceptfrom_with(listener, SocketFlags::NONBLOCK | SocketFlags::CLOEXEC)?;
    let peer = peer.and_then(|peer| SocketAddr::try_from(peer).ok());
    Ok((stream.into(), peer.ok_or(io::ErrorKind::NotConnected)?))
}

/// The address of this end of a connection.
pub fn local_address(socket: impl AsFd) -> io::Result<SocketAddr> {
    let address = SockRef::from(&socket).local_addr()?;
    address.as_socket().ok_or_else(|| io::ErrorKind::AddrNotAvailable.into())
}

/// Looks at bytes that were received and leaves them where they are.
pub fn peek(socket: impl AsFd, room: &mut [u8]) -> io::Result<usize> {
    Ok(rustix::net::recv(socket, room, RecvFlags::PEEK)?.0)
}

/// Takes bytes that were received.
pub fn take(socket: impl AsFd, room: &mut [u8]) -> io::Result<usize> {
    Ok(rustix::net::recv(socket, room, RecvFlags::empty())?.0)
}

/// Sends the last bytes before an orderly close (`MSG_MORE`): they wait for the FIN, and leave in one segment with it.
/// Whoever calls this closes or shuts down at once.
pub fn send_last(socket: impl AsFd, bytes: &[u8]) -> io::Result<usize> {
    Ok(rustix::net::send(socket, bytes, SendFlags::MORE | SendFlags::NOSIGNAL)?)
}

/// Makes the coming close a reset (`SO_LINGER` 0): the peer learns that the message was not complete.
pub fn set_linger_reset(socket: impl AsFd) -> io::Result<()> {
    SockRef::from(&socket).set_linger(Some(Duration::ZERO))
}

/// Ends the writing direction: the peer reads an orderly end, and may still send.
pub fn shutdown_write(socket: impl AsFd) -> io::Result<()> {
    SockRef::from(&socket).shutdown(Shutdown::Write)
}

/// How long sent bytes may stay unacknowledged before the kernel gives the connection up. `None` is its default.
pub fn set_user_timeout(socket: impl AsFd, timeout: Option<Duration>) -> io::Result<()> {
    SockRef::from(&socket).set_tcp_user_timeout(timeout)
}

/// Probes an idle connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keepalive {
    /// Idle time before the first probe.
    pub idle: Duration,
    /// Time between probes.
    pub interval: Duration,
    /// Unanswered probes before the connection counts as dead.
    pub probes: u32,
}

/// Turns keep-alive probes on.
pub fn set_keepalive(socket: impl AsFd, keepalive: &Keepalive) -> io::Result<()> {
    let parameters = TcpKeepalive::new()
        .with_time(keepalive.idle)
        .with_interval(keepalive.interval)
        .with_retries(keepalive.probes);
    SockRef::from(&socket).set_tcp_keepalive(&parameters)
}

/// Whether small segments are sent at once.
pub fn set_nodelay(socket: impl AsFd, nodelay: bool) -> io::Result<()> {
    SockRef::from(&socket).set_tcp_nodelay(nodelay)
}

/// Whether acknowledgements are sent at once; the kernel may fall back by itself.
pub fn set_quickack(socket: impl AsFd, quickack: bool) -> io::Result<()> {
    SockRef::from(&socket).set_tcp_quickack(quickack)
}

/// The time to live (hop limit) of outgoing packets.
pub fn set_ttl(socket: impl AsFd, is_v6: bool, ttl: u8) -> io::Result<()> {
    let reference = SockRef::from(&socket);
    if is_v6 { reference.set_unicast_hops_v6(ttl.into()) } else { reference.set_ttl_v4(ttl.into()) }
}

/// Caps the segment size.
pub fn set_segment_size(socket: impl AsFd, bytes: u16) -> io::Result<()> {
    SockRef::from(&socket).set_tcp_mss(bytes.into())
}

/// Reports ICMP errors at once instead of only after the retries (`IP_RECVERR`).
pub fn set_receive_errors(socket: impl AsFd, is_v6: bool) -> io::Result<()> {
    if is_v6 {
        option::set_int(socket, libc::IPPROTO_IPV6, libc::IPV6_RECVERR, 1)
    } else {
        option::set_int(socket, libc::IPPROTO_IP, libc::IP_RECVERR, 1)
    }
}

/// Chooses the source port at connect time, so that a bound source address can use each port once per destination
/// instead of once (`IP_BIND_ADDRESS_NO_PORT`). Call before bind.
pub fn set_bind_without_port(socket: impl AsFd) -> io::Result<()> {
    option::set_int(socket, libc::IPPROTO_IP, libc::IP_BIND_ADDRESS_NO_PORT, 1)
}

/// Gives a fresh socket its source address.
pub fn bind(socket: impl AsFd, source: SocketAddr) -> io::Result<()> {
    SockRef::from(&socket).bind(&source.into())
}

/// Bytes written and not yet acknowledged by the peer's kernel.
pub fn unacknowledged_bytes(socket: impl AsFd) -> io::Result<usize> {
    option::output_queue(socket)
}

/// The shortest time the kernel counts in: one repetition of its answer to the client.
const DEFERRED_SECONDS: i32 = 1;

/// What a UDP socket may hold of packets, each way.
const UDP_ROOM: usize = 2 << 20;

/// More than nginx's 511: a queue costs nothing while it is empty, and a full one drops clients silently.
const BACKLOG: u32 = 4096;

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};
    use std::net::TcpStream;

    fn any_port() -> SocketAddr {
        "127.0.0.1:0".parse().unwrap()
    }

    fn pair() -> (TcpStream, TcpStream) {
        let listener = std::net::TcpListener::bind(any_port()).unwrap();
        let near = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        (near, listener.accept().unwrap().0)
    }

    #[test]
    fn two_listeners_share_a_port() {
        let first = listen(&ListenPlan::new(any_port())).unwrap();
        let address = first.local_addr().unwrap();
        listen(&ListenPlan::new(address)).unwrap();
        let alone = ListenPlan { shares_port: false, ..ListenPlan::new(address) };
        assert_eq!(listen(&alone).unwrap_err().kind(), io::ErrorKind::AddrInUse);
    }

    #[test]
    fn a_deferring_listener_shows_a_connection_when_its_client_has_spoken() {
        let listener = listen(&ListenPlan { defers: true, ..ListenPlan::new(any_port()) }).unwrap();
        let address = listener.local_addr().unwrap();
        let mut client = TcpStream::connect(address).unwrap();
        assert_eq!(accept(&listener).unwrap_err().kind(), io::ErrorKind::WouldBlock);
        assert!(has_half_made(address.port()), "the client believes that it is connected");
        client.write_all(b"x").unwrap();
        let (mut accepted, peer) = loop {
            match accept(&listener) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => std::thread::yield_now(),
                accepted => break accepted.unwrap(),
            }
        };
        assert_eq!(peer, client.local_addr().unwrap());
        assert!(!has_half_made(address.port()));
        accepted.read_exact(&mut [0]).unwrap();
    }

    #[test]
    fn a_half_made_connection_is_known_by_port_and_state() {
        let line = "   1: 0100007F:1F90 0100007F:C350 03 00000000:00000000 01:00000063 00000000";
        assert!(is_half_made(line, 8080));
        assert!(!is_half_made(line, 8081));
        assert!(!is_half_made(&line.replace(" 03 ", " 01 "), 8080));
        assert!(!is_half_made("  sl  local_address rem_address   st tx_queue", 8080));
    }

    #[test]
    fn a_close_without_linger_is_a_reset() {
        let (near, mut far) = pair();
        set_linger_reset(&near).unwrap();
        drop(near);
        assert_eq!(far.read(&mut [0]).unwrap_err().kind(), io::ErrorKind::ConnectionReset);
    }

    #[test]
    fn a_half_closed_connection_still_hears() {
        let (mut near, mut far) = pair();
        shutdown_write(&near).unwrap();
        assert_eq!(far.read(&mut [0]).unwrap(), 0);
        far.write_all(b"x").unwrap();
        near.read_exact(&mut [0]).unwrap();
    }

    #[test]
    fn options_are_accepted_on_both_families() {
        let (near, _far) = pair();
        set_user_timeout(&near, Some(Duration::from_secs(5))).unwrap();
        let keepalive =
            Keepalive { idle: Duration::from_secs(9), interval: Duration::from_secs(3), probes: 3 };
        set_keepalive(&near, &keepalive).unwrap();
        set_nodelay(&near, true).unwrap();
        set_quickack(&near, true).unwrap();
        set_ttl(&near, false, 9).unwrap();
        set_receive_errors(&near, false).unwrap();
        let fresh = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        set_segment_size(&fresh, 1200).unwrap();
        set_bind_without_port(&fresh).unwrap();
        if let Ok(six) = Socket::new(Domain::IPV6, Type::STREAM, None) {
            set_ttl(&six, true, 9).unwrap();
            set_receive_errors(&six, true).unwrap();
        }
    }

    #[test]
    fn unread_bytes_are_acknowledged_by_the_peers_kernel_not_by_the_peer() {
        let (mut near, mut far) = pair();
        near.write_all(b"hello").unwrap();
        far.read_exact(&mut [0; 5]).unwrap();
        assert_eq!(unacknowledged_bytes(&near).unwrap(), 0);
    }
}
