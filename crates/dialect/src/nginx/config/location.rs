//! An nginx location that passes requests on becomes a [`Route`]: each family's directives and their defaults.

use super::pass::{self, Destination, FAMILIES, Family};
use super::pool::note;
use super::scope::{Scope, fact, path_fact};
use super::syntax::Directive;
use super::variables::expand;
use super::{Nginx, remarks};
use crate::config::{
    At, Deadlines, Fact, GatewayConfig, HostRule, HttpVersion, PathRule, Retries, Route, Sni, UpstreamTls,
};
use std::net::IpAddr;
use std::time::Duration;

/// What all routes of a server share.
#[derive(Debug, Clone)]
pub(super) struct Site {
    pub(super) listeners: Vec<usize>,
    pub(super) hosts: Vec<HostRule>,
    pub(super) client_idle: Fact<Duration>,
}

/// The route of a block with a passing directive, or of one the gateway answers itself.
pub(super) fn route(
    nginx: &Nginx<'_>,
    site: &Site,
    scope: &Scope<'_>,
    layer: &[Directive],
    path: PathRule,
    at: At,
    config: &mut GatewayConfig,
) -> Route {
    let Some((family, directive)) = pass::find(layer) else {
        let mut route = build(nginx, site, scope, FAMILIES[0], None, path, at);
        route.upstreams.clear();
        return route;
    };
    let destination = pass::destination(nginx, family, directive, scope, config);
    let route = build(nginx, site, scope, family, Some(&destination), path, at);
    remarks::on_route(nginx, scope, family, &destination, &route, config);
    if destination.upstreams.is_empty()
        && let Some(pool) = &destination.pool
    {
        note(config, directive, crate::config::NoteKind::EmptyPool { name: pool.value.clone() });
    }
    route
}

fn build(
    nginx: &Nginx<'_>,
    site: &Site,
    scope: &Scope<'_>,
    family: Family,
    destination: Option<&Destination>,
    path: PathRule,
    at: At,
) -> Route {
    let http_version = http_version(nginx, scope, family);
    let host = destination.map(|destination| destination.host.as_str()).unwrap_or_default();
    let upgrades = upgrades(scope, family, &http_version);
    Route {
        at: Some(at),
        listeners: site.listeners.clone(),
        hosts: site.hosts.clone(),
        path,
        is_conditional: false,
        is_internal: scope
            .layers()
            .next()
            .is_some_and(|layer| layer.iter().any(|one| one.name == "internal")),
        pool: destination.and_then(|destination| destination.pool.clone()),
        upstreams: destination.map(|destination| destination.upstreams.clone()).unwrap_or_default(),
        deadlines: deadlines(nginx, site, scope, family, destination, &http_version),
        tls: tls(nginx, scope, family, host),
        header_buffer: scope.size(&family.word("buffer_size"), PAGE),
        body_limit: Some(scope.size("client_max_body_size", 1024 * 1024)).filter(|limit| limit.value > 0),
        host_header: host_header(scope, family, host),
        http_version,
        sends_proxy_protocol: Fact::by_default(false, "proxy_protocol off;"),
        upgrades,
        retries: Some(retries(scope, family)),
        is_buffered: scope.switch(&family.word("buffering"), family.prefix != "grpc_"),
    }
}

fn deadlines(
    nginx: &Nginx<'_>,
    site: &Site,
    scope: &Scope<'_>,
    family: Family,
    destination: Option<&Destination>,
    http_version: &Fact<HttpVersion>,
) -> Deadlines {
    let usual = Duration::from_secs(60);
    let read = scope.duration(&family.word("read_timeout"), usual);
    let idle = destination.map(|destination| &destination.idle);
    let closes = closes_each(nginx, scope, family, http_version);
    Deadlines {
        connect: Some(scope.duration(&family.word("connect_timeout"), usual)),
        first_byte: Some(read.clone()),
        between_bytes: Some(read.clone()),
        send: Some(scope.duration(&family.word("send_timeout"), usual)),
        pool_idle: idle.and_then(|idle| idle.timeout.clone()).filter(|_| closes.is_none()),
        keeps_idle: match (idle, closes) {
            (Some(_), Some(closing)) => Some(closing.map(|_| 0)),
            (idle, _) => idle.map(|idle| idle.keeps.clone()),
        },
        client_idle: Some(site.client_idle.clone()),
        queue: None,
        tunnel: Some(read),
    }
}

