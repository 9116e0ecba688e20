//! nginx's `server` blocks: where they listen, for which names, and the locations in them.

use super::location::{Site, route};
use super::scope::{Scope, duration, fact, path_fact};
use super::syntax::Directive;
use super::{Nginx, pass};
use crate::Product;
use crate::config::address::split_port;
use crate::config::choose::best_by_path;
use crate::config::{Fact, GatewayConfig, HostRule, ListenAddress, Listener, NoteKind, PathRule, Route};
use std::path::PathBuf;
use std::time::Duration;

/// Reads one `server` block.
pub(super) fn read(nginx: &Nginx<'_>, outer: &Scope<'_>, server: &Directive, config: &mut GatewayConfig) {
    let scope = outer.with(server.inner());
    let hosts = names(&scope);
    let client_idle = client_idle(&scope);
    let before = config.listeners.len();
    let listeners = listeners(nginx, &scope, server, &hosts, &client_idle);
    config.listeners.extend(listeners);
    let site = Site { listeners: (before..config.listeners.len()).collect(), hosts, client_idle };
    let mut routes = Vec::new();
    locations(nginx, &site, &scope, server.inner(), server.inner(), &mut routes, config);
    let serves_all = |route: &Route| matches!(&route.path, PathRule::Prefix(prefix) if prefix == "/");
    if !routes.iter().any(serves_all) {
        let at = server.at.clone();
        routes.push(route(nginx, &site, &scope, server.inner(), PathRule::Any, at, config));
    }
    follow_files(server, &mut routes);
    config.routes.append(&mut routes);
}

fn listeners(
    nginx: &Nginx<'_>,
    scope: &Scope<'_>,
    server: &Directive,
    names: &[HostRule],
    idle: &Fact<Duration>,
) -> Vec<Listener> {
    let files = |name: &str| -> Vec<Fact<PathBuf>> {
        let all = scope.all(name).into_iter();
        all.map(|one| path_fact(fact(one, one.arg(0).to_owned()), &nginx.folder)).collect()
    };
    let ssl_on = scope.switch("ssl", false).value;
    let build = |address: ListenAddress, listen: Option<&Directive>| {
        let has = |word: &str| listen.is_some_and(|listen| listen.args.iter().any(|arg| arg == word));
        let is_tls = ssl_on || has("ssl");
        let proxy = has("proxy_protocol");
        Listener {
            at: Some(listen.unwrap_or(server).at.clone()),
            address,
            names: names.to_vec(),
            is_tls,
            certificates: if is_tls { files("ssl_certificate") } else { Vec::new() },
            keys: if is_tls { files("ssl_certificate_key") } else { Vec::new() },
            expects_proxy_protocol: match listen.filter(|_| proxy) {
                Some(listen) => fact(listen, true),
                None => Fact::by_default(false, "listen"),
            },
            is_fallback: has("default_server") || has("default"),
            client_idle: Some(idle.clone()),
        }
    };
    let listens: Vec<&Directive> = server.inner().iter().filter(|inner| inner.name == "listen").collect();
    if listens.is_empty() {
        return vec![build(ListenAddress::Tcp { host: None, port: 80 }, None)];
    }
    let over_tcp = listens.into_iter().filter(|listen| !listen.args.iter().any(|arg| arg == "quic"));
    over_tcp.filter_map(|listen| Some(build(address(listen.arg(0))?, Some(listen)))).collect()
}

/// A certificate, and a port for TLS that nobody has told to speak it: neither this site nor another one there.
pub(super) fn note_missing_ssl(outer: &Scope<'_>, server: &Directive, config: &mut GatewayConfig) {
    let scope = outer.with(server.inner());
    if scope.one("ssl_certificate").is_none() || scope.switch("ssl", false).value {
        return;
    }
    for listen in server.inner().iter().filter(|inner| inner.name == "listen") {
        let Some(address @ ListenAddress::Tcp { port: 443 | 8443, .. }) = address(listen.arg(0)) else {
            continue;
        };
        let is_quic = listen.args.iter().any(|arg| arg == "quic");
        if is_quic || config.listeners.iter().any(|other| other.is_tls && other.address == address) {
            continue;
        }
        let needed_by = listen.written();
        let mended = format!("{} ssl;", needed_by.trim_end_matches(';'));
        let what = NoteKind::SwitchMissing { directive: "ssl".to_owned(), needed_by, mended };
        config.note(Some(listen.at.clone()), what);
    }
}

/// `80`, `*:80`, `10.0.0.1`, `[::]:443`, `unix:/path`.
pub(super) fn address(text: &str) -> Option<ListenAddress> {
    if let Some(path) = text.strip_prefix("unix:") {
        return Some(ListenAddress::Unix(PathBuf::from(path)));
    }
    if let Ok(port) = text.parse() {
        return Some(ListenAddress::Tcp { host: None, port });
    }
    let (host, port) = split_port(text)?;
    let port = port.map_or(Some(80), |port| port.parse().ok())?;
    let host = (!matches!(host, "*" | "0.0.0.0")).then(|| host.to_owned());
    Some(ListenAddress::Tcp { host, port })
}

