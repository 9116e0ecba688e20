//! Writing JSON by hand, straight into a byte buffer: valid for every input, without allocation and in one pass.
//!
//! Bytes that come from a peer may hold anything. Control characters (C1 and DEL too, which terminals obey) are
//! escaped, and bytes that are not UTF-8 become U+FFFD, so that a line is always one line of valid JSON.

use std::time::Duration;

/// Appends a JSON string; at most `limit` bytes of the text, then an ellipsis.
pub(crate) fn write_text(text: &[u8], limit: usize, out: &mut Vec<u8>) {
    out.push(b'"');
    let shown = cut(text, limit);
    let plain = plain_prefix(shown);
    out.extend_from_slice(&shown[..plain]);
    if plain < shown.len() {
        write_escaped(&shown[plain..], out);
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
pub(crate) fn write_unsigned(mut value: u64, out: &mut Vec<u8>) {
    let mut digits = [0; 20];
    let mut start = digits.len();
    while value >= 100 {
        let pair = (value % 100) as usize * 2;
        value /= 100;
        start -= 2;
        digits[start..start + 2].copy_from_slice(&PAIRS[pair..pair + 2]);
    }
    if value >= 10 {
        let pair = value as usize * 2;
        start -= 2;
        digits[start..start + 2].copy_from_slice(&PAIRS[pair..pair + 2]);
    } else {
        start -= 1;
        digits[start] = b'0' + value as u8;
    }
    out.extend_from_slice(&digits[start..]);
}

/// Appends milliseconds with three decimals.
pub(crate) fn write_millis(duration: Duration, out: &mut Vec<u8>) {
    let micros =
        duration.as_secs().saturating_mul(1_000_000).saturating_add(u64::from(duration.subsec_micros()));
    write_unsigned(micros / 1000, out);
    let rest = micros % 1000;
    let pair = (rest % 100) as usize * 2;
    out.extend_from_slice(&[b'.', b'0' + (rest / 100) as u8, PAIRS[pair], PAIRS[pair + 1]]);
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

/// How many leading bytes need no escape. Eight at a time: this runs over every path and `User-Agent`.
fn plain_prefix(text: &[u8]) -> usize {
    let (words, _) = text.as_chunks::<8>();
    let whole = words.iter().take_while(|word| is_plain_word(u64::from_le_bytes(**word))).count() * 8;
    let rest = text[whole..].iter().take_while(|byte| is_plain(**byte)).count();
    whole + rest
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

const fn is_plain(byte: u8) -> bool {
    matches!(byte, 0x20..=0x7e) && byte != b'"' && byte != b'\\'
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

const PAIRS: [u8; 200] = {
    let mut pairs = [b'0'; 200];
    let mut value = 0;
    while value < 100 {
        pairs[value * 2] = b'0' + (value / 10) as u8;
        pairs[value * 2 + 1] = b'0' + (value % 10) as u8;
        value += 1;
    }
    pairs
};
