//! Response heads: what an upstream answers, strict where meaning is at stake and lenient where the RFC demands it.

use super::field_lines::{self, LineEnd, Rules, line_end};
use super::framing::{self, Declared};
use super::{Leniency, ResponseLimits, connection, fault, start_line};
use crate::ascii;
use crate::fields::list::tokens;
use crate::fields::upgrade::was_offered;
use crate::head::{Phase, Scan, Span};
use crate::tls_record::{looks_like_tls, may_become_tls};
use crate::{Framing, Head, Known, Version};
use std::time::Duration;
use torwart_cause::{Ending, Malformation};

/// What the request was, as far as the response depends on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Asked<'a> {
    /// The method was HEAD: no body, whatever the fields say.
    pub is_head: bool,
    /// The method was CONNECT: a 2xx begins a tunnel.
    pub is_connect: bool,
    /// The `Upgrade` value that was sent to the upstream.
    pub upgrade: Option<&'a [u8]>,
}

/// What a response head says beyond its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Response {
    /// The version it was sent with; later minor versions count as 1.1.
    pub version: Version,
    /// The status, 100 to 599.
    pub status: u16,
    /// How its body ends.
    pub framing: Framing,
    /// Whether the link may be used again afterwards.
    pub keeps_alive: bool,
    /// An interim answer (1xx but 101): another head follows.
    pub is_interim: bool,
    /// The connection is a tunnel from here on: 101, or 2xx to CONNECT.
    pub switches: bool,
    /// `Keep-Alive: timeout=`: how long the upstream says it keeps an idle link.
    pub idle_hint: Option<Duration>,
}

/// Parses the response head at the front of the buffer; `None` asks for more bytes.
///
/// # Errors
/// [`Ending::Malformed`] with rule and byte, or [`Ending::TooLarge`]. The link is of no further use then.
pub fn parse_response(
    head: &mut Head,
    asked: Asked<'_>,
    limits: &ResponseLimits,
    lenient: &Leniency,
) -> Result<Option<Response>, Ending> {
    head.resume();
    let rules = Rules {
        head_bytes: limits.head_bytes,
        field_bytes: limits.field_bytes,
        fields: limits.fields,
        allows_bare_lf: true,
        allows_obs_fold: true,
        allows_space_before_colon: true,
        allows_control_bytes: lenient.control_bytes,
    };
    if !read_status_line(head, limits)? {
        return field_lines::incomplete(head, limits.head_bytes);
    }
    let Some(len) = field_lines::read(head, &rules)? else { return Ok(None) };
    let response = conclude(head, asked, lenient)?;
    head.finish(len);
    Ok(Some(response))
}

/// Reads the status line, as far as it has come; `false` asks for more.
fn read_status_line(head: &mut Head, limits: &ResponseLimits) -> Result<bool, Ending> {
    let mut scan = head.scan;
    let window = field_lines::window(&head.buffer, limits.head_bytes);
    if scan.phase == Phase::Before {
        if !begins_as_http(window)? {
            return Ok(false);
        }
        scan.phase = Phase::StartLine;
        scan.at = PREFIX.len();
    }
    if scan.phase != Phase::StartLine {
        return Ok(true);
    }
    scan.at += ascii::find_control(window.get(scan.at..).unwrap_or_default());
    let LineEnd::Next(next) = line_end(window, scan.at, true)? else {
        head.scan = scan;
        return Ok(false);
    };
    let line = window.get(..scan.at).unwrap_or_default();
    let version = start_line::version(line, 0)?;
    let status = status(line)?;
    head.start.reason = Span::new(REASON_AT.min(line.len()), line.len());
    head.start.response = Some((version, status));
    head.scan = Scan { line: next, field: next, phase: Phase::LineStart, ..Scan::default() };
    Ok(true)
}

/// Judges the first bytes as soon as they cannot be HTTP any more; `false` asks for more.
fn begins_as_http(window: &[u8]) -> Result<bool, Ending> {
    if let Some(bad) = window.iter().zip(PREFIX).position(|(byte, wanted)| byte != wanted) {
        return match window {
            _ if looks_like_tls(window) => Err(fault(Malformation::TlsRecord, 0)),
            _ if may_become_tls(window) => Ok(false),
            _ => Err(fault(Malformation::NotHttp, bad)),
        };
    }
    Ok(window.len() >= PREFIX.len())
}

