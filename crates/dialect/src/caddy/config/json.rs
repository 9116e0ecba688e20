//! Caddy's JSON configuration: the same settings under other names.

use super::logs;
use super::matcher::Matcher;
use super::proxy::{self, Proxy, Surroundings};
use super::settings::{Setting, Settings};
use crate::config::{
    At, Fact, GatewayConfig, ListenAddress, Listener, LogFile, LogFormat, LogKind, NoteKind, PathRule,
};
use crate::go_values;
use crate::tree::{self, Node, Value};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Reads the servers and logs.
pub(super) fn read(text: &str, file: &Arc<Path>, names_upstream: bool, config: &mut GatewayConfig) {
    let (documents, wrong) = tree::read_yaml(text);
    if let Some((line, what)) = wrong {
        config.note(Some(At::new(file, line)), NoteKind::Syntax { what });
    }
    let Some(root) = documents.first() else { return };
    let http = root.at(&["apps", "http"]);
    let https_port = http
        .and_then(|http| http.get("https_port"))
        .and_then(|port| port.text()?.parse().ok())
        .unwrap_or(443);
    let reader = Reader { file, names_upstream, https_port };
    for (_, server) in http.and_then(|http| http.get("servers")).map(Node::entries).unwrap_or_default() {
        reader.server(server, config);
    }
    reader.logs(root, config);
}

struct Reader<'a> {
    file: &'a Arc<Path>,
    names_upstream: bool,
    https_port: u16,
}

