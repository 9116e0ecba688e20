//! A `reverse_proxy` becomes a [`Route`]: its settings, and Caddy's defaults for those not written.

use super::matcher::Matcher;
use super::settings::{Setting, Settings};
use crate::config::{
    At, Deadlines, Fact, HealthCheck, HttpVersion, PathRule, Place, Resolves, Retries, Route, Scheme, Sni,
    UpstreamAddress, UpstreamConfig, UpstreamTls,
};
use crate::go_values;
use std::path::PathBuf;
use std::time::Duration;

/// What a proxy is made of.
pub(super) struct Proxy {
    /// Where it begins.
    pub(super) at: At,
    /// The upstreams as written, each with its place.
    pub(super) upstreams: Vec<(String, At, String)>,
    /// Everything else.
    pub(super) settings: Settings,
    /// FastCGI is spoken.
    pub(super) is_fastcgi: bool,
    /// The transport was given as `tls`, or by a setting of TLS.
    pub(super) is_tls: bool,
}

/// What its site lends it.
pub(super) struct Surroundings {
    /// The requests taken.
    pub(super) matcher: Matcher,
    /// The listeners of the site.
    pub(super) listeners: Vec<usize>,
    /// How long idle clients are kept.
    pub(super) client_idle: Fact<Duration>,
    /// The largest body.
    pub(super) body_limit: Option<Fact<u64>>,
    /// Upstreams behind TLS are sent their own name.
    pub(super) names_upstream: bool,
}

/// The routes: one for each path.
pub(super) fn routes(proxy: &Proxy, around: &Surroundings) -> Vec<Route> {
    let is_tls = proxy.is_tls || proxy.upstreams.iter().any(|(text, _, _)| text.starts_with("https://"));
    let upstreams = upstreams(proxy, is_tls);
    let route = Route {
        upstreams,
        deadlines: deadlines(&proxy.settings, around),
        tls: tls(&proxy.settings),
        header_buffer: size(&proxy.settings, "max_response_header", 10 << 20),
        host_header: host_header(proxy, around, is_tls),
        http_version: http_version(&proxy.settings, is_tls, &proxy.upstreams),
        sends_proxy_protocol: match proxy.settings.get("proxy_protocol") {
            Some(setting) => setting.fact(matches!(setting.first(), "v1" | "v2")),
            None => Fact::by_default(false, ""),
        },
        upgrades: Fact::by_default(!proxy.is_fastcgi, ""),
        retries: retries(&proxy.settings),
        is_buffered: match proxy.settings.get("response_buffers") {
            Some(setting) => setting.fact(go_values::size(setting.first()).is_none_or(|size| size > 0)),
            None => Fact::by_default(false, ""),
        },
        ..itself(&proxy.at, around)
    };
    for_paths(route, around)
}

/// The same route for each of the matcher's paths.
pub(super) fn for_paths(route: Route, around: &Surroundings) -> Vec<Route> {
    if around.matcher.paths.is_empty() {
        return vec![route];
    }
    around.matcher.paths.iter().map(|path| Route { path: path.clone(), ..route.clone() }).collect()
}

/// A route that Caddy answers itself.
pub(super) fn itself(at: &At, around: &Surroundings) -> Route {
    let settings = Settings::default();
    Route {
        at: Some(at.clone()),
        listeners: around.listeners.clone(),
        hosts: around.matcher.hosts.clone(),
        path: PathRule::Any,
        is_conditional: around.matcher.is_conditional,
        is_internal: false,
        pool: None,
        upstreams: Vec::new(),
        deadlines: deadlines(&settings, around),
        tls: tls(&settings),
        header_buffer: size(&settings, "max_response_header", 10 << 20),
        body_limit: around.body_limit.clone(),
        host_header: None,
        http_version: Fact::by_default(HttpVersion::Http11, "versions 1.1 2"),
        sends_proxy_protocol: Fact::by_default(false, ""),
        upgrades: Fact::by_default(true, ""),
        retries: None,
        is_buffered: Fact::by_default(false, ""),
    }
}

fn deadlines(settings: &Settings, around: &Surroundings) -> Deadlines {
    let keeps = settings.get("keepalive").filter(|setting| setting.first() == "off");
    Deadlines {
        connect: settings.duration_or("dial_timeout", "3s"),
        first_byte: settings.duration("response_header_timeout"),
        between_bytes: settings.duration("read_timeout"),
        send: settings.duration("write_timeout"),
        pool_idle: match keeps {
            Some(_) => None,
            None => settings.duration_or("keepalive", "2m"),
        },
        keeps_idle: match keeps {
            Some(off) => Some(off.fact(0)),
            None => settings
                .number("keepalive_idle_conns_per_host")
                .or_else(|| Some(Fact::by_default(32, "keepalive_idle_conns_per_host 32"))),
        },
        client_idle: Some(around.client_idle.clone()),
        queue: settings.duration("lb_try_duration"),
        tunnel: settings.duration("stream_timeout"),
    }
}

