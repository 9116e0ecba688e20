//! `X-Forwarded-For`: addresses, farthest first, as everybody writes them though nobody has specified it.

use super::list;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

/// The addresses from the nearest to the farthest; `None` stands for what is no address.
pub fn from_nearest(value: &[u8]) -> impl Iterator<Item = Option<IpAddr>> {
    value.rsplit(|&b| b == b',').map(crate::ascii::trim).filter(|member| !member.is_empty()).map(address)
}

/// The client's address: the first, from the nearest on, that is not one of the trusted proxies' own. `None` if there is
/// none, or where the chain is broken by something that is no address.
pub fn client(value: &[u8], mut is_trusted: impl FnMut(IpAddr) -> bool) -> Option<IpAddr> {
    let mut last = None;
    for address in from_nearest(value) {
        last = Some(address?);
        if !is_trusted(address?) {
            return last;
        }
    }
    last
}

/// Appends an address to the list in `out`, which holds what was received (or nothing).
pub fn append(out: &mut Vec<u8>, address: IpAddr) {
    if list::tokens(out).next().is_some() {
        out.extend_from_slice(b", ");
    }
    out.extend_from_slice(address.to_canonical().to_string().as_bytes());
}

/// Reads `1.2.3.4`, `1.2.3.4:5`, `::1`, `[::1]` and `[::1]:5`.
pub(crate) fn address(text: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(text).ok()?;
    if let Ok(address) = text.parse::<IpAddr>() {
        return Some(address.to_canonical());
    }
    if let Ok(address) = text.parse::<SocketAddr>() {
        return Some(address.ip().to_canonical());
    }
    let inner = text.strip_prefix('[')?.strip_suffix(']')?;
    inner.parse::<Ipv6Addr>().ok().map(|address| IpAddr::V6(address).to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    #[test]
    fn the_client_is_the_first_that_is_not_trusted() {
        let trusted = |address: IpAddr| matches!(address, IpAddr::V4(a) if a.is_private());
        let ip = |text: &str| text.parse::<IpAddr>().ok();
        assert_eq!(client(b"6.6.6.6, 203.0.113.7, 10.0.0.2", trusted), ip("203.0.113.7"));
        assert_eq!(client(b"10.0.0.1 ,10.0.0.2", trusted), ip("10.0.0.1"));
        assert_eq!(client(b"203.0.113.7, unknown, 10.0.0.2", trusted), None);
        assert_eq!(client(b"", trusted), None);
        assert_eq!(client(b"[2001:db8::1]:4711", trusted), ip("2001:db8::1"));
        assert_eq!(client(b"::ffff:203.0.113.9", trusted), ip("203.0.113.9"));
    }

    #[test]
    fn an_address_is_appended_with_a_comma_only_after_another() {
        let mut out = Vec::new();
        append(&mut out, IpAddr::V4(Ipv4Addr::LOCALHOST));
        append(&mut out, IpAddr::V6(Ipv6Addr::LOCALHOST));
        assert_eq!(out, b"127.0.0.1, ::1");
    }
}
