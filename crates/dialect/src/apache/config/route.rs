//! An Apache target becomes a [`Route`]: worker parameters, deadlines, TLS and their defaults.

use super::Apache;
use super::scope::{Scope, duration};
use super::site::Site;
use super::target::{Parameters, Target};
use crate::config::{
    At, Deadlines, Fact, HealthCheck, HttpVersion, PathRule, Resolves, Retries, Route, Scheme, Sni,
    UpstreamAddress, UpstreamConfig, UpstreamTls,
};
use std::net::IpAddr;
use std::time::Duration;

/// A server of a route, before it has become an upstream.
#[derive(Debug, Clone)]
pub(super) struct Member {
    pub(super) at: At,
    pub(super) written: String,
    pub(super) text: String,
    pub(super) address: UpstreamAddress,
    pub(super) parameters: Parameters,
}

impl Member {
    fn upstream(&self) -> UpstreamConfig {
        let parameters = &self.parameters;
        let mut upstream =
            UpstreamConfig::new(Some(self.at.clone()), self.written.clone(), self.address.clone());
        upstream.weight = parameters.number("loadfactor").map_or(1, |weight| weight.value);
        let status =
            parameters.text("status").map(|status| status.value.to_ascii_uppercase()).unwrap_or_default();
        upstream.is_backup = status.contains("+H");
        upstream.is_disabled = status.contains("+D") || status.contains("+S");
        upstream.max_connections = parameters.number("max");
        upstream.max_fails = Some(Fact::by_default(1, "retry=60"));
        let usual = || Fact::by_default(Duration::from_secs(60), "retry=60");
        upstream.fail_timeout = Some(parameters.duration("retry").unwrap_or_else(usual));
        upstream.check = self.check();
        // What is reused keeps its first address; what is opened anew looks the name up again.
        if upstream.address.name().is_some()
            && (!self.reuses().value || parameters.text("addressttl").is_some())
        {
            upstream.resolves = Resolves::AtRunTime { resolver: None };
        }
        upstream
    }

    fn check(&self) -> Option<HealthCheck> {
        let method = self.parameters.text("hcmethod")?;
        let is_bare = method.value.eq_ignore_ascii_case("tcp") || method.value.eq_ignore_ascii_case("none");
        let path = self.parameters.text("hcuri").map(|path| path.value);
        let usual = || Fact::by_default(Duration::from_secs(30), "hcinterval=30");
        Some(HealthCheck {
            at: method.at.clone(),
            written: method.written.clone(),
            path: if is_bare { None } else { path.or_else(|| Some("/".to_owned())) },
            method: (!is_bare).then(|| method.value.clone()),
            host: None,
            port: None,
            expected: self.parameters.text("hcexpr"),
            interval: Some(self.parameters.duration("hcinterval").unwrap_or_else(usual)),
            timeout: None,
            is_tls: self.address.scheme.is_tls(),
            client_certificate: None,
        })
    }

    fn is_ajp(&self) -> bool {
        self.address.scheme == Scheme::Ajp
    }

    /// Connections are kept for the next request: usual but for FastCGI.
    fn reuses(&self) -> Fact<bool> {
        let disabled = self.parameters.switch("disablereuse").map(|fact| {
            let reuses = !fact.value;
            fact.map(|_| reuses)
        });
        let usual = !matches!(self.address.scheme, Scheme::Fastcgi | Scheme::Scgi | Scheme::Uwsgi);
        let word = if usual { "disablereuse=Off" } else { "disablereuse=On" };
        let enabled = self.parameters.switch("enablereuse");
        enabled.or(disabled).unwrap_or_else(|| Fact::by_default(usual, word))
    }
}

