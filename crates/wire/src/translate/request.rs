//! Requests: from pseudo-headers to a request line, and back.

use super::fields::{Untold, add, lines, number, write_lines};
use super::told_framing;
use crate::http1::{write_field, write_number, write_request_line};
use crate::{Framing, Known};
use bytes::Bytes;
use http::header::{self, HeaderMap};
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{Method, Uri};

/// A request as HTTP/2 or HTTP/3 carries it.
#[derive(Clone, Copy, Debug)]
pub struct Ask<'a> {
    /// `:method`.
    pub method: &'a Method,
    /// `:scheme`, `:authority` and `:path`.
    pub uri: &'a Uri,
    /// `:protocol` of an extended CONNECT (RFC 8441).
    pub protocol: Option<&'a str>,
    /// The fields.
    pub fields: &'a HeaderMap,
    /// Whether it ends with its head.
    pub ends: bool,
}

/// Appends the head of a request as HTTP/1.1 has it; says how its body is framed there.
///
/// An extended CONNECT to `websocket` becomes the upgrade that it stands for (RFC 8441 §5), with `key` as
/// `Sec-WebSocket-Key`; what follows such a head is not framed at all.
///
/// # Errors
///
/// The request is malformed; nothing was appended that may be used.
pub fn write_request(ask: &Ask<'_>, key: &str, out: &mut Vec<u8>) -> Result<Framing, Untold> {
    let authority = authority(ask)?;
    let is_upgrade = ask.protocol.is_some();
    if *ask.method == Method::CONNECT && !is_upgrade {
        write_request_line(out, b"CONNECT", authority);
    } else {
        let path = ask.uri.path_and_query().map_or("", PathAndQuery::as_str);
        if path.is_empty() {
            return Err(Untold::PseudoMissing);
        }
        // Anything else would be read as another form of target, with an authority of its own.
        if !path.starts_with('/') && path != "*" {
            return Err(Untold::BadPath);
        }
        let method = if is_upgrade { "GET" } else { ask.method.as_str() };
        write_request_line(out, method.as_bytes(), path.as_bytes());
    }
    write_field(out, b"host", authority);
    let said = write_lines(ask.fields, out)?;
    let framing = if is_upgrade { Framing::None } else { told_framing(said.length, ask.ends) };
    match framing {
        Framing::Length(length) => {
            out.extend_from_slice(b"content-length: ");
            write_number(out, length);
            out.extend_from_slice(b"\r\n");
        }
        Framing::Chunked => out.extend_from_slice(b"transfer-encoding: chunked\r\n"),
        Framing::None | Framing::UntilClose => {}
    }
    match (ask.protocol, said.accepts_trailers) {
        (Some(protocol), _) => {
            out.extend_from_slice(b"connection: upgrade\r\n");
            write_field(out, b"upgrade", protocol.as_bytes());
            write_field(out, b"sec-websocket-key", key.as_bytes());
        }
        (None, true) => out.extend_from_slice(b"te: trailers\r\nconnection: te\r\n"),
        (None, false) => {}
    }
    out.extend_from_slice(b"\r\n");
    Ok(framing)
}

/// `:authority`, or `Host` where it is missing; both must agree.
fn authority<'a>(ask: &Ask<'a>) -> Result<&'a [u8], Untold> {
    let stated = ask.uri.authority().map(|authority| authority.as_str().as_bytes());
    let mut hosts = ask.fields.get_all(header::HOST).iter();
    let host = hosts.next().map(header::HeaderValue::as_bytes);
    if hosts.next().is_some() {
        return Err(Untold::TwoAuthorities);
    }
    match (stated, host) {
        (Some(stated), Some(host)) if !stated.eq_ignore_ascii_case(host) => Err(Untold::TwoAuthorities),
        (Some(stated), _) => Ok(stated),
        (None, Some(host)) => Ok(host),
        (None, None) => Err(Untold::PseudoMissing),
    }
}

/// Fields of a usual request; more are no trouble.
const USUAL: usize = 24;

/// A request whose head the engine wrote, as HTTP/2 or HTTP/3 carries it; `head` is the whole head. Says how the body
/// that follows in HTTP/1.1 is framed, and what protocol it asks to upgrade to (RFC 8441 tells that by CONNECT).
/// `None` where the head cannot be told, which no request of the engine is.
pub fn read_request(head: &Bytes, scheme: &Scheme) -> Option<(http::Request<()>, Framing, Option<Bytes>)> {
    let end = memchr::memchr(b'\n', head)?;
    let mut words = head.get(..end)?.trim_ascii_end().split(|byte| *byte == b' ');
    let method = Method::from_bytes(words.next()?).ok()?;
    let target = words.next()?;
    let section = head.slice(end + 1..);
    let mut fields = HeaderMap::with_capacity(USUAL);
    let (mut host, mut framing, mut upgrade) = (None, Framing::None, None);
    let mut accepts_trailers = false;
    for line in lines(&section) {
        match line.known {
            Known::Host => {
                host = Some(section.slice_ref(line.value));
                continue;
            }
            Known::Te => {
                accepts_trailers = true;
                continue;
            }
            Known::TransferEncoding => framing = Framing::Chunked,
            Known::Upgrade => upgrade = Some(section.slice_ref(line.value)),
            Known::ContentLength if framing != Framing::Chunked => {
                framing = Framing::Length(number(line.value)?);
            }
            _ => {}
        }
        add(&mut fields, &line, section.slice_ref(line.value));
    }
    if accepts_trailers {
        fields.insert(header::TE, header::HeaderValue::from_static("trailers"));
    }
    let mut parts = http::uri::Parts::default();
    parts.scheme = Some(scheme.clone());
    parts.authority = Some(Authority::from_maybe_shared(host?).ok()?);
    parts.path_and_query = Some(path_and_query(head.slice_ref(target))?);
    let mut request = http::Request::new(());
    *request.method_mut() = method;
    *request.uri_mut() = Uri::from_parts(parts).ok()?;
    *request.headers_mut() = fields;
    Some((request, framing, upgrade))
}

/// The path and query. What browsers send as it was typed and RFC 3986 does not allow is escaped where it has to be.
fn path_and_query(target: Bytes) -> Option<PathAndQuery> {
    if let Ok(target) = PathAndQuery::from_maybe_shared(target.clone()) {
        return Some(target);
    }
    let mut escaped = Vec::with_capacity(target.len() + 32);
    for &byte in &target {
        if byte.is_ascii_graphic() && !b"`^|{}[]\\\"<>".contains(&byte) {
            escaped.push(byte);
        } else {
            let digit = |half: u8| if half < 10 { b'0' + half } else { b'A' + half - 10 };
            escaped.extend_from_slice(&[b'%', digit(byte >> 4), digit(byte & 15)]);
        }
    }
    PathAndQuery::from_maybe_shared(Bytes::from(escaped)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_as_browsers_type_it_can_be_told() {
        for (target, told) in [
            ("/a?b=c", "/a?b=c"),
            ("*", "*"),
            ("/%60?x=%7C", "/%60?x=%7C"),
            ("/a`b", "/a%60b"),
            ("/`^|{}[]?`^|{}[]\\", "/%60%5E%7C%7B%7D%5B%5D?%60%5E%7C%7B%7D%5B%5D%5C"),
        ] {
            let head = format!("GET {target} HTTP/1.1\r\nHost: a\r\n\r\n");
            let (request, ..) = read_request(&Bytes::from(head), &Scheme::HTTPS).unwrap();
            assert_eq!(request.uri().path_and_query().unwrap().as_str(), told);
        }
    }
}
