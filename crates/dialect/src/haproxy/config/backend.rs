//! HAProxy's backends: their servers, health checks and deadlines become the far half of a [`Route`].

use super::global::Global;
use super::scope::Scope;
use super::server::Server;
use super::syntax::{Line, Section};
use crate::config::{
    Deadlines, Fact, GatewayConfig, HealthCheck, HttpVersion, NoteKind, PathRule, Retries, Route, Scheme,
    UpstreamConfig,
};
use std::time::Duration;

/// A backend, or the `listen` section that is one too.
#[derive(Debug, Clone)]
pub(super) struct Backend<'a> {
    pub(super) scope: Scope<'a>,
    servers: Vec<Server<'a>>,
}

impl<'a> Backend<'a> {
    /// Reads the section at `place`.
    pub(super) fn new(sections: &'a [Section], place: usize) -> Option<Self> {
        let scope = Scope::new(sections, place)?;
        let mut defaults: Vec<&Line> = if scope.all(&["default-server"]).next().is_some() {
            Vec::new()
        } else {
            scope.all_or_defaults(&["default-server"])
        };
        let mut servers = Vec::new();
        for line in &scope.section.lines {
            match line.word(0) {
                "default-server" => defaults.push(line),
                "server" | "server-template" => servers.push(Server::new(line, &defaults)),
                _ => {}
            }
        }
        Some(Backend { scope, servers })
    }

    /// It has servers of its own.
    pub(super) fn has_servers(&self) -> bool {
        !self.servers.is_empty()
    }

    /// It answers requests itself.
    pub(super) fn answers_itself(&self) -> bool {
        self.scope.section.lines.iter().any(|line| {
            let action = line.word(1);
            matches!(
                line.word(0),
                "redirect" | "stats" | "errorfile" | "monitor-uri" | "dispatch" | "use-fcgi-app"
            ) || line.word(0) == "http-request" && ANSWERS.contains(&action)
                || line.begins(&["http-request", "use-service"])
                || line.begins(&["option", "transparent"])
        })
    }

    /// The route to this backend with nothing said about who takes it; `front` is where the clients come in.
    pub(super) fn route(&self, front: Option<&Scope<'a>>, global: &Global<'_>, port: Option<u16>) -> Route {
        let is_tcp = self.scope.is_tcp();
        let upstreams = self.upstreams(is_tcp, port);
        let tls_server = self.servers.iter().find(|server| server.is_tls());
        let shown = tls_server.or(self.servers.first()).cloned();
        let shown = shown.unwrap_or_else(|| Server::new(&self.scope.section.head, &[]));
        let proxy_protocol = self.servers.iter().find_map(Server::proxy_protocol);
        Route {
            at: Some(self.scope.section.head.at.clone()),
            listeners: Vec::new(),
            hosts: Vec::new(),
            path: PathRule::Any,
            is_conditional: false,
            is_internal: false,
            pool: Some(self.scope.section.head.fact(self.scope.section.name().to_owned())),
            deadlines: self.deadlines(front, &shown, is_tcp),
            tls: shown.tls(global.verifies.clone(), (&global.ca_base, &global.crt_base)),
            header_buffer: global.header_buffer.clone(),
            body_limit: None,
            host_header: self.host_header(),
            http_version: http_version(&shown, &upstreams),
            sends_proxy_protocol: proxy_protocol.unwrap_or_else(|| Fact::by_default(false, "")),
            upgrades: Fact::by_default(true, ""),
            retries: Some(self.retries()),
            is_buffered: Fact::by_default(false, ""),
            upstreams,
        }
    }

    fn upstreams(&self, is_tcp: bool, port: Option<u16>) -> Vec<UpstreamConfig> {
        let mut upstreams = Vec::new();
        for server in &self.servers {
            let Some(mut upstream) = server.upstream(is_tcp, port) else { continue };
            upstream.check = self.check(server);
            upstreams.push(upstream);
        }
        upstreams
    }

    fn check(&self, server: &Server<'_>) -> Option<HealthCheck> {
        let (interval, is_tls, port) = server.check()?;
        let http = self.scope.option("httpchk");
        let send = self.scope.one(&["http-check", "send"]);
        let word_after = |line: &Line, name: &str| {
            let place = line.words.iter().position(|word| word == name)?;
            line.words.get(place + 1).cloned()
        };
        let (mut method, mut path, mut host) = (None, None, None);
        if let Some(option) = http {
            // One word is the path, two are method and path.
            (method, path) = match option.rest(2) {
                [] => (Some("OPTIONS".to_owned()), Some("/".to_owned())),
                [path] => (Some("OPTIONS".to_owned()), Some(path.clone())),
                [method, path, rest @ ..] => {
                    let text = rest.join(" ");
                    let lower = text.to_ascii_lowercase();
                    host = lower
                        .find("host:")
                        .and_then(|place| text.get(place + "host:".len()..))
                        .map(|rest| rest.trim().lines().next().unwrap_or_default().to_owned());
                    (Some(method.clone()), Some(path.clone()))
                }
            };
            if let Some(send) = send {
                method = word_after(send, "meth").or(method);
                path = word_after(send, "uri").or(path);
                let place = send.words.iter().position(|word| word.eq_ignore_ascii_case("host"));
                host = place.and_then(|place| send.words.get(place + 1).cloned()).or(host);
            }
        }
        let shown = http.unwrap_or(server.line());
        let expected = self.scope.one(&["http-check", "expect"]).filter(|_| http.is_some());
        Some(HealthCheck {
            at: Some(shown.at.clone()),
            written: shown.text.clone(),
            method,
            path,
            host,
            port,
            expected: expected.map(|line| line.fact(line.rest(2).join(" "))),
            timeout: Some(self.scope.timeout("check").unwrap_or_else(|| interval.clone())),
            interval: Some(interval),
            is_tls,
            client_certificate: None,
        })
    }

