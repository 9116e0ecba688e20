//! Names of hosts: those a site answers for, those of certificates, and what `Host` may say.

use std::{net::IpAddr, sync::Arc};

use super::{Build, shared};
use crate::{
    file::{At, Group, is_name},
    plan::HostPattern,
};

/// A host a site answers for: `shop.example`, `*.shop.example`, `*`, an address.
pub(super) fn pattern(build: &mut Build<'_>, text: At<&str>) -> Option<HostPattern> {
    if text.value == "*" {
        return Some(HostPattern::Any);
    }
    if let Some(suffix) = text.value.strip_prefix("*.") {
        let suffix = name(build, &At { place: text.place, value: suffix })?;
        return Some(HostPattern::Below(shared(&format!(".{suffix}"))));
    }
    if let Ok(address) = text.value.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>() {
        return Some(HostPattern::Exact(match address {
            IpAddr::V4(address) => shared(&address.to_string()),
            IpAddr::V6(address) => shared(&format!("[{address}]")),
        }));
    }
    name(build, &text).map(|name| HostPattern::Exact(shared(&name)))
}

/// A host name in lower case, without final dot.
pub(super) fn name(build: &mut Build<'_>, text: &At<&str>) -> Option<String> {
    match read_name(text.value) {
        Ok(name) => Some(name),
        Err(id) => {
            build.complaints.error(text.place, id).text("value", text.value);
            None
        }
    }
}

/// What `Host` says to an upstream: a name or an address, with or without port.
pub(super) fn authority(build: &mut Build<'_>, text: &At<&str>) -> Option<Arc<str>> {
    let (host, port) = match text.value.rsplit_once(':') {
        Some((host, port)) if !host.ends_with(':') && !port.ends_with(']') => (host, Some(port)),
        _ => (text.value, None),
    };
    let is_port = port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port != 0));
    let is_address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>().is_ok();
    if is_port && (is_address || read_name(host).is_ok()) {
        return Some(shared(text.value));
    }
    build.complaints.error(text.place, "bad_host").text("value", text.value);
    None
}

/// The name in `Via`.
pub(super) fn pseudonym(build: &mut Build<'_>, root: &Group) -> Option<Arc<str>> {
    let text = root.text("pseudonym")?;
    if is_name(text.value) {
        return Some(shared(text.value));
    }
    build.complaints.error(text.place, "bad_name").text("name", text.value);
    None
}

/// Letters, digits, hyphens and, as container names use them, underscores (RFC 1123, section 2.1).
pub(super) fn read_name(text: &str) -> Result<String, &'static str> {
    if !text.is_ascii() {
        return Err("host_not_ascii");
    }
    if text.contains("://") || text.contains('/') {
        return Err("host_is_url");
    }
    if text.contains(':') {
        return Err("host_with_port");
    }
    let name = text.strip_suffix('.').unwrap_or(text);
    let is_label = |label: &str| {
        let usual = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        !label.is_empty()
            && label.len() <= 63
            && label.bytes().all(usual)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let is_good = name.len() <= 253 && name.split('.').all(is_label);
    if is_good { Ok(name.to_ascii_lowercase()) } else { Err("bad_host") }
}
