//! Writing the header for a link that carries one client's requests only.

use super::v2::{SIGNATURE, TCP4, TCP6};
use std::io::Write;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

/// Appends a line of version 1. Without addresses the connection counts as unknown.
pub fn write_v1(out: &mut Vec<u8>, client: Option<SocketAddr>, server: Option<SocketAddr>) {
    let (Some(client), Some(server)) = (client, server) else {
        out.extend_from_slice(b"PROXY UNKNOWN\r\n");
        return;
    };
    let (from, to, family) = match alike(client.ip(), server.ip()) {
        Alike::V4(from, to) => (from, to, "TCP4"),
        Alike::V6(from, to) => (from, to, "TCP6"),
    };
    // Writing into a vector cannot fail.
    let _ = write!(out, "PROXY {family} {from} {to} {} {}\r\n", client.port(), server.port());
}

/// Appends a header of version 2. Without addresses the connection counts as one of unknown kind.
pub fn write_v2(out: &mut Vec<u8>, client: Option<SocketAddr>, server: Option<SocketAddr>) {
    out.extend_from_slice(&SIGNATURE);
    out.push(0x21);
    let (Some(client), Some(server)) = (client, server) else {
        out.extend_from_slice(&[0, 0, 0]);
        return;
    };
    let (from, to, family) = match alike(client.ip(), server.ip()) {
        Alike::V4(from, to) => (from, to, TCP4),
        Alike::V6(from, to) => (from, to, TCP6),
    };
    out.extend_from_slice(&[family, 0, if family == TCP4 { 12 } else { 36 }]);
    for address in [from, to] {
        match address {
            IpAddr::V4(address) => out.extend_from_slice(&address.octets()),
            IpAddr::V6(address) => out.extend_from_slice(&address.octets()),
        }
    }
    out.extend_from_slice(&client.port().to_be_bytes());
    out.extend_from_slice(&server.port().to_be_bytes());
}

enum Alike {
    V4(IpAddr, IpAddr),
    V6(IpAddr, IpAddr),
}

/// Both addresses in one family: IPv4 where both have it, otherwise IPv6 with mapped addresses.
fn alike(client: IpAddr, server: IpAddr) -> Alike {
    let (client, server) = (client.to_canonical(), server.to_canonical());
    if client.is_ipv4() && server.is_ipv4() {
        return Alike::V4(client, server);
    }
    Alike::V6(as_v6(client).into(), as_v6(server).into())
}

fn as_v6(address: IpAddr) -> Ipv6Addr {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped(),
        IpAddr::V6(address) => address,
    }
}
