//! Version 2: a binary header with addresses and a list of typed values.

use super::{Origin, Stated, crc32c, first_difference, malformed};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use torwart_cause::{Ending, Fault, Malformation};

/// The bytes every header begins with.
pub(super) const SIGNATURE: [u8; 12] = *b"\r\n\r\n\0\r\nQUIT\n";

/// Most bytes of a header. Load balancers send a few hundred; certificates of clients do not travel this way.
pub const MOST: usize = FIXED + 4096;

/// Reads the header.
pub(super) fn parse(bytes: &[u8]) -> Result<Option<Stated>, Ending> {
    if let Some(at) = first_difference(bytes, &SIGNATURE) {
        return Err(malformed(at));
    }
    let is_local = match bytes.get(12) {
        None => return Ok(None),
        Some(0x20) => true,
        Some(0x21) => false,
        Some(_) => return Err(malformed(12)),
    };
    let Some(&family) = bytes.get(13) else { return Ok(None) };
    let Some(addresses) = length_of_addresses(family) else { return Err(malformed(13)) };
    let (Some(&high), Some(&low)) = (bytes.get(14), bytes.get(15)) else { return Ok(None) };
    let length = usize::from(u16::from_be_bytes([high, low]));
    if length < addresses || length > MOST - FIXED {
        return Err(malformed(14));
    }
    let Some(header) = bytes.get(..FIXED + length) else { return Ok(None) };
    let facts = header.get(FIXED..).unwrap_or_default();
    let said = origin(family, facts).ok_or(malformed(FIXED))?;
    let len = FIXED + length;
    if is_local {
        // Whatever else the header says is to be ignored then.
        return Ok(Some(Stated { origin: Origin::Sender, len, is_tls: None }));
    }
    Ok(Some(Stated { origin: said, len, is_tls: values(header, FIXED + addresses)? }))
}

/// How many bytes the addresses of a family take; `None` for what is no stream.
const fn length_of_addresses(family: u8) -> Option<usize> {
    match family {
        UNSPECIFIED => Some(0),
        TCP4 => Some(12),
        TCP6 => Some(36),
        UNIX => Some(216),
        _ => None,
    }
}

fn origin(family: u8, facts: &[u8]) -> Option<Origin> {
    Some(match family {
        TCP4 => {
            let (client, rest) = facts.split_first_chunk::<4>()?;
            let (server, rest) = rest.split_first_chunk::<4>()?;
            let (client_port, server_port) = ports(rest)?;
            Origin::Client {
                client: SocketAddr::new(Ipv4Addr::from(*client).into(), client_port),
                server: SocketAddr::new(Ipv4Addr::from(*server).into(), server_port),
            }
        }
        TCP6 => {
            let (client, rest) = facts.split_first_chunk::<16>()?;
            let (server, rest) = rest.split_first_chunk::<16>()?;
            let (client_port, server_port) = ports(rest)?;
            Origin::Client {
                client: SocketAddr::new(Ipv6Addr::from(*client).into(), client_port),
                server: SocketAddr::new(Ipv6Addr::from(*server).into(), server_port),
            }
        }
        UNIX => Origin::Unix,
        _ => Origin::Sender,
    })
}

fn ports(bytes: &[u8]) -> Option<(u16, u16)> {
    let (client, rest) = bytes.split_first_chunk::<2>()?;
    let (server, _) = rest.split_first_chunk::<2>()?;
    Some((u16::from_be_bytes(*client), u16::from_be_bytes(*server)))
}

/// Walks the typed values: each must fit, and a checksum must be right. Says whether the client spoke TLS.
fn values(header: &[u8], from: usize) -> Result<Option<bool>, Ending> {
    let mut at = from;
    let mut is_tls = None;
    while let Some((&kind, rest)) = header.get(at..).and_then(<[u8]>::split_first) {
        let Some((length, rest)) = rest.split_first_chunk::<2>() else { return Err(malformed(at)) };
        let length = usize::from(u16::from_be_bytes(*length));
        let Some(value) = rest.get(..length) else { return Err(malformed(at + 1)) };
        match kind {
            CHECKSUM => {
                let stated = value.first_chunk::<4>().filter(|_| length == 4).ok_or(malformed(at + 1))?;
                if crc32c::with_hole(header, at + 3) != u32::from_be_bytes(*stated) {
                    let at = (at + 3) as u64;
                    return Err(Ending::Malformed(Fault { what: Malformation::BadProxyChecksum, at }));
                }
            }
            TLS => match value.first() {
                Some(flags) if length >= 5 => is_tls = Some(flags & 1 == 1),
                _ => return Err(malformed(at + 1)),
            },
            _ => {}
        }
        at += 3 + length;
    }
    Ok(is_tls)
}

/// Signature, command, family and length.
const FIXED: usize = 16;

const UNSPECIFIED: u8 = 0x00;
pub(super) const TCP4: u8 = 0x11;
pub(super) const TCP6: u8 = 0x21;
const UNIX: u8 = 0x31;

/// `PP2_TYPE_CRC32C`.
const CHECKSUM: u8 = 0x03;

/// `PP2_TYPE_SSL`; its first byte has bit 0 set where the client spoke TLS.
const TLS: u8 = 0x20;
