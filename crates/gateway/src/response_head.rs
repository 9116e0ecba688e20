//! The response as the client gets it: written anew from the parsed form, with our own framing and connection fields.

use crate::answer;
use crate::exchange::Exchange;
use crate::http3;
use crate::identity;
use crate::server_timing;
use torwart_policy::compress::Change;
use torwart_policy::header_rules;
use torwart_wire::fields::proxy_status::ProxyStatus;
use torwart_wire::http1::{Response, write_number, write_status_line};
use torwart_wire::{Field, Framing, Head, Known, Version};

/// How the body goes to the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// There is none; a stated length is what the body would have.
    NoBody,
    /// With its length stated.
    Length(u64),
    /// In chunks.
    Chunked,
    /// Until the connection closes: for HTTP/1.0 clients.
    UntilClose,
}

impl Way {
    /// The way for a body that came framed like this; `held` is its length where the whole of it is here.
    pub fn of(framing: Framing, client: Version, held: Option<u64>) -> Self {
        match (framing, held, client) {
            (Framing::None, _, _) => Self::NoBody,
            (Framing::Length(length), _, _) => Self::Length(length),
            (Framing::Chunked, _, Version::Http11) => Self::Chunked,
            (_, Some(length), _) => Self::Length(length),
            (Framing::UntilClose, None, Version::Http11) => Self::Chunked,
            (Framing::Chunked | Framing::UntilClose, None, Version::Http10) => Self::UntilClose,
        }
    }
}

/// Writes the final head to the client's outbox.
pub fn write(x: &mut Exchange<'_>, head: &Head, response: &Response, way: Way, now: crate::clock::Moment) {
    if way == Way::UntilClose || x.core.shared.is_draining() {
        x.keeps_client = false;
    }
    let mut out = std::mem::take(x.desk.out.bytes());
    // We speak 1.1 whatever the client speaks (RFC 9112 §2.3); framing and Connection suit its version.
    write_status_line(&mut out, Version::Http11, response.status, head.reason());
    let has_rules = has_rules(x);
    // What speaks of TLS is overruled there only.
    let is_tls = x.client.is_tls;
    head.copy_fields(&mut out, |field| {
        let is_framing = match field.known {
            Known::ContentLength => way != Way::NoBody || response.status == 204,
            Known::TransferEncoding => true,
            Known::Upgrade => !(response.switches || response.status == 426),
            _ => field.is_hop_by_hop,
        };
        let is_dropped = is_framing
            || (has_rules && drops(x, field))
            || (is_tls && (identity::is_overruled(x, field.name) || http3::is_overruled(x, field.name)));
        !is_dropped
    });
    if !head.has(Known::Date) {
        out.extend_from_slice(b"Date: ");
        x.core.write_date(now, &mut out);
        out.extend_from_slice(b"\r\n");
    }
    match way {
        Way::Length(length) => {
            out.extend_from_slice(b"Content-Length: ");
            write_number(&mut out, length);
            out.extend_from_slice(b"\r\n");
        }
        Way::Chunked => out.extend_from_slice(b"Transfer-Encoding: chunked\r\n"),
        Way::NoBody | Way::UntilClose => {}
    }
    write_connection(x, response, &mut out);
    identity::write_transport_security(x, &mut out);
    http3::write_offer(x, &mut out);
    if let Some(notes) = &x.notes
        && !x.is_fetch()
    {
        out.extend_from_slice(&notes.cookie_line);
        out.extend_from_slice(&notes.passed_fields);
    }
    if response.status >= 500 && !x.is_fetch() {
        write_received_status(x, response.status, &mut out);
    }
    if has_rules {
        append_rules(x, head, &mut out);
        if x.route().is_some_and(|route| route.server_timing) && !x.is_fetch() {
            server_timing::write(x, now, &mut out);
        }
    }
    out.extend_from_slice(b"\r\n");
    *x.desk.out.bytes() = out;
}

/// Adds lines to the head that was written last.
pub fn append(x: &mut Exchange<'_>, write: impl FnOnce(&mut Vec<u8>)) {
    let out = x.desk.out.bytes();
    let end = out.len().saturating_sub(2);
    out.truncate(end);
    write(out);
    out.extend_from_slice(b"\r\n");
}

/// Writes an interim head (1xx) to the client's outbox.
pub fn write_interim(x: &mut Exchange<'_>, head: &Head, status: u16) {
    let out = x.desk.out.bytes();
    write_status_line(out, Version::Http11, status, head.reason());
    head.copy_fields(out, |field| {
        !field.is_hop_by_hop && !matches!(field.known, Known::ContentLength | Known::TransferEncoding)
    });
    out.extend_from_slice(b"\r\n");
}

/// Appends the `Connection` field the client needs.
pub fn write_connection(x: &Exchange<'_>, response: &Response, out: &mut Vec<u8>) {
    let speaks_10 = x.request.as_ref().is_some_and(|request| request.version == Version::Http10);
    out.extend_from_slice(if response.switches {
        b"Connection: upgrade\r\n"
    } else if !x.keeps_client {
        b"Connection: close\r\n"
    } else if speaks_10 {
        b"Connection: keep-alive\r\n"
    } else {
        b""
    });
}

/// An upstream's own error passes unchanged; that it came from there is noted (RFC 9209 §2.2).
#[inline(never)]
fn write_received_status(x: &Exchange<'_>, status: u16, out: &mut Vec<u8>) {
    out.extend_from_slice(b"Proxy-Status: ");
    let mut noted =
        ProxyStatus { proxy: answer::PROXY, received_status: Some(status), ..ProxyStatus::default() };
    let next_hop = x.is_insider().then(|| x.desk.evidence.attempts.last()).flatten();
    let next_hop = next_hop.and_then(|attempt| attempt.address.as_ref()).map(ToString::to_string);
    noted.next_hop = next_hop.as_deref();
    noted.write(out);
    out.extend_from_slice(b"\r\n");
}

#[inline(never)]
fn drops(x: &Exchange<'_>, field: &Field<'_>) -> bool {
    change(x).is_some_and(|change| change.overrules(field))
        || !x.is_fetch()
            && x.route().is_some_and(|route| header_rules::drops(&route.response_headers, field.name))
}

/// Whether anything in the head is to be changed: by rules of the route, or because the body is.
fn has_rules(x: &Exchange<'_>) -> bool {
    change(x).is_some()
        || x.route().is_some_and(|route| route.server_timing || !route.response_headers.is_empty())
}

/// What becomes of the body.
fn change(x: &Exchange<'_>) -> Option<Change> {
    x.notes.as_ref().and_then(|notes| notes.change)
}

#[inline(never)]
fn append_rules(x: &Exchange<'_>, head: &Head, out: &mut Vec<u8>) {
    if let Some(change) = change(x) {
        change.write(head, out);
    }
    // What is stored is changed each time it goes out.
    let Some(route) = x.route().filter(|_| !x.is_fetch()) else { return };
    let id = x.id.text();
    let values = x.template_values(&id);
    header_rules::append(&route.response_headers, &values, out);
    if !route.response_headers.fallback.is_empty() {
        header_rules::append_fallback(&route.response_headers, head, &values, out);
    }
}
