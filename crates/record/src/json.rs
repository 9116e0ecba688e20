//! Writing JSON by hand, straight into a byte buffer: valid for every input, without allocation and in one pass.
//!
//! Bytes that come from a peer may hold anything. Control characters (C1 and DEL too, which terminals obey) are
//! escaped, and bytes that are not UTF-8 become U+FFFD, so that a line is always one line of valid JSON.

use std::io::Write;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

/// Appends a JSON string; at most `limit` bytes of the text, then an ellipsis.
pub(crate) fn write_text(text: &[u8], limit: usize, out: &mut Vec<u8>) {
    out.push(b'"');
    let shown = cut(text, limit);
    if is_plain(shown) {
        out.extend_from_slice(shown);
    } else {
        write_escaped(shown, out);
    }
    if shown.len() < text.len() {
        out.extend_from_slice("…".as_bytes());
    }
    out.push(b'"');
}

/// Appends a JSON string, or `null` if the text is empty.
pub(crate) fn write_text_or_null(text: &[u8], limit: usize, out: &mut Vec<u8>) {
    if text.is_empty() {
        out.extend_from_slice(b"null");
    } else {
        write_text(text, limit, out);
    }
}

/// Appends a JSON string that is known to be plain: one of our own ids.
pub(crate) fn write_id(id: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    out.extend_from_slice(id.as_bytes());
    out.push(b'"');
}

/// Appends a decimal number.
pub(crate) fn write_unsigned(value: u64, out: &mut Vec<u8>) {
    let mut digits = [b'0'; 20];
    let start = place_unsigned(value, &mut digits);
    out.extend_from_slice(digits.get(start..).unwrap_or_default());
}

/// Appends milliseconds with three decimals.
pub(crate) fn write_millis(duration: Duration, out: &mut Vec<u8>) {
    let micros =
        duration.as_secs().saturating_mul(1_000_000).saturating_add(u64::from(duration.subsec_micros()));
    let mut text = *b"00000000000000000000.000";
    let (millis, rest) = (micros / 1000, (micros % 1000) as usize);
    let start = place_unsigned(millis, text.first_chunk_mut::<20>().unwrap_or(&mut [0; 20]));
    text[21] += (rest / 100) as u8;
    text[22..24].copy_from_slice(&PAIRS[rest % 100]);
    out.extend_from_slice(text.get(start..).unwrap_or_default());
}

/// Appends an address and port.
pub(crate) fn write_socket_address(address: SocketAddr, out: &mut Vec<u8>) {
    match address.ip() {
        IpAddr::V4(ip) => {
            let mut text = [b'.'; 16];
            let mut length = 0;
            for octet in ip.octets() {
                let [digits @ .., count] = OCTETS[usize::from(octet)];
                if let Some(place) = text.get_mut(length..length + 3) {
                    place.copy_from_slice(&digits);
                }
                length += usize::from(count) + 1;
            }
            // The last dot gives way to the colon.
            out.extend_from_slice(text.get(..length - 1).unwrap_or_default());
        }
        // Writing to a vector does not fail.
        IpAddr::V6(ip) => drop(write!(out, "[{ip}]")),
    }
    out.push(b':');
    write_unsigned(u64::from(address.port()), out);
}

/// Puts a decimal number at the end of a place full of zeros, and says where it starts.
fn place_unsigned(mut value: u64, place: &mut [u8; 20]) -> usize {
    let mut start = place.len();
    while value >= 10 {
        start -= 2;
        place[start..start + 2].copy_from_slice(&PAIRS[(value % 100) as usize]);
        value /= 100;
    }
    if value > 0 {
        start -= 1;
        place[start] = b'0' + value as u8;
    }
    start.min(place.len() - 1)
}

/// Appends text for a terminal or a plain log: control characters and bytes that are not UTF-8 become visible escapes.
pub(crate) fn write_visible(text: &[u8], limit: usize, out: &mut Vec<u8>) {
    let shown = cut(text, limit);
    for chunk in shown.utf8_chunks() {
        for character in chunk.valid().chars() {
            if is_obeyed_by_terminals(character) {
                out.extend(character.escape_default().map(|escaped| escaped as u8));
            } else {
                out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
            }
        }
        for byte in chunk.invalid() {
            out.extend_from_slice(&[b'\\', b'x', hex(byte >> 4), hex(byte & 15)]);
        }
    }
    if shown.len() < text.len() {
        out.extend_from_slice("…".as_bytes());
    }
}

/// Appends bytes as lower-case hexadecimal.
pub(crate) fn write_hex(bytes: &[u8], out: &mut Vec<u8>) {
    for byte in bytes {
        out.extend_from_slice(&[hex(byte >> 4), hex(byte & 15)]);
    }
}

/// The first `limit` bytes, or a little less so that no character is cut in two.
fn cut(text: &[u8], limit: usize) -> &[u8] {
    if text.len() <= limit {
        return text;
    }
    let is_continuation = |index: usize| text[index] & 0xc0 == 0x80;
    let end = (limit.saturating_sub(3)..=limit).rev().find(|index| !is_continuation(*index)).unwrap_or(limit);
    &text[..end]
}