/// The route to these servers.
pub(super) fn route(
    apache: &Apache<'_>,
    site: &Site,
    scope: &Scope<'_>,
    members: &[Member],
    path: PathRule,
    at: At,
) -> Route {
    let first = members.first();
    let preserves = scope.switch("ProxyPreserveHost", false);
    let is_two = first.is_some_and(|one| {
        let lower = one.text.to_ascii_lowercase();
        lower.starts_with("h2://") || lower.starts_with("h2c://")
    });
    let is_old = environment(scope, "force-proxy-request-1.0");
    let http_version = match is_old {
        Some(setting) => setting.map(|_| HttpVersion::Http10),
        None if is_two => Fact::by_default(HttpVersion::Http2, "h2"),
        None => Fact::by_default(HttpVersion::Http11, ""),
    };
    Route {
        at: Some(at),
        listeners: site.listeners.clone(),
        hosts: site.hosts.clone(),
        path,
        is_conditional: false,
        is_internal: false,
        pool: None,
        upstreams: members.iter().map(Member::upstream).collect(),
        deadlines: deadlines(scope, first),
        tls: tls(apache, scope, first, &preserves),
        header_buffer: header_buffer(scope, first),
        body_limit: body_limit(scope),
        host_header: host_header(scope, first, &preserves),
        http_version,
        sends_proxy_protocol: Fact::by_default(false, ""),
        upgrades: upgrades(first),
        retries: retries(members),
        is_buffered: Fact::by_default(false, ""),
    }
}

fn deadlines(scope: &Scope<'_>, first: Option<&Member>) -> Deadlines {
    let time = |key: &str| first.and_then(|one| one.parameters.duration(key));
    let said = |name: &str| scope.one(name).and_then(|one| Some(one.fact(duration(one.arg(0))?)));
    let whole = said("timeout").unwrap_or_else(|| Fact::by_default(Duration::from_secs(60), "Timeout 60"));
    let wait = time("timeout").or_else(|| said("proxytimeout")).unwrap_or(whole);
    let reuses = first.map(Member::reuses);
    let closes = environment(scope, "proxy-nokeepalive").map(|setting| setting.map(|_| false));
    let reuses = closes.or(reuses).filter(|_| first.is_some());
    let for_ever = || Fact::by_default(Deadlines::FOR_EVER, "ttl=");
    let keeps_alive = scope.switch("KeepAlive", true);
    let client_idle = said("keepalivetimeout");
    let client_idle =
        client_idle.unwrap_or_else(|| Fact::by_default(Duration::from_secs(5), "KeepAliveTimeout 5"));
    Deadlines {
        connect: Some(time("connectiontimeout").unwrap_or_else(|| wait.clone())),
        first_byte: Some(wait.clone()),
        between_bytes: Some(wait.clone()),
        send: Some(wait.clone()),
        tunnel: Some(wait),
        pool_idle: reuses
            .as_ref()
            .filter(|reuses| reuses.value)
            .map(|_| time("ttl").unwrap_or_else(for_ever)),
        keeps_idle: match reuses {
            Some(reuses) if !reuses.value => Some(reuses.map(|_| 0)),
            _ => first.and_then(|one| one.parameters.number("smax").or_else(|| one.parameters.number("max"))),
        },
        client_idle: keeps_alive.value.then_some(client_idle),
        queue: first.and_then(|one| one.parameters.text("acquire")).and_then(|fact| {
            // Alone among the parameters, this one counts milliseconds.
            let time = Duration::from_millis(fact.value.parse().ok()?);
            Some(fact.map(|_| time))
        }),
    }
}

fn header_buffer(scope: &Scope<'_>, first: Option<&Member>) -> Fact<u64> {
    let own = first.and_then(|one| one.parameters.number("responsefieldsize"));
    let own = own.map(|size| {
        let bytes = u64::from(size.value);
        size.map(|_| bytes)
    });
    // AJP packs the head into packets of the buffer's size.
    let packet = scope.number("proxyiobuffersize").filter(|_| first.is_some_and(Member::is_ajp));
    own.or(packet).unwrap_or_else(|| Fact::by_default(USUAL_LINE, "responsefieldsize=8192"))
}

fn body_limit(scope: &Scope<'_>) -> Option<Fact<u64>> {
    let said = scope.number("limitrequestbody");
    let usual = || Fact::by_default(1 << 30, "LimitRequestBody 1073741824");
    Some(said.unwrap_or_else(usual)).filter(|limit| limit.value > 0)
}

