//! Field lists: which fields cross from one version to the other, and in which form.

use crate::http1::write_field;
use crate::{Known, ascii};
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

/// The length of the head at the front, its blank line included; `None` while it is not whole.
pub(super) fn head_len(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        at += ascii::find_control(bytes.get(at..)?);
        if bytes.get(at..)?.starts_with(b"\r\n\r\n") {
            return Some(at + 4);
        }
        at += 1;
    }
}

/// A line of a head or of a trailer section, the value without the space around it.
pub(super) struct FieldText<'a> {
    pub(super) known: Known,
    pub(super) name: &'a [u8],
    pub(super) value: &'a [u8],
}

/// The lines of a head behind its first one, or of a trailer section.
pub(super) fn lines(mut section: &[u8]) -> impl Iterator<Item = FieldText<'_>> {
    std::iter::from_fn(move || {
        loop {
            let len = ascii::plain_name(section);
            let (known, colon) = match section.get(len)? {
                b':' => (Known::at_front(section, len), len),
                // A longer name than usual, or no line at all.
                _ => {
                    let end = memchr::memchr(b'\n', section)?;
                    match memchr::memchr(b':', section.get(..end)?) {
                        Some(colon) => (Known::of(section.get(..colon)?), colon),
                        None => {
                            section = section.get(end + 1..)?;
                            continue;
                        }
                    }
                }
            };
            let (name, rest) = section.split_at_checked(colon)?;
            let rest = rest.get(1..)?;
            let mut end = ascii::find_control(rest);
            if rest.get(end) != Some(&b'\r') || rest.get(end + 1) != Some(&b'\n') {
                end = memchr::memchr(b'\n', rest)?;
            }
            let value = rest.get(..end)?.trim_ascii();
            section = after_line_end(rest.get(end..)?);
            return Some(FieldText { known, name, value });
        }
    })
}

fn after_line_end(rest: &[u8]) -> &[u8] {
    match rest {
        [b'\r', b'\n', next @ ..] | [b'\n', next @ ..] => next,
        _ => rest,
    }
}

/// Adds a line to a field list, unless it is about the connection; `value` is that of the line.
pub(super) fn add(fields: &mut HeaderMap, line: &FieldText<'_>, value: bytes::Bytes) {
    let name = match line.known {
        Known::Connection
        | Known::KeepAlive
        | Known::ProxyConnection
        | Known::TransferEncoding
        | Known::Upgrade => return,
        Known::ContentLength => Ok(header::CONTENT_LENGTH),
        Known::ContentType => Ok(header::CONTENT_TYPE),
        Known::CacheControl => Ok(header::CACHE_CONTROL),
        Known::Date => Ok(header::DATE),
        Known::Server => Ok(header::SERVER),
        Known::Via => Ok(header::VIA),
        _ => HeaderName::from_bytes(line.name),
    };
    let (Ok(name), Ok(value)) = (name, HeaderValue::from_maybe_shared(value)) else {
        // Our own parser let it pass or our own code wrote it: it has a name and a value that every version allows.
        return;
    };
    if line.known != Known::Other || name.as_str() != "http2-settings" {
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
