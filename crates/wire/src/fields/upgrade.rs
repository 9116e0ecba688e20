//! `Upgrade` (RFC 9110 §7.8): which protocols are offered, and which of them can be tunnelled.

use super::list;

/// The offered protocols that a tunnel can carry. HTTP/2 over plain text is left out: switching to it would let a client
/// talk past the gateway's rules (and RFC 9113 gave it up), and so is TLS, which is a matter of one hop.
pub fn tunnelled(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    list::tokens(value).filter(|protocol| {
        let name = protocol.split(|&b| b == b'/').next().unwrap_or_default();
        !["h2c", "h2", "http", "tls"].iter().any(|other| name.eq_ignore_ascii_case(other.as_bytes()))
    })
}

/// Appends an offer as it may go on: only what a tunnel can carry.
pub fn write_without_h2c(offer: &[u8], out: &mut Vec<u8>) {
    for (i, protocol) in tunnelled(offer).enumerate() {
        if i > 0 {
            out.extend_from_slice(b", ");
        }
        out.extend_from_slice(protocol);
    }
}

/// Whether everything that was switched to had been offered. Switching to nothing is not allowed either.
pub fn was_offered(switched: &[u8], offered: &[u8]) -> bool {
    let mut protocols = list::tokens(switched).peekable();
    protocols.peek().is_some()
        && protocols.all(|protocol| list::tokens(offered).any(|offer| offer.eq_ignore_ascii_case(protocol)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http2_and_tls_are_never_tunnelled() {
        assert_eq!(tunnelled(b"h2c, HTTP/2.0, TLS/1.0, WebSocket").collect::<Vec<_>>(), [b"WebSocket"]);
        assert_eq!(tunnelled(b"h2c").count(), 0);
        let mut out = Vec::new();
        write_without_h2c(b"a/1 ,h2c, websocket", &mut out);
        assert_eq!(out, b"a/1, websocket");
    }

    #[test]
    fn a_protocol_must_have_been_offered() {
        assert!(was_offered(b"WebSocket", b"foo/2, websocket"));
        assert!(!was_offered(b"foo", b"foo/2, websocket"));
        assert!(!was_offered(b"websocket, foo", b"websocket"));
        assert!(!was_offered(b" , ", b"websocket"));
    }
}
