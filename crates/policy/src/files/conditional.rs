//! Conditional requests (RFC 9110 §13): whether a file is sent, in whole or in part, or only said to be unchanged.

use torwart_wire::Head;

use super::{http_date, range};

/// What identifies the state of a file.
#[derive(Clone, Copy, Debug)]
pub struct State<'s> {
    /// Its entity tag, with quotes; a strong one.
    pub etag: &'s [u8],
    /// When it was changed last, in seconds since 1970.
    pub modified: u64,
    /// Its size.
    pub size: u64,
}

/// What is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sent {
    /// All of it: 200.
    Whole,
    /// These parts, which lie within the file and do not meet: 206.
    Parts(Vec<range::Part>),
    /// That it has not changed: 304.
    NotModified,
    /// That a condition does not hold: 412.
    Failed,
    /// That no part asked for is there: 416.
    NotSatisfiable,
}

/// Judges the conditions of a GET or HEAD in the order the RFC gives (§13.2.2).
pub fn judge(head: &Head, state: State<'_>) -> Sent {
    let date = |name| head.find(name).and_then(http_date::parse);
    if head.find("if-match").is_some() {
        if !any_tag(head, "if-match", |tag| tag == state.etag) {
            return Sent::Failed;
        }
    } else if date("if-unmodified-since").is_some_and(|since| state.modified > since) {
        return Sent::Failed;
    }
    if head.find("if-none-match").is_some() {
        if any_tag(head, "if-none-match", |tag| tag.strip_prefix(b"W/").unwrap_or(tag) == state.etag) {
            return Sent::NotModified;
        }
    } else if date("if-modified-since").is_some_and(|since| state.modified <= since) {
        return Sent::NotModified;
    }
    let is_get = head.method() == b"GET";
    let Some(wanted) = head.find("range").filter(|_| is_get && is_current(head, &state)) else {
        return Sent::Whole;
    };
    match range::parse(wanted, state.size) {
        range::Asked::Parts(parts) => Sent::Parts(parts),
        range::Asked::None => Sent::NotSatisfiable,
        range::Asked::Ignored => Sent::Whole,
    }
}

/// `If-Range` (§13.1.5): parts are wanted only of the state the client knows.
fn is_current(head: &Head, state: &State<'_>) -> bool {
    match head.find("if-range") {
        None => true,
        Some(tag) if tag.starts_with(b"\"") || tag.starts_with(b"W/") => tag == state.etag,
        Some(date) => http_date::parse(date) == Some(state.modified),
    }
}

/// Whether a list of entity tags is `*` or has one that fits. Commas inside a tag are part of it.
pub(crate) fn any_tag(head: &Head, name: &str, fits: impl Fn(&[u8]) -> bool) -> bool {
    let named = head.fields().filter(|field| field.name.eq_ignore_ascii_case(name.as_bytes()));
    named.into_iter().any(|field| {
        let mut rest = field.value.trim_ascii();
        if rest == b"*" {
            return true;
        }
        while let Some(quote) = rest.iter().position(|byte| *byte == b'"') {
            let begin = if rest.get(..quote).is_some_and(|before| before.ends_with(b"W/")) {
                quote - 2
            } else {
                quote
            };
            let after = rest.get(quote + 1..).unwrap_or_default();
            let Some(end) = after.iter().position(|byte| *byte == b'"') else { return false };
            if rest.get(begin..quote + end + 2).is_some_and(&fits) {
                return true;
            }
            rest = after.get(end + 1..).unwrap_or_default();
        }
        false
    })
}
