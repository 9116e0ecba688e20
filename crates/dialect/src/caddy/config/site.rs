//! The sites of a Caddyfile: their addresses, and what they do with requests.

use super::address::Address;
use super::lines::Line;
use super::logs;
use super::matcher::{self, Matcher};
use super::proxy::{self, Proxy, Surroundings};
use super::settings::{Setting, Settings};
use crate::config::{At, Fact, GatewayConfig, ListenAddress, Listener, NoteKind};
use crate::go_values;
use std::path::PathBuf;
use std::time::Duration;

/// What holds for all sites.
struct Global<'a> {
    client_idle: Fact<Duration>,
    expects_proxy_protocol: Fact<bool>,
    http_port: u16,
    https_port: u16,
    names_upstream: bool,
    options: &'a [Line],
}

/// Reads the global options and every site.
pub(super) fn read_all(lines: &[Line], names_upstream: bool, config: &mut GatewayConfig) {
    let (options, sites) = match lines.split_first() {
        Some((first, rest)) if first.words.is_empty() => (first.inner(), rest),
        _ => (&[] as &[Line], lines),
    };
    let global = global(options, names_upstream);
    // A file with one site may leave its braces out: the first line is its address.
    match sites.split_first() {
        Some((first, rest)) if first.block.is_none() && !first.words.is_empty() => {
            read_site(&first.words, rest, &first.at, &global, config);
        }
        _ => {
            for site in sites.iter().filter(|site| !site.name().starts_with("&(")) {
                read_site(&site.words, site.inner(), &site.at, &global, config);
            }
        }
    }
    logs::read_global(global.options, config);
    redirects(&global, config);
}

fn global<'a>(options: &'a [Line], names_upstream: bool) -> Global<'a> {
    let port = |name: &str, usual| {
        let line = options.iter().find(|line| line.name() == name);
        line.and_then(|line| line.arg(0).parse().ok()).unwrap_or(usual)
    };
    let servers: Vec<&Line> = options.iter().filter(|line| line.name() == "servers").collect();
    let inside = |outer: &str, inner: &str| {
        servers
            .iter()
            .flat_map(|line| line.inner())
            .filter(|line| line.name() == outer)
            .find_map(|line| line.inner().iter().find(|line| line.name() == inner))
    };
    let client_idle = inside("timeouts", "idle")
        .and_then(|line| Some(fact(line, go_values::duration(line.arg(0), Duration::from_nanos(1))?)))
        .unwrap_or_else(|| Fact::by_default(Duration::from_secs(300), "idle 5m"));
    Global {
        client_idle,
        expects_proxy_protocol: match inside("listener_wrappers", "proxy_protocol") {
            Some(line) => fact(line, true),
            None => Fact::by_default(false, ""),
        },
        http_port: port("http_port", 80),
        https_port: port("https_port", 443),
        names_upstream,
        options,
    }
}

fn fact<T>(line: &Line, value: T) -> Fact<T> {
    Fact::written(value, line.at.clone(), line.written())
}

fn read_site(words: &[String], lines: &[Line], at: &At, global: &Global<'_>, config: &mut GatewayConfig) {
    let addresses: Vec<Address> = words
        .iter()
        .flat_map(|word| word.split(','))
        .filter(|word| !word.is_empty())
        .filter_map(|word| Address::parse(word, global.http_port, global.https_port))
        .collect();
    let tls = lines.iter().find(|line| line.name() == "tls");
    let own = lines.iter().find(|line| line.name() == "bind");
    let usual = global.options.iter().find(|line| line.name() == "default_bind");
    let binds = own.or(usual).map(Line::args).unwrap_or_default();
    let first = config.listeners.len();
    for address in &addresses {
        let is_tls = address.is_tls || (tls.is_some() && address.port != global.http_port);
        let name = matcher::host_rule(&address.host);
        for listen in address.listens(binds) {
            let mut known = config.listeners.iter_mut().skip(first);
            if let Some(listener) = known.find(|one| one.address == listen && one.is_tls == is_tls) {
                listener.names.push(name.clone());
                continue;
            }
            config.listeners.push(Listener {
                at: Some(at.clone()),
                address: listen,
                names: vec![name.clone()],
                is_tls,
                certificates: tls.and_then(|line| certificate(line, 0)).into_iter().collect(),
                keys: tls.and_then(|line| certificate(line, 1)).into_iter().collect(),
                expects_proxy_protocol: global.expects_proxy_protocol.clone(),
                is_fallback: address.host.is_empty(),
                client_idle: Some(global.client_idle.clone()),
            });
        }
    }
    let site = Matcher {
        hosts: addresses
            .iter()
            .filter(|one| !one.host.is_empty())
            .map(|one| matcher::host_rule(&one.host))
            .collect(),
        paths: addresses.iter().filter_map(|one| one.path.as_deref()).map(matcher::path_rule).collect(),
        is_conditional: false,
    };
    let site = if addresses.iter().any(|one| one.host.is_empty()) {
        Matcher { hosts: Vec::new(), ..site }
    } else {
        site
    };
    let around = Surroundings {
        matcher: site,
        listeners: (first..config.listeners.len()).collect(),
        client_idle: global.client_idle.clone(),
        body_limit: body_limit(lines),
        names_upstream: global.names_upstream,
    };
    read_directives(lines, &around, &[], 0, config);
    let names: Vec<String> =
        addresses.iter().filter(|one| !one.host.is_empty()).map(|one| one.host.clone()).collect();
    for line in lines.iter().filter(|line| line.name() == "log") {
        logs::read_site(line, &names, config);
    }
}

