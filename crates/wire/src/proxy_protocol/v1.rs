//! Version 1: one line of text, `PROXY TCP4 192.0.2.1 198.51.100.1 56324 443`.

use super::{Origin, Stated, first_difference, malformed};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use torwart_cause::Ending;

/// Reads the line.
pub(super) fn parse(bytes: &[u8]) -> Result<Option<Stated>, Ending> {
    if let Some(at) = first_difference(bytes, BEGINNING) {
        return Err(malformed(at));
    }
    let window = bytes.get(..MOST).unwrap_or(bytes);
    let end = match window.iter().position(|byte| !(b' '..=b'~').contains(byte)) {
        Some(at) if window.get(at) == Some(&b'\r') => at,
        Some(at) => return Err(malformed(at)),
        None if window.len() == MOST => return Err(malformed(MOST)),
        None => return Ok(None),
    };
    match bytes.get(end + 1) {
        Some(b'\n') if end + 2 <= MOST => {}
        Some(_) => return Err(malformed(end + 1)),
        None => return Ok(None),
    }
    let mut words = Words { line: bytes.get(..end).unwrap_or_default(), at: BEGINNING.len() };
    let origin = origin(&mut words)?;
    Ok(Some(Stated { origin, len: end + 2, is_tls: None }))
}

fn origin(words: &mut Words<'_>) -> Result<Origin, Ending> {
    let (family, at) = words.next();
    let is_v6 = match family {
        // Whatever else stands on the line of an unknown connection means nothing.
        b"UNKNOWN" => return Ok(Origin::Sender),
        b"TCP4" => false,
        b"TCP6" => true,
        _ => return Err(malformed(at)),
    };
    let client = address(words, is_v6)?;
    let server = address(words, is_v6)?;
    let client = SocketAddr::new(client, port(words)?);
    let server = SocketAddr::new(server, port(words)?);
    if words.is_over() { Ok(Origin::Client { client, server }) } else { Err(malformed(words.at)) }
}

fn address(words: &mut Words<'_>, is_v6: bool) -> Result<IpAddr, Ending> {
    let (word, at) = words.next();
    let text = std::str::from_utf8(word).map_err(|_| malformed(at))?;
    let address = if is_v6 {
        text.parse::<Ipv6Addr>().map(IpAddr::V6)
    } else {
        text.parse::<Ipv4Addr>().map(IpAddr::V4)
    };
    address.map_err(|_| malformed(at))
}

fn port(words: &mut Words<'_>) -> Result<u16, Ending> {
    let (word, at) = words.next();
    let is_number = word.iter().all(u8::is_ascii_digit) && (word.first() != Some(&b'0') || word.len() == 1);
    let text = std::str::from_utf8(word).unwrap_or_default();
    text.parse().ok().filter(|_| is_number).ok_or(malformed(at))
}

/// The words of a line, divided by single spaces.
struct Words<'l> {
    line: &'l [u8],
    at: usize,
}

impl<'l> Words<'l> {
    /// The next word, perhaps an empty one, and where it begins.
    fn next(&mut self) -> (&'l [u8], usize) {
        let at = self.at;
        let rest = self.line.get(at..).unwrap_or_default();
        let len = rest.iter().position(|&byte| byte == b' ').unwrap_or(rest.len());
        self.at = at + len + 1;
        (rest.get(..len).unwrap_or_default(), at)
    }

    fn is_over(&self) -> bool {
        self.at > self.line.len()
    }
}

const BEGINNING: &[u8] = b"PROXY ";

/// The longest line with its end that the specification allows.
const MOST: usize = 107;
