//! The queues of listening sockets: how many connections wait to be accepted, and how many may.
//!
//! `/proc` tells only the first number; the kernel's socket diagnosis tells both, to everybody, over netlink. For a
//! listener `rqueue` is what waits and `wqueue` the limit; a limit of 4096 means 4097 waiting make it full.

use socket2::{Domain, Protocol, Socket, Type};
use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

/// Where a socket listens.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Listens {
    /// On a TCP address.
    Tcp(SocketAddr),
    /// On a unix socket's path.
    Unix(String),
}

/// The queue of one listening socket at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Queue {
    /// The socket.
    pub place: Listens,
    /// Its number.
    pub inode: u64,
    /// How many connections wait to be accepted.
    pub waiting: u32,
    /// How many may.
    pub limit: u32,
}

impl Queue {
    /// Whether the next connection finds no room.
    pub const fn is_full(&self) -> bool {
        self.limit > 0 && self.waiting >= self.limit
    }
}

impl std::fmt::Display for Listens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Tcp(address) => write!(f, "{address}"),
            Self::Unix(path) => f.write_str(path),
        }
    }
}

/// The queues of every TCP and unix listener of this network namespace.
pub fn ask() -> io::Result<Vec<Queue>> {
    let mut queues = Vec::new();
    for family in [FAMILY_V4, FAMILY_V6] {
        dump(&tcp_question(family), |message| queues.extend(tcp_queue(message)))?;
    }
    dump(&unix_question(), |message| queues.extend(unix_queue(message)))?;
    Ok(queues)
}

fn dump(question: &[u8], mut each: impl FnMut(&[u8])) -> io::Result<()> {
    let mut socket =
        Socket::new(Domain::from(NETLINK), Type::RAW.cloexec(), Some(Protocol::from(SOCKET_DIAGNOSIS)))?;
    socket.set_read_timeout(Some(PATIENCE))?;
    socket.write_all(question)?;
    let mut buffer = vec![0u8; 64 * 1024];
    for _ in 0..MAX_READS {
        let length = socket.read(&mut buffer)?;
        let mut rest = buffer.get(..length).unwrap_or_default();
        while let Some((kind, message, after)) = next_message(rest) {
            match kind {
                DONE => return Ok(()),
                ERROR => return Err(io::Error::other("the kernel refused the socket diagnosis")),
                _ => each(message),
            }
            rest = after;
        }
        if length == 0 {
            break;
        }
    }
    Ok(())
}

/// The kind and payload of the first netlink message, and what follows it.
fn next_message(bytes: &[u8]) -> Option<(u16, &[u8], &[u8])> {
    let length = u32_at(bytes, 0)? as usize;
    let kind = u16_at(bytes, 4)?;
    let payload = bytes.get(HEADER..length)?;
    Some((kind, payload, bytes.get(length.next_multiple_of(4)..).unwrap_or_default()))
}

fn question(payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(HEADER + payload.len()).unwrap_or(u32::MAX);
    let mut bytes = Vec::with_capacity(HEADER + payload.len());
    bytes.extend(length.to_ne_bytes());
    bytes.extend(BY_FAMILY.to_ne_bytes());
    bytes.extend(REQUEST_DUMP.to_ne_bytes());
    bytes.extend(1u32.to_ne_bytes());
    bytes.extend(0u32.to_ne_bytes());
    bytes.extend(payload);
    bytes
}

/// `inet_diag_req_v2`: family, protocol, extensions, padding, states, an empty socket id.
fn tcp_question(family: u8) -> Vec<u8> {
    let mut payload = vec![family, TCP, 0, 0];
    payload.extend((1u32 << LISTEN_STATE).to_ne_bytes());
    payload.resize(payload.len() + SOCKET_ID, 0);
    question(&payload)
}

/// `unix_diag_req`: family, protocol, padding, states, inode, what to show, cookie.
fn unix_question() -> Vec<u8> {
    let mut payload = vec![FAMILY_UNIX, 0, 0, 0];
    payload.extend((1u32 << LISTEN_STATE).to_ne_bytes());
    payload.extend(0u32.to_ne_bytes());
    payload.extend((SHOW_NAME | SHOW_QUEUES).to_ne_bytes());
    payload.extend([0u8; 8]);
    question(&payload)
}

/// Reads `inet_diag_msg`.
fn tcp_queue(message: &[u8]) -> Option<Queue> {
    let family = *message.first()?;
    let port = u16::from_be_bytes(message.get(4..6)?.try_into().ok()?);
    let ip = match family {
        FAMILY_V4 => IpAddr::V4(Ipv4Addr::from(<[u8; 4]>::try_from(message.get(8..12)?).ok()?)),
        FAMILY_V6 => {
            IpAddr::V6(Ipv6Addr::from(<[u8; 16]>::try_from(message.get(8..24)?).ok()?)).to_canonical()
        }
        _ => return None,
    };
    let after_id = 4 + SOCKET_ID;
    Some(Queue {
        place: Listens::Tcp(SocketAddr::new(ip, port)),
        waiting: u32_at(message, after_id + 4)?,
        limit: u32_at(message, after_id + 8)?,
        inode: u32_at(message, after_id + 16)?.into(),
    })
}

