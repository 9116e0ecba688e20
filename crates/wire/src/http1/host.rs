//! `Host` and the authority of a target: `uri-host [":" port]` (RFC 9110 §7.2, RFC 3986 §3.2.2), strictly.
//!
//! Stricter than the grammar where two parties could read a name differently: no percent-encoding, no comma, no userinfo.

use super::{Leniency, TargetForm, fault};
use crate::ascii::{self, HOST};
use crate::{Head, Known, Version};
use std::net::Ipv6Addr;
use torwart_cause::{Ending, Malformation};

/// Checks `Host` and sets the authority where the target has none.
pub(super) fn check(
    head: &mut Head,
    version: Version,
    form: TargetForm,
    lenient: &Leniency,
    end: usize,
) -> Result<(), Ending> {
    let mut hosts = head.lines.iter().filter(|line| line.known == Known::Host);
    let Some(host) = hosts.next() else {
        let may_miss = version == Version::Http10 || lenient.missing_host;
        return if may_miss { Ok(()) } else { Err(fault(Malformation::HostMissing, end)) };
    };
    if let Some(second) = hosts.next() {
        return Err(fault(Malformation::HostRepeated, second.name.start as usize));
    }
    let value = host.value;
    let may_be_empty = lenient.missing_host && value.is_empty();
    if let (Some(bad), false) = (first_bad_byte(head.at(value)), may_be_empty) {
        return Err(fault(Malformation::BadHost, value.start as usize + bad));
    }
    if matches!(form, TargetForm::Origin | TargetForm::Asterisk) {
        head.start.authority = value;
    }
    Ok(())
}

/// The offset of what is wrong with an authority, if anything is.
#[inline(always)]
pub(super) fn first_bad_byte(authority: &[u8]) -> Option<usize> {
    let host_end = match authority {
        [] => return Some(0),
        [b'[', inside @ ..] => {
            let Some(close) = memchr::memchr(b']', inside) else { return Some(authority.len()) };
            let address = std::str::from_utf8(inside.get(..close).unwrap_or_default()).ok();
            if address.and_then(|text| text.parse::<Ipv6Addr>().ok()).is_none() {
                return Some(1);
            }
            close + 2
        }
        _ => ascii::span(authority, HOST),
    };
    match authority.get(host_end..).unwrap_or_default() {
        _ if host_end == 0 => Some(0),
        [] => None,
        [b':', port @ ..] => first_bad_port_byte(port).map(|bad| host_end + 1 + bad),
        _ => Some(host_end),
    }
}

/// A port may be empty (RFC 3986 §3.2.3); it may not be above 65535.
fn first_bad_port_byte(port: &[u8]) -> Option<usize> {
    if let Some(bad) = port.iter().position(|b| !b.is_ascii_digit()) {
        return Some(bad);
    }
    let is_port = port.is_empty() || std::str::from_utf8(port).is_ok_and(|text| text.parse::<u16>().is_ok());
    if is_port { None } else { Some(0) }
}

#[cfg(test)]
mod tests {
    use super::first_bad_byte;

    #[test]
    fn hosts_are_names_addresses_and_ports() {
        for good in
            ["a", "shop.example", "shop.example:8080", "shop.example:", "10.0.0.1:80", "[::1]", "[::1]:8080"]
        {
            assert_eq!(first_bad_byte(good.as_bytes()), None, "{good}");
        }
        for (bad, at) in [
            ("", 0),
            (":80", 0),
            ("a b", 1),
            ("a,b", 1),
            ("a:80,b", 4),
            ("user@shop", 4),
            ("user:pass@shop", 5),
            ("a/b", 1),
            ("a%41", 1),
            ("a\"", 1),
            ("a:65536", 2),
            ("a:-1", 2),
            ("a:80:81", 4),
            ("[::1", 4),
            ("[::g]", 1),
            ("[]", 1),
            ("[::1]x", 5),
            ("[::1%25eth0]", 1),
            ("[v1.x]", 1),
            ("\u{e4}", 0),
        ] {
            assert_eq!(first_bad_byte(bad.as_bytes()), Some(at), "{bad}");
        }
    }
}
