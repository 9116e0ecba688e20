//! Pools, with a table of their own or named on the spot.

use std::net::IpAddr;

use super::{
    Build, Named, balance, health, host, ladder, narrow, narrow32, overload, retry, shared, upstream,
};
use crate::{
    Place, defaults,
    file::{Group, Written},
    plan::{
        CertificateFiles, IdleLinks, Pool, PoolIndex, Protocol, ProxyVersion, ResponseLimits, Roots, Scheme,
        ServerName, SpreadNames, Upstream, UpstreamTls,
    },
};

/// Builds the pools of `[pool.NAME]`.
pub(super) fn named(build: &mut Build<'_>, root: &Group) {
    for (name, value) in root.group("pool").map(|group| group.entries.as_slice()).unwrap_or_default() {
        let Written::Group(group) = &value.value else { continue };
        let index = pool(build, &name.value, name.place, &[group]);
        let group = group.clone();
        build.named.push(Named { name: name.value.clone(), place: name.place, index, is_used: false, group });
    }
}

/// Builds one pool from the first of the layers; wider ones give deadlines only.
pub(super) fn pool(build: &mut Build<'_>, name: &str, place: Place, layers: &[&Group]) -> PoolIndex {
    let nothing = Group::default();
    let group = layers.first().copied().unwrap_or(&nothing);
    let mut upstreams = upstreams(build, group, place);
    if group.switch("link_local") == Some(true) {
        upstreams.iter_mut().for_each(|upstream| upstream.may_be_link_local = true);
    }
    let fastcgi = upstreams.iter().filter(|upstream| upstream.scheme == Scheme::FastCgi).count();
    if fastcgi > 0 && fastcgi < upstreams.len() {
        build.complaints.error(group.key_place("upstreams").unwrap_or(place), "mixed_schemes");
    }
    let is_fastcgi = fastcgi > 0;
    let proxy_protocol = proxy_protocol(build, group, is_fastcgi);
    let pool = Pool {
        index: PoolIndex(build.pools.len()),
        name: shared(name),
        balance: balance::balance(build, group),
        ejection: balance::ejection(build, group),
        slow_start: group.duration("slow_start").unwrap_or(defaults::SLOW_START),
        tls: tls(build, group, &upstreams),
        upstreams,
        spread: match group.text("resolve").map(|text| text.value) {
            Some("each") => SpreadNames::Each,
            _ => SpreadNames::One,
        },
        protocol: protocol(build, group, is_fastcgi, proxy_protocol),
        deadlines: ladder::link(layers),
        retry: retry::budget(build, group),
        idle: idle(build, group, is_fastcgi, proxy_protocol),
        concurrency: overload::concurrency(build, group),
        queue: overload::queue(build, group),
        proxy_protocol,
        limits: response_limits(build, group),
        health: health::health(build, group),
    };
    let index = pool.index;
    build.pools.push(pool);
    index
}

/// A certificate with its key.
pub(super) fn certificate(build: &mut Build<'_>, group: &Group) -> Option<CertificateFiles> {
    let (chain, key) = (group.text("chain")?, group.text("key")?);
    Some(CertificateFiles { chain: build.file(&chain), key: build.file(&key) })
}

fn upstreams(build: &mut Build<'_>, group: &Group, place: Place) -> Vec<Upstream> {
    let mut upstreams: Vec<(Upstream, Place)> = Vec::new();
    for written in group.list("upstreams") {
        let Some(upstream) = upstream::weighed(build, written) else { continue };
        match upstreams.iter().find(|(other, _)| other.target == upstream.target) {
            Some((_, first)) => {
                build.complaints.error(written.place, "upstream_twice").and(*first);
            }
            None => upstreams.push((upstream, written.place)),
        }
    }
    if !upstreams.is_empty() && upstreams.iter().all(|(upstream, _)| upstream.is_backup) {
        build.complaints.error(group.key_place("upstreams").unwrap_or(place), "only_backups");
    }
    if group.has("upstreams") && group.list("upstreams").is_empty() {
        build.complaints.error(group.key_place("upstreams").unwrap_or(place), "no_upstreams");
    }
    upstreams.into_iter().map(|(upstream, _)| upstream).collect()
}

