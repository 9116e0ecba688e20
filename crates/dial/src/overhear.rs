//! Answers on the wire with their IP headers, for those with the right to raw sockets.
//!
//! A reset in a host's name looks genuine to `connect()`; the life its packet has left tells how far away it was made.
//! IPv4 only: raw IPv6 sockets hand no header over. Without the right, opening fails and one goes without.

use socket2::{Domain, Protocol, Socket, Type};
use std::io::{self, Read};
use std::net::{Ipv4Addr, SocketAddr};

/// Hears TCP segments from one host.
#[derive(Debug)]
pub struct Ear {
    socket: Socket,
    host: Ipv4Addr,
}

/// One segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    /// The port it came from.
    pub port: u16,
    /// The life its packet had left (TTL).
    pub life: u8,
    /// Whether it is a reset.
    pub is_reset: bool,
}

impl Ear {
    /// Begins to hear what comes from a host. `PermissionDenied` without the right to.
    pub fn open(host: Ipv4Addr) -> io::Result<Self> {
        let kind = Type::RAW.nonblocking().cloexec();
        let socket = Socket::new(Domain::IPV4, kind, Some(Protocol::TCP))?;
        // A connected raw socket hears this host alone.
        socket.connect(&SocketAddr::from((host, 0)).into())?;
        Ok(Self { socket, host })
    }

    /// The segments that came since the last call; a flood is cut off.
    pub fn heard(&mut self) -> Vec<Segment> {
        let mut segments = Vec::new();
        let mut packet = [0; 256];
        for _ in 0..MOST_PACKETS {
            let Ok(length) = self.socket.read(&mut packet) else { break };
            segments.extend(packet.get(..length).and_then(|packet| segment(packet, self.host)));
        }
        segments
    }
}

impl Segment {
    /// Over how many routers it came, if its packet began with one of the usual lives.
    pub const fn distance(&self) -> u8 {
        let beginning = match self.life {
            0..=64 => 64,
            65..=128 => 128,
            129.. => 255,
        };
        beginning - self.life
    }
}

/// Reads IP and TCP header (RFC 791 §3.1, RFC 9293 §3.1).
fn segment(packet: &[u8], from: Ipv4Addr) -> Option<Segment> {
    let header = usize::from(packet.first()? & 0x0f) * 4;
    if packet.get(12..16)? != from.octets() || packet.get(9)? != &TCP {
        return None;
    }
    let tcp = packet.get(header..)?;
    let port = u16::from_be_bytes([*tcp.first()?, *tcp.get(1)?]);
    Some(Segment { port, life: *packet.get(8)?, is_reset: tcp.get(13)? & RESET != 0 })
}

const TCP: u8 = 6;
const RESET: u8 = 4;
const MOST_PACKETS: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(life: u8, flags: u8) -> Vec<u8> {
        let mut bytes = vec![0; 40];
        bytes[0] = 0x45;
        bytes[8] = life;
        bytes[9] = TCP;
        bytes[12..16].copy_from_slice(&[10, 0, 0, 5]);
        bytes[20..22].copy_from_slice(&8080u16.to_be_bytes());
        bytes[33] = flags;
        bytes
    }

    #[test]
    fn a_reset_tells_its_port_and_its_distance() {
        let host = Ipv4Addr::new(10, 0, 0, 5);
        let reset = segment(&packet(63, 0x14), host).expect("a segment");
        assert_eq!(reset, Segment { port: 8080, life: 63, is_reset: true });
        assert_eq!(reset.distance(), 1);
        assert!(!segment(&packet(127, 0x12), host).expect("a segment").is_reset);
    }

    #[test]
    fn what_is_cut_or_from_elsewhere_is_nothing() {
        let host = Ipv4Addr::new(10, 0, 0, 5);
        assert_eq!(segment(&packet(63, 4)[..30], host), None);
        assert_eq!(segment(&packet(63, 4), Ipv4Addr::new(10, 0, 0, 6)), None);
        assert_eq!(segment(&[], host), None);
    }

    #[test]
    fn resets_of_this_host_are_heard_with_the_right_to() {
        let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let Ok(mut ear) = Ear::open(Ipv4Addr::LOCALHOST) else { return };
        assert!(std::net::TcpStream::connect(closed).is_err());
        let heard = ear.heard();
        assert!(heard.iter().any(|segment| segment.port == closed.port() && segment.is_reset), "{heard:?}");
    }
}
