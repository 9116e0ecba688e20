//! HAProxy's frontends: where they listen, and which backend takes which requests.

use super::Haproxy;
use super::backend::{ANSWERS, Backend, client_idle};
use super::condition::{Alternative, alternatives};
use super::scope::Scope;
use super::server::address;
use super::syntax::Line;
use crate::config::{
    At, Fact, Files, GatewayConfig, HostRule, ListenAddress, Listener, NoteKind, PathRule, Place, Route,
    Scheme,
};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A frontend, or a `listen` section.
pub(super) struct Frontend<'a> {
    scope: Scope<'a>,
    acls: Vec<&'a Line>,
    listeners: Vec<usize>,
    port: Option<u16>,
}

impl<'a> Frontend<'a> {
    /// Reads where the section listens.
    pub(super) fn new(haproxy: &Haproxy<'a>, place: usize, config: &mut GatewayConfig) -> Option<Self> {
        let scope = Scope::new(haproxy.sections, place)?;
        let before = config.listeners.len();
        let head = &scope.section.head;
        // An old form has the address behind the name.
        let old = Some(head.word(2)).filter(|word| word.contains(':') && head.place_of_from().is_none());
        for (line, text) in old
            .map(|text| (head, text))
            .into_iter()
            .chain(scope.all(&["bind"]).map(|line| (line, line.word(1))))
        {
            for address in text.split(',') {
                let Some(listener) = listener(haproxy, &scope, line, address) else { continue };
                if !listener.is_tls && !listener.certificates.is_empty() {
                    config.note(Some(line.at.clone()), line.without_ssl());
                }
                config.listeners.push(listener);
            }
        }
        let listeners: Vec<usize> = (before..config.listeners.len()).collect();
        let port = listeners.iter().find_map(|place| match config.listeners.get(*place)?.address {
            ListenAddress::Tcp { port, .. } => Some(port),
            ListenAddress::Unix(_) => None,
        });
        let mut acls: Vec<&Line> = scope.all(&["acl"]).collect();
        if acls.is_empty() {
            acls = scope.all_or_defaults(&["acl"]);
        }
        Some(Frontend { scope, acls, listeners, port })
    }

    /// Adds the routes in the order in which the product tries them.
    pub(super) fn routes(&self, haproxy: &Haproxy<'a>, files: &dyn Files, config: &mut GatewayConfig) {
        self.own_answers(haproxy, config);
        for rule in self.scope.all(&["use_backend"]) {
            if rule.word(1).starts_with("%[") {
                self.by_map(haproxy, rule, files, config);
                continue;
            }
            let alternatives = alternatives(rule.rest(2), &self.acls);
            self.to(haproxy, rule, rule.word(1), &alternatives, config);
        }
        let otherwise = [Alternative::default()];
        if let Some(line) = self.scope.one(&["default_backend"]) {
            return self.to(haproxy, line, line.word(1), &otherwise, config);
        }
        let own = Backend::new(haproxy.sections, haproxy.place_of(self.scope.section));
        if let Some(own) = own.filter(|own| self.scope.section.kind() == "listen" && own.has_servers()) {
            let route = own.route(Some(&self.scope), &haproxy.global, self.port);
            self.add(route, &self.scope.section.head.at.clone(), &otherwise, config);
        }
    }

    /// Requests that end here: redirects, refusals, fixed answers; only where names and paths tell which.
    fn own_answers(&self, haproxy: &Haproxy<'a>, config: &mut GatewayConfig) {
        for line in &self.scope.section.lines {
            let ends = line.word(0) == "redirect"
                || line.word(0) == "http-request" && ANSWERS.contains(&line.word(1));
            if !ends {
                continue;
            }
            let place = line.words.iter().position(|word| word == "if" || word == "unless");
            let condition = place.map_or(&[][..], |place| line.rest(place));
            let mut alternatives = alternatives(condition, &self.acls);
            alternatives.retain(|one| !one.is_conditional);
            let empty = Backend::new(haproxy.sections, haproxy.place_of(self.scope.section));
            if let Some(empty) = empty {
                let mut route = empty.route(Some(&self.scope), &haproxy.global, self.port);
                route.upstreams.clear();
                route.pool = None;
                self.add(route, &line.at, &alternatives, config);
            }
        }
    }

    fn to(
        &self,
        haproxy: &Haproxy<'a>,
        rule: &Line,
        name: &str,
        alternatives: &[Alternative],
        config: &mut GatewayConfig,
    ) {
        let place = haproxy.sections.iter().position(|one| {
            matches!(one.kind(), "backend" | "listen") && one.name() == name && !name.is_empty()
        });
        let Some(backend) = place.and_then(|place| Backend::new(haproxy.sections, place)) else {
            config.note(Some(rule.at.clone()), NoteKind::UnknownPool { name: name.to_owned() });
            return;
        };
        let route = backend.route(Some(&self.scope), &haproxy.global, self.port);
        self.add(route, &rule.at, alternatives, config);
    }