fn tls(build: &mut Build<'_>, group: &Group, upstreams: &[Upstream]) -> UpstreamTls {
    let mut plan = UpstreamTls::default();
    let (Some(tls), Some(place)) = (group.group("tls"), group.key_place("tls")) else { return plan };
    if !upstreams.is_empty() && upstreams.iter().all(|upstream| upstream.scheme != Scheme::Https) {
        build.complaints.error(place, "tls_without_https");
    }
    if let Some(ca) = tls.text("ca") {
        plan.roots = Roots::File(build.file(&ca));
    }
    plan.revoked = tls.text("crl").map(|crl| build.file(&crl));
    if let Some(name) = tls.text("name") {
        plan.name = match name.value.parse::<IpAddr>() {
            Ok(address) => Some(shared(&address.to_string())),
            Err(_) => host::name(build, &name).map(|name| shared(&name)),
        };
    }
    if tls.switch("sni") == Some(false) {
        plan.sni = ServerName::Off;
    }
    if let Some(name) = tls.text("sni").and_then(|text| host::name(build, &text)) {
        plan.sni = ServerName::Other(shared(&name));
    }
    plan.client_certificate = tls.group("certificate").and_then(|group| certificate(build, group));
    if tls.switch("verify") == Some(false) {
        plan.verify = false;
        build.complaints.warn(tls.find("verify").map_or(place, |at| at.place), "verify_off");
    }
    plan
}

/// Links to FastCGI are not kept unless that is asked for: an idle one keeps a worker of the application waiting. Links
/// that begin with a client's address are never kept.
fn idle(
    build: &mut Build<'_>,
    group: &Group,
    is_fastcgi: bool,
    proxy_protocol: Option<ProxyVersion>,
) -> IdleLinks {
    let mut standard = IdleLinks::default();
    if is_fastcgi || proxy_protocol.is_some() {
        standard.links = 0;
    }
    let Some(group) = group.group("idle") else { return standard };
    let idle = IdleLinks {
        links: group.count("links").map_or(standard.links, narrow),
        keep: group.duration("for").unwrap_or(standard.keep),
    };
    if let (true, Some(_), Some(place)) = (idle.links > 0, proxy_protocol, group.key_place("links")) {
        build.complaints.error(place, "idle_with_proxy_protocol");
    }
    idle
}

fn protocol(
    build: &mut Build<'_>,
    group: &Group,
    is_fastcgi: bool,
    proxy_protocol: Option<ProxyVersion>,
) -> Protocol {
    let Some(text) = group.text("protocol") else { return Protocol::default() };
    let protocol = match text.value {
        "http2" => Protocol::Http2,
        "auto" => Protocol::Auto,
        _ => Protocol::Http1,
    };
    if is_fastcgi {
        build.complaints.error(text.place, "protocol_with_fastcgi");
    } else if proxy_protocol.is_some() && protocol != Protocol::Http1 {
        build.complaints.error(text.place, "http2_with_proxy_protocol");
    }
    protocol
}

fn proxy_protocol(build: &mut Build<'_>, group: &Group, is_fastcgi: bool) -> Option<ProxyVersion> {
    let text = group.text("proxy_protocol")?;
    if is_fastcgi {
        build.complaints.error(text.place, "proxy_protocol_with_fastcgi");
    }
    Some(if text.value == "v1" { ProxyVersion::V1 } else { ProxyVersion::V2 })
}

fn response_limits(build: &mut Build<'_>, group: &Group) -> ResponseLimits {
    let standard = ResponseLimits::default();
    let Some(group) = group.group("response_limit") else { return standard };
    let head = group.size("head").unwrap_or(standard.head);
    if let Some(field) = group.find("field").filter(|_| group.size("field").is_some_and(|field| field > head))
    {
        build.complaints.error(field.place, "field_above_head").text("head", head.to_string());
    }
    ResponseLimits {
        head,
        field: group.size("field").unwrap_or(standard.field.min(head)),
        fields: group.count("fields").map_or(standard.fields, narrow),
        interim: group.count("interim").map_or(standard.interim, narrow32),
        body: group.size("body"),
    }
}
