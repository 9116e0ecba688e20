//! The PROXY protocol in front of a client's first byte: whose connection it is, said by a load balancer.
//!
//! Only listed peers may say it. Nothing behind the header is read here: what is looked at stays in the socket until it
//! is known to belong to the header, so that TLS and HTTP begin at their own first byte. The header that goes out to
//! upstreams is made here too.

use crate::exchange::Exchange;
use std::io;
use std::net::SocketAddr;
use std::os::fd::AsFd;
use tokio::io::Interest;
use tokio::net::{TcpStream, UnixStream};
use torwart_cause::{Deadline, Ending};
use torwart_config::plan::ProxyVersion;
use torwart_dial::ending_of;
use torwart_kernel::socket::{local_address, peek, take};
use torwart_record::Client as Peer;
use torwart_wire::proxy_protocol::{MOST_BYTES, Origin, Stated, parse, write_v1, write_v2};

/// A socket that is looked into before it is read.
pub enum Socket<'s> {
    /// TCP.
    Tcp(&'s TcpStream),
    /// A unix socket.
    Unix(&'s UnixStream),
}

/// What the header said that counts.
#[derive(Clone, Copy, Debug, Default)]
pub struct Said {
    /// Where the client is, if it is not the sender itself.
    pub client: Option<SocketAddr>,
    /// Where it connected to.
    pub server: Option<SocketAddr>,
    /// Whether it spoke TLS to the sender.
    pub is_tls: bool,
}

/// Reads the header.
///
/// # Errors
/// How the connection ended before it, or what was wrong with it.
pub async fn read(socket: Socket<'_>) -> Result<Said, Ending> {
    let mut header = Vec::new();
    loop {
        let mut room = [0; 256];
        let seen = socket.peek(&mut room).await.map_err(|error| ending(&error))?;
        if seen == 0 {
            return Err(Ending::Closed);
        }
        let before = header.len();
        header.extend_from_slice(room.get(..seen).unwrap_or_default());
        let stated = parse(&header)?;
        // As long as there is no whole header, all bytes belong to it.
        let taken = stated.map_or(seen, |stated| stated.len.saturating_sub(before));
        socket.take(room.get_mut(..taken).unwrap_or_default()).map_err(|error| ending(&error))?;
        if let Some(stated) = stated {
            return Ok(Said::from(stated));
        }
        debug_assert!(header.len() <= MOST_BYTES, "longer headers are refused");
    }
}

fn ending(error: &io::Error) -> Ending {
    ending_of(error, Deadline::ClientHandshake)
}

/// What a PROXY protocol header says about this exchange's client, for a link that is its own.
pub fn header(x: &Exchange<'_>, version: ProxyVersion) -> Vec<u8> {
    let client = match x.visitor() {
        Peer::Ip(address) => Some(address),
        Peer::Unix => None,
    };
    let local = x.client.stream.descriptor().and_then(|it| local_address(it).ok());
    // A stream of a connection that carries many does not know where it came in.
    let unknown = || match client {
        Some(SocketAddr::V6(_)) => SocketAddr::from(([0; 16], 0)),
        _ => SocketAddr::from(([0; 4], 0)),
    };
    let server = x.client.stated_server.or(local).unwrap_or_else(unknown);
    let mut header = Vec::with_capacity(64);
    match version {
        ProxyVersion::V1 => write_v1(&mut header, client, Some(server)),
        ProxyVersion::V2 => write_v2(&mut header, client, Some(server)),
    }
    header
}

impl From<Stated> for Said {
    fn from(stated: Stated) -> Self {
        let is_tls = stated.is_tls == Some(true);
        match stated.origin {
            Origin::Client { client, server } => Self { client: Some(client), server: Some(server), is_tls },
            Origin::Sender | Origin::Unix => Self { is_tls, ..Self::default() },
        }
    }
}

impl Socket<'_> {
    async fn peek(&self, room: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.async_io(Interest::READABLE, || peek(stream.as_fd(), room)).await,
            Self::Unix(stream) => stream.async_io(Interest::READABLE, || peek(stream.as_fd(), room)).await,
        }
    }

    /// Takes bytes that were seen.
    fn take(&self, room: &mut [u8]) -> io::Result<()> {
        let mut done = 0;
        while let Some(rest) = room.get_mut(done..).filter(|rest| !rest.is_empty()) {
            let taken = match self {
                Self::Tcp(stream) => take(stream.as_fd(), rest)?,
                Self::Unix(stream) => take(stream.as_fd(), rest)?,
            };
            if taken == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            done += taken;
        }
        Ok(())
    }
}