fn host_header(scope: &Scope<'_>, first: Option<&Member>, preserves: &Fact<bool>) -> Option<Fact<String>> {
    let set = scope
        .all("requestheader")
        .find(|one| one.arg(0).eq_ignore_ascii_case("set") && one.arg(1).eq_ignore_ascii_case("host"));
    let is_http = first.is_some_and(|one| one.address.scheme.is_http());
    match set {
        Some(set) if is_http && preserves.value => Some(set.fact(set.arg(2).to_owned())),
        _ if preserves.value || !is_http => None,
        _ => first.map(|one| preserves.clone().map(|_| Target::host(&one.text).to_owned())),
    }
}

fn upgrades(first: Option<&Member>) -> Fact<bool> {
    let is_socket = |one: &Member| one.text.starts_with("ws://") || one.text.starts_with("wss://");
    let upgrade = first.and_then(|one| one.parameters.text("upgrade"));
    match upgrade {
        Some(upgrade) => {
            let is_on = !upgrade.value.eq_ignore_ascii_case("none");
            upgrade.map(|_| is_on)
        }
        None => Fact::by_default(first.is_some_and(is_socket), "upgrade=NONE"),
    }
}

/// Only a group is tried again elsewhere.
fn retries(members: &[Member]) -> Option<Fact<Retries>> {
    if members.len() < 2 {
        return None;
    }
    let tried = members.iter().find_map(|one| one.parameters.number("maxattempts"));
    let on = members.iter().find_map(|one| one.parameters.text("failonstatus"));
    let mut when = vec!["connect".to_owned()];
    when.extend(on.map(|on| format!("failonstatus={}", on.value)));
    let usual = u32::try_from(members.len()).unwrap_or(u32::MAX);
    let attempts = tried.as_ref().map_or(usual, |tried| tried.value.saturating_add(1));
    let retries = Retries { when, attempts: Some(attempts), repeats_unsafe: false };
    Some(match tried {
        Some(tried) => tried.map(|_| retries),
        None => Fact::by_default(retries, format!("maxattempts={}", usual.saturating_sub(1))),
    })
}

fn tls(
    apache: &Apache<'_>,
    scope: &Scope<'_>,
    first: Option<&Member>,
    preserves: &Fact<bool>,
) -> UpstreamTls {
    let verify = match scope.one("sslproxyverify") {
        Some(one) => one.fact(!one.arg(0).eq_ignore_ascii_case("none")),
        None => Fact::by_default(false, "SSLProxyVerify none"),
    };
    let depth = scope.number("sslproxyverifydepth").map(|depth| {
        let value = u32::try_from(depth.value).unwrap_or(u32::MAX);
        depth.map(|_| value)
    });
    let host = first.map(|one| Target::host_name(&one.text)).unwrap_or_default();
    // The name sent and checked is that of the client's request where that is passed on.
    let sni = if preserves.value {
        preserves.clone().map(|_| Sni::Client)
    } else if host.parse::<IpAddr>().is_ok() {
        Fact::by_default(Sni::Off, "")
    } else {
        Fact::by_default(Sni::Upstream, "ProxyPreserveHost Off")
    };
    let name = (!preserves.value && !host.is_empty()).then(|| Fact::by_default(host.to_owned(), "ProxyPass"));
    UpstreamTls {
        verify,
        trust: scope
            .file("sslproxycacertificatefile", &apache.folder)
            .or_else(|| scope.file("sslproxycacertificatepath", &apache.folder)),
        name,
        checks_name: scope.switch("SSLProxyCheckPeerName", true),
        sni,
        client_certificate: scope.file("sslproxymachinecertificatefile", &apache.folder),
        client_key: None,
        versions: scope.one("sslproxyprotocol").map(|one| one.fact(one.args.join(" "))),
        verify_depth: Some(depth.unwrap_or_else(|| Fact::by_default(1, "SSLProxyVerifyDepth 1"))),
    }
}

/// A switch of the proxy that is set as a variable of the request.
fn environment(scope: &Scope<'_>, name: &str) -> Option<Fact<()>> {
    scope.all("setenv").find(|one| one.arg(0) == name && one.arg(1) != "0").map(|one| one.fact(()))
}

/// Bytes of one line of a head.
const USUAL_LINE: u64 = 8192;
