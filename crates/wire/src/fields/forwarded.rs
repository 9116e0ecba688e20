//! `Forwarded` (RFC 7239): who forwarded a request, for whom, by which scheme and host.

use super::list;
use crate::ascii::{is_token, trim};
use std::borrow::Cow;
use std::net::IpAddr;

/// One element of the list, values unquoted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Forwarded<'a> {
    /// Whom the request was forwarded for: an address, `unknown`, or a pseudonym with an underscore.
    pub for_: Option<Cow<'a, [u8]>>,
    /// Where it was received.
    pub by: Option<Cow<'a, [u8]>>,
    /// The `Host` as received.
    pub host: Option<Cow<'a, [u8]>>,
    /// The scheme as received.
    pub proto: Option<Cow<'a, [u8]>>,
}

impl Forwarded<'_> {
    /// The address in `for`, if it is one.
    pub fn address(&self) -> Option<IpAddr> {
        super::x_forwarded_for::address(self.for_.as_deref()?)
    }

    /// Appends the element, without a comma; what is no token is quoted.
    pub fn write(&self, out: &mut Vec<u8>) {
        let parts = [("for", &self.for_), ("by", &self.by), ("host", &self.host), ("proto", &self.proto)];
        let mut separator: &[u8] = b"";
        for (name, value) in parts {
            let Some(value) = value else { continue };
            out.extend_from_slice(separator);
            out.extend_from_slice(name.as_bytes());
            out.push(b'=');
            write_value(out, value);
            separator = b";";
        }
    }
}

/// The node name of an address: IPv6 stands in brackets (RFC 7239 §6.1).
pub fn node(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => format!("[{address}]"),
    }
}

/// The elements, farthest first; parameters that are not understood are passed over.
pub fn elements(value: &[u8]) -> impl Iterator<Item = Forwarded<'_>> {
    list::quoted(value).map(|element| {
        let mut forwarded = Forwarded::default();
        for pair in list::split(element, b';') {
            let Some(equals) = memchr::memchr(b'=', pair) else { continue };
            let (name, value) = pair.split_at(equals);
            let value = Some(unquote(trim(value.get(1..).unwrap_or_default())));
            match trim(name).to_ascii_lowercase().as_slice() {
                b"for" => forwarded.for_ = value,
                b"by" => forwarded.by = value,
                b"host" => forwarded.host = value,
                b"proto" => forwarded.proto = value,
                _ => {}
            }
        }
        forwarded
    })
}

fn unquote(value: &[u8]) -> Cow<'_, [u8]> {
    let [b'"', inner @ .., b'"'] = value else { return Cow::Borrowed(value) };
    if memchr::memchr(b'\\', inner).is_none() {
        return Cow::Borrowed(inner);
    }
    let mut is_escaped = false;
    Cow::Owned(
        inner
            .iter()
            .copied()
            .filter(|&byte| {
                is_escaped = byte == b'\\' && !is_escaped;
                !is_escaped
            })
            .collect(),
    )
}

fn write_value(out: &mut Vec<u8>, value: &[u8]) {
    if is_token(value) {
        out.extend_from_slice(value);
        return;
    }
    out.push(b'"');
    for &byte in value {
        match byte {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
            b' '..=b'~' => out.push(byte),
            _ => out.push(b'?'),
        }
    }
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_are_read_with_quotes_and_in_any_case() {
        let value =
            br#"For="[2001:db8:cafe::17]:4711" ; proto=https;by=203.0.113.43, for=unknown;host="a\"b""#;
        let elements: Vec<_> = elements(value).collect();
        assert_eq!(elements.len(), 2);
        assert_eq!(elements[0].address(), "2001:db8:cafe::17".parse().ok());
        assert_eq!(elements[0].proto.as_deref(), Some(b"https".as_slice()));
        assert_eq!(elements[1].address(), None);
        assert_eq!(elements[1].host.as_deref(), Some(b"a\"b".as_slice()));
    }

    #[test]
    fn what_is_written_is_read_again() {
        let written = Forwarded {
            for_: Some(Cow::Owned(node("2001:db8::1".parse().expect("an address")).into_bytes())),
            by: None,
            host: Some(Cow::Borrowed(b"shop.example:8080")),
            proto: Some(Cow::Borrowed(b"https")),
        };
        let mut out = Vec::new();
        written.write(&mut out);
        assert_eq!(out, br#"for="[2001:db8::1]";host="shop.example:8080";proto=https"#);
        assert_eq!(elements(&out).collect::<Vec<_>>(), [written]);
    }
}
