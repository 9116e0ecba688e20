//! Classes of bytes in HTTP, and the search for the byte that ends a line.
//!
//! One table answers all questions about single bytes; longer searches take sixteen at a time.

mod block;

/// RFC 9110 §5.6.2.
pub(crate) const TOKEN: u8 = 1;
/// In the path of a request target; see [`crate::http1`] for what is let through beyond RFC 3986.
pub(crate) const PATH: u8 = 2;
/// In the query of a request target.
pub(crate) const QUERY: u8 = 4;
/// In a request target under the leniency `target_characters`.
pub(crate) const ANY_TARGET: u8 = 8;
/// In a host name (RFC 3986 §3.2.2, without comma and percent-encoding).
pub(crate) const HOST: u8 = 16;

/// Whether the byte belongs to one of the classes.
#[inline]
pub(crate) fn is(byte: u8, classes: u8) -> bool {
    class_of(byte) & classes != 0
}

/// The length of the prefix whose bytes all belong to one of the classes.
#[inline]
pub(crate) fn span(bytes: &[u8], classes: u8) -> usize {
    // Four at a time share one comparison, which halves the cost of names and targets.
    let (fours, _) = bytes.as_chunks::<4>();
    let in_fours = fours
        .iter()
        .position(|four| {
            let common = four.iter().fold(classes, |common, &byte| common & class_of(byte));
            common == 0
        })
        .unwrap_or(fours.len())
        * 4;
    let rest = bytes.get(in_fours..).unwrap_or_default();
    in_fours + rest.iter().position(|&byte| !is(byte, classes)).unwrap_or(rest.len())
}

#[inline]
fn class_of(byte: u8) -> u8 {
    CLASSES.get(usize::from(byte)).copied().unwrap_or_default()
}

/// Whether this is a token (RFC 9110 §5.6.2): not empty, and no byte outside the class.
pub(crate) fn is_token(bytes: &[u8]) -> bool {
    !bytes.is_empty() && span(bytes, TOKEN) == bytes.len()
}

/// The offset of the first control byte other than HTAB; the length if there is none.
#[inline(always)]
pub(crate) fn find_control(bytes: &[u8]) -> usize {
    let (blocks, rest) = bytes.as_chunks::<16>();
    let mut done = 0;
    for block in blocks {
        if let Some(offset) = block::first_control(block) {
            return done + offset;
        }
        done += block.len();
    }
    done + rest.iter().position(|&byte| is_control(byte)).unwrap_or(rest.len())
}

/// The length of the plain name at the front: letters, digits, `-` and `_`, as in nearly all field names. It may be cut
/// short at the 32nd byte and near the end of the bytes.
#[inline(always)]
pub(crate) fn plain_name(bytes: &[u8]) -> usize {
    let (blocks, _) = bytes.as_chunks::<16>();
    let mut done = 0;
    for block in blocks.iter().take(2) {
        if let Some(offset) = block::first_outside_plain_name(block) {
            return done + offset;
        }
        done += block.len();
    }
    done
}

/// Whether a byte is a control byte other than HTAB.
pub(crate) const fn is_control(byte: u8) -> bool {
    byte < 0x20 && byte != b'\t' || byte == 0x7f
}

/// Without spaces and tabs at both ends.
#[inline]
pub(crate) fn trim(mut bytes: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] = bytes {
        bytes = rest;
    }
    while let [rest @ .., b' ' | b'\t'] = bytes {
        bytes = rest;
    }
    bytes
}

static CLASSES: [u8; 256] = classes();

#[expect(clippy::indexing_slicing, reason = "runs at compile time only: a wrong index would not compile")]
const fn classes() -> [u8; 256] {
    let mut table = [0; 256];
    let mut i = 0;
    while i < 256 {
        let byte = i as u8;
        let is_alphanumeric = byte.is_ascii_alphanumeric();
        let mut class = 0;
        if is_alphanumeric || contains(b"!#$%&'*+-.^_`|~", byte) {
            class |= TOKEN;
        }
        // `^`, `` ` ``, `{`, `|`, `}`, `[` and `]` are not in RFC 3986, but browsers send them as they are typed (WHATWG URL).
        if is_alphanumeric || contains(b"-._~!$&'()*+,;=:@/%[]|^`{}", byte) {
            class |= PATH | QUERY;
        }
        // A backslash in a path is a slash to some upstreams; in a query it means nothing. `?` begins or is in the query.
        if contains(b"?\\", byte) {
            class |= QUERY;
        }
        if byte > 0x20 && byte != 0x7f && byte != b'#' {
            class |= ANY_TARGET;
        }
        if is_alphanumeric || contains(b"-._~!$&'()*+;=", byte) {
            class |= HOST;
        }
        table[i] = class;
        i += 1;
    }
    table
}

#[expect(clippy::indexing_slicing, reason = "runs at compile time only: a wrong index would not compile")]
const fn contains(set: &[u8], byte: u8) -> bool {
    let mut i = 0;
    while i < set.len() {
        if set[i] == byte {
            return true;
        }
        i += 1;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_control_byte_is_found_wherever_it_stands() {
        for before in [b'a', b' ', b'\t', 0x80, 0xff, b'~', b'!'] {
            for length in 0..40 {
                for control in (0..32).chain([0x7f]).filter(|&b| b != b'\t') {
                    let mut bytes = vec![before; length];
                    assert_eq!(find_control(&bytes), length);
                    bytes.push(control);
                    bytes.extend_from_slice(b"   tail \x00\x7f");
                    assert_eq!(find_control(&bytes), length, "{before} {control}");
                }
            }
        }
    }

    #[test]
    fn a_plain_name_ends_at_the_first_other_byte() {
        for length in 0..32 {
            let name = "xY-9_zA0".chars().cycle().take(length).collect::<String>();
            for other in [":", "\0", "\t", " ", "@", "[", "`", "{", "/", "\r", ".", "\u{e4}"] {
                let line = format!("{name}{other}{}", " ".repeat(32));
                assert_eq!(plain_name(line.as_bytes()), length);
            }
        }
        assert_eq!(plain_name(b"short: x"), 0);
    }

    #[test]
    fn the_length_of_a_prefix_is_exact() {
        for length in 0..20 {
            let text = format!("{}(", "x".repeat(length));
            assert_eq!(span(text.as_bytes(), TOKEN), length);
            assert_eq!(span(&text.as_bytes()[..length], TOKEN), length);
            let mixed = format!("{}\\?#", "x".repeat(length));
            assert_eq!(span(mixed.as_bytes(), QUERY | ANY_TARGET), length + 2);
        }
    }

    #[test]
    fn tabs_and_spaces_after_tabs_hide_nothing() {
        assert_eq!(find_control(b"\t \t !\t  abc\t\t \t\r\n"), 15);
        assert_eq!(find_control(b"\t       "), 8);
        assert_eq!(find_control(b"\t \x01     "), 2);
    }
}
