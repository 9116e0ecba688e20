//! Field lines: from the first byte after the start line to the blank line, each byte looked at once.
//!
//! The reader stops wherever the bytes end and goes on from there. Which fault is found does not depend on how the bytes
//! arrived: each check fires at the first byte that decides it.

use super::fault;
use crate::ascii::{self, TOKEN};
use crate::head::{FieldLine, Phase, Scan, Span};
use crate::{Buffer, Head, Known};
use torwart_cause::{Ending, Limit, Malformation};

/// What a header section may contain.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rules {
    pub(super) head_bytes: usize,
    pub(super) field_bytes: usize,
    pub(super) fields: usize,
    pub(super) allows_bare_lf: bool,
    pub(super) allows_obs_fold: bool,
    pub(super) allows_space_before_colon: bool,
    pub(super) allows_control_bytes: bool,
}

/// The received bytes that may belong to the head.
pub(super) fn window(buffer: &Buffer, head_bytes: usize) -> &[u8] {
    let received = buffer.received();
    received.get(..head_bytes.min(u32::MAX as usize)).unwrap_or(received)
}

/// More bytes are needed, if there may be more.
pub(super) fn incomplete<T>(head: &Head, head_bytes: usize) -> Result<Option<T>, Ending> {
    let is_full = head.buffer.received().len() >= head_bytes;
    if is_full { Err(Ending::TooLarge(Limit::HeadBytes)) } else { Ok(None) }
}

/// Reads field lines up to the blank line; gives the length of the whole head.
pub(super) fn read(head: &mut Head, rules: &Rules) -> Result<Option<usize>, Ending> {
    loop {
        if head.scan.phase == Phase::LineStart {
            read_common(head, rules);
        }
        let mut scan = head.scan;
        let line = next(window(&head.buffer, rules.head_bytes), &mut scan, rules)?;
        match line {
            Line::Field { line, end } => {
                if head.lines.len() >= rules.fields {
                    return Err(Ending::TooLarge(Limit::FieldCount));
                }
                head.push_line(line);
                head.scan = Scan { line: end, field: end, phase: Phase::LineStart, ..Scan::default() };
            }
            Line::Folded { more, end } => {
                unfold(head, more);
                head.scan = Scan { line: end, field: scan.field, phase: Phase::LineStart, ..Scan::default() };
            }
            Line::FoldBegins => {
                let before = head.lines.last().filter(|_| rules.allows_obs_fold);
                let Some(before) = before else { return Err(fault(Malformation::ObsFold, scan.line)) };
                scan.field = before.name.start as usize;
                scan.value = scan.line;
                scan.at = scan.line;
                scan.phase = Phase::Value;
                scan.is_folded = true;
                head.scan = scan;
            }
            Line::Blank { end } => return Ok(Some(end)),
            Line::Incomplete => {
                head.scan = scan;
                return incomplete(head, rules.head_bytes);
            }
        }
    }
}

/// Reads field lines as long as they are complete and without anything unusual, which most are: the same as [`next`]
/// would, but without keeping account of each part. Whatever is not as usual is left to [`next`].
fn read_common(head: &mut Head, rules: &Rules) {
    let Head { buffer, lines, present, scan, .. } = head;
    let window = window(buffer, rules.head_bytes);
    let mut at = scan.line;
    while let Some((line, end)) = common_line(window, at, rules) {
        if lines.len() >= rules.fields {
            break;
        }
        *present |= line.known.bit();
        lines.push(line);
        at = end;
    }
    scan.line = at;
    scan.field = at;
}

#[inline]
fn common_line(window: &[u8], start: usize, rules: &Rules) -> Option<(FieldLine, usize)> {
    let rest = window.get(start..)?;
    let name_len = ascii::plain_name(rest);
    let [b':', value @ ..] = rest.get(name_len..)? else { return None };
    if name_len == 0 {
        return None;
    }
    let known = Known::at_front(rest, name_len);
    let value_end = ascii::find_control(value);
    let (value, [b'\r', b'\n', ..]) = value.split_at_checked(value_end)? else { return None };
    let end = start + name_len + 1 + value_end;
    if end - start > rules.field_bytes {
        return None;
    }
    let one_space = value.strip_prefix(b" ");
    let is_as_written = one_space.is_some();
    let value = one_space.unwrap_or(value);
    // More whitespace than one space before the value is unusual. There are no other bytes below `!` in it.
    if value.first().is_some_and(|b| *b <= b' ') || value.last().is_some_and(|b| *b <= b' ') {
        return None;
    }
    let name = Span::new(start, start + name_len);
    let value = Span::new(end - value.len(), end);
    Some((FieldLine { name, value, known, is_hop_by_hop: known.is_hop_by_hop(), is_as_written }, end + 2))
}

/// How a line ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LineEnd {
    /// The next line begins here.
    Next(usize),
    /// The bytes end before that can be said.
    Unknown,
}

/// Judges the control byte at `at`: it ends the line, or it must not be there.
#[inline]
pub(super) fn line_end(window: &[u8], at: usize, allows_bare_lf: bool) -> Result<LineEnd, Ending> {
    match window.get(at) {
        None => Ok(LineEnd::Unknown),
        Some(b'\r') => match window.get(at + 1) {
            None => Ok(LineEnd::Unknown),
            Some(b'\n') => Ok(LineEnd::Next(at + 2)),
            Some(_) => Err(fault(Malformation::BareCr, at)),
        },
        Some(b'\n') if allows_bare_lf => Ok(LineEnd::Next(at + 1)),
        Some(b'\n') => Err(fault(Malformation::BareLf, at)),
        Some(0) => Err(fault(Malformation::Nul, at)),
        Some(_) => Err(fault(Malformation::ControlByte, at)),
    }
}

