//! What a request with conditions or ranges gets of a stored answer (RFC 9111 §4.3.2, RFC 9110 §13 and §14).

use torwart_wire::{Head, Known};

use crate::files::conditional::any_tag;
use crate::files::{http_date, range};

/// What goes out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sent {
    /// All of it.
    Whole,
    /// These parts of it: 206.
    Parts(Vec<range::Part>),
    /// That it has not changed: 304.
    NotModified,
    /// That no part asked for is there: 416.
    NotSatisfiable,
}

/// Whether a request can be answered from what is stored at all: two conditions are the origin's alone to judge.
#[must_use]
pub fn is_for_us(request: &Head) -> bool {
    request.find("if-match").is_none() && request.find("if-unmodified-since").is_none()
}

/// Judges a GET or HEAD against a stored answer of `size` bytes; `received` is when it came, in seconds since 1970.
#[must_use]
pub fn judge(request: &Head, status: u16, stored: &Head, size: u64, received: u64) -> Sent {
    if status != 200 {
        return Sent::Whole;
    }
    let etag = stored.find("etag");
    let modified = stored.find("last-modified").and_then(http_date::parse);
    if request.has(Known::IfNoneMatch) {
        let opaque = |tag: &[u8]| tag.strip_prefix(b"W/").unwrap_or(tag).to_vec();
        let own = etag.map(opaque);
        if any_tag(request, "if-none-match", |tag| own.as_deref().is_some_and(|own| opaque(tag) == own)) {
            return Sent::NotModified;
        }
    } else if let Some(since) = request.get(Known::IfModifiedSince).and_then(http_date::parse) {
        let date = || stored.get(Known::Date).and_then(http_date::parse);
        if modified.or_else(date).unwrap_or(received) <= since {
            return Sent::NotModified;
        }
    }
    let Some(wanted) = request.get(Known::Range).filter(|_| request.method() == b"GET") else {
        return Sent::Whole;
    };
    if !is_current(request, etag, modified) {
        return Sent::Whole;
    }
    match range::parse(wanted, size) {
        range::Asked::Parts(parts) => Sent::Parts(parts),
        range::Asked::None => Sent::NotSatisfiable,
        range::Asked::Ignored => Sent::Whole,
    }
}

/// `If-Range` (RFC 9110 §13.1.5): parts are wanted only of the state the client knows, told by a strong validator.
fn is_current(request: &Head, etag: Option<&[u8]>, modified: Option<u64>) -> bool {
    match request.find("if-range") {
        None => true,
        Some(tag) if tag.starts_with(b"\"") => etag == Some(tag),
        Some(tag) if tag.starts_with(b"W/") => false,
        Some(date) => modified.is_some() && http_date::parse(date) == modified,
    }
}
