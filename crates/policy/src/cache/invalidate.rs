//! Which stored answers an unsafe request makes worthless (RFC 9111 §4.4): its target, and what its answer names of the
//! same origin.

use torwart_wire::{Head, Known};

/// Whether a method changes nothing, so that nothing stored becomes worthless by it (RFC 9110 §9.2.1).
#[must_use]
pub fn is_safe(method: &[u8]) -> bool {
    matches!(method, b"GET" | b"HEAD" | b"OPTIONS" | b"TRACE" | b"QUERY")
}

/// Whether an answer's status says that something may have changed.
#[must_use]
pub fn has_worked(status: u16) -> bool {
    matches!(status, 200..=399)
}

/// The targets on this host that are worthless now: path and query each.
#[must_use]
pub fn targets(is_tls: bool, request: &Head, answer: &Head) -> Vec<Vec<u8>> {
    let mut targets = vec![request.path_and_query().to_vec()];
    let named = [answer.get(Known::Location), answer.find("content-location")];
    for reference in named.into_iter().flatten() {
        if let Some(target) = resolve(is_tls, request, reference)
            && !targets.contains(&target)
        {
            targets.push(target);
        }
    }
    targets
}

/// A reference as path and query, where it leads to the same origin (RFC 3986 §5, without dots to climb by).
fn resolve(is_tls: bool, request: &Head, reference: &[u8]) -> Option<Vec<u8>> {
    let reference = reference.split(|byte| *byte == b'#').next().unwrap_or_default();
    let own: &[u8] = if is_tls { b"https://" } else { b"http://" };
    let start = reference.get(..own.len()).unwrap_or_default();
    let rest = if start.eq_ignore_ascii_case(own) {
        reference.get(own.len()..)?
    } else if let Some(rest) = reference.strip_prefix(b"//") {
        rest
    } else if reference.starts_with(b"/") {
        return Some(reference.to_vec());
    } else if memchr::memmem::find(reference, b"://").is_some() {
        return None;
    } else {
        let path = request.path();
        let folder = memchr::memrchr(b'/', path).and_then(|at| path.get(..=at)).unwrap_or(b"/");
        return Some([folder, reference].concat());
    };
    let end = rest.iter().position(|byte| matches!(byte, b'/' | b'?')).unwrap_or(rest.len());
    let (authority, target) = rest.split_at_checked(end)?;
    let usual: &[u8] = if is_tls { b":443" } else { b":80" };
    let plain = |authority: &[u8]| authority.strip_suffix(usual).unwrap_or(authority).to_ascii_lowercase();
    let is_same = plain(authority) == plain(request.authority());
    is_same.then(|| if target.starts_with(b"/") { target.to_vec() } else { [b"/", target].concat() })
}
