//! Versions, and the forms of a request target (RFC 9112 §2.3, §3.2).

use super::{fault, host};
use crate::ascii::{self, ANY_TARGET, PATH, QUERY};
use crate::head::{NoPath, Span};
use crate::{Head, Version};
use torwart_cause::{Ending, Malformation};

/// The form of a request target (RFC 9112 §3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TargetForm {
    /// `/path?query`.
    Origin,
    /// `http://host/path?query`.
    Absolute,
    /// `host:port`, for CONNECT only.
    Authority,
    /// `*`, for OPTIONS only.
    Asterisk,
}

/// Reads the version at the front of `text`, which stands at `at`. Minor versions above 1 count as 1.1 (RFC 9110 §2.5).
pub(super) fn version(text: &[u8], at: usize) -> Result<Version, Ending> {
    const FORM: &[u8] = b"HTTP/d.d";
    if let Some(b"HTTP/1.1") = text.get(..FORM.len()) {
        return Ok(Version::Http11);
    }
    for (i, wanted) in FORM.iter().enumerate() {
        let is_right = match text.get(i) {
            Some(byte) if *wanted == b'd' => byte.is_ascii_digit(),
            Some(byte) => byte == wanted,
            None => false,
        };
        if !is_right {
            return Err(fault(Malformation::BadVersion, at + i));
        }
    }
    match (text.get(5), text.get(7)) {
        (Some(b'1'), Some(b'0')) => Ok(Version::Http10),
        (Some(b'1'), _) => Ok(Version::Http11),
        _ => Err(fault(Malformation::UnknownVersion, at + 5)),
    }
}

/// Checks the target of a request and finds authority, path and query in it.
pub(super) fn target(head: &mut Head, takes_any_character: bool) -> Result<TargetForm, Ending> {
    let span = head.start.target;
    let start = span.start as usize;
    let target = head.at(span);
    let bad = |at: usize| fault(Malformation::BadTarget, start + at);
    let any = if takes_any_character { ANY_TARGET } else { 0 };
    if head.method() == b"CONNECT" {
        // Authority form: host and port, both (RFC 9112 §3.2.3).
        if let Some(at) = host::first_bad_byte(target) {
            return Err(bad(at));
        }
        if target.last().is_none_or(|b| !b.is_ascii_digit()) || memchr::memrchr(b':', target).is_none() {
            return Err(bad(target.len()));
        }
        head.start.authority = span;
        head.start.no_path = NoPath::Nothing;
        return Ok(TargetForm::Authority);
    }
    match target {
        [b'/', ..] => {
            let path_end = path_end(target, any).map_err(bad)?;
            head.start.path = Span::new(start, start + path_end);
            head.start.path_and_query = span;
            Ok(TargetForm::Origin)
        }
        [b'*'] if head.method() == b"OPTIONS" => {
            head.start.path = span;
            head.start.path_and_query = span;
            Ok(TargetForm::Asterisk)
        }
        _ => absolute(head, any),
    }
}

/// Checks path and query; gives the offset at which the path ends.
#[inline(always)]
fn path_end(text: &[u8], any: u8) -> Result<usize, usize> {
    let mut path_end = ascii::span(text, PATH | any);
    if any != 0 {
        path_end = memchr::memchr(b'?', text).map_or(path_end, |query| query.min(path_end));
    }
    let rest = text.get(path_end..).unwrap_or_default();
    let end = match rest {
        [b'?', ..] => path_end + ascii::span(rest, QUERY | any),
        _ => path_end,
    };
    if end == text.len() { Ok(path_end) } else { Err(end) }
}

/// Absolute form: `http` or `https`, an authority without userinfo, path and query (RFC 9110 §4.2).
fn absolute(head: &mut Head, any: u8) -> Result<TargetForm, Ending> {
    let span = head.start.target;
    let start = span.start as usize;
    let target = head.at(span);
    let bad = |at: usize| fault(Malformation::BadTarget, start + at);
    let starts_with =
        |scheme: &[u8]| target.get(..scheme.len()).is_some_and(|t| t.eq_ignore_ascii_case(scheme));
    let authority_at = match () {
        () if starts_with(b"http://") => 7,
        () if starts_with(b"https://") => 8,
        () => return Err(bad(0)),
    };
    let rest = target.get(authority_at..).unwrap_or_default();
    let authority_len = rest.iter().position(|b| matches!(b, b'/' | b'?')).unwrap_or(rest.len());
    let (authority, rest) = rest.split_at_checked(authority_len).unwrap_or_default();
    if let Some(at) = host::first_bad_byte(authority) {
        return Err(bad(authority_at + at));
    }
    let rest_at = authority_at + authority_len;
    let path_len = path_end(rest, any).map_err(|at| bad(rest_at + at))?;
    let has_nothing_after_authority = rest.is_empty();
    let (from, to) = (start + rest_at, span.end as usize);
    head.start.authority = Span::new(start + authority_at, from);
    if has_nothing_after_authority {
        head.start.no_path = if head.method() == b"OPTIONS" { NoPath::Asterisk } else { NoPath::Slash };
    } else if path_len == 0 {
        insert_path(head, authority_len);
    } else {
        head.start.path = Span::new(from, from + path_len);
        head.start.path_and_query = Span::new(from, to);
    }
    Ok(TargetForm::Absolute)
}

/// Makes `http://host?query` give `/?query`: the authority moves one byte to the left, over the second slash.
fn insert_path(head: &mut Head, authority_len: usize) {
    let Span { start, end } = head.start.authority;
    let moved = head.buffer.slice_mut((start - 1) as usize, end as usize);
    moved.copy_within(1.., 0);
    if let Some(slash) = moved.get_mut(authority_len) {
        *slash = b'/';
    }
    head.start.authority = Span { start: start - 1, end: end - 1 };
    head.start.path = Span { start: end - 1, end };
    head.start.path_and_query = Span { start: end - 1, end: head.start.target.end };
}
