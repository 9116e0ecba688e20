//! Who stands behind trusted proxies: the address nearest to us that is not one of theirs.
//!
//! Every proxy of a chain appends the address it was asked from, so the list is read from its end: as long as an entry
//! is trusted, whoever wrote the one before it is believed as well. What stands further left was written by somebody
//! nobody vouches for. An entry that is no address (`unknown`, `_hidden`, garbage) ends the search: the nearest address
//! that is known counts.

use std::net::{IpAddr, SocketAddr};
use torwart_config::plan::AddressFrom;
use torwart_wire::{Head, Known};

/// The client behind the trusted `peer`, with its port where that was named, else port 0; `None` where nobody is named.
pub fn behind(head: &Head, from: AddressFrom, is_trusted: impl Fn(IpAddr) -> bool) -> Option<SocketAddr> {
    let known = match from {
        AddressFrom::XForwardedFor => Known::XForwardedFor,
        AddressFrom::Forwarded => Known::Forwarded,
    };
    let mut found = None;
    let count = head.all(known).count();
    // Lines of one name are one list, in their order (RFC 9110 §5.3).
    for place in (0..count).rev() {
        let line = head.all(known).nth(place).unwrap_or_default();
        for entry in line.rsplit(|byte| *byte == b',') {
            let text = match from {
                AddressFrom::XForwardedFor => Some(entry.trim_ascii()),
                AddressFrom::Forwarded => forwarded_for(entry),
            };
            let Some(address) = text.and_then(node) else { return found };
            found = Some(address);
            if !is_trusted(address.ip()) {
                return found;
            }
        }
    }
    found
}

/// The value of `for` in an element of `Forwarded` (RFC 7239 §4). A comma or semicolon between quotes is none of an
/// address, so splitting there can only make an address out of none by leaving a quote open, which is refused.
fn forwarded_for(element: &[u8]) -> Option<&[u8]> {
    let mut values = element.split(|byte| *byte == b';').filter_map(|pair| {
        let at = pair.iter().position(|byte| *byte == b'=')?;
        let (name, value) = pair.split_at(at);
        name.trim_ascii()
            .eq_ignore_ascii_case(b"for")
            .then(|| value.get(1..).unwrap_or_default().trim_ascii())
    });
    let value = values.next().filter(|_| values.next().is_none())?;
    match value.strip_prefix(b"\"") {
        Some(quoted) => quoted.strip_suffix(b"\""),
        None => Some(value),
    }
}

/// `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]`, `[2001:db8::1]:80`.
fn node(text: &[u8]) -> Option<SocketAddr> {
    let text = std::str::from_utf8(text).ok()?;
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let address = match bare.parse::<IpAddr>() {
        Ok(address) => SocketAddr::new(address, 0),
        Err(_) => text.parse().ok()?,
    };
    Some(SocketAddr::new(address.ip().to_canonical(), address.port()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn head(name: &str, lines: &[&str]) -> Head {
        let mut head = Head::request(b"GET", b"/");
        for line in lines {
            head.push_field(name.as_bytes(), line.as_bytes());
        }
        head
    }

    /// Everything in 10.0.0.0/8 and fd00::/8 is trusted.
    fn is_trusted(address: IpAddr) -> bool {
        match address {
            IpAddr::V4(address) => address.octets()[0] == 10,
            IpAddr::V6(address) => address.octets()[0] == 0xfd,
        }
    }

    fn check(from: AddressFrom, lines: &[&str], expected: Option<&str>) {
        let name = if from == AddressFrom::Forwarded { "Forwarded" } else { "X-Forwarded-For" };
        let found = behind(&head(name, lines), from, is_trusted).map(|found| match found.port() {
            0 => found.ip().to_string(),
            _ => found.to_string(),
        });
        assert_eq!(found.as_deref(), expected, "{lines:?}");
    }

    #[test]
    fn the_rightmost_address_that_is_not_trusted_counts() {
        let check = |lines: &[&str], expected| check(AddressFrom::XForwardedFor, lines, expected);
        check(&[], None);
        check(&["192.0.2.1"], Some("192.0.2.1"));
        check(&["6.6.6.6, 192.0.2.1"], Some("192.0.2.1"));
        check(&["6.6.6.6, 192.0.2.1, 10.0.0.2,10.0.0.3"], Some("192.0.2.1"));
        check(&["6.6.6.6", "192.0.2.1", "10.0.0.2"], Some("192.0.2.1"));
        check(&["10.0.0.9, 10.0.0.2"], Some("10.0.0.9"));
        check(&["2001:db8::1, [fd00::1]:4711"], Some("2001:db8::1"));
        check(&["192.0.2.1:5555"], Some("192.0.2.1:5555"));
        check(&["::ffff:192.0.2.1"], Some("192.0.2.1"));
    }

    #[test]
    fn behind_what_is_no_address_nobody_is_believed() {
        let check = |lines: &[&str], expected| check(AddressFrom::XForwardedFor, lines, expected);
        check(&["6.6.6.6, unknown, 10.0.0.2"], Some("10.0.0.2"));
        check(&["6.6.6.6, unknown"], None);
        check(&["6.6.6.6,"], None);
        check(&["", "10.0.0.2"], Some("10.0.0.2"));
        check(&["1.2.3.4.5"], None);
        check(&["192.0.2.1\u{0}"], None);
    }

    #[test]
    fn forwarded_is_read_as_the_rfc_writes_it() {
        let check = |lines: &[&str], expected| check(AddressFrom::Forwarded, lines, expected);
        check(&["for=192.0.2.43, for=\"[2001:db8:cafe::17]:4711\""], Some("[2001:db8:cafe::17]:4711"));
        check(&["For=192.0.2.60;proto=http;by=203.0.113.43"], Some("192.0.2.60"));
        check(&["for=6.6.6.6, for=192.0.2.1;proto=https, for=\"10.0.0.2:99\""], Some("192.0.2.1"));
        check(&["for=6.6.6.6, for=_hidden, for=10.0.0.1"], Some("10.0.0.1"));
        check(&["for=6.6.6.6, proto=https"], None);
        check(&["for=6.6.6.6;for=10.0.0.1"], None);
        check(&["for=\"6.6.6.6, for=10.0.0.1\""], None);
    }

    proptest! {
        #[test]
        fn nothing_a_client_writes_in_front_changes_who_it_is(written in "[ -~]{0,60}", from_rfc in any::<bool>()) {
            let (from, entry) = if from_rfc {
                (AddressFrom::Forwarded, "for=192.0.2.1, for=10.0.0.2")
            } else {
                (AddressFrom::XForwardedFor, "192.0.2.1, 10.0.0.2")
            };
            let name = if from_rfc { "Forwarded" } else { "X-Forwarded-For" };
            let one_line = format!("{written}, {entry}");
            let expected: SocketAddr = "192.0.2.1:0".parse().expect("an address");
            for lines in [vec![one_line.as_str()], vec![written.as_str(), entry]] {
                prop_assert_eq!(behind(&head(name, &lines), from, is_trusted), Some(expected));
            }
        }
    }
}
