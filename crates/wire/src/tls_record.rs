//! Recognising TLS where HTTP was due: by the first bytes of a record (RFC 8446 §5.1), without reading TLS.

/// Whether the first bytes begin a TLS record that opens a connection or refuses one: a handshake or an alert.
/// Two bytes suffice; fewer are never called TLS.
pub fn looks_like_tls(first: &[u8]) -> bool {
    matches!(first, [0x15 | 0x16, 0x03, ..])
}

/// Whether the first bytes may still turn out to begin a TLS record.
pub fn may_become_tls(first: &[u8]) -> bool {
    matches!(first, [] | [0x15 | 0x16])
}

/// Level and description of the alert that the bytes begin with, if they hold a whole plain alert record.
pub fn alert(bytes: &[u8]) -> Option<(u8, u8)> {
    match bytes {
        [0x15, 0x03, _, 0, 2, level, description, ..] => Some((*level, *description)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn handshakes_and_alerts_are_tls_and_text_is_not() {
        assert!(looks_like_tls(&[0x16, 3, 1, 2, 0, 1]));
        assert!(looks_like_tls(&[0x15, 3, 3, 0, 2, 2, 40]));
        assert!(!looks_like_tls(b"GET / HTTP/1.1"));
        assert!(!looks_like_tls(&[0x16]));
        assert!(may_become_tls(&[0x16]));
        assert!(!may_become_tls(b"H"));
        assert_eq!(alert(&[0x15, 3, 3, 0, 2, 2, 40]), Some((2, 40)));
        assert_eq!(alert(&[0x15, 3, 3, 0, 2, 2]), None);
    }
}