impl Reader<'_> {
    fn at(&self, node: &Node) -> At {
        At::new(self.file, node.line)
    }

    fn fact<T>(&self, name: &str, node: &Node, value: T) -> Fact<T> {
        Fact::written(value, self.at(node), format!("\"{name}\": {}", written(node)))
    }

    fn server(&self, server: &Node, config: &mut GatewayConfig) {
        let client_idle = server
            .get("idle_timeout")
            .and_then(|node| Some(self.fact("idle_timeout", node, duration(node)?)))
            .unwrap_or_else(|| Fact::by_default(Duration::from_secs(300), "\"idle_timeout\": \"5m\""));
        let wrapper = server
            .get("listener_wrappers")
            .map(Node::items)
            .unwrap_or_default()
            .iter()
            .find(|wrapper| wrapper.get("wrapper").and_then(Node::text) == Some("proxy_protocol"));
        let expects_proxy_protocol = match wrapper {
            Some(node) => self.fact("listener_wrappers", node, true),
            None => Fact::by_default(false, ""),
        };
        let routes = server.get("routes").map(Node::items).unwrap_or_default();
        let mut names: Vec<_> = routes.iter().flat_map(matchers).flat_map(|one| one.hosts).collect();
        names.dedup();
        let first = config.listeners.len();
        for (listen, line) in server.get("listen").map(Node::texts).unwrap_or_default() {
            let Some(address) = listen_address(listen) else { continue };
            let is_standard = matches!(address, ListenAddress::Tcp { port, .. } if port == self.https_port);
            config.listeners.push(Listener {
                at: Some(At::new(self.file, line)),
                is_tls: server.get("tls_connection_policies").is_some() || (is_standard && !names.is_empty()),
                address,
                names: names.clone(),
                certificates: Vec::new(),
                keys: Vec::new(),
                expects_proxy_protocol: expects_proxy_protocol.clone(),
                is_fallback: true,
                client_idle: Some(client_idle.clone()),
            });
        }
        let around = Surroundings {
            matcher: Matcher::default(),
            listeners: (first..config.listeners.len()).collect(),
            client_idle,
            body_limit: None,
            names_upstream: self.names_upstream,
        };
        self.routes(routes, &around, 0, config);
    }

    fn routes(&self, routes: &[Node], around: &Surroundings, depth: usize, config: &mut GatewayConfig) {
        for route in routes {
            let mut sets = matchers(route);
            if sets.is_empty() {
                sets.push(Matcher::default());
            }
            for set in sets {
                let mut here = Surroundings {
                    matcher: around.matcher.with(&set),
                    listeners: around.listeners.clone(),
                    client_idle: around.client_idle.clone(),
                    body_limit: around.body_limit.clone(),
                    names_upstream: around.names_upstream,
                };
                for handler in route.get("handle").map(Node::items).unwrap_or_default() {
                    // What is no file ends at `index.php`: whatever the path, it goes to FastCGI.
                    let is_php = !set.paths.is_empty()
                        && set.paths.iter().all(|path| matches!(path, PathRule::Suffix(_)))
                        && is_fastcgi(handler);
                    if is_php {
                        here.matcher.paths = around.matcher.paths.clone();
                    }
                    self.handler(handler, &mut here, depth, config);
                }
            }
        }
    }

    fn handler(&self, handler: &Node, here: &mut Surroundings, depth: usize, config: &mut GatewayConfig) {
        match handler.get("handler").and_then(Node::text).unwrap_or_default() {
            "subroute" if depth < DEEPEST => {
                let inner = handler.get("routes").map(Node::items).unwrap_or_default();
                self.routes(inner, here, depth + 1, config);
            }
            "request_body" => {
                here.body_limit = handler
                    .get("max_size")
                    .and_then(|node| Some(self.fact("max_size", node, go_values::size(node.text()?)?)));
            }
            // It only asks whether the request may pass (`forward_auth`); an upstream follows behind it.
            "reverse_proxy" if is_question(handler) => {}
            "reverse_proxy" => {
                let proxy = self.proxy(handler);
                if proxy.upstreams.is_empty() && handler.get("dynamic_upstreams").is_none() {
                    config.note(
                        Some(self.at(handler)),
                        NoteKind::EmptyPool { name: "reverse_proxy".to_owned() },
                    );
                }
                config.routes.extend(proxy::routes(&proxy, here));
            }
            "static_response" | "file_server" | "error" | "acme_server" | "metrics" => {
                let route = proxy::itself(&self.at(handler), here);
                config.routes.extend(proxy::for_paths(route, here));
            }
            _ => {}
        }
    }

    fn proxy(&self, handler: &Node) -> Proxy {
        let mut settings = Settings::default();
        for (path, name) in SETTINGS {
            if let Some(node) = handler.at(path) {
                self.add(&mut settings, name, path, node);
            }
        }
        if handler
            .at(&["transport", "keep_alive", "enabled"])
            .is_some_and(|node| node.text() == Some("false"))
        {
            settings.0.retain(|setting| setting.name != "keepalive");
            self.set(&mut settings, "keepalive", vec!["off".to_owned()], handler);
        }
        settings.0.retain(|setting| setting.name != "tls_insecure_skip_verify" || setting.first() == "true");
        if let Some(host) = handler.at(&["headers", "request", "set", "Host"]) {
            let value = host.texts().first().map(|(text, _)| (*text).to_owned()).unwrap_or_default();
            self.set(&mut settings, "header_up", vec!["Host".to_owned(), value], host);
        }
        let mut upstreams: Vec<(String, At, String)> = handler
            .get("upstreams")
            .map(Node::items)
            .unwrap_or_default()
            .iter()
            .filter_map(|upstream| upstream.get("dial"))
            .filter_map(|dial| {
                Some((dial.text()?.to_owned(), self.at(dial), format!("\"dial\": {}", written(dial))))
            })
            .collect();
        if let Some(dynamic) =
            handler.get("dynamic_upstreams").filter(|node| text_of(node, "source") == Some("a"))
        {
            let name = text_of(dynamic, "name").unwrap_or_default();
            let port = text_of(dynamic, "port").unwrap_or("80");
            upstreams.push((format!("{name}:{port}"), self.at(dynamic), "\"dynamic_upstreams\"".to_owned()));
        }
        Proxy {
            at: self.at(handler),
            upstreams,
            is_fastcgi: is_fastcgi(handler),
            is_tls: handler.at(&["transport", "tls"]).is_some(),
            settings,
        }
    }

    fn add(&self, settings: &mut Settings, name: &str, path: &[&str], node: &Node) {
        let args: Vec<String> = node.texts().into_iter().map(|(text, _)| text.to_owned()).collect();
        let last = path.last().copied().unwrap_or_default();
        let at = self.at(node);
        let written = format!("\"{last}\": {}", written(node));
        settings.0.push(Setting { name: name.to_owned(), args, at, written });
    }

    fn set(&self, settings: &mut Settings, name: &str, args: Vec<String>, node: &Node) {
        let written = format!("{name} {}", args.join(" "));
        settings.0.push(Setting { name: name.to_owned(), args, at: self.at(node), written });
    }

    fn logs(&self, root: &Node, config: &mut GatewayConfig) {
        let logs = root.at(&["logging", "logs"]).map(Node::entries).unwrap_or_default();
        for (_, log) in logs {
            let writer = log.get("writer");
            let file = writer.filter(|writer| text_of(writer, "output") == Some("file"));
            let file = file.and_then(|writer| writer.get("filename"));
            let includes = log.get("include").map(Node::texts).unwrap_or_default();
            let is_access = includes.iter().any(|(text, _)| text.starts_with("http.log.access"));
            let target = match (file, writer) {
                (Some(node), _) => self.fact("filename", node, node.text().unwrap_or_default().to_owned()),
                (None, Some(node)) => {
                    self.fact("writer", node, text_of(node, "output").unwrap_or("stderr").to_owned())
                }
                (None, None) => Fact::written("stderr".to_owned(), self.at(log), "\"writer\"".to_owned()),
            };
            let format = log.at(&["encoder", "format"]).and_then(Node::text).unwrap_or("json");
            config.logs.push(LogFile {
                kind: if is_access { LogKind::Access } else { LogKind::Error },
                path: file.and_then(Node::text).map(PathBuf::from),
                target,
                format: LogFormat::Named(format.to_owned()),
                names: Vec::new(),
            });
        }
        if !logs.iter().any(|(name, _)| name == "default") {
            config.logs.push(logs::standard_error());
        }
    }
}

