//! The request as the upstream gets it: written anew from the parsed form, never copied through.
//!
//! Fields for this connection only are left out, forwarding fields of peers that are not trusted are replaced, and the
//! body's framing is stated once, by us (RFC 9110 §7.6, RFC 9112 §6).

use crate::certificates::is_claim;
use crate::exchange::Exchange;
use crate::identity;
use torwart_config::plan::{HeaderRules, HostPolicy};
use torwart_policy::{header_rules, request_id, rewrite};
use torwart_record::Protocol;
use torwart_wire::http1::{write_field, write_number};
use torwart_wire::{Field, Framing, Known, Version, fields};

/// Writes the head of the request into `out`. `authority` is the upstream's own, for the policy that wants it.
#[inline(always)]
pub fn write(x: &Exchange<'_>, authority: &str, out: &mut Vec<u8>) {
    let (Some(request), Some(route)) = (&x.request, x.route()) else { return };
    let head = &x.desk.request;
    out.extend_from_slice(head.method());
    out.push(b' ');
    let mut scratch = x.core.scratch.borrow_mut();
    let is_rewritten =
        route.rewrite.as_ref().is_some_and(|rule| rewrite::target(rule, head, &mut scratch, out).is_ok());
    if !is_rewritten {
        out.extend_from_slice(head.path_and_query());
    }
    out.extend_from_slice(b" HTTP/1.1\r\nHost: ");
    out.extend_from_slice(match &route.host {
        HostPolicy::Client if !head.authority().is_empty() => head.authority(),
        HostPolicy::Literal(host) => host.as_bytes(),
        HostPolicy::Client | HostPolicy::Upstream => authority.as_bytes(),
    });
    out.extend_from_slice(b"\r\n");
    let rules = &route.request_headers;
    let has_rules = !rules.is_empty();
    let is_trusted = x.client.is_trusted;
    let believes_claims = identity::believes_claims(x);
    let is_noted = x.notes.is_some();
    head.copy_fields(out, |field| {
        is_passed(field, is_trusted, believes_claims)
            && !(has_rules && header_rules::drops(rules, field.name))
            && !(is_noted && x.is_authorisers(field.name))
    });
    write_max_forwards(request.max_forwards, out);
    write_framing(request.framing, out);
    write_connection(x, route.upgrade, out);
    write_via(x.client.protocol(), request.version, &x.view.snapshot.pseudonym, out);
    write_forwarding(x, rules, out);
    identity::write_lines(x, out);
    if let Some(notes) = x.notes.as_deref() {
        out.extend_from_slice(&notes.request_fields);
    }
    if has_rules {
        append_rules(x, rules, out);
    }
    out.extend_from_slice(b"\r\n");
}

/// The offer of an upgrade as it goes to the upstream: what the client offered without `h2c` (RFC 9113 §3.1).
pub fn offered_upgrade<'x>(x: &'x Exchange<'_>) -> Option<&'x [u8]> {
    let is_wanted = x.request.as_ref().is_some_and(|request| request.wants_upgrade);
    let is_allowed = x.route().is_some_and(|route| route.upgrade);
    if !is_wanted || !is_allowed {
        return None;
    }
    x.desk.request.get(Known::Upgrade)
}

fn is_passed(field: &Field<'_>, is_trusted: bool, believes_claims: bool) -> bool {
    if field.is_hop_by_hop {
        return false;
    }
    match field.known {
        Known::Host
        | Known::ContentLength
        | Known::TransferEncoding
        | Known::MaxForwards
        | Known::XForwardedFor => false,
        // What a stranger claims about those before him is not passed on as if it were known.
        Known::Forwarded
        | Known::XForwardedProto
        | Known::XForwardedHost
        | Known::XForwardedPort
        | Known::XRealIp => is_trusted,
        Known::XRequestId => is_trusted || request_id::is_harmless(field.value),
        Known::Other if claims_forwarding(field.name, is_trusted) => false,
        _ => believes_claims || !is_claim(field.name),
    }
}

/// Whether an unusual field says something about those before the client that it may not say: any `X-Forwarded-` of a
/// stranger, and whatever spelling with underscores applications take for one of those fields (RFC 3875 §4.1.18).
fn claims_forwarding(name: &[u8], is_trusted: bool) -> bool {
    let is_start = |of: &[u8]| {
        name.get(..of.len()).is_some_and(|start| {
            let pairs = start.iter().zip(of);
            pairs
                .into_iter()
                .all(|(have, want)| have.eq_ignore_ascii_case(want) || (*have == b'_' && *want == b'-'))
        })
    };
    matches!(name.first(), Some(b'x' | b'X'))
        && (is_start(b"x-forwarded-") || (is_start(b"x-real-ip") && name.len() == b"x-real-ip".len()))
        && (!is_trusted || name.contains(&b'_'))
}