    /// One route for each alternative and path.
    fn add(&self, base: Route, at: &At, alternatives: &[Alternative], config: &mut GatewayConfig) {
        for alternative in alternatives {
            let any = [PathRule::Any];
            let paths = if alternative.paths.is_empty() { &any[..] } else { &alternative.paths[..] };
            for path in paths {
                config.routes.push(Route {
                    at: Some(at.clone()),
                    listeners: self.listeners.clone(),
                    hosts: alternative.hosts.clone(),
                    path: path.clone(),
                    is_conditional: alternative.is_conditional,
                    ..base.clone()
                });
            }
        }
    }

    /// `use_backend %[req.hdr(host),lower,map(/etc/haproxy/hosts.map,usual)]`: one route for each line of the map.
    fn by_map(&self, haproxy: &Haproxy<'a>, rule: &Line, files: &dyn Files, config: &mut GatewayConfig) {
        let condition = rule.words.iter().position(|word| word == "if" || word == "unless");
        let text = rule.words.get(1..condition.unwrap_or(rule.words.len())).unwrap_or_default().join(" ");
        let lower = text.to_ascii_lowercase();
        let parts = lower.find(",map").and_then(|place| {
            let call = text.get(place + ",map".len()..)?;
            let (way, inner) = call.split_once('(')?;
            let (inner, _) = inner.split_once(')')?;
            let (file, usual) = inner.split_once(',').unwrap_or((inner, ""));
            Some((way.trim_start_matches('_').to_owned(), file.trim().to_owned(), usual.trim().to_owned()))
        });
        let Some((way, file, usual)) = parts else { return };
        let is_host = lower.contains("hdr(host)") || lower.contains("sni");
        let fetch = match (is_host, way.as_str()) {
            (true, "") => "hdr(host)".to_owned(),
            (false, "") => "path".to_owned(),
            (true, way) => format!("hdr_{way}(host)"),
            (false, way) => format!("path_{way}"),
        };
        let path = PathBuf::from(file);
        match files.read(&path) {
            Ok(text) => {
                config.files.push(path.clone());
                let file: Arc<Path> = Arc::from(path.as_path());
                for (number, line) in text.lines().enumerate().take(MOST) {
                    let mut words = line.split_whitespace();
                    let (Some(key), Some(value)) = (words.next(), words.next()) else { continue };
                    if key.starts_with('#') {
                        continue;
                    }
                    let at = At::new(&file, u32::try_from(number + 1).unwrap_or(u32::MAX));
                    let line =
                        Line { words: vec![key.to_owned(), value.to_owned()], at, text: line.to_owned() };
                    let words: Vec<String> =
                        ["if", "{", &fetch, key, "}"].into_iter().map(str::to_owned).collect();
                    self.to(haproxy, &line, value, &alternatives(&words, &[]), config);
                }
            }
            Err(error) => {
                let what = NoteKind::Unreadable { file: path, why: error.to_string() };
                config.note(Some(rule.at.clone()), what);
            }
        }
        if !usual.is_empty() {
            let alternatives = alternatives(condition.map_or(&[][..], |place| rule.rest(place)), &self.acls);
            self.to(haproxy, rule, &usual, &alternatives, config);
        }
    }
}

fn listener(haproxy: &Haproxy<'_>, scope: &Scope<'_>, line: &Line, text: &str) -> Option<Listener> {
    if text.starts_with("quic") || text.starts_with("udp") {
        return None;
    }
    // Of a range of ports, the first one stands for all.
    let text = text
        .rsplit_once('-')
        .filter(|(_, last)| last.parse::<u16>().is_ok())
        .map_or(text, |(first, _)| first);
    let address = match address(Scheme::Tcp, text, None)?.place {
        Place::Tcp { host, port } => {
            ListenAddress::Tcp { host: Some(host).filter(|host| host != "0.0.0.0"), port }
        }
        Place::Unix(path) => ListenAddress::Unix(path),
        Place::Variable(_) => return None,
    };
    let has = |word: &str| line.words.iter().any(|own| own == word);
    let certificates = line
        .words
        .iter()
        .zip(line.rest(1))
        .filter(|(name, _)| matches!(name.as_str(), "crt" | "crt-list"))
        .map(|(_, file)| line.fact(haproxy.global.crt_base.join(file)))
        .collect();
    Some(Listener {
        at: Some(line.at.clone()),
        address,
        names: Vec::<HostRule>::new(),
        is_tls: has("ssl"),
        certificates,
        keys: Vec::new(),
        expects_proxy_protocol: match has("accept-proxy") {
            true => line.fact(true),
            false => Fact::by_default(false, "bind"),
        },
        is_fallback: true,
        client_idle: client_idle(scope),
    })
}

impl Line {
    /// The place of `from`, where a section names its defaults.
    fn place_of_from(&self) -> Option<usize> {
        self.words.iter().position(|word| word == "from").filter(|place| *place <= 2)
    }
}

/// Lines of a map we follow.
const MOST: usize = 5000;
