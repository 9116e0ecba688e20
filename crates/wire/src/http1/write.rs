//! Appending the parts of a message to an output buffer. Nothing here checks: what is written was parsed or is our own.

use crate::Version;

/// The chunk that ends a body without trailers.
pub const LAST_CHUNK: &[u8] = b"0\r\n\r\n";

/// What follows the data of every chunk.
pub const CHUNK_END: &[u8] = b"\r\n";

/// Appends the line before a chunk of `len` bytes. For 0, which would end the body, nothing is written.
pub fn write_chunk_size(out: &mut Vec<u8>, len: usize) {
    if len == 0 {
        return;
    }
    let digits = len.ilog2() / 4;
    for digit in (0..=digits).rev() {
        let nibble = ((len >> (digit * 4)) & 0xf) as u8;
        out.push(if nibble < 10 { b'0' + nibble } else { b'a' + nibble - 10 });
    }
    out.extend_from_slice(b"\r\n");
}

/// Appends the end of a chunked body with its trailer lines, as [`super::ChunkDecoder::trailers`] gives them.
pub fn write_last_chunk(out: &mut Vec<u8>, trailers: &[u8]) {
    out.extend_from_slice(b"0\r\n");
    out.extend_from_slice(trailers);
    out.extend_from_slice(b"\r\n");
}

/// Appends `HTTP/1.x status reason`.
#[inline(always)]
pub fn write_status_line(out: &mut Vec<u8>, version: Version, status: u16, reason: &[u8]) {
    out.extend_from_slice(match version {
        Version::Http10 => b"HTTP/1.0 ",
        Version::Http11 => b"HTTP/1.1 ",
    });
    write_number(out, u64::from(status));
    out.push(b' ');
    out.extend_from_slice(reason);
    out.extend_from_slice(b"\r\n");
}

/// Appends `method target HTTP/1.1`.
pub fn write_request_line(out: &mut Vec<u8>, method: &[u8], target: &[u8]) {
    out.extend_from_slice(method);
    out.push(b' ');
    out.extend_from_slice(target);
    out.extend_from_slice(b" HTTP/1.1\r\n");
}

/// Appends `name: value`.
pub fn write_field(out: &mut Vec<u8>, name: &[u8], value: &[u8]) {
    out.extend_from_slice(name);
    out.extend_from_slice(b": ");
    out.extend_from_slice(value);
    out.extend_from_slice(b"\r\n");
}

/// Appends a decimal number.
pub fn write_number(out: &mut Vec<u8>, number: u64) {
    let mut digits = [0; 20];
    let mut rest = number;
    let mut used = 0;
    for place in digits.iter_mut().rev() {
        *place = b'0' + (rest % 10) as u8;
        rest /= 10;
        used += 1;
        if rest == 0 {
            break;
        }
    }
    out.extend_from_slice(digits.get(digits.len() - used..).unwrap_or_default());
}
