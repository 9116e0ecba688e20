//! Request heads: what a client asks, refused whenever two parties could read it differently.

use super::field_lines::{self, LineEnd, Rules, line_end};
use super::{Leniency, RequestLimits, TargetForm, connection, fault, framing, host, start_line};
use crate::ascii::{self, TOKEN};
use crate::fields::list::{has_token, tokens};
use crate::fields::upgrade::tunnelled;
use crate::head::{Phase, Scan, Span};
use crate::tls_record::{looks_like_tls, may_become_tls};
use crate::{Framing, Head, Known, Version};
use torwart_cause::{Ending, Limit, Malformation};

/// What a request head says beyond its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request {
    /// The version it was sent with; later minor versions count as 1.1.
    pub version: Version,
    /// How its body ends; never [`Framing::UntilClose`].
    pub framing: Framing,
    /// Whether the client wants the connection kept.
    pub keeps_alive: bool,
    /// Whether it waits for 100 before it sends its body.
    pub expects_continue: bool,
    /// Whether it offers an upgrade we could tunnel; an offer of `h2c` alone does not count.
    pub wants_upgrade: bool,
    /// Whether it takes trailers (`TE: trailers`).
    pub accepts_trailers: bool,
    /// The form of its target.
    pub form: TargetForm,
    /// `Max-Forwards`, for TRACE and OPTIONS only (RFC 9110 §7.6.2).
    pub max_forwards: Option<u32>,
}

/// Parses the request head at the front of the buffer; `None` asks for more bytes.
///
/// # Errors
/// [`Ending::Malformed`] with rule and byte, or [`Ending::TooLarge`]. The connection is of no further use then.
pub fn parse_request(
    head: &mut Head,
    limits: &RequestLimits,
    lenient: &Leniency,
) -> Result<Option<Request>, Ending> {
    head.resume();
    let rules = Rules {
        head_bytes: limits.head_bytes,
        field_bytes: usize::MAX,
        fields: limits.fields,
        allows_bare_lf: lenient.bare_lf,
        allows_obs_fold: lenient.obs_fold,
        allows_space_before_colon: lenient.space_before_colon,
        allows_control_bytes: false,
    };
    if !read_request_line(head, limits, lenient)? {
        return field_lines::incomplete(head, limits.head_bytes);
    }
    let Some(len) = field_lines::read(head, &rules)? else { return Ok(None) };
    let request = conclude(head, lenient)?;
    head.finish(len);
    Ok(Some(request))
}

/// Reads empty lines and the request line, as far as it has come; `false` asks for more.
fn read_request_line(head: &mut Head, limits: &RequestLimits, lenient: &Leniency) -> Result<bool, Ending> {
    let mut scan = head.scan;
    let window = field_lines::window(&head.buffer, limits.head_bytes);
    if scan.phase == Phase::Before && !skip_empty_lines(window, &mut scan, lenient)? {
        head.scan = scan;
        return Ok(false);
    }
    if scan.phase == Phase::FirstWord && !read_method(window, &mut scan)? {
        head.scan = scan;
        return Ok(false);
    }
    if scan.phase != Phase::StartLine {
        return Ok(true);
    }
    let from = scan.at;
    scan.at += ascii::find_control(window.get(from..).unwrap_or_default());
    if scan.name_end == 0 {
        let seen = window.get(from..scan.at).unwrap_or_default();
        if let Some(space) = memchr::memchr(b' ', seen) {
            scan.name_end = from + space;
        }
        let target_end = if scan.name_end == 0 { scan.at } else { scan.name_end };
        if target_end - scan.value > limits.target_bytes {
            return Err(Ending::TooLarge(Limit::Target));
        }
    }
    let LineEnd::Next(next) = line_end(window, scan.at, lenient.bare_lf)? else {
        head.scan = scan;
        return Ok(false);
    };
    let version = version_of(window, &scan)?;
    head.start.method = Span::new(scan.line, scan.value - 1);
    head.start.target = Span::new(scan.value, scan.name_end);
    let form = start_line::target(head, lenient.target_characters)?;
    head.start.request = Some((version, form));
    head.scan = Scan { line: next, field: next, phase: Phase::LineStart, ..Scan::default() };
    Ok(true)
}

/// A client may send empty lines before a request (RFC 9112 §2.2); a few are enough.
fn skip_empty_lines(window: &[u8], scan: &mut Scan, lenient: &Leniency) -> Result<bool, Ending> {
    loop {
        match window.get(scan.line..).unwrap_or_default() {
            [] => return Ok(false),
            [b'\r' | b'\n', ..] if scan.line < EMPTY_LINE_BYTES => {
                match line_end(window, scan.line, lenient.bare_lf)? {
                    LineEnd::Next(next) => scan.line = next,
                    LineEnd::Unknown => return Ok(false),
                }
            }
            first if looks_like_tls(first) => return Err(fault(Malformation::TlsRecord, scan.line)),
            first if may_become_tls(first) => return Ok(false),
            _ => break,
        }
    }
    scan.phase = Phase::FirstWord;
    Ok(true)
}