enum Line {
    Field { line: FieldLine, end: usize },
    Folded { more: Span, end: usize },
    FoldBegins,
    Blank { end: usize },
    Incomplete,
}

#[inline]
fn next(window: &[u8], scan: &mut Scan, rules: &Rules) -> Result<Line, Ending> {
    if scan.phase == Phase::LineStart {
        match window.get(scan.line) {
            None => return Ok(Line::Incomplete),
            Some(b'\r' | b'\n') => {
                return Ok(match line_end(window, scan.line, rules.allows_bare_lf)? {
                    LineEnd::Next(end) => Line::Blank { end },
                    LineEnd::Unknown => Line::Incomplete,
                });
            }
            Some(b' ' | b'\t') => return Ok(Line::FoldBegins),
            Some(_) => {
                scan.at = scan.line;
                scan.phase = Phase::Name;
            }
        }
    }
    if scan.phase == Phase::Name && !read_name(window, scan, rules)? {
        return Ok(Line::Incomplete);
    }
    if scan.phase == Phase::NameSpace && !read_name_space(window, scan, rules)? {
        return Ok(Line::Incomplete);
    }
    read_value(window, scan, rules)
}

/// Reads to the colon, or to the whitespace before it.
#[inline]
fn read_name(window: &[u8], scan: &mut Scan, rules: &Rules) -> Result<bool, Ending> {
    scan.at += ascii::span(window.get(scan.at..).unwrap_or_default(), TOKEN);
    check_size(scan, rules)?;
    let at = scan.at;
    match window.get(at) {
        None => return Ok(false),
        Some(b':') if at > scan.line => {
            scan.name_end = at;
            scan.at = at + 1;
            scan.value = at + 1;
            scan.phase = Phase::Value;
        }
        Some(b' ' | b'\t') => {
            scan.name_end = at;
            scan.phase = Phase::NameSpace;
        }
        Some(&byte) if ascii::is_control(byte) => {
            return match line_end(window, at, rules.allows_bare_lf)? {
                LineEnd::Next(_) => Err(fault(Malformation::NoColon, at)),
                LineEnd::Unknown => Ok(false),
            };
        }
        Some(_) => return Err(fault(Malformation::BadFieldName, at)),
    }
    Ok(true)
}

fn read_name_space(window: &[u8], scan: &mut Scan, rules: &Rules) -> Result<bool, Ending> {
    let rest = window.get(scan.at..).unwrap_or_default();
    scan.at += rest.iter().position(|b| !matches!(b, b' ' | b'\t')).unwrap_or(rest.len());
    check_size(scan, rules)?;
    match window.get(scan.at) {
        None => return Ok(false),
        Some(b':') if rules.allows_space_before_colon => {}
        Some(b':') => return Err(fault(Malformation::SpaceBeforeColon, scan.name_end)),
        Some(b'\r' | b'\n') => return Err(fault(Malformation::NoColon, scan.name_end)),
        Some(_) => return Err(fault(Malformation::BadFieldName, scan.name_end)),
    }
    scan.at += 1;
    scan.value = scan.at;
    scan.phase = Phase::Value;
    Ok(true)
}

#[inline]
fn read_value(window: &[u8], scan: &mut Scan, rules: &Rules) -> Result<Line, Ending> {
    let end = loop {
        scan.at += ascii::find_control(window.get(scan.at..).unwrap_or_default());
        check_size(scan, rules)?;
        if rules.allows_control_bytes && window.get(scan.at).is_some_and(|b| !matches!(b, 0 | b'\r' | b'\n'))
        {
            scan.at += 1;
            continue;
        }
        match line_end(window, scan.at, rules.allows_bare_lf)? {
            LineEnd::Next(end) => break end,
            LineEnd::Unknown => return Ok(Line::Incomplete),
        }
    };
    let value = trimmed(window, scan.value, scan.at);
    if scan.is_folded {
        return Ok(Line::Folded { more: value, end });
    }
    let known = Known::of(window.get(scan.line..scan.name_end).unwrap_or_default());
    let name = Span::new(scan.line, scan.name_end);
    Ok(Line::Field {
        line: FieldLine { name, value, known, is_hop_by_hop: known.is_hop_by_hop(), is_as_written: false },
        end,
    })
}

fn check_size(scan: &Scan, rules: &Rules) -> Result<(), Ending> {
    if scan.at - scan.field > rules.field_bytes {
        return Err(Ending::TooLarge(Limit::FieldBytes));
    }
    Ok(())
}

/// The range without the whitespace around it.
#[inline]
fn trimmed(window: &[u8], start: usize, end: usize) -> Span {
    let line = window.get(start..end).unwrap_or_default();
    let is_text = |b: &u8| !matches!(b, b' ' | b'\t');
    let lead = line.iter().position(is_text).unwrap_or(line.len());
    let len = line.iter().rposition(is_text).map_or(lead, |last| last + 1);
    Span::new(start + lead, start + len)
}

/// Adds a folded line to the field before it; what lay between becomes spaces (RFC 9112 §5.2).
fn unfold(head: &mut Head, more: Span) {
    let Some(before) = head.lines.last_mut() else { return };
    if more.is_empty() {
        return;
    }
    if before.value.is_empty() {
        before.value = more;
        return;
    }
    head.buffer.slice_mut(before.value.end as usize, more.start as usize).fill(b' ');
    before.value.end = more.end;
}
