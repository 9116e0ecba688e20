//! The head of a CGI response (RFC 3875 §6): fields without a status line.
//!
//! [`parse_head`] reads it strictly where meaning is at stake, and as leniently as the RFC asks with line ends. What
//! belongs to a connection is the server's business and is left out when the head is written as one of HTTP/1.1.

use crate::ascii::{self, TOKEN};
use crate::http1::{ResponseLimits, write_number};
use torwart_cause::{Ending, Fault, Limit, Malformation};

/// What the head of a CGI response says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CgiHead {
    /// The status: as stated, 302 where only a `Location` is, otherwise 200.
    pub status: u16,
    /// The length of the body, where it is stated.
    pub length: Option<u64>,
    /// How many bytes the head takes, with its blank line.
    pub len: usize,
    /// The reason phrase: where it begins and ends.
    reason: (usize, usize),
}

/// Reads a head. `None` means that more bytes are needed.
///
/// # Errors
/// [`Ending::Malformed`] with the offset of the byte that broke the grammar, or [`Ending::TooLarge`].
pub fn parse_head(bytes: &[u8], limits: &ResponseLimits) -> Result<Option<CgiHead>, Ending> {
    let mut head = CgiHead { status: 200, length: None, len: 0, reason: (0, 0) };
    let mut has_status = false;
    let mut has_location = false;
    let mut fields = 0;
    loop {
        let start = head.len;
        let rest = bytes.get(start..).unwrap_or_default();
        let Some(lf) = memchr::memchr(b'\n', rest) else {
            let is_too_large = bytes.len() > limits.head_bytes;
            return if is_too_large { Err(Ending::TooLarge(Limit::HeadBytes)) } else { Ok(None) };
        };
        head.len = start + lf + 1;
        if head.len > limits.head_bytes {
            return Err(Ending::TooLarge(Limit::HeadBytes));
        }
        let line = rest.get(..lf).unwrap_or_default();
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() {
            break;
        }
        fields += 1;
        if fields > limits.fields {
            return Err(Ending::TooLarge(Limit::FieldCount));
        }
        if line.len() > limits.field_bytes {
            return Err(Ending::TooLarge(Limit::FieldBytes));
        }
        let (name, value, value_at) = split(line, start)?;
        if name.eq_ignore_ascii_case(b"status") {
            if std::mem::replace(&mut has_status, true) {
                return Err(fault(Malformation::BadStatus, start));
            }
            head.status = status(value).ok_or(fault(Malformation::BadStatus, value_at))?;
            let reason = value.get(3..).map(ascii::trim).unwrap_or_default();
            let end = value_at + value.len();
            head.reason = (end - reason.len(), end);
        } else if name.eq_ignore_ascii_case(b"content-length") {
            let length = number(value).ok_or(fault(Malformation::BadLength, value_at))?;
            if head.length.is_some_and(|before| before != length) {
                return Err(fault(Malformation::LengthsDiffer, start));
            }
            head.length = Some(length);
        }
        has_location |= name.eq_ignore_ascii_case(b"location");
    }
    if has_location && !has_status {
        head.status = 302;
    }
    Ok(Some(head))
}

impl CgiHead {
    /// Appends the head as one of HTTP/1.1, without framing, connection fields and blank line. `bytes` are those that
    /// were parsed.
    pub fn write(&self, bytes: &[u8], out: &mut Vec<u8>) {
        out.extend_from_slice(b"HTTP/1.1 ");
        write_number(out, u64::from(self.status));
        out.push(b' ');
        out.extend_from_slice(bytes.get(self.reason.0..self.reason.1).unwrap_or_default());
        out.extend_from_slice(b"\r\n");
        let lines = bytes.get(..self.len).unwrap_or_default().split(|&byte| byte == b'\n');
        for line in lines {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            let Some(colon) = memchr::memchr(b':', line) else { continue };
            let (name, value) = line.split_at_checked(colon).unwrap_or_default();
            if is_of_the_connection(name) {
                continue;
            }
            out.extend_from_slice(name);
            out.extend_from_slice(b": ");
            out.extend_from_slice(ascii::trim(value.get(1..).unwrap_or_default()));
            out.extend_from_slice(b"\r\n");
        }
    }
}

/// Fields that are the server's business, not the script's (RFC 3875 §6.3.4).
fn is_of_the_connection(name: &[u8]) -> bool {
    const THEIRS: [&[u8]; 9] = [
        b"status",
        b"content-length",
        b"connection",
        b"keep-alive",
        b"proxy-connection",
        b"transfer-encoding",
        b"te",
        b"trailer",
        b"upgrade",
    ];
    THEIRS.iter().any(|theirs| name.eq_ignore_ascii_case(theirs))
}

/// Name, value and where the value begins; `start` is where the line begins.
fn split(line: &[u8], start: usize) -> Result<(&[u8], &[u8], usize), Ending> {
    let name_len = ascii::span(line, TOKEN);
    match line.get(name_len) {
        Some(b':') if name_len > 0 => {}
        Some(b' ' | b'\t') if name_len == 0 => return Err(fault(Malformation::ObsFold, start)),
        Some(_) => return Err(fault(Malformation::BadFieldName, start + name_len)),
        None => return Err(fault(Malformation::NoColon, start + line.len())),
    }
    let (name, rest) = line.split_at_checked(name_len).unwrap_or_default();
    let rest = rest.get(1..).unwrap_or_default();
    let control = ascii::find_control(rest);
    if let Some(byte) = rest.get(control) {
        let what = match byte {
            0 => Malformation::Nul,
            b'\r' => Malformation::BareCr,
            _ => Malformation::ControlByte,
        };
        return Err(fault(what, start + name_len + 1 + control));
    }
    let spaces = rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    Ok((name, ascii::trim(rest), start + name_len + 1 + spaces))
}

/// Three digits of a final status, alone or with a reason behind them.
fn status(value: &[u8]) -> Option<u16> {
    let [a @ b'2'..=b'5', b @ b'0'..=b'9', c @ b'0'..=b'9', rest @ ..] = value else { return None };
    if !matches!(rest, [] | [b' ' | b'\t', ..]) {
        return None;
    }
    let digit = |byte: &u8| u16::from(byte - b'0');
    Some(digit(a) * 100 + digit(b) * 10 + digit(c))
}

fn number(value: &[u8]) -> Option<u64> {
    if value.is_empty() {
        return None;
    }
    value.iter().try_fold(0u64, |number, byte| {
        let digit = byte.checked_sub(b'0').filter(|digit| *digit < 10)?;
        number.checked_mul(10)?.checked_add(u64::from(digit))
    })
}

fn fault(what: Malformation, at: usize) -> Ending {
    Ending::Malformed(Fault { what, at: at as u64 })
}
