//! Responses: from `:status` to a status line, and back.

use super::fields::{Untold, add, head_len, lines, number, write_lines};
use super::told_framing;
use crate::http1::{write_number, write_status_line};
use crate::{Framing, Known, Version};
use bytes::Bytes;
use http::{HeaderMap, StatusCode};

/// A response whose head the engine wrote.
#[derive(Debug)]
pub struct Reply {
    /// Status and fields.
    pub head: http::Response<()>,
    /// How the body that follows in HTTP/1.1 is framed; whether there is one depends on the request too (HEAD).
    pub framing: Framing,
    /// How long the head was.
    pub len: usize,
}

/// Reads a head that the engine wrote, from the beginning of `bytes`; `None` while it is not whole, or where it cannot be
/// told, which none of the engine's is.
pub fn read_response(bytes: &[u8]) -> Option<Reply> {
    let len = head_len(bytes)?;
    // One copy; the values share it.
    let head = Bytes::copy_from_slice(bytes.get(..len)?);
    let end = memchr::memchr(b'\n', &head)?;
    let status = StatusCode::from_bytes(head.get(9..12)?).ok()?;
    let section = head.slice(end + 1..);
    let mut fields = HeaderMap::with_capacity(USUAL);
    let mut framing = match status.as_u16() {
        100..=199 | 204 | 304 => Framing::None,
        _ => Framing::UntilClose,
    };
    for line in lines(&section) {
        match line.known {
            Known::TransferEncoding if framing != Framing::None => framing = Framing::Chunked,
            Known::ContentLength if !matches!(framing, Framing::None | Framing::Chunked) => {
                framing = Framing::Length(number(line.value)?);
            }
            _ => {}
        }
        add(&mut fields, &line, section.slice_ref(line.value));
    }
    let mut response = http::Response::new(());
    *response.status_mut() = status;
    *response.headers_mut() = fields;
    Some(Reply { head: response, framing, len })
}

/// The trailer lines of a chunked body, as [`crate::http1::ChunkDecoder::trailers`] gives them, as a field list.
pub fn read_trailers(section: &[u8]) -> HeaderMap {
    let section = Bytes::copy_from_slice(section);
    let mut fields = HeaderMap::new();
    for line in lines(&section) {
        add(&mut fields, &line, section.slice_ref(line.value));
    }
    fields
}

/// Appends the head of a response as HTTP/1.1 has it; says how its body is framed there. `ends` tells whether it ends with
/// its head, `has_no_body` whether a body is out of the question because the request was HEAD.
///
/// # Errors
///
/// The response is malformed.
pub fn write_response(
    status: StatusCode,
    fields: &HeaderMap,
    ends: bool,
    has_no_body: bool,
    out: &mut Vec<u8>,
) -> Result<Framing, Untold> {
    let reason = status.canonical_reason().unwrap_or_default();
    write_status_line(out, Version::Http11, status.as_u16(), reason.as_bytes());
    let said = write_lines(fields, out)?;
    let never_has_body = has_no_body || matches!(status.as_u16(), 100..=199 | 204 | 304);
    let framing = if never_has_body {
        if let Some(length) = said.length.filter(|_| !matches!(status.as_u16(), 100..=199 | 204)) {
            write_length(length, out);
        }
        Framing::None
    } else {
        match told_framing(said.length, ends) {
            Framing::Chunked => {
                out.extend_from_slice(b"transfer-encoding: chunked\r\n");
                Framing::Chunked
            }
            Framing::Length(length) => {
                write_length(length, out);
                Framing::Length(length)
            }
            Framing::None | Framing::UntilClose => {
                write_length(0, out);
                Framing::Length(0)
            }
        }
    };
    out.extend_from_slice(b"\r\n");
    Ok(framing)
}

/// Fields of a usual response; more are no trouble.
const USUAL: usize = 12;

fn write_length(length: u64, out: &mut Vec<u8>) {
    out.extend_from_slice(b"content-length: ");
    write_number(out, length);
    out.extend_from_slice(b"\r\n");
}