/// The status in a line whose version was read. A missing space after it is tolerated, as is a missing reason.
fn status(line: &[u8]) -> Result<u16, Ending> {
    let rest = line.get(VERSION_BYTES..).unwrap_or_default();
    let [b' ', rest @ ..] = rest else { return Err(fault(Malformation::BadStatusLine, VERSION_BYTES)) };
    let digits = rest.iter().position(|b| !b.is_ascii_digit()).unwrap_or(rest.len());
    let [a, b, c, after @ ..] = rest else { return Err(fault(Malformation::BadStatus, STATUS_AT + digits)) };
    if digits != 3 {
        return Err(fault(Malformation::BadStatus, STATUS_AT + digits.min(3)));
    }
    if !matches!(after, [] | [b' ', ..]) {
        return Err(fault(Malformation::BadStatusLine, STATUS_AT + 3));
    }
    let status = [a, b, c].iter().fold(0_u16, |n, digit| n * 10 + u16::from(**digit - b'0'));
    if (100..600).contains(&status) { Ok(status) } else { Err(fault(Malformation::BadStatus, STATUS_AT)) }
}

/// Judges the head as a whole (RFC 9112 §6.3).
fn conclude(head: &mut Head, asked: Asked<'_>, lenient: &Leniency) -> Result<Response, Ending> {
    let (version, status) = head.start.response.unwrap_or((Version::Http10, 500));
    if status == 101 {
        check_upgrade(head, asked)?;
    }
    let is_tunnel = status == 101 || asked.is_connect && status / 100 == 2;
    // In these, framing fields mean nothing at all; elsewhere they describe a body, if only one that is not sent.
    let is_without_framing = status < 200 || status == 204 || is_tunnel;
    let declared = if is_without_framing {
        let is_doubtful =
            head.has(Known::TransferEncoding) || head.all(Known::ContentLength).any(|length| length != b"0");
        Declared { framing: Framing::None, is_doubtful }
    } else {
        framing::declared(head, version, true, lenient.coding_beats_length)?
    };
    let framing = match declared.framing {
        _ if is_without_framing || asked.is_head || status == 304 => Framing::None,
        Framing::None => Framing::UntilClose,
        framing => framing,
    };
    let connection = connection::read(head)?;
    let is_reusable = !declared.is_doubtful && framing != Framing::UntilClose && !is_tunnel;
    Ok(Response {
        version,
        status,
        framing,
        keeps_alive: is_reusable && connection.persists(version),
        is_interim: status < 200 && status != 101,
        switches: is_tunnel,
        idle_hint: idle_hint(head),
    })
}

/// 101 is an answer to an offer, and only to what was offered (RFC 9110 §7.8).
fn check_upgrade(head: &Head, asked: Asked<'_>) -> Result<(), Ending> {
    let field = head.lines.iter().find(|line| line.known == Known::Upgrade);
    let (Some(field), Some(offered)) = (field, asked.upgrade) else {
        return Err(fault(Malformation::BadUpgrade, STATUS_AT));
    };
    let is_right = head.all(Known::Upgrade).all(|switched| was_offered(switched, offered));
    if is_right { Ok(()) } else { Err(fault(Malformation::BadUpgrade, field.value.start as usize)) }
}

/// The `timeout` parameter of `Keep-Alive`, in seconds.
fn idle_hint(head: &Head) -> Option<Duration> {
    let seconds = tokens(head.get(Known::KeepAlive)?).find_map(|parameter| {
        let (name, value) = parameter.split_at_checked("timeout=".len())?;
        let digits = std::str::from_utf8(value).ok()?.trim_matches('"');
        if name.eq_ignore_ascii_case(b"timeout=") { digits.parse::<u32>().ok() } else { None }
    })?;
    Some(Duration::from_secs(u64::from(seconds)))
}

const PREFIX: &[u8] = b"HTTP/";
const VERSION_BYTES: usize = 8;
/// Where the status begins.
const STATUS_AT: usize = 9;
/// Where the reason begins.
const REASON_AT: usize = 13;