/// Whether no byte needs an escape. Eight at a time, as this runs over every path and `User-Agent`; the last eight may
/// overlap those before.
fn is_plain(text: &[u8]) -> bool {
    let (words, _) = text.as_chunks::<8>();
    match text.last_chunk::<8>() {
        Some(last) => {
            words.iter().all(|word| is_plain_word(u64::from_le_bytes(*word)))
                && is_plain_word(u64::from_le_bytes(*last))
        }
        None => text.iter().all(|byte| matches!(byte, 0x20..=0x7e) && *byte != b'"' && *byte != b'\\'),
    }
}

/// Whether none of eight bytes is a control character, DEL, a quote, a backslash or beyond ASCII.
const fn is_plain_word(word: u64) -> bool {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    const fn has_zero(word: u64) -> u64 {
        word.wrapping_sub(ONES) & !word
    }
    let controls = word.wrapping_sub(ONES * 0x20) & !word;
    let del = word.wrapping_add(ONES);
    let quote = has_zero(word ^ (ONES * b'"' as u64));
    let backslash = has_zero(word ^ (ONES * b'\\' as u64));
    (word | controls | del | quote | backslash) & HIGH == 0
}

fn is_obeyed_by_terminals(character: char) -> bool {
    // Beside the control characters: the marks that change the direction of text.
    character.is_control()
        || matches!(character, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn write_escaped(text: &[u8], out: &mut Vec<u8>) {
    for chunk in text.utf8_chunks() {
        for character in chunk.valid().chars() {
            match character {
                '"' | '\\' => out.extend_from_slice(&[b'\\', character as u8]),
                '\n' => out.extend_from_slice(b"\\n"),
                '\r' => out.extend_from_slice(b"\\r"),
                '\t' => out.extend_from_slice(b"\\t"),
                _ if is_obeyed_by_terminals(character) => {
                    let code = character as u32;
                    out.extend_from_slice(b"\\u");
                    for shift in [12, 8, 4, 0] {
                        out.push(hex((code >> shift & 15) as u8));
                    }
                }
                _ => out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
            }
        }
        if !chunk.invalid().is_empty() {
            out.extend_from_slice("\u{fffd}".as_bytes());
        }
    }
}

const fn hex(digit: u8) -> u8 {
    if digit < 10 { b'0' + digit } else { b'a' + digit - 10 }
}

const PAIRS: [[u8; 2]; 100] = {
    let mut pairs = [*b"00"; 100];
    let mut value = 0;
    while value < 100 {
        pairs[value] = [b'0' + (value / 10) as u8, b'0' + (value % 10) as u8];
        value += 1;
    }
    pairs
};

/// The digits of each octet, a dot behind them if there is room, and how many digits there are.
const OCTETS: [[u8; 4]; 256] = {
    let mut octets = [[b'.', b'.', b'.', 0]; 256];
    let mut value = 0;
    while value < 256 {
        let (hundreds, tens, ones) = (value / 100, value / 10 % 10, value % 10);
        let digits = [b'0' + hundreds as u8, b'0' + tens as u8, b'0' + ones as u8];
        octets[value] = match value {
            0..10 => [digits[2], b'.', b'.', 1],
            10..100 => [digits[1], digits[2], b'.', 2],
            _ => [digits[0], digits[1], digits[2], 3],
        };
        value += 1;
    }
    octets
};

#[cfg(test)]
mod tests {
    use super::*;

    fn text(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn numbers_are_written_as_the_standard_library_does() {
        let edges =
            (0..20).flat_map(|power| [10_u64.pow(power) - 1, 10_u64.pow(power), 10_u64.pow(power) + 1]);
        for value in (0..2000).chain(edges).chain([u64::MAX]) {
            assert_eq!(text(|out| write_unsigned(value, out)), value.to_string());
        }
    }

    #[test]
    fn milliseconds_have_three_decimals() {
        for (micros, expected) in
            [(0, "0.000"), (7, "0.007"), (1_000, "1.000"), (1_234_567, "1234.567"), (99_999, "99.999")]
        {
            assert_eq!(text(|out| write_millis(Duration::from_micros(micros), out)), expected);
        }
        assert_eq!(text(|out| write_millis(Duration::MAX, out)), "18446744073709551.615");
    }

    #[test]
    fn addresses_are_written_as_the_standard_library_does() {
        for octet in 0..=255 {
            let address = SocketAddr::from(([octet, 255 - octet, octet, octet], u16::from(octet) * 257));
            assert_eq!(text(|out| write_socket_address(address, out)), address.to_string());
        }
        let six: SocketAddr = "[2001:db8::1]:443".parse().unwrap();
        assert_eq!(text(|out| write_socket_address(six, out)), six.to_string());
    }

    #[test]
    fn the_fast_look_finds_every_byte_that_needs_an_escape() {
        for length in 0..20 {
            for position in 0..length {
                for byte in 0..=255 {
                    let mut bytes = vec![b'a'; length];
                    bytes[position] = byte;
                    let is_fine = matches!(byte, 0x20..=0x7e) && byte != b'"' && byte != b'\\';
                    assert_eq!(is_plain(&bytes), is_fine, "{byte:#x} at {position} of {length}");
                }
            }
        }
    }
}
