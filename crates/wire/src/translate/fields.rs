//! Field lists: which fields cross from one version to the other, and in which form.

use crate::http1::write_field;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};

/// Why a message of HTTP/2 or HTTP/3 cannot be told in HTTP/1.1: it is malformed (RFC 9113 §8.1.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Untold {
    /// A field about the connection, which that version has other means for (RFC 9113 §8.2.2).
    ConnectionField,
    /// White space before or after a value (RFC 9113 §8.2.1).
    SpaceAroundValue,
    /// `Host` and `:authority` name different hosts (RFC 9113 §8.3.1).
    TwoAuthorities,
    /// A pseudo-header that the request needs is missing (RFC 9113 §8.3.1).
    PseudoMissing,
    /// `:path` is neither a path nor `*` (RFC 9113 §8.3.1).
    BadPath,
    /// `Content-Length` is no number, or stands there with different values (RFC 9110 §8.6).
    BadLength,
}

/// What a field list says about the message it belongs to.
#[derive(Debug, Default)]
pub(super) struct Said {
    pub(super) length: Option<u64>,
    pub(super) accepts_trailers: bool,
}

/// Appends fields as lines of HTTP/1.1, but for `Host`, the framing and cookies, which are written once: split ones are
/// joined (RFC 9113 §8.2.3).
pub(super) fn write_lines(fields: &HeaderMap, out: &mut Vec<u8>) -> Result<Said, Untold> {
    let mut said = Said::default();
    for (name, value) in fields {
        let bytes = value.as_bytes();
        if is_about_connection(name) {
            return Err(Untold::ConnectionField);
        }
        if has_space_around(bytes) {
            return Err(Untold::SpaceAroundValue);
        }
        match *name {
            header::HOST | header::COOKIE => {}
            header::CONTENT_LENGTH => {
                let length = number(bytes).ok_or(Untold::BadLength)?;
                if said.length.is_some_and(|before| before != length) {
                    return Err(Untold::BadLength);
                }
                said.length = Some(length);
            }
            header::TE if bytes.eq_ignore_ascii_case(b"trailers") => said.accepts_trailers = true,
            header::TE => return Err(Untold::ConnectionField),
            _ => write_field(out, name.as_str().as_bytes(), bytes),
        }
    }
    let mut cookies = fields.get_all(header::COOKIE).iter();
    if let Some(first) = cookies.next() {
        out.extend_from_slice(b"cookie: ");
        out.extend_from_slice(first.as_bytes());
        for cookie in cookies {
            out.extend_from_slice(b"; ");
            out.extend_from_slice(cookie.as_bytes());
        }
        out.extend_from_slice(b"\r\n");
    }
    Ok(said)
}

/// Appends trailer fields as lines; what may not stand in a trailer is left to whoever reads them.
///
/// # Errors
///
/// The trailers make the message malformed.
pub fn write_trailers(trailers: &HeaderMap, out: &mut Vec<u8>) -> Result<(), Untold> {
    for (name, value) in trailers {
        if is_about_connection(name) || *name == header::TE {
            return Err(Untold::ConnectionField);
        }
        if has_space_around(value.as_bytes()) {
            return Err(Untold::SpaceAroundValue);
        }
        write_field(out, name.as_str().as_bytes(), value.as_bytes());
    }
    Ok(())
}

/// The lines of a head behind its first one, or of a trailer section: name and value without the space around it.
pub(super) fn lines(section: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    let mut begin = 0;
    memchr::memchr_iter(b'\n', section).filter_map(move |end| {
        let line = section.get(std::mem::replace(&mut begin, end + 1)..end)?;
        let colon = memchr::memchr(b':', line)?;
        Some((line.get(..colon)?, line.get(colon + 1..)?.trim_ascii()))
    })
}

/// Adds a line to a field list, unless it is about the connection.
pub(super) fn add(fields: &mut HeaderMap, name: &[u8], value: bytes::Bytes) {
    let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name), HeaderValue::from_maybe_shared(value)) else {
        // Our own parser let it pass or our own code wrote it: it has a name and a value that every version allows.
        return;
    };
    if !is_about_connection(&name) {
        // The limits on heads keep the list far below what the map holds.
        let _ = fields.try_append(name, value);
    }
}

/// Fields that HTTP/2 and HTTP/3 forbid (RFC 9113 §8.2.2).
fn is_about_connection(name: &HeaderName) -> bool {
    matches!(*name, header::CONNECTION | header::TRANSFER_ENCODING | header::UPGRADE)
        || matches!(name.as_str(), "keep-alive" | "proxy-connection" | "http2-settings")
}

fn has_space_around(value: &[u8]) -> bool {
    let is_space = |byte: Option<&u8>| matches!(byte, Some(b' ' | b'\t'));
    is_space(value.first()) || is_space(value.last())
}

/// A decimal number without sign, as `Content-Length` has it.
pub(super) fn number(text: &[u8]) -> Option<u64> {
    if text.is_empty() || !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(text).ok()?.parse().ok()
}
