//! Trailer fields: their grammar, and which of them must not stand in a trailer section (RFC 9110 §6.5.1).

use super::fault;
use crate::Known;
use crate::ascii::{self, TOKEN};
use torwart_cause::{Ending, Malformation};

/// Checks a trailer line without its line end; says whether it may be passed on.
pub(super) fn check(line: &[u8]) -> Result<bool, Ending> {
    let name_len = ascii::span(line, TOKEN);
    if name_len == 0 || line.get(name_len) != Some(&b':') {
        return Err(fault(Malformation::BadTrailer, name_len));
    }
    let (name, value) = line.split_at_checked(name_len).unwrap_or_default();
    match value.get(ascii::find_control(value)) {
        None => Ok(may_be_trailer(name)),
        Some(0) => Err(fault(Malformation::Nul, name_len + ascii::find_control(value))),
        Some(_) => Err(fault(Malformation::BadTrailer, name_len + ascii::find_control(value))),
    }
}

/// Framing, routing, authentication, request modifiers, caching and what a body is processed by must stand before it.
/// All fields the gateway knows are of these kinds, but for `Proxy-Status` and `Date`.
fn may_be_trailer(name: &[u8]) -> bool {
    match Known::of(name) {
        Known::ProxyStatus | Known::Date => true,
        Known::Other => !FORBIDDEN.iter().any(|forbidden| name.eq_ignore_ascii_case(forbidden.as_bytes())),
        _ => false,
    }
}

/// Those the gateway has no other reason to know.
const FORBIDDEN: &[&str] = &[
    "if-match",
    "if-unmodified-since",
    "if-range",
    "pragma",
    "warning",
    "authentication-info",
    "www-authenticate",
    "x-forwarded-server",
    "x-forwarded-scheme",
    "x-original-url",
    "x-rewrite-url",
    "x-http-method-override",
    "proxy",
    "refresh",
    "clear-site-data",
    "strict-transport-security",
    "content-security-policy",
    "content-location",
    "allow",
];

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn what_changes_framing_routing_or_trust_is_left_out() {
        for kept in
            ["Grpc-Status: 0", "Digest: x=y", "ETag: \"a\"", "Server-Timing:", "proxy-status: a;error=b"]
        {
            assert_eq!(check(kept.as_bytes()), Ok(true), "{kept}");
        }
        for dropped in
            ["Content-Length: 5", "host: a", "TRANSFER-ENCODING: chunked", "Cookie: a", "if-match: *"]
        {
            assert_eq!(check(dropped.as_bytes()), Ok(false), "{dropped}");
        }
    }
}