/// Reads `unix_diag_msg` and its attributes.
fn unix_queue(message: &[u8]) -> Option<Queue> {
    let inode = u32_at(message, 4)?.into();
    let mut rest = message.get(16..)?;
    let (mut path, mut queue) = (None, None);
    while let (Some(length), Some(kind)) = (u16_at(rest, 0), u16_at(rest, 2)) {
        let Some(value) = rest.get(4..usize::from(length)) else { break };
        match kind {
            NAME => path = Some(unix_name(value)),
            QUEUES => queue = u32_at(value, 0).zip(u32_at(value, 4)),
            _ => {}
        }
        rest = rest.get(usize::from(length).next_multiple_of(4)..).unwrap_or_default();
    }
    let (waiting, limit) = queue?;
    Some(Queue { place: Listens::Unix(path?), inode, waiting, limit })
}

fn unix_name(bytes: &[u8]) -> String {
    match bytes.split_first() {
        Some((0, rest)) => format!("@{}", String::from_utf8_lossy(rest).trim_end_matches('\0')),
        _ => String::from_utf8_lossy(bytes).trim_end_matches('\0').to_owned(),
    }
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_ne_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_ne_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

/// How long the kernel may take for one part of its answer: it answers at once.
const PATIENCE: Duration = Duration::from_millis(500);
/// A host with more listeners than fit into so many reads is looked at in part.
const MAX_READS: usize = 64;
/// `AF_NETLINK`.
const NETLINK: i32 = 16;
/// `NETLINK_SOCK_DIAG`.
const SOCKET_DIAGNOSIS: i32 = 4;
/// `SOCK_DIAG_BY_FAMILY`.
const BY_FAMILY: u16 = 20;
/// `NLM_F_REQUEST | NLM_F_DUMP`.
const REQUEST_DUMP: u16 = 0x301;
/// `NLMSG_DONE`.
const DONE: u16 = 3;
/// `NLMSG_ERROR`.
const ERROR: u16 = 2;
/// The length of `nlmsghdr`.
const HEADER: usize = 16;
/// The length of `inet_diag_sockid`.
const SOCKET_ID: usize = 48;
/// `AF_INET`.
const FAMILY_V4: u8 = 2;
/// `AF_INET6`.
const FAMILY_V6: u8 = 10;
/// `AF_UNIX`.
const FAMILY_UNIX: u8 = 1;
/// `IPPROTO_TCP`.
const TCP: u8 = 6;
/// `TCP_LISTEN`.
const LISTEN_STATE: u32 = 10;
/// `UDIAG_SHOW_NAME`.
const SHOW_NAME: u32 = 1;
/// `UDIAG_SHOW_RQLEN`.
const SHOW_QUEUES: u32 = 16;
/// `UNIX_DIAG_NAME`.
const NAME: u16 = 0;
/// `UNIX_DIAG_RQLEN`.
const QUEUES: u16 = 4;

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{TcpListener, TcpStream};
    use std::os::unix::net::{UnixListener, UnixStream};

    #[test]
    fn a_listener_that_does_not_accept_shows_what_waits() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("its address");
        let _clients = [TcpStream::connect(address), TcpStream::connect(address)];
        let queues = ask().expect("socket diagnosis");
        let queue = queues.iter().find(|queue| queue.place == Listens::Tcp(address)).expect("the listener");
        assert_eq!(queue.waiting, 2);
        assert!(queue.limit >= 128 && !queue.is_full());
    }

    #[test]
    fn a_unix_listener_is_found_by_its_path() {
        let path = std::env::temp_dir().join(format!("torwart-queue-{}.sock", std::process::id()));
        let _listener = UnixListener::bind(&path).expect("a unix socket");
        let _client = UnixStream::connect(&path).expect("connected");
        let queues = ask().expect("socket diagnosis");
        let place = Listens::Unix(path.display().to_string());
        let queue = queues.iter().find(|queue| queue.place == place).expect("the listener");
        assert_eq!(queue.waiting, 1);
        let _ = std::fs::remove_file(&path);
    }

    #[test]
    fn cut_messages_say_nothing() {
        assert!(tcp_queue(&[2, 0, 0]).is_none());
        assert!(unix_queue(&[1; 10]).is_none());
        assert!(next_message(&[9, 0, 0, 0, 20]).is_none());
    }
}