fn certificate(tls: &Line, place: usize) -> Option<Fact<PathBuf>> {
    let files = tls.args().len() == 2;
    files.then(|| tls.args().get(place)).flatten().map(|file| fact(tls, PathBuf::from(file)))
}

fn body_limit(lines: &[Line]) -> Option<Fact<u64>> {
    let limit = lines
        .iter()
        .filter(|line| line.name() == "request_body")
        .find_map(|line| line.inner().iter().find(|line| line.name() == "max_size"))?;
    Some(fact(limit, go_values::size(limit.arg(0))?))
}

/// Directives in the order in which Caddy takes them: blocks first, then what answers itself, then proxies.
fn read_directives(
    lines: &[Line],
    around: &Surroundings,
    outer: &[(String, Matcher)],
    depth: usize,
    config: &mut GatewayConfig,
) {
    let mut named = outer.to_vec();
    named.extend(
        lines
            .iter()
            .filter(|line| line.name().starts_with('@'))
            .map(|line| (line.name().to_owned(), Matcher::of_definition(line))),
    );
    let mut ordered: Vec<(usize, &Line)> = lines
        .iter()
        .filter_map(|line| Some((ORDER.iter().position(|name| *name == line.name())?, line)))
        .collect();
    ordered.sort_by_key(|(order, _)| *order);
    for (_, line) in ordered {
        let (inner, args) = match line.args().first().and_then(|word| Matcher::of_word(word, &named)) {
            Some(inner) => (inner, line.args().get(1..).unwrap_or_default()),
            None => (Matcher::default(), line.args()),
        };
        let here = Surroundings {
            matcher: around.matcher.with(&inner),
            listeners: around.listeners.clone(),
            client_idle: around.client_idle.clone(),
            body_limit: body_limit(lines).or_else(|| around.body_limit.clone()),
            names_upstream: around.names_upstream,
        };
        match line.name() {
            "handle" | "handle_path" | "route" if depth < DEEPEST => {
                read_directives(line.inner(), &here, &named, depth + 1, config);
            }
            "reverse_proxy" | "php_fastcgi" => {
                let proxy = read_proxy(line, args);
                if proxy.upstreams.is_empty() && !proxy.settings.has("dynamic") {
                    config.note(Some(line.at.clone()), NoteKind::EmptyPool { name: line.name().to_owned() });
                }
                config.routes.extend(proxy::routes(&proxy, &here));
            }
            "forward_auth" => {}
            _ => {
                let route = proxy::itself(&line.at, &here);
                config.routes.extend(proxy::for_paths(route, &here));
            }
        }
    }
}