fn tls(settings: &Settings) -> UpstreamTls {
    let insecure = settings.get("tls_insecure_skip_verify");
    let name = settings.get("tls_server_name");
    let trust = settings.get("tls_trusted_ca_certs").or_else(|| settings.get("tls_trust_pool_file"));
    let client = settings.get("tls_client_auth").filter(|setting| setting.args.len() == 2);
    UpstreamTls {
        verify: match insecure {
            Some(setting) => setting.fact(false),
            None => Fact::by_default(true, ""),
        },
        trust: trust.map(|setting| setting.fact(PathBuf::from(setting.first()))),
        name: name.map(|setting| setting.fact(setting.first().to_owned())),
        checks_name: match insecure {
            Some(setting) => setting.fact(false),
            None => Fact::by_default(true, ""),
        },
        sni: match name {
            Some(setting) => setting.fact(match setting.first() {
                "{host}" | "{http.request.host}" => Sni::Client,
                name => Sni::Name(name.to_owned()),
            }),
            None => Fact::by_default(Sni::Upstream, "tls_server_name {http.reverse_proxy.upstream.host}"),
        },
        client_certificate: client.map(|setting| setting.fact(PathBuf::from(setting.first()))),
        client_key: client.and_then(|setting| Some(setting.fact(PathBuf::from(setting.args.get(1)?)))),
        versions: None,
        verify_depth: None,
    }
}

fn size(settings: &Settings, name: &str, default: u64) -> Fact<u64> {
    settings
        .get(name)
        .and_then(|setting| Some(setting.fact(go_values::size(setting.first())?)))
        .unwrap_or_else(|| Fact::by_default(default, format!("{name} {}MiB", default >> 20)))
}

fn host_header(proxy: &Proxy, around: &Surroundings, is_tls: bool) -> Option<Fact<String>> {
    let set = proxy
        .settings
        .all("header_up")
        .filter(|setting| setting.first().eq_ignore_ascii_case("host") && setting.args.len() == 2)
        .last();
    let upstream = || {
        let first = proxy.upstreams.first().map(|(text, _, _)| text.as_str()).unwrap_or_default();
        first.split_once("://").map_or(first, |(_, rest)| rest).to_owned()
    };
    match set {
        Some(setting) => match setting.args.get(1).map(String::as_str).unwrap_or_default() {
            "{host}" | "{hostport}" | "{http.request.host}" | "{http.request.hostport}" => None,
            "{upstream_hostport}" | "{http.reverse_proxy.upstream.hostport}" => {
                Some(setting.fact(upstream()))
            }
            value => Some(setting.fact(value.to_owned())),
        },
        None if is_tls && around.names_upstream => {
            Some(Fact::by_default(upstream(), "header_up Host {upstream_hostport}"))
        }
        None => None,
    }
}

fn http_version(settings: &Settings, is_tls: bool, upstreams: &[(String, At, String)]) -> Fact<HttpVersion> {
    if let Some(setting) = settings.get("versions") {
        let has = |version: &str| setting.args.iter().any(|arg| arg == version);
        let version = match (has("1.1"), has("2"), has("h2c")) {
            (_, _, true) => HttpVersion::Http2,
            (true, true, _) if is_tls => HttpVersion::Negotiated,
            (false, true, _) => HttpVersion::Http2,
            _ => HttpVersion::Http11,
        };
        return setting.fact(version);
    }
    if upstreams.iter().any(|(text, _, _)| is_h2c(text)) {
        return Fact::by_default(HttpVersion::Http2, "versions h2c");
    }
    let version = if is_tls { HttpVersion::Negotiated } else { HttpVersion::Http11 };
    Fact::by_default(version, "versions 1.1 2")
}

fn is_h2c(upstream: &str) -> bool {
    upstream.starts_with("h2c://") || upstream.starts_with("unix+h2c/")
}

fn retries(settings: &Settings) -> Option<Fact<Retries>> {
    let attempts = settings.number("lb_retries").filter(|number| number.value > 0);
    let setting = settings.get("lb_retries").or_else(|| settings.get("lb_try_duration"))?;
    let mut when = vec!["dial error".to_owned(), "error of an idempotent request".to_owned()];
    when.extend(settings.all("lb_retry_match").map(|setting| setting.written.clone()));
    let repeats_unsafe = settings.has("lb_retry_match");
    let value =
        Retries { when, attempts: attempts.map(|number| number.value.saturating_add(1)), repeats_unsafe };
    Some(setting.fact(value))
}

