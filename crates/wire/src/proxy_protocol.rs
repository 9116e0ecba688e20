//! The PROXY protocol, versions 1 and 2: what stands before the first byte of a connection and says whose it is.
//!
//! Reading is strict and incremental: [`parse`] says `None` only while the bytes may still become a header, so a peer
//! that sends something else is found out at its first wrong byte. Only listed peers may be read this way, because the
//! header is a claim that nothing proves; who they are is not this module's business.

mod crc32c;
mod v1;
mod v2;
mod write;

pub use v2::MOST as MOST_BYTES;
pub use write::{write_v1, write_v2};

use std::net::SocketAddr;
use torwart_cause::{Ending, Fault, Malformation};

/// A header that was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stated {
    /// Whose connection it is.
    pub origin: Origin,
    /// How many bytes the header takes; the connection's own first byte follows.
    pub len: usize,
    /// Whether the client spoke TLS to the one who sent the header, where that is said.
    pub is_tls: Option<bool>,
}

/// Whose connection it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The sender's own: a health check, or a client it knows nothing about.
    Sender,
    /// A client's.
    Client {
        /// Where the client is.
        client: SocketAddr,
        /// Where it connected to.
        server: SocketAddr,
    },
    /// That of a client on a unix socket, which has no address.
    Unix,
}

/// Reads a header from the first bytes of a connection. `None` means that more bytes are needed.
///
/// # Errors
/// [`Ending::Malformed`] with the offset of the first byte that cannot belong to a header.
pub fn parse(bytes: &[u8]) -> Result<Option<Stated>, Ending> {
    match bytes.first() {
        None => Ok(None),
        Some(b'\r') => v2::parse(bytes),
        Some(_) => v1::parse(bytes),
    }
}

/// The offset of the first byte that differs from `expected`; `None` if none does as far as there are bytes.
fn first_difference(bytes: &[u8], expected: &[u8]) -> Option<usize> {
    bytes.iter().zip(expected).position(|(byte, expected)| byte != expected)
}

fn malformed(at: usize) -> Ending {
    Ending::Malformed(Fault { what: Malformation::BadProxyHeader, at: at as u64 })
}