/// The setting that ends each connection to the upstream after its request, if there is one.
pub(super) fn closes_each(
    nginx: &Nginx<'_>,
    scope: &Scope<'_>,
    family: Family,
    http_version: &Fact<HttpVersion>,
) -> Option<Fact<String>> {
    let spoken = |fact: Fact<bool>| fact.map(|_| String::new());
    match family.prefix {
        "grpc_" => None,
        "fastcgi_" => Some(scope.switch("fastcgi_keep_conn", false)).filter(|keeps| !keeps.value).map(spoken),
        "proxy_" if http_version.value == HttpVersion::Http10 => {
            Some(http_version.clone().map(|_| String::new()))
        }
        "proxy_" => match sent_header(scope, "Connection") {
            Some(header) => {
                let values = expand(&header.value, scope);
                values.iter().any(|value| value.eq_ignore_ascii_case("close")).then_some(header)
            }
            None if nginx.keeps_idle_by_default => None,
            None => Some(Fact::by_default(String::new(), "proxy_set_header Connection close;")),
        },
        _ => Some(Fact::by_default(String::new(), format!("{}pass", family.prefix))),
    }
}

fn http_version(nginx: &Nginx<'_>, scope: &Scope<'_>, family: Family) -> Fact<HttpVersion> {
    match family.prefix {
        "grpc_" => Fact::by_default(HttpVersion::Http2, "grpc_pass"),
        "proxy_" => scope.one("proxy_http_version").map_or_else(
            || match nginx.keeps_idle_by_default {
                true => Fact::by_default(HttpVersion::Http11, "proxy_http_version 1.1;"),
                false => Fact::by_default(HttpVersion::Http10, "proxy_http_version 1.0;"),
            },
            |directive| {
                let version = match directive.arg(0) {
                    "1.0" => HttpVersion::Http10,
                    "2" | "2.0" => HttpVersion::Http2,
                    _ => HttpVersion::Http11,
                };
                fact(directive, version)
            },
        ),
        _ => Fact::by_default(HttpVersion::Http11, String::new()),
    }
}

/// A header set for the upstream (`proxy_set_header`): the last one of this name where it holds.
pub(super) fn sent_header(scope: &Scope<'_>, name: &str) -> Option<Fact<String>> {
    let headers = scope.all("proxy_set_header");
    let header = headers.into_iter().rev().find(|header| header.arg(0).eq_ignore_ascii_case(name))?;
    Some(fact(header, header.arg(1).to_owned()))
}

fn host_header(scope: &Scope<'_>, family: Family, host: &str) -> Option<Fact<String>> {
    let header = match family.prefix {
        "proxy_" => sent_header(scope, "Host"),
        "grpc_" => {
            let headers = scope.all("grpc_set_header");
            let found = headers.into_iter().rev().find(|header| header.arg(0).eq_ignore_ascii_case("Host"));
            found.map(|header| fact(header, header.arg(1).to_owned()))
        }
        _ => return None,
    };
    let header = header.unwrap_or_else(|| {
        Fact::by_default("$proxy_host".to_owned(), format!("{}set_header Host $proxy_host;", family.prefix))
    });
    match header.value.as_str() {
        value if CLIENTS_HOST.contains(&value) => None,
        "$proxy_host" => Some(header.map(|_| host.to_owned())),
        _ => Some(header),
    }
}

