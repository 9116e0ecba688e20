//! The error queue of a socket (`MSG_ERRQUEUE`): what the network said about a packet of ours, and which box said it.
//!
//! `connect()` alone loses the reason: a reset and an ICMP port-unreachable are both "refused". With
//! [`crate::socket::set_receive_errors`] set before the connect, the kernel keeps the ICMP message here (Linux 5.8 and
//! later for TCP). A refusal with an empty queue is therefore a real reset.

use crate::option;
use std::io;
use std::net::IpAddr;
use std::os::fd::AsFd;

/// One entry of the error queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct QueuedError {
    /// The error number the kernel made of it.
    pub number: i32,
    /// Who reported it.
    pub origin: ErrorOrigin,
    /// The ICMP type.
    pub kind: u8,
    /// The ICMP code.
    pub code: u8,
    /// What the type carries besides: the next hop's MTU of a "fragmentation needed".
    pub info: u32,
    /// The box that sent the message. Our own address means that this host's own stack gave up (no ARP answer).
    pub offender: Option<IpAddr>,
}

/// Who put an entry into the error queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorOrigin {
    /// This host's own stack.
    Local,
    /// An ICMP message for IPv4.
    Icmp,
    /// An ICMP message for IPv6.
    Icmp6,
    /// Anything else the kernel may queue there (time stamps, zero-copy notices), by its number.
    Other(u8),
}

/// Takes the oldest entry from the queue. `None` where it is empty; never waits.
pub fn take(socket: impl AsFd) -> io::Result<Option<QueuedError>> {
    match option::queued_error(socket) {
        Ok(entry) => Ok(entry.map(|(error, offender)| QueuedError {
            number: i32::try_from(error.ee_errno).unwrap_or(0),
            origin: origin(error.ee_origin),
            kind: error.ee_type,
            code: error.ee_code,
            info: error.ee_info,
            offender,
        })),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
        Err(error) => Err(error),
    }
}

const fn origin(number: u8) -> ErrorOrigin {
    match number {
        libc::SO_EE_ORIGIN_LOCAL => ErrorOrigin::Local,
        libc::SO_EE_ORIGIN_ICMP => ErrorOrigin::Icmp,
        libc::SO_EE_ORIGIN_ICMP6 => ErrorOrigin::Icmp6,
        other => ErrorOrigin::Other(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::socket::set_receive_errors;
    use std::net::{SocketAddr, UdpSocket};
    use std::time::Duration;

    /// A datagram to a closed port of this host comes back as ICMP port-unreachable, without any privilege.
    fn check(local: &str, origin: ErrorOrigin, kind: u8, code: u8) {
        let any = SocketAddr::new(local.parse().unwrap(), 0);
        let Ok(closed) = UdpSocket::bind(any).and_then(|socket| socket.local_addr()) else {
            return; // no IPv6 on this host
        };
        let socket = UdpSocket::bind(any).unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        set_receive_errors(&socket, any.is_ipv6()).unwrap();
        socket.connect(closed).unwrap();
        socket.send(b"x").unwrap();
        assert!(socket.recv(&mut [0]).is_err());
        let entry = take(&socket).unwrap().unwrap();
        assert_eq!((entry.number, entry.origin), (libc::ECONNREFUSED, origin));
        assert_eq!((entry.kind, entry.code), (kind, code));
        assert_eq!(entry.offender, Some(any.ip()));
        assert_eq!(take(&socket).unwrap(), None);
    }

    #[test]
    fn an_icmp_message_names_type_code_and_sender() {
        check("127.0.0.1", ErrorOrigin::Icmp, 3, 3);
    }

    #[test]
    fn an_icmp6_message_names_type_code_and_sender() {
        check("::1", ErrorOrigin::Icmp6, 1, 4);
    }

    #[test]
    fn a_reset_leaves_the_queue_empty() {
        let any = SocketAddr::new("127.0.0.1".parse().unwrap(), 0);
        let closed = std::net::TcpListener::bind(any).unwrap().local_addr().unwrap();
        let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
        set_receive_errors(&socket, false).unwrap();
        let refused = socket.connect(&closed.into()).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);
        assert_eq!(take(&socket).unwrap(), None);
    }
}