fn upstreams(proxy: &Proxy, is_tls: bool) -> Vec<UpstreamConfig> {
    let settings = &proxy.settings;
    let resolver = settings.get("resolvers").map(|setting| setting.fact(setting.args.join(" ")));
    let speaks_h2c =
        settings.get("versions").is_some_and(|setting| setting.args.iter().any(|arg| arg == "h2c"));
    let fails = settings.duration("fail_duration");
    let mut out = Vec::new();
    for (text, at, written) in &proxy.upstreams {
        for mut address in addresses(text, proxy.is_fastcgi, is_tls) {
            if address.scheme == Scheme::Http && (is_h2c(text) || speaks_h2c) {
                address.scheme = Scheme::H2c;
            }
            let mut upstream = UpstreamConfig::new(Some(at.clone()), written.clone(), address);
            if upstream.address.name().is_some() {
                upstream.resolves = Resolves::AtRunTime { resolver: resolver.clone() };
            }
            if fails.is_some() {
                upstream.max_fails =
                    settings.number("max_fails").or_else(|| Some(Fact::by_default(1, "max_fails 1")));
                upstream.fail_timeout = fails.clone();
            }
            upstream.max_connections =
                settings.number("unhealthy_request_count").or_else(|| settings.number("max_conns_per_host"));
            upstream.check = check(settings, is_tls);
            out.push(upstream);
        }
    }
    out
}

/// The addresses of `host`, `host:80`, `https://host`, `unix//run/app.sock`, `:8080`, `host:8001-8003`.
fn addresses(text: &str, is_fastcgi: bool, is_tls: bool) -> Vec<UpstreamAddress> {
    let (scheme, rest) = match text.split_once("://") {
        Some((scheme, rest)) => (scheme, rest.trim_end_matches('/')),
        None => ("", text),
    };
    let scheme = match scheme {
        _ if is_fastcgi => Scheme::Fastcgi,
        "h2c" => Scheme::H2c,
        "https" => Scheme::Https,
        _ if is_tls => Scheme::Https,
        _ => Scheme::Http,
    };
    if let Some((network, path)) = rest.split_once('/') {
        return match network {
            "unix" | "unix+h2c" => {
                vec![UpstreamAddress::unix(scheme, format!("/{}", path.trim_start_matches('/')))]
            }
            "tcp" | "tcp4" | "tcp6" => addresses(path, is_fastcgi, is_tls),
            _ => vec![UpstreamAddress { scheme, place: Place::Variable(text.to_owned()) }],
        };
    }
    if rest.contains('{') {
        return vec![UpstreamAddress { scheme, place: Place::Variable(rest.to_owned()) }];
    }
    if let Some((host, range)) = rest.rsplit_once(':')
        && let Some((first, last)) = range.split_once('-')
        && let (Ok(first), Ok(last)) = (first.parse::<u16>(), last.parse::<u16>())
    {
        return (first..=last)
            .take(100)
            .map(|port| UpstreamAddress::tcp(scheme, local(host), port))
            .collect();
    }
    let rest = if rest.starts_with(':') { format!("localhost{rest}") } else { rest.to_owned() };
    // A host alone means port 80, unless its scheme was written.
    let usual = if text.starts_with("https://") { Scheme::Https } else { Scheme::Http };
    let found = UpstreamAddress::parse(usual, &rest).map(|address| UpstreamAddress { scheme, ..address });
    found.into_iter().collect()
}

fn local(host: &str) -> &str {
    if host.is_empty() { "localhost" } else { host }
}

fn check(settings: &Settings, is_tls: bool) -> Option<HealthCheck> {
    let setting: &Setting =
        ["health_uri", "health_path", "health_port"].iter().find_map(|name| settings.get(name))?;
    let uri = settings.get("health_uri").or_else(|| settings.get("health_path"));
    let host = settings.get("health_header_host").map(|setting| setting.first().to_owned());
    Some(HealthCheck {
        at: Some(setting.at.clone()),
        written: setting.written.clone(),
        method: Some(settings.get("health_method").map_or("GET", Setting::first).to_owned()),
        path: Some(uri.map_or("/", Setting::first).to_owned()),
        host,
        port: settings.get("health_port").and_then(|setting| setting.first().parse().ok()),
        expected: settings.get("health_status").map(|setting| setting.fact(setting.first().to_owned())),
        interval: settings.duration_or("health_interval", "30s"),
        timeout: settings.duration_or("health_timeout", "5s"),
        is_tls,
        client_certificate: None,
    })
}