fn upgrades(scope: &Scope<'_>, family: Family, http_version: &Fact<HttpVersion>) -> Fact<bool> {
    let upgrade = sent_header(scope, "Upgrade").filter(|_| family.prefix == "proxy_");
    let connection = sent_header(scope, "Connection").is_some_and(|header| {
        expand(&header.value, scope)
            .iter()
            .any(|value| value.to_ascii_lowercase().contains("upgrade") || value == "$http_connection")
    });
    match upgrade {
        Some(header) if header.value.contains("$http_upgrade") || !header.value.is_empty() => {
            header.map(|_| connection && http_version.value != HttpVersion::Http10)
        }
        _ => Fact::by_default(false, "proxy_set_header Upgrade \"\";"),
    }
}

fn retries(scope: &Scope<'_>, family: Family) -> Fact<Retries> {
    let tries = scope.one(&family.word("next_upstream_tries"));
    let attempts = tries.and_then(|tries| tries.arg(0).parse().ok()).filter(|tries| *tries > 0);
    let name = family.word("next_upstream");
    match scope.one(&name) {
        Some(directive) => {
            let is_off = directive.args.iter().any(|word| word == "off");
            let repeats_unsafe = directive.args.iter().any(|word| word == "non_idempotent");
            let when = if is_off { Vec::new() } else { directive.args.clone() };
            fact(directive, Retries { when, attempts, repeats_unsafe })
        }
        None => {
            let when = vec!["error".to_owned(), "timeout".to_owned()];
            Fact::by_default(
                Retries { when, attempts, repeats_unsafe: false },
                format!("{name} error timeout;"),
            )
        }
    }
}

fn tls(nginx: &Nginx<'_>, scope: &Scope<'_>, family: Family, host: &str) -> UpstreamTls {
    let word = |rest: &str| family.word(rest);
    let verify = scope.switch(&word("ssl_verify"), false);
    let host_name = crate::config::address::split_port(host).map_or(host, |(name, _)| name).to_owned();
    let name = match scope.text(&word("ssl_name")) {
        Some(name) if name.value == "$proxy_host" => name.map(|_| host_name),
        Some(name) => name,
        None => Fact::by_default(host_name, format!("{} $proxy_host;", word("ssl_name"))),
    };
    let sends = scope.switch(&word("ssl_server_name"), false);
    let sni = match name.value.as_str() {
        _ if !sends.value => Sni::Off,
        "$host" | "$http_host" | "$ssl_server_name" => Sni::Client,
        // An address is never sent as a name.
        address if address.parse::<IpAddr>().is_ok() => Sni::Off,
        name => Sni::Name(name.to_owned()),
    };
    let file = |rest: &str| {
        let found = scope.text(&word(rest)).filter(|found| !found.value.is_empty());
        found.map(|found| path_fact(found, &nginx.folder))
    };
    let versions = scope.one(&word("ssl_protocols")).map(|one| fact(one, one.args.join(" ")));
    let depth = scope
        .one(&word("ssl_verify_depth"))
        .and_then(|one| Some(fact(one, one.arg(0).parse().ok()?)))
        .unwrap_or_else(|| Fact::by_default(1, format!("{} 1;", word("ssl_verify_depth"))));
    UpstreamTls {
        checks_name: verify.clone(),
        verify,
        trust: file("ssl_trusted_certificate"),
        name: Some(name),
        sni: sends.map(|_| sni),
        client_certificate: file("ssl_certificate"),
        client_key: file("ssl_certificate_key"),
        versions,
        verify_depth: Some(depth),
    }
}

/// Values of `Host` that say what the client said.
const CLIENTS_HOST: &[&str] = &[
    "$host",
    "${host}",
    "$http_host",
    "${http_host}",
    "$host:$server_port",
    "$host$is_request_port$request_port",
];
/// A memory page: the usual size of the buffer for heads.
const PAGE: u64 = 4096;
