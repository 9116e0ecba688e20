//! An upstream as written: `http://10.0.0.11:3000`, `https://api.internal`, `unix:/run/app.sock`.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use super::{Build, host, narrow32, shared};
use crate::{
    defaults,
    file::{At, Group, Written, is_name},
    plan::{Scheme, Target, Upstream},
};

/// Reads an upstream of a pool: its address, or a table with its address.
pub(super) fn weighed(build: &mut Build<'_>, written: &At<Written>) -> Option<Upstream> {
    match &written.value {
        Written::Text(text) => of_pool(build, &At { place: written.place, value: text }),
        Written::Group(group) => from_table(build, group),
        _ => None,
    }
}

fn from_table(build: &mut Build<'_>, group: &Group) -> Option<Upstream> {
    let url = group.text("url")?;
    let upstream = of_pool(build, &url)?;
    Some(Upstream {
        weight: group.count("weight").map_or(defaults::WEIGHT, narrow32),
        is_backup: group.switch("backup") == Some(true),
        zone: group.text("zone").and_then(|text| zone(build, &text)),
        ..upstream
    })
}

/// An address, or a service: `srv+http://_shop._tcp.example`, whose servers have ports of their own.
fn of_pool(build: &mut Build<'_>, text: &At<&str>) -> Option<Upstream> {
    let Some(service) = text.value.strip_prefix("srv+") else { return upstream(build, text) };
    let has_port = service.split_once("://").is_some_and(|(_, rest)| rest.contains(':'));
    match read(service) {
        Ok((scheme @ (Scheme::Http | Scheme::Https), target @ Target::Name { .. }, authority))
            if !has_port =>
        {
            Some(Upstream { is_service: true, ..plain(text.value, scheme, target, &authority) })
        }
        _ => {
            build.complaints.error(text.place, "bad_service").text("value", text.value);
            None
        }
    }
}

/// The name of a zone.
pub(super) fn zone(build: &mut Build<'_>, text: &At<&str>) -> Option<Arc<str>> {
    if !is_name(text.value) {
        build.complaints.error(text.place, "bad_name").text("name", text.value);
        return None;
    }
    Some(shared(text.value))
}

/// Reads an upstream.
pub(super) fn upstream(build: &mut Build<'_>, text: &At<&str>) -> Option<Upstream> {
    if let Some(path) = text.value.strip_prefix("unix:") {
        return unix(build, text, path.strip_prefix("//").unwrap_or(path));
    }
    if let Some(path) = text.value.strip_prefix("fastcgi://unix:") {
        return unix(build, text, path).map(|upstream| Upstream { scheme: Scheme::FastCgi, ..upstream });
    }
    match read(text.value) {
        Ok((scheme, target, authority)) => Some(plain(text.value, scheme, target, &authority)),
        Err(fault) => {
            let complaint = build.complaints.error(text.place, fault.id).text("value", text.value);
            if let Some(near) = fault.near {
                complaint.text("near", near);
            }
            None
        }
    }
}

fn unix(build: &mut Build<'_>, text: &At<&str>, path: &str) -> Option<Upstream> {
    if path.is_empty() {
        build.complaints.error(text.place, "socket_without_path");
        return None;
    }
    Some(plain(text.value, Scheme::Http, Target::Unix(build.folder.join(path)), "localhost"))
}

fn plain(label: &str, scheme: Scheme, target: Target, authority: &str) -> Upstream {
    Upstream {
        label: shared(label),
        scheme,
        target,
        authority: shared(authority),
        is_service: false,
        weight: defaults::WEIGHT,
        is_backup: false,
        zone: None,
        may_be_link_local: false,
    }
}

struct Fault {
    id: &'static str,
    near: Option<String>,
}

const fn fault(id: &'static str) -> Fault {
    Fault { id, near: None }
}

fn read(text: &str) -> Result<(Scheme, Target, String), Fault> {
    let (scheme, rest) = if let Some(rest) = text.strip_prefix("http://") {
        (Scheme::Http, rest)
    } else if let Some(rest) = text.strip_prefix("https://") {
        (Scheme::Https, rest)
    } else if let Some(rest) = text.strip_prefix("fastcgi://") {
        (Scheme::FastCgi, rest)
    } else if text.contains("://") {
        return Err(fault("upstream_scheme"));
    } else {
        let near = format!("http://{text}");
        let is_meant = read(&near).is_ok();
        return Err(Fault {
            id: if is_meant { "upstream_no_scheme_near" } else { "upstream_no_scheme" },
            near: Some(near),
        });
    };
    let authority = match rest.split_once(['/', '?', '#']) {
        None => rest,
        Some((authority, "")) if rest.ends_with('/') => authority,
        Some(_) => return Err(fault("upstream_with_path")),
    };
    if authority.contains('@') {
        return Err(fault("upstream_with_user"));
    }
    let (host_text, port_text) = split_port(authority).ok_or(fault("bad_upstream"))?;
    let standard = match scheme {
        Scheme::Http => 80,
        Scheme::Https => 443,
        Scheme::FastCgi => 9000,
    };
    let port = match port_text {
        Some(port) => port.parse::<u16>().ok().filter(|port| *port != 0).ok_or(fault("upstream_port"))?,
        None => standard,
    };
    let bare = host_text.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let target = match bare.unwrap_or(host_text).parse::<IpAddr>() {
        Ok(address) if bare.is_some() == address.is_ipv6() => Target::Address(SocketAddr::new(address, port)),
        _ => Target::Name { name: shared(&host::read_name(host_text).map_err(fault)?), port },
    };
    let shown = host_text.to_ascii_lowercase();
    let authority = if port == standard { shown } else { format!("{shown}:{port}") };
    Ok((scheme, target, authority))
}

/// Host and port of an authority.
fn split_port(authority: &str) -> Option<(&str, Option<&str>)> {
    let host_end = if authority.starts_with('[') {
        authority.find(']')? + 1
    } else {
        authority.find(':').unwrap_or(authority.len())
    };
    let (host, rest) = authority.split_at(host_end);
    match rest.strip_prefix(':') {
        Some(port) => Some((host, Some(port))),
        None if rest.is_empty() && !host.is_empty() => Some((host, None)),
        None => None,
    }
}