fn write_max_forwards(max_forwards: Option<u32>, out: &mut Vec<u8>) {
    if let Some(left) = max_forwards {
        out.extend_from_slice(b"Max-Forwards: ");
        write_number(out, u64::from(left.saturating_sub(1)));
        out.extend_from_slice(b"\r\n");
    }
}

fn write_framing(framing: Framing, out: &mut Vec<u8>) {
    match framing {
        Framing::Length(length) => {
            out.extend_from_slice(b"Content-Length: ");
            write_number(out, length);
            out.extend_from_slice(b"\r\n");
        }
        Framing::Chunked => out.extend_from_slice(b"Transfer-Encoding: chunked\r\n"),
        Framing::None | Framing::UntilClose => {}
    }
}

fn write_connection(x: &Exchange<'_>, may_upgrade: bool, out: &mut Vec<u8>) {
    let Some(request) = &x.request else { return };
    let upgrade = if may_upgrade { offered_upgrade(x) } else { None };
    if let Some(offer) = upgrade {
        out.extend_from_slice(b"Connection: upgrade");
        out.extend_from_slice(if request.accepts_trailers { b", TE\r\n" } else { b"\r\n" });
        out.extend_from_slice(b"Upgrade: ");
        for (index, protocol) in fields::upgrade::tunnelled(offer).enumerate() {
            out.extend_from_slice(if index == 0 { b"" } else { b", " });
            out.extend_from_slice(protocol);
        }
        out.extend_from_slice(b"\r\n");
    } else if request.accepts_trailers {
        out.extend_from_slice(b"Connection: TE\r\n");
    }
    if request.accepts_trailers {
        out.extend_from_slice(b"TE: trailers\r\n");
    }
}

/// The version is the one that the client spoke (RFC 9110 §7.6.3), whatever its request was told in.
fn write_via(protocol: Option<Protocol>, version: Version, pseudonym: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(match (protocol, version) {
        (Some(Protocol::Http2), _) => b"Via: 2 ",
        (Some(Protocol::Http3), _) => b"Via: 3 ",
        (_, Version::Http10) => b"Via: 1.0 ",
        (_, Version::Http11) => b"Via: 1.1 ",
    });
    out.extend_from_slice(pseudonym.as_bytes());
    out.extend_from_slice(b"\r\n");
}

/// `X-Forwarded-*` and `Forwarded` (RFC 7239): what trusted peers said, and this hop.
fn write_forwarding(x: &Exchange<'_>, rules: &HeaderRules, out: &mut Vec<u8>) {
    let head = &x.desk.request;
    let name = &x.client.name;
    let authority = head.authority();
    if x.client.is_trusted || !rules.is_empty() {
        return write_forwarding_carefully(x, rules, out);
    }
    name.write_lines(out);
    if authority.is_empty() {
        name.write_forwarded(out);
        out.extend_from_slice(b"\r\n");
        return;
    }
    write_field(out, b"X-Forwarded-Host", authority);
    name.write_forwarded(out);
    out.extend_from_slice(b";host=\"");
    out.extend_from_slice(authority);
    out.extend_from_slice(b"\"\r\n");
}

/// The same where a peer may have said something before, or the operator's rules have a say.
#[inline(never)]
fn write_forwarding_carefully(x: &Exchange<'_>, rules: &HeaderRules, out: &mut Vec<u8>) {
    let head = &x.desk.request;
    let is_trusted = x.client.is_trusted;
    let is_ours = |name: &[u8]| !header_rules::drops(rules, name);
    let said = |known: Known| is_trusted && head.has(known);
    if is_ours(b"x-forwarded-for") {
        out.extend_from_slice(b"X-Forwarded-For: ");
        if is_trusted {
            for before in head.all(Known::XForwardedFor) {
                out.extend_from_slice(before);
                out.extend_from_slice(b", ");
            }
        }
        out.extend_from_slice(x.client.name.address());
        out.extend_from_slice(b"\r\n");
    }
    let proto: &[u8] = if x.client.is_tls { b"https" } else { b"http" };
    if is_ours(b"x-forwarded-proto") && !said(Known::XForwardedProto) {
        write_field(out, b"X-Forwarded-Proto", proto);
    }
    if is_ours(b"x-forwarded-host") && !said(Known::XForwardedHost) && !head.authority().is_empty() {
        write_field(out, b"X-Forwarded-Host", head.authority());
    }
    if is_ours(b"forwarded") {
        x.client.name.write_forwarded(out);
        if !head.authority().is_empty() {
            out.extend_from_slice(b";host=\"");
            out.extend_from_slice(head.authority());
            out.push(b'"');
        }
        out.extend_from_slice(b"\r\n");
    }
}

#[inline(never)]
fn append_rules(x: &Exchange<'_>, rules: &HeaderRules, out: &mut Vec<u8>) {
    let id = x.id.text();
    let values = x.template_values(&id);
    header_rules::append(rules, &values, out);
}