    fn deadlines(&self, front: Option<&Scope<'a>>, shown: &Server<'_>, is_tcp: bool) -> Deadlines {
        let connect = self.scope.timeout("connect");
        let server = self.scope.timeout("server");
        let reuse = self.scope.one(&["http-reuse"]);
        let closing = self.scope.option("httpclose").or_else(|| self.scope.option("http-server-close"));
        let never = reuse.filter(|line| line.word(1) == "never").or(closing);
        let keeps = !is_tcp && never.is_none();
        Deadlines {
            queue: self.scope.timeout("queue").or_else(|| connect.clone()),
            tunnel: self.scope.timeout("tunnel").or_else(|| server.clone()),
            connect,
            first_byte: server.clone(),
            between_bytes: server.clone(),
            send: server,
            pool_idle: keeps.then(|| shown.idle()),
            keeps_idle: match never {
                Some(line) if !is_tcp => Some(line.fact(0)),
                _ if is_tcp => Some(Fact::by_default(0, "mode tcp")),
                _ => shown.keeps_idle(),
            },
            client_idle: front.and_then(client_idle),
        }
    }

    fn host_header(&self) -> Option<Fact<String>> {
        let mut lines = self.scope.section.lines.iter().rev();
        let line = lines.find(|line| {
            line.begins(&["http-request", "set-header"]) && line.word(2).eq_ignore_ascii_case("host")
        })?;
        Some(line.fact(line.word(3).to_owned()))
    }

    fn retries(&self) -> Fact<Retries> {
        let on = self.scope.one(&["retry-on"]);
        let count = self.scope.one(&["retries"]);
        let attempts = count.and_then(|line| line.word(1).parse::<u32>().ok()).unwrap_or(3).saturating_add(1);
        let when = on.map_or_else(|| vec!["conn-failure".to_owned()], |line| line.rest(1).to_vec());
        // Everything beyond a failed connection repeats requests whatever their method.
        let repeats_unsafe =
            when.iter().any(|word| !matches!(word.as_str(), "conn-failure" | "none" | "0rtt-rejected"));
        let retries = Retries { when, attempts: Some(attempts), repeats_unsafe };
        match on.or(count) {
            Some(line) => line.fact(retries),
            None => Fact::by_default(retries, "retries 3"),
        }
    }

    /// Says what is odd in the section.
    pub(super) fn remarks(&self, sections: &[Section], verifies: bool, config: &mut GatewayConfig) {
        let at = Some(self.scope.section.head.at.clone());
        let name = self.scope.section.name().to_owned();
        if self.servers.is_empty() && !self.answers_itself() && self.scope.section.kind() == "backend" {
            config.note(at.clone(), NoteKind::EmptyPool { name: name.clone() });
        }
        let http = self.scope.option("httpchk");
        let checked: Vec<_> = self.servers.iter().filter_map(|server| self.check(server)).collect();
        if let Some(option) = http.filter(|option| self.scope.section.lines.contains(option)) {
            let directive = option.text.clone();
            if checked.is_empty() && self.has_servers() {
                let because = "server ... check".to_owned();
                config.note(Some(option.at.clone()), NoteKind::WithoutEffect { directive, because });
            } else if checked.iter().any(|check| check.path.is_some() && check.host.is_none()) {
                config.note(Some(option.at.clone()), NoteKind::CheckWithoutHost { pool: name.clone() });
            }
        }
        for server in &self.servers {
            let at = Some(server.line().at.clone());
            if server.forgets_tls() && !self.scope.is_tcp() {
                config.note(at.clone(), server.line().without_ssl());
            }
            let has_trust = server.value("ca-file").is_some();
            let verify = server.value("verify").map_or(verifies, |verify| verify.value != "none");
            if server.is_tls() && verify && !has_trust {
                let what = "verify is enabled but no CA file specified".to_owned();
                config.note(at.clone(), NoteKind::Syntax { what });
            }
            // One of this name is there by itself.
            if let Some(resolvers) =
                server.value("resolvers").filter(|resolvers| resolvers.value != "default")
                && !sections.iter().any(|one| one.kind() == "resolvers" && one.name() == resolvers.value)
            {
                let what = format!("unable to find required resolvers '{}'", resolvers.value);
                config.note(at, NoteKind::Syntax { what });
            }
        }
    }
}

/// How long an idle connection of a client is kept.
pub(super) fn client_idle(front: &Scope<'_>) -> Option<Fact<Duration>> {
    ["http-keep-alive", "http-request", "client"].into_iter().find_map(|name| front.timeout(name))
}

fn http_version(server: &Server<'_>, upstreams: &[UpstreamConfig]) -> Fact<HttpVersion> {
    if let Some(alpn) = server.value("alpn") {
        let speaks_two = alpn.value.split(',').any(|name| name == "h2");
        let speaks_one = alpn.value.split(',').any(|name| name == "http/1.1");
        return alpn.map(|_| match (speaks_two, speaks_one) {
            (true, true) => HttpVersion::Negotiated,
            (true, false) => HttpVersion::Http2,
            _ => HttpVersion::Http11,
        });
    }
    match server.value("proto") {
        Some(proto) if proto.value == "h2" => proto.map(|_| HttpVersion::Http2),
        _ if upstreams.iter().any(|one| one.address.scheme == Scheme::H2c) => {
            Fact::by_default(HttpVersion::Http2, "proto h2")
        }
        _ => Fact::by_default(HttpVersion::Http11, "proto h1"),
    }
}

/// Actions of `http-request` that end a request in the gateway.
pub(super) const ANSWERS: &[&str] =
    &["deny", "redirect", "return", "tarpit", "auth", "reject", "silent-drop"];