fn read_method(window: &[u8], scan: &mut Scan) -> Result<bool, Ending> {
    let line = window.get(scan.line..).unwrap_or_default();
    let line = line.get(..=METHOD_BYTES).unwrap_or(line);
    let len = ascii::span(line, TOKEN);
    match line.get(len) {
        // Longer than any method there is (RFC 9112 §3).
        None if len > METHOD_BYTES => Err(fault(Malformation::UnsupportedMethod, scan.line)),
        None => Ok(false),
        Some(b' ') if len > 0 => {
            scan.value = scan.line + len + 1;
            scan.at = scan.value;
            scan.phase = Phase::StartLine;
            Ok(true)
        }
        Some(_) => Err(fault(Malformation::BadMethod, scan.line + len)),
    }
}

/// The version at the end of the request line whose target ends at `name_end`.
fn version_of(window: &[u8], scan: &Scan) -> Result<Version, Ending> {
    let target_end = if scan.name_end == 0 { scan.at } else { scan.name_end };
    if target_end == scan.value {
        return Err(fault(Malformation::BadTarget, scan.value));
    }
    if scan.name_end == 0 {
        return Err(fault(Malformation::BadVersion, scan.at));
    }
    let at = scan.name_end + 1;
    let text = window.get(at..scan.at).unwrap_or_default();
    if text.len() == VERSION_BYTES {
        return start_line::version(text, at);
    }
    // A space in the target is the likelier mistake if a version ends the line.
    let last = text.get(text.len().saturating_sub(VERSION_BYTES + 1)..).unwrap_or_default();
    if let [b' ', version @ ..] = last
        && start_line::version(version, at).is_ok()
    {
        return Err(fault(Malformation::BadTarget, scan.name_end));
    }
    start_line::version(text, at)?;
    Err(fault(Malformation::BadVersion, at + VERSION_BYTES))
}

/// Judges the head as a whole.
fn conclude(head: &mut Head, lenient: &Leniency) -> Result<Request, Ending> {
    let (version, form) = head.start.request.unwrap_or((Version::Http10, TargetForm::Origin));
    let declared = framing::declared(head, version, lenient.equal_lengths, lenient.coding_beats_length)?;
    let blank_line = head.scan.line;
    host::check(head, version, form, lenient, blank_line)?;
    let expects_continue =
        expectation(head)? && version == Version::Http11 && declared.framing != Framing::None;
    let connection = connection::read(head)?;
    let is_http11 = version == Version::Http11;
    Ok(Request {
        version,
        framing: declared.framing,
        keeps_alive: connection.persists(version) && !declared.is_doubtful,
        expects_continue,
        wants_upgrade: is_http11
            && connection.upgrades
            && head.all(Known::Upgrade).any(|offer| tunnelled(offer).next().is_some()),
        accepts_trailers: is_http11 && head.all(Known::Te).any(|te| has_token(te, "trailers")),
        form,
        max_forwards: max_forwards(head),
    })
}

/// Whether `100-continue` is expected; anything else is not known to us (RFC 9110 §10.1.1).
fn expectation(head: &Head) -> Result<bool, Ending> {
    if !head.has(Known::Expect) {
        return Ok(false);
    }
    let mut is_expected = false;
    for line in head.lines.iter().filter(|line| line.known == Known::Expect) {
        for member in tokens(head.at(line.value)) {
            if !member.eq_ignore_ascii_case(b"100-continue") {
                return Err(fault(Malformation::BadExpectation, line.value.start as usize));
            }
            is_expected = true;
        }
    }
    Ok(is_expected)
}

/// Only TRACE and OPTIONS are bound by it; what is no number is ignored (RFC 9110 §7.6.2).
fn max_forwards(head: &Head) -> Option<u32> {
    if !head.has(Known::MaxForwards) || !matches!(head.method(), b"TRACE" | b"OPTIONS") {
        return None;
    }
    let value = head.get(Known::MaxForwards)?;
    let is_number = !value.is_empty() && value.iter().all(u8::is_ascii_digit);
    is_number.then(|| {
        value.iter().fold(0_u32, |n, digit| n.saturating_mul(10).saturating_add(u32::from(digit - b'0')))
    })
}

/// Four empty lines.
const EMPTY_LINE_BYTES: usize = 8;

/// The longest registered method has 17 bytes (UPDATEREDIRECTREF).
const METHOD_BYTES: usize = 64;

/// `HTTP/1.1`.
const VERSION_BYTES: usize = 8;