/// Takes a `reverse_proxy` apart.
fn read_proxy(line: &Line, args: &[String]) -> Proxy {
    let mut proxy = Proxy {
        at: line.at.clone(),
        upstreams: args.iter().map(|text| (text.clone(), line.at.clone(), line.written())).collect(),
        settings: Settings::default(),
        is_fastcgi: line.name() == "php_fastcgi",
        is_tls: false,
    };
    for inner in line.inner() {
        match inner.name() {
            "to" => {
                let more = inner.args().iter().map(|text| (text.clone(), inner.at.clone(), inner.written()));
                proxy.upstreams.extend(more);
            }
            "dynamic" => dynamic(inner, &mut proxy),
            "transport" => {
                proxy.is_fastcgi |= inner.arg(0) == "fastcgi";
                for setting in inner.inner() {
                    proxy.is_tls |= setting.name() == "tls" || setting.name().starts_with("tls_");
                    add(&mut proxy.settings, setting);
                    trust_pool(&mut proxy.settings, setting);
                }
            }
            "health_headers" => {
                for header in inner.inner().iter().filter(|header| header.name().eq_ignore_ascii_case("host"))
                {
                    let setting = Setting {
                        name: "health_header_host".to_owned(),
                        args: header.args().to_vec(),
                        at: header.at.clone(),
                        written: header.written(),
                    };
                    proxy.settings.0.push(setting);
                }
            }
            _ => add(&mut proxy.settings, inner),
        }
    }
    proxy
}

fn add(settings: &mut Settings, line: &Line) {
    settings.0.push(Setting {
        name: line.name().to_owned(),
        args: line.args().to_vec(),
        at: line.at.clone(),
        written: line.written(),
    });
}

/// `tls_trust_pool file /ca.pem`, or with a block of `pem_file` lines.
fn trust_pool(settings: &mut Settings, line: &Line) {
    if line.name() != "tls_trust_pool" || line.arg(0) != "file" {
        return;
    }
    let inner = line.inner().iter().find(|inner| inner.name() == "pem_file");
    let file = line.args().get(1).or_else(|| inner.and_then(|inner| inner.args().first()));
    if let Some(file) = file {
        let at = inner.map_or(&line.at, |inner| &inner.at).clone();
        let written = inner.map_or_else(|| line.written(), Line::written);
        settings.0.push(Setting {
            name: "tls_trust_pool_file".to_owned(),
            args: vec![file.clone()],
            at,
            written,
        });
    }
}

/// `dynamic a app 8080`, or with a block of `name` and `port`.
fn dynamic(line: &Line, proxy: &mut Proxy) {
    add(&mut proxy.settings, line);
    let inner = |name: &str| line.inner().iter().find(|inner| inner.name() == name).map(|inner| inner.arg(0));
    for setting in line.inner().iter().filter(|inner| inner.name() == "resolvers") {
        add(&mut proxy.settings, setting);
    }
    if line.arg(0) == "a" {
        let name = line.args().get(1).map(String::as_str).or_else(|| inner("name"));
        let port = line.args().get(2).map(String::as_str).or_else(|| inner("port")).unwrap_or("80");
        if let Some(name) = name {
            proxy.upstreams.push((format!("{name}:{port}"), line.at.clone(), line.written()));
        }
    }
}

/// Caddy redirects clients of its encrypted sites from the plain port.
fn redirects(global: &Global<'_>, config: &mut GatewayConfig) {
    let is_off = global
        .options
        .iter()
        .any(|line| line.name() == "auto_https" && matches!(line.arg(0), "off" | "disable_redirects"));
    let address = ListenAddress::Tcp { host: None, port: global.http_port };
    let names: Vec<_> = config
        .listeners
        .iter()
        .filter(|listener| listener.is_tls && !listener.is_fallback)
        .flat_map(|listener| listener.names.iter().cloned())
        .collect();
    if is_off
        || names.is_empty()
        || config.listeners.iter().any(|one| one.address == address && one.is_fallback)
    {
        return;
    }
    let Some(at) = config.listeners.first().and_then(|listener| listener.at.clone()) else { return };
    config.listeners.push(Listener {
        at: None,
        address,
        names: names.clone(),
        is_tls: false,
        certificates: Vec::new(),
        keys: Vec::new(),
        expects_proxy_protocol: global.expects_proxy_protocol.clone(),
        is_fallback: false,
        client_idle: Some(global.client_idle.clone()),
    });
    let around = Surroundings {
        matcher: Matcher { hosts: names, ..Matcher::default() },
        listeners: vec![config.listeners.len() - 1],
        client_idle: global.client_idle.clone(),
        body_limit: None,
        names_upstream: false,
    };
    config.routes.push(crate::config::Route { at: None, ..proxy::itself(&at, &around) });
}

/// The directives that answer or divide, in Caddy's order.
const ORDER: [&str; 12] = [
    "redir",
    "handle",
    "handle_path",
    "route",
    "abort",
    "error",
    "respond",
    "metrics",
    "reverse_proxy",
    "php_fastcgi",
    "file_server",
    "acme_server",
];

/// Levels of blocks that are read.
const DEEPEST: usize = 20;
