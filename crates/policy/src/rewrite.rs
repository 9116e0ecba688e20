//! How a path changes on its way to the upstream, and where redirects lead.
//!
//! A rewrite works on the normalised path, so that what was routed is what is rewritten; the query stays as it was.
//! Without a rewrite the target goes on as the client wrote it.

use torwart_config::{
    Plan,
    plan::{ListenAddress, Redirect, Rewrite},
};
use torwart_wire::Head;

use crate::{
    path::{PathFault, normalise},
    route::{below_prefix, host_of},
    template::{Values, render},
};

/// Appends the target to send to the upstream: rewritten path and query.
///
/// # Errors
/// A path that cannot be routed safely; one that was selected always can.
pub fn target(
    rewrite: &Rewrite,
    head: &Head,
    scratch: &mut Vec<u8>,
    out: &mut Vec<u8>,
) -> Result<(), PathFault> {
    if head.path() == b"*" {
        out.extend_from_slice(b"*");
        return Ok(());
    }
    let path = normalise(head.path(), scratch)?;
    let start = out.len();
    rewrite_path(rewrite, path, out);
    let mut joint = b'?';
    if out.get(start..).is_some_and(|written| written.contains(&b'?')) {
        joint = b'&';
    }
    if let Some(query) = query_of(head) {
        out.push(joint);
        out.extend_from_slice(query);
    }
    Ok(())
}

/// Appends the `Location` of a redirect.
pub fn location(redirect: &Redirect, values: &Values<'_>, out: &mut Vec<u8>) {
    render(&redirect.to, values, out);
}

/// Appends the `Location` of the same place under `https`, on the port of the plan's first TLS listener.
pub fn https_location(plan: &Plan, head: &Head, out: &mut Vec<u8>) {
    let port =
        plan.listeners.iter().filter(|listener| listener.tls).find_map(|listener| match &listener.address {
            ListenAddress::Tcp(address) => Some(address.port()),
            ListenAddress::Unix(_) | ListenAddress::Quic(_) => None,
        });
    out.extend_from_slice(b"https://");
    out.extend_from_slice(host_of(head.authority()));
    if let Some(port) = port.filter(|port| *port != 443 && *port != 0) {
        out.extend_from_slice(format!(":{port}").as_bytes());
    }
    out.extend_from_slice(head.path_and_query());
}

/// The query of a request, without its question mark.
pub(crate) fn query_of(head: &Head) -> Option<&[u8]> {
    let whole = head.path_and_query();
    whole.iter().position(|byte| *byte == b'?').and_then(|at| whole.get(at + 1..))
}

fn rewrite_path(rewrite: &Rewrite, path: &[u8], out: &mut Vec<u8>) {
    let start = out.len();
    match rewrite {
        Rewrite::Prefix { from, to } => match below_prefix(path, from) {
            Some(rest) => {
                let joined = if rest.starts_with(b"/") { to.strip_suffix('/').unwrap_or(to) } else { to };
                out.extend_from_slice(joined.as_bytes());
                out.extend_from_slice(rest);
            }
            None => out.extend_from_slice(path),
        },
        Rewrite::Regex { pattern, to } => match pattern.regex().captures(path) {
            Some(captures) => {
                let whole = captures.get(0).map_or(0..0, |found| found.range());
                out.extend_from_slice(path.get(..whole.start).unwrap_or_default());
                captures.expand(to.as_bytes(), out);
                out.extend_from_slice(path.get(whole.end..).unwrap_or_default());
            }
            None => out.extend_from_slice(path),
        },
    }
    // A target begins with a slash (RFC 9112, section 3.2.1), whatever the rule left of it.
    if out.get(start) != Some(&b'/') {
        out.insert(start, b'/');
    }
}