fn is_fastcgi(handler: &Node) -> bool {
    handler.at(&["transport", "protocol"]).and_then(Node::text) == Some("fastcgi")
}

fn is_question(handler: &Node) -> bool {
    let responses = handler.get("handle_response").map(Node::items).unwrap_or_default();
    let passes = |response: &Node| {
        let statuses = response.at(&["match", "status_code"]).map(Node::texts).unwrap_or_default();
        statuses.iter().any(|(status, _)| *status == "2")
    };
    handler.at(&["rewrite", "uri"]).is_some() && responses.iter().any(passes)
}

fn text_of<'a>(node: &'a Node, name: &str) -> Option<&'a str> {
    node.get(name).and_then(Node::text)
}

/// The sets of matchers of a route: one of them must hold.
fn matchers(route: &Node) -> Vec<Matcher> {
    let sets = route.get("match").map(Node::items).unwrap_or_default();
    sets.iter()
        .map(|set| {
            let mut matcher = Matcher::default();
            for (kind, node) in set.entries() {
                let mut args: Vec<String> =
                    node.texts().into_iter().map(|(text, _)| text.to_owned()).collect();
                if kind == "path_regexp" {
                    args = text_of(node, "pattern").map(str::to_owned).into_iter().collect();
                }
                matcher.add(kind, &args);
            }
            matcher
        })
        .collect()
}

/// `:443`, `127.0.0.1:80`, `unix//run/caddy.sock`.
fn listen_address(text: &str) -> Option<ListenAddress> {
    if let Some(path) = text.strip_prefix("unix/") {
        return Some(ListenAddress::Unix(PathBuf::from(format!("/{}", path.trim_start_matches('/')))));
    }
    let text = text.split_once('/').map_or(text, |(_, rest)| rest);
    let (host, port) = text.rsplit_once(':')?;
    let port = port.split('-').next()?.parse().ok()?;
    let host = host.trim_start_matches('[').trim_end_matches(']');
    Some(ListenAddress::Tcp { host: (!host.is_empty()).then(|| host.to_owned()), port })
}

/// A bare number counts nanoseconds.
fn duration(node: &Node) -> Option<Duration> {
    go_values::duration(node.text()?, Duration::from_nanos(1))
}

fn written(node: &Node) -> String {
    match &node.value {
        Value::Null => "null".to_owned(),
        Value::Scalar(text) if text.parse::<f64>().is_ok() || text == "true" || text == "false" => {
            text.clone()
        }
        Value::Scalar(text) => format!("\"{text}\""),
        Value::List(items) => format!("[{}]", items.iter().map(written).collect::<Vec<_>>().join(", ")),
        Value::Map(_) => "{…}".to_owned(),
    }
}

/// Where the JSON has what the Caddyfile names so.
const SETTINGS: &[(&[&str], &str)] = &[
    (&["transport", "dial_timeout"], "dial_timeout"),
    (&["transport", "response_header_timeout"], "response_header_timeout"),
    (&["transport", "read_timeout"], "read_timeout"),
    (&["transport", "write_timeout"], "write_timeout"),
    (&["transport", "max_response_header_size"], "max_response_header"),
    (&["transport", "max_conns_per_host"], "max_conns_per_host"),
    (&["transport", "proxy_protocol"], "proxy_protocol"),
    (&["transport", "versions"], "versions"),
    (&["transport", "resolver", "addresses"], "resolvers"),
    (&["transport", "keep_alive", "idle_timeout"], "keepalive"),
    (&["transport", "keep_alive", "max_idle_conns_per_host"], "keepalive_idle_conns_per_host"),
    (&["transport", "tls", "server_name"], "tls_server_name"),
    (&["transport", "tls", "insecure_skip_verify"], "tls_insecure_skip_verify"),
    (&["transport", "tls", "root_ca_pem_files"], "tls_trusted_ca_certs"),
    (&["transport", "tls", "ca", "pem_files"], "tls_trusted_ca_certs"),
    (&["load_balancing", "retries"], "lb_retries"),
    (&["load_balancing", "try_duration"], "lb_try_duration"),
    (&["health_checks", "passive", "fail_duration"], "fail_duration"),
    (&["health_checks", "passive", "max_fails"], "max_fails"),
    (&["health_checks", "passive", "unhealthy_request_count"], "unhealthy_request_count"),
    (&["health_checks", "active", "uri"], "health_uri"),
    (&["health_checks", "active", "path"], "health_path"),
    (&["health_checks", "active", "port"], "health_port"),
    (&["health_checks", "active", "method"], "health_method"),
    (&["health_checks", "active", "interval"], "health_interval"),
    (&["health_checks", "active", "timeout"], "health_timeout"),
    (&["health_checks", "active", "expect_status"], "health_status"),
    (&["health_checks", "active", "headers", "Host"], "health_header_host"),
    (&["stream_timeout"], "stream_timeout"),
    (&["response_buffers"], "response_buffers"),
];

/// Levels of subroutes that are read.
const DEEPEST: usize = 20;
