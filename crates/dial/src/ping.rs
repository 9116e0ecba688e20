//! ICMP echo, without privilege where `ping_group_range` permits it, else with the right to raw sockets: how many come
//! back, and how fast.
//!
//! Silence proves nothing, because many healthy hosts drop echo requests. Losing *some* does: it is the path that loses.

use socket2::{Domain, Protocol, Socket, Type};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};
use tokio::net::UdpSocket;
use tokio::time::timeout_at;

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pinged {
    /// How many were sent.
    pub sent: u16,
    /// The round-trip times of those that came back.
    pub times: Vec<Duration>,
}

impl Pinged {
    /// Whether some came back and some did not.
    pub fn lost_some(&self) -> bool {
        !self.times.is_empty() && self.times.len() < usize::from(self.sent)
    }
}

/// Sends `count` echo requests with `pause` between them and waits at most `patience` after the last one.
///
/// `PermissionDenied` where this host does not let ordinary users ping.
pub async fn ping(address: IpAddr, count: u16, pause: Duration, patience: Duration) -> io::Result<Pinged> {
    let (domain, protocol) = match address {
        IpAddr::V4(_) => (Domain::IPV4, Protocol::ICMPV4),
        IpAddr::V6(_) => (Domain::IPV6, Protocol::ICMPV6),
    };
    let open = |kind: Type| Socket::new(domain, kind.nonblocking().cloexec(), Some(protocol));
    let (socket, is_raw) = match open(Type::DGRAM) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => (open(Type::RAW)?, true),
        other => (other?, false),
    };
    // The kernel chooses one for a datagram socket; a raw one hears the answers to everybody's.
    let identifier = u16::try_from(std::process::id() & 0xffff).unwrap_or(0) ^ SALT;
    socket.connect(&SocketAddr::new(address, 0).into())?;
    let socket = UdpSocket::from_std(socket.into())?;
    let start = Instant::now();
    let mut sent_at = Vec::with_capacity(usize::from(count));
    let mut times = Vec::new();
    for sequence in 0..count {
        sent_at.push(Instant::now());
        // A full queue or an unreachable network loses this one; the others still tell.
        let _ = socket.send(&request(address, identifier, sequence)).await;
        let is_last = sequence + 1 == count;
        let until = if is_last { Instant::now() + patience } else { start + pause * u32::from(sequence + 1) };
        while times.len() < sent_at.len() {
            let mut reply = [0; 128];
            let Ok(received) = timeout_at(until.into(), socket.recv(&mut reply)).await else { break };
            let Ok(length) = received else { continue };
            let message = reply.get(..length).unwrap_or_default();
            let message = if is_raw { without_header(address, message) } else { message };
            let is_ours = !is_raw || message.get(4..6) == Some(&identifier.to_be_bytes());
            if let Some(answered) = sequence_of(address, message).filter(|_| is_ours)
                && let Some(at) = sent_at.get(usize::from(answered))
            {
                times.push(at.elapsed());
            }
        }
        if !is_last {
            tokio::time::sleep_until(until.into()).await;
        }
    }
    Ok(Pinged { sent: count, times })
}

/// An echo request. The kernel fills in the checksum for ICMPv6, and everything for a datagram socket.
fn request(address: IpAddr, identifier: u16, sequence: u16) -> [u8; 16] {
    let mut message = [0; 16];
    message[0] = if address.is_ipv6() { ECHO_REQUEST_V6 } else { ECHO_REQUEST_V4 };
    message[4..6].copy_from_slice(&identifier.to_be_bytes());
    message[6..8].copy_from_slice(&sequence.to_be_bytes());
    let sum: u32 =
        message.chunks_exact(2).map(|pair| u32::from(u16::from_be_bytes([pair[0], pair[1]]))).sum();
    let folded = (sum & 0xffff) + (sum >> 16);
    message[2..4].copy_from_slice(&(!u16::try_from(folded & 0xffff).unwrap_or(0)).to_be_bytes());
    message
}

/// Raw IPv4 sockets hand the IP header over too; its length stands in its first byte, in words of four bytes.
fn without_header(address: IpAddr, packet: &[u8]) -> &[u8] {
    let length = match (address, packet.first()) {
        (IpAddr::V4(_), Some(first)) => usize::from(first & 0x0f) * 4,
        _ => 0,
    };
    packet.get(length..).unwrap_or_default()
}

fn sequence_of(address: IpAddr, message: &[u8]) -> Option<u16> {
    let expected = if address.is_ipv6() { ECHO_REPLY_V6 } else { ECHO_REPLY_V4 };
    let [kind, _, _, _, _, _, high, low, ..] = message else { return None };
    (*kind == expected).then(|| u16::from_be_bytes([*high, *low]))
}

/// Types of RFC 792 and RFC 4443.
const ECHO_REQUEST_V4: u8 = 8;
const ECHO_REPLY_V4: u8 = 0;
const ECHO_REQUEST_V6: u8 = 128;
const ECHO_REPLY_V6: u8 = 129;

/// So that our identifier differs from that of a `ping` with the same process number.
const SALT: u16 = 0x5457;

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn this_host_answers_itself_where_it_may_ask() {
        let second = Duration::from_secs(1);
        match ping(IpAddr::from([127, 0, 0, 1]), 3, Duration::from_millis(5), second).await {
            Ok(pinged) => assert_eq!((pinged.sent, pinged.times.len()), (3, 3)),
            Err(error) => assert_eq!(error.kind(), io::ErrorKind::PermissionDenied),
        }
    }

    #[test]
    fn other_messages_are_no_answers() {
        assert_eq!(sequence_of(IpAddr::from([127, 0, 0, 1]), &[3, 0, 0, 0, 0, 0, 0, 1]), None);
        assert_eq!(sequence_of(IpAddr::from([127, 0, 0, 1]), &[0, 0]), None);
        assert_eq!(sequence_of(IpAddr::from([127, 0, 0, 1]), &[0, 0, 0, 0, 0, 0, 1, 2]), Some(258));
    }
}
