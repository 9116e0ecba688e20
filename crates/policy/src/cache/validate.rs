//! Asking whether a stored answer still holds (RFC 9111 §4.3), and taking over what is new about it.

use torwart_wire::http1::write_field;
use torwart_wire::{Head, Known};

/// Fields of a request that ask for less than the whole answer; the cache puts its own in their place.
#[must_use]
pub fn is_condition(name: &[u8]) -> bool {
    const CONDITIONS: [&str; 6] =
        ["if-none-match", "if-modified-since", "if-match", "if-unmodified-since", "if-range", "range"];
    CONDITIONS.iter().any(|condition| name.eq_ignore_ascii_case(condition.as_bytes()))
}

/// Appends the conditions that have a stored answer validated; `false` where it has nothing to tell it by.
pub fn write_conditions(stored: &Head, out: &mut Vec<u8>) -> bool {
    let (etag, modified) = (stored.find("etag"), stored.find("last-modified"));
    if let Some(etag) = etag {
        write_field(out, b"If-None-Match", etag);
    }
    if let Some(modified) = modified {
        write_field(out, b"If-Modified-Since", modified);
    }
    etag.is_some() || modified.is_some()
}

/// Whether a 304 speaks about this stored answer (§4.3.4): where both name their state, it is the same.
#[must_use]
pub fn is_about(stored: &Head, update: &Head) -> bool {
    let opaque = |tag: &[u8]| tag.strip_prefix(b"W/").unwrap_or(tag).to_vec();
    match (stored.find("etag"), update.find("etag")) {
        (Some(have), Some(said)) => opaque(have) == opaque(said),
        (None, Some(_)) => false,
        (_, None) => match (stored.find("last-modified"), update.find("last-modified")) {
            (Some(have), Some(said)) => have == said,
            _ => true,
        },
    }
}

/// The stored head with what the 304 says anew (§3.2). What describes the body as it was stored stays.
#[must_use]
pub fn freshen(stored: &Head, update: &Head) -> Head {
    let mut head = Head::response(stored.reason());
    let is_taken = |name: &[u8]| {
        !matches!(
            Known::of(name),
            Known::ContentLength
                | Known::ContentEncoding
                | Known::ContentType
                | Known::ContentRange
                | Known::Age
        ) && !Known::of(name).is_hop_by_hop()
    };
    let is_replaced =
        |name: &[u8]| is_taken(name) && update.fields().any(|field| field.name.eq_ignore_ascii_case(name));
    for field in stored.fields().filter(|field| !is_replaced(field.name)) {
        head.push_field(field.name, field.value);
    }
    for field in update.fields().filter(|field| is_taken(field.name)) {
        head.push_field(field.name, field.value);
    }
    head
}
