//! The opening handshake of WebSocket where a stream stands for it (RFC 8441): the client still speaks RFC 6455.

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};

/// Whether this head of a request offers WebSocket.
pub(super) fn is_asked_for(head: &[u8]) -> bool {
    head.split(|byte| *byte == b'\n').any(|line| {
        let mut parts = line.splitn(2, |byte| *byte == b':');
        let name = parts.next().unwrap_or_default();
        name.eq_ignore_ascii_case(b"upgrade") && is_named_by(parts.next().unwrap_or_default())
    })
}

/// Whether this value of `Upgrade` names WebSocket.
pub(super) fn is_named_by(offer: &[u8]) -> bool {
    offer.split(|byte| *byte == b',').any(|name| name.trim_ascii().eq_ignore_ascii_case(b"websocket"))
}

/// What proves to a client that its key was read (RFC 6455 §4.2.2).
pub(super) fn accept(key: &[u8]) -> String {
    let mut text = key.trim_ascii().to_vec();
    text.extend_from_slice(b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
    base64(digest(&SHA1_FOR_LEGACY_USE_ONLY, &text).as_ref())
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for piece in bytes.chunks(3) {
        let word = piece.iter().fold(0_u32, |word, byte| word << 8 | u32::from(*byte));
        let word = word << (8 * (3 - piece.len()));
        for place in 0..4 {
            let letter = (word >> (18 - 6 * place) & 63) as usize;
            text.push(if place <= piece.len() { char::from(LETTERS[letter]) } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_rfc_is_accepted() {
        assert_eq!(accept(b"dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }

    #[test]
    fn an_offer_is_found_among_others() {
        assert!(is_asked_for(b"GET / HTTP/1.1\r\nHost: a\r\nUPGRADE: foo, WebSocket\r\n\r\n"));
        assert!(!is_asked_for(b"GET /upgrade:websocket HTTP/1.1\r\nHost: a\r\n\r\n"));
    }
}
