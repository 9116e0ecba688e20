//! `Via` (RFC 9110 §7.6.3): who passed a message on, and whether it was us.

use super::list;
use crate::Version;

/// Appends our own member: the version the message was received with and our pseudonym, a token.
pub fn write(out: &mut Vec<u8>, received: Version, pseudonym: &str) {
    out.extend_from_slice(match received {
        Version::Http10 => b"1.0 ",
        Version::Http11 => b"1.1 ",
    });
    out.extend_from_slice(pseudonym.as_bytes());
}

/// The names of those who passed the message on, nearest to the sender first; comments are left out.
pub fn received_by(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    list::quoted(value).filter_map(|member| {
        let mut words = member.split(|&b| b == b' ' || b == b'\t').filter(|word| !word.is_empty());
        words.next();
        words.next()
    })
}

/// Whether the message passed the one with this pseudonym before.
pub fn names(value: &[u8], pseudonym: &str) -> bool {
    received_by(value).any(|name| name.eq_ignore_ascii_case(pseudonym.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_member_of_its_own_is_our_pseudonym() {
        let via = b"1.0 fred, 1.1 p.example.net (torwart-1, 1.1 torwart-1), HTTP/1.1\t torwart-2";
        assert!(names(via, "fred"));
        assert!(names(via, "Torwart-2"));
        assert!(!names(via, "torwart-1"));
        assert!(!names(via, "torwart"));
        assert!(!names(b"1.1", "1.1"));
        assert_eq!(received_by(via).count(), 3);
    }

    #[test]
    fn our_member_is_found_again() {
        let mut out = b"1.1 other, ".to_vec();
        write(&mut out, Version::Http11, "torwart-7");
        assert_eq!(out, b"1.1 other, 1.1 torwart-7");
        assert!(names(&out, "torwart-7"));
    }
}