fn names(scope: &Scope<'_>) -> Vec<HostRule> {
    let mut names = Vec::new();
    let words = scope.layers().next().unwrap_or_default().iter().filter(|one| one.name == "server_name");
    for word in words.flat_map(|one| &one.args) {
        let lower = word.to_ascii_lowercase();
        if let Some(pattern) = word.strip_prefix('~') {
            names.push(HostRule::Regex(pattern.to_owned()));
        } else if let Some(rest) = lower.strip_prefix("*.") {
            names.push(HostRule::Below(format!(".{rest}")));
        } else if let Some(rest) = lower.strip_prefix('.') {
            names.push(HostRule::Exact(rest.to_owned()));
            names.push(HostRule::Below(format!(".{rest}")));
        } else if let Some(rest) = lower.strip_suffix('*') {
            names.push(HostRule::Begins(rest.to_owned()));
        } else {
            names.push(HostRule::Exact(lower));
        }
    }
    if names.is_empty() {
        names.push(HostRule::Exact(String::new()));
    }
    names
}

fn client_idle(scope: &Scope<'_>) -> Fact<Duration> {
    let usual = || Fact::by_default(USUAL_CLIENT_IDLE, "keepalive_timeout 75s;");
    let Some(written) = scope.one("keepalive_timeout") else { return usual() };
    duration(written.arg(0)).map_or_else(usual, |time| fact(written, time))
}

fn locations(
    nginx: &Nginx<'_>,
    site: &Site,
    scope: &Scope<'_>,
    layer: &[Directive],
    server: &[Directive],
    routes: &mut Vec<Route>,
    config: &mut GatewayConfig,
) {
    for location in layer.iter().filter(|one| one.name == "location" && one.block.is_some()) {
        let inner = location.inner();
        let within = scope.with(inner);
        let (path, is_named) = path(location);
        let mut own = route(nginx, site, &within, inner, path.clone(), location.at.clone(), config);
        own.is_internal |= is_named;
        if pass::find(inner).is_none()
            && let Some(name) = named_target(&within)
            && let Some(target) = server.iter().find(|one| one.name == "location" && one.arg(0) == name)
        {
            let target_scope = scope.up_to(server).with(target.inner());
            let at = target.at.clone();
            own = route(nginx, site, &target_scope, target.inner(), path.clone(), at, config);
            own.is_conditional = true;
        }
        routes.push(own);
        for special in inner.iter().filter(|one| matches!(one.name.as_str(), "if" | "limit_except")) {
            if pass::find(special.inner()).is_some() {
                let within = within.with(special.inner());
                let at = special.at.clone();
                let mut own = route(nginx, site, &within, special.inner(), path.clone(), at, config);
                own.is_conditional = true;
                routes.push(own);
            }
        }
        locations(nginx, site, &within, inner, server, routes, config);
    }
}

fn path(location: &Directive) -> (PathRule, bool) {
    let (sign, text) = match location.args.as_slice() {
        [sign, text] => (sign.as_str(), text.as_str()),
        [word] => {
            let sign = ["=", "^~", "~*", "~"].into_iter().find(|sign| word.starts_with(sign)).unwrap_or("");
            (sign, word.get(sign.len()..).unwrap_or_default())
        }
        _ => ("", ""),
    };
    let is_named = sign.is_empty() && text.starts_with('@');
    let text = text.to_owned();
    let rule = match sign {
        "=" => PathRule::Exact(text),
        "^~" => PathRule::StrictPrefix(text),
        "~" => PathRule::Regex { pattern: text, ignores_case: false },
        "~*" => PathRule::Regex { pattern: text, ignores_case: true },
        _ => PathRule::Prefix(text),
    };
    (rule, is_named)
}

/// The named location that takes what is no file.
fn named_target<'a>(scope: &Scope<'a>) -> Option<&'a str> {
    let own = scope.layers().next()?;
    let tries = own.iter().find(|one| one.name == "try_files").and_then(|tries| tries.args.last());
    let pages = scope.all("error_page").into_iter().filter(|page| page.args.iter().any(|arg| arg == "404"));
    let target = tries.or_else(|| pages.filter_map(|page| page.args.last()).next_back())?;
    target.starts_with('@').then_some(target)
}

/// `try_files $uri /index.php?$args`: what is no file goes where `/index.php` goes.
fn follow_files(server: &Directive, routes: &mut [Route]) {
    let targets: Vec<(usize, String)> = routes
        .iter()
        .enumerate()
        .filter(|(_, route)| route.upstreams.is_empty())
        .filter_map(|(place, route)| Some((place, file_target(find_location(server, route)?)?)))
        .collect();
    for (place, target) in targets {
        let Some(found) = best_by_path(Product::Nginx, routes, &target) else { continue };
        if found.upstreams.is_empty() {
            continue;
        }
        let mut taken = found.clone();
        if let Some(own) = routes.get_mut(place) {
            taken.path = own.path.clone();
            taken.is_conditional = true;
            *own = taken;
        }
    }
}

fn find_location<'a>(directive: &'a Directive, route: &Route) -> Option<&'a Directive> {
    if route.at.as_ref() == Some(&directive.at) && matches!(directive.name.as_str(), "location" | "server") {
        return Some(directive);
    }
    directive.inner().iter().find_map(|inner| find_location(inner, route))
}

fn file_target(location: &Directive) -> Option<String> {
    let tries = location.inner().iter().find(|one| one.name == "try_files")?;
    let last = tries.args.last()?;
    let path = last.split_once('?').map_or(last.as_str(), |(path, _)| path);
    (path.starts_with('/') && !path.contains('$')).then(|| path.to_owned())
}

const USUAL_CLIENT_IDLE: Duration = Duration::from_secs(75);
