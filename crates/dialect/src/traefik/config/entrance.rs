//! Traefik's entry points, certificates and logs.

use super::Source;
use crate::config::{Fact, GatewayConfig, ListenAddress, Listener, LogFile, LogFormat, LogKind};
use crate::go_values;
use crate::tree::Node;
use std::path::PathBuf;
use std::time::Duration;

/// An entry point and its listener.
pub(super) struct Entrance {
    /// Its name.
    pub(super) name: String,
    /// Its place among the listeners.
    pub(super) listener: usize,
    /// Routers that name no entry point come here too.
    pub(super) is_default: bool,
    /// How long idle clients are kept.
    pub(super) client_idle: Fact<Duration>,
    /// Every request is sent on to another entry point.
    pub(super) redirects: bool,
}

/// Reads entry points and logs.
pub(super) fn read(sources: &[Source], config: &mut GatewayConfig) -> Vec<Entrance> {
    let mut entrances = Vec::new();
    for source in sources {
        for (name, node) in source.root.get("entryPoints").map(Node::entries).unwrap_or_default() {
            if let Some(entrance) = entrance(source, name, node, config) {
                entrances.push(entrance);
            }
        }
        logs(source, config);
    }
    let chosen = |entrance: &Entrance| {
        sources.iter().any(|source| {
            source.root.at(&["entryPoints", &entrance.name, "asDefault"]).is_some_and(Node::is_true)
        })
    };
    if entrances.iter().any(chosen) {
        for entrance in &mut entrances {
            entrance.is_default = sources.iter().any(|source| {
                source.root.at(&["entryPoints", &entrance.name, "asDefault"]).is_some_and(Node::is_true)
            });
        }
    }
    certificates(sources, config);
    entrances
}

fn entrance(source: &Source, name: &str, node: &Node, config: &mut GatewayConfig) -> Option<Entrance> {
    let written = node.get("address")?;
    let address = address(written.text()?)?;
    let idle = node.at(&["transport", "respondingTimeouts", "idleTimeout"]);
    let client_idle = idle
        .and_then(|node| {
            let value = go_values::duration(node.text()?, Duration::from_secs(1))?;
            Some(source.fact("idleTimeout", node, value))
        })
        .unwrap_or_else(|| Fact::by_default(Duration::from_secs(180), "idleTimeout: 180s"));
    config.listeners.push(Listener {
        at: Some(source.at(written)),
        address,
        names: Vec::new(),
        is_tls: node.at(&["http", "tls"]).is_some(),
        certificates: Vec::new(),
        keys: Vec::new(),
        expects_proxy_protocol: match node.get("proxyProtocol") {
            Some(node) => source.fact("proxyProtocol", node, true),
            None => Fact::by_default(false, ""),
        },
        is_fallback: false,
        client_idle: Some(client_idle.clone()),
    });
    Some(Entrance {
        name: name.to_owned(),
        listener: config.listeners.len() - 1,
        is_default: true,
        client_idle,
        redirects: node.at(&["http", "redirections", "entryPoint", "to"]).is_some(),
    })
}

/// `:443`, `127.0.0.1:80`, `[::1]:80/tcp`; no address of UDP.
fn address(text: &str) -> Option<ListenAddress> {
    let (text, protocol) = text.split_once('/').unwrap_or((text, "tcp"));
    if protocol.eq_ignore_ascii_case("udp") {
        return None;
    }
    let (host, port) = text.rsplit_once(':')?;
    let host = host.trim_start_matches('[').trim_end_matches(']');
    Some(ListenAddress::Tcp { host: (!host.is_empty()).then(|| host.to_owned()), port: port.parse().ok()? })
}

/// Certificates stand apart from entry points; each that speaks TLS may show any of them.
fn certificates(sources: &[Source], config: &mut GatewayConfig) {
    let mut found = Vec::new();
    for source in sources {
        let listed = source.root.at(&["tls", "certificates"]).map(Node::items).unwrap_or_default();
        let fallback = source.root.at(&["tls", "stores", "default", "defaultCertificate"]);
        for node in listed.iter().chain(fallback) {
            let file = |name: &str| {
                let node = node.get(name)?;
                Some(source.fact(name, node, PathBuf::from(node.text()?)))
            };
            found.extend(file("certFile").map(|certificate| (certificate, file("keyFile"))));
        }
    }
    for listener in &mut config.listeners {
        for (certificate, key) in &found {
            listener.certificates.push(certificate.clone());
            listener.keys.extend(key.clone());
        }
    }
}

fn logs(source: &Source, config: &mut GatewayConfig) {
    let is_static = source.root.get("entryPoints").is_some() || source.root.get("providers").is_some();
    let access = source.root.get("accessLog");
    let own = source.root.get("log");
    if let Some(node) = access {
        config.logs.push(log_of(source, "accessLog", node, LogKind::Access));
    }
    match own {
        Some(node) => config.logs.push(log_of(source, "log", node, LogKind::Error)),
        None if is_static => config.logs.push(LogFile {
            kind: LogKind::Error,
            path: None,
            target: Fact::by_default("stdout".to_owned(), "log: {}"),
            format: LogFormat::Named("common".to_owned()),
            names: Vec::new(),
        }),
        None => {}
    }
}

fn log_of(source: &Source, name: &str, node: &Node, kind: LogKind) -> LogFile {
    let path = node.get("filePath").filter(|node| node.text().is_some_and(|text| !text.is_empty()));
    let format = node.get("format").and_then(Node::text).unwrap_or("common").to_ascii_lowercase();
    LogFile {
        kind,
        path: path.and_then(Node::text).map(PathBuf::from),
        target: match path {
            Some(node) => source.fact("filePath", node, node.text().unwrap_or_default().to_owned()),
            None => source.fact(name, node, "stdout".to_owned()),
        },
        format: LogFormat::Named(format),
        names: Vec::new(),
    }
}
