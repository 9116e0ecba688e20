//! How a body ends: `Content-Length` and `Transfer-Encoding` (RFC 9112 §6). The place where smuggling is stopped.

use super::fault;
use crate::ascii::{TOKEN, span, trim};
use crate::head::FieldLine;
use crate::{Framing, Head, Known, Version};
use torwart_cause::{Ending, Malformation};

/// What the framing fields say, before the rules for status and method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Declared {
    /// The body as declared: [`Framing::None`] where nothing is declared.
    pub(super) framing: Framing,
    /// Length and coding stood together and the coding was believed: the connection must close (RFC 9112 §6.1).
    pub(super) is_doubtful: bool,
}

/// Reads the framing fields of a head.
#[inline(always)]
pub(super) fn declared(
    head: &Head,
    version: Version,
    merges_equal_lengths: bool,
    coding_beats_length: bool,
) -> Result<Declared, Ending> {
    let has_length = head.has(Known::ContentLength);
    if !head.has(Known::TransferEncoding) {
        let framing =
            if has_length { Framing::Length(length(head, merges_equal_lengths)?) } else { Framing::None };
        return Ok(Declared { framing, is_doubtful: false });
    }
    let coding_at = first(head, Known::TransferEncoding);
    if has_length && !coding_beats_length {
        return Err(fault(Malformation::LengthAndCoding, coding_at.max(first(head, Known::ContentLength))));
    }
    if version == Version::Http10 {
        return Err(fault(Malformation::CodingInHttp10, coding_at));
    }
    check_codings(head)?;
    Ok(Declared { framing: Framing::Chunked, is_doubtful: has_length })
}

/// Where the first field of this kind begins.
fn first(head: &Head, known: Known) -> usize {
    lines(head, known).next().map_or(0, |line| line.name.start as usize)
}

fn lines(head: &Head, known: Known) -> impl Iterator<Item = &FieldLine> {
    head.lines.iter().filter(move |line| line.known == known)
}

/// The members of all fields of this kind, trimmed, with their offsets. Empty ones are given too.
fn members(head: &Head, known: Known) -> impl Iterator<Item = (usize, &[u8])> {
    lines(head, known).flat_map(|line| {
        let mut next = line.value.start as usize;
        head.at(line.value).split(|&b| b == b',').map(move |member| {
            let start = next;
            next += member.len() + 1;
            let lead = member.iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
            (start + lead, trim(member))
        })
    })
}

fn length(head: &Head, merges_equal: bool) -> Result<u64, Ending> {
    // Nearly always it is one line of digits.
    let mut only = lines(head, Known::ContentLength);
    if let (Some(line), None) = (only.next(), only.next())
        && let Ok(number) = number(head.at(line.value))
    {
        return Ok(number);
    }
    let mut length = None;
    for (at, member) in members(head, Known::ContentLength) {
        let number = number(member).map_err(|bad| fault(Malformation::BadLength, at + bad))?;
        match length {
            None => length = Some(number),
            Some(before) if merges_equal && before == number => {}
            Some(_) => return Err(fault(Malformation::LengthsDiffer, at)),
        }
    }
    Ok(length.unwrap_or_default())
}

/// Reads `1*DIGIT`, or tells the first byte that is wrong. Numbers above `i64::MAX` are refused: somebody behind us may
/// count with signed ones.
fn number(digits: &[u8]) -> Result<u64, usize> {
    if digits.is_empty() {
        return Err(0);
    }
    let mut number = 0_u64;
    for (i, &digit) in digits.iter().enumerate() {
        if !digit.is_ascii_digit() {
            return Err(i);
        }
        number = number
            .checked_mul(10)
            .and_then(|n| n.checked_add(u64::from(digit - b'0')))
            .filter(|n| i64::try_from(*n).is_ok())
            .ok_or(i)?;
    }
    Ok(number)
}

/// `Transfer-Encoding` must be exactly one `chunked`; no other coding is implemented.
fn check_codings(head: &Head) -> Result<(), Ending> {
    let mut chunked_seen = false;
    let mut unknown = None;
    for (at, member) in members(head, Known::TransferEncoding) {
        let name = member.get(..span(member, TOKEN)).unwrap_or_default();
        if name.is_empty() || chunked_seen {
            // An empty member, something before the name, or anything after `chunked`.
            return Err(fault(Malformation::BadCoding, at));
        }
        if !name.eq_ignore_ascii_case(b"chunked") {
            unknown.get_or_insert(at);
        } else if name.len() < member.len() {
            return Err(fault(Malformation::BadCoding, at + name.len()));
        } else {
            chunked_seen = true;
        }
    }
    match unknown {
        Some(at) => Err(fault(Malformation::UnknownCoding, at)),
        None => Ok(()),
    }
}
