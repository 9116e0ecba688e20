//! The key of a stored answer: its address, and what else the operator says makes another page.

use std::sync::Arc;

use torwart_config::plan::{CacheRules, KeyPart};
use torwart_wire::{Head, Known};

/// Appends the address of a request: scheme, host without the port that is usual, path, and the query without what makes
/// no other page.
pub fn write(is_tls: bool, authority: &[u8], target: &[u8], rules: &CacheRules, out: &mut Vec<u8>) {
    out.extend_from_slice(if is_tls { b"https://" } else { b"http://" });
    let usual: &[u8] = if is_tls { b":443" } else { b":80" };
    let authority = authority.strip_suffix(usual).unwrap_or(authority);
    out.extend(authority.iter().map(u8::to_ascii_lowercase));
    let query = memchr::memchr(b'?', target);
    let Some(query) = query.filter(|_| !rules.ignored_query.is_empty()) else {
        return out.extend_from_slice(target);
    };
    let (path, query) = target.split_at_checked(query).unwrap_or((target, &[]));
    out.extend_from_slice(path);
    let kept = query.get(1..).unwrap_or_default().split(|byte| *byte == b'&');
    let mut joint = b'?';
    for pair in kept.filter(|pair| !is_ignored(&rules.ignored_query, pair)) {
        out.push(joint);
        joint = b'&';
        out.extend_from_slice(pair);
    }
}

fn is_ignored(ignored: &[Arc<str>], pair: &[u8]) -> bool {
    let name = pair.split(|byte| *byte == b'=').next().unwrap_or_default();
    ignored.iter().any(|rule| match rule.strip_suffix('*') {
        Some(beginning) => name.starts_with(beginning.as_bytes()),
        None => name == rule.as_bytes(),
    })
}

/// Appends what a request says in the operator's own parts of the key.
pub fn write_parts(parts: &[KeyPart], request: &Head, out: &mut Vec<u8>) {
    for part in parts {
        match part {
            KeyPart::Header(name) => {
                let lines = request.fields().filter(|field| field.name.eq_ignore_ascii_case(name.as_bytes()));
                for field in lines {
                    out.extend_from_slice(field.value);
                    out.push(b',');
                }
            }
            KeyPart::Cookie(name) => {
                out.extend_from_slice(cookie(request, name.as_bytes()).unwrap_or_default())
            }
        }
        out.push(b'\n');
    }
}

/// The first value of a cookie.
fn cookie<'h>(request: &'h Head, name: &[u8]) -> Option<&'h [u8]> {
    let pairs = request.all(Known::Cookie).flat_map(|line| line.split(|byte| *byte == b';'));
    pairs.map(<[u8]>::trim_ascii).find_map(|pair| {
        let at = memchr::memchr(b'=', pair)?;
        let (key, value) = pair.split_at_checked(at)?;
        (key == name).then(|| value.get(1..).unwrap_or_default())
    })
}

/// Host and path of a key, whatever its scheme: what purges are compared with.
#[must_use]
pub fn without_scheme(key: &[u8]) -> &[u8] {
    let rest = key.strip_prefix(b"https://").or_else(|| key.strip_prefix(b"http://"));
    rest.unwrap_or(key)
}
