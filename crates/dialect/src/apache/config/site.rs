//! Apache's virtual hosts: where they listen, and for which names.

use super::Apache;
use super::passing::{self, shell_pattern};
use super::scope::{Scope, is_on};
use super::syntax::Directive;
use crate::config::address::split_port;
use crate::config::{At, Fact, GatewayConfig, HostRule, ListenAddress, Listener};
use std::time::Duration;

/// What all routes of a site share.
#[derive(Debug, Clone)]
pub(super) struct Site {
    pub(super) listeners: Vec<usize>,
    pub(super) hosts: Vec<HostRule>,
}

/// Reads one virtual host, or the main server where `section` is nothing.
pub(super) fn read(apache: &Apache<'_>, section: Option<&Directive>, config: &mut GatewayConfig) {
    let main = Scope::new(apache.root);
    let scope = section.map_or_else(|| main.clone(), |section| main.with(section.inner()));
    let own = section.map_or(apache.root, Directive::inner);
    let hosts = names(own);
    let before = config.listeners.len();
    let addresses = section.map_or_else(
        || apache.ports().iter().map(|(at, address)| (Some(at.clone()), address.clone())).collect(),
        |section| addresses(apache, section),
    );
    for (at, address) in addresses {
        let listener = listener(apache, &scope, at, address, &hosts);
        config.listeners.push(listener);
    }
    let site = Site { listeners: (before..config.listeners.len()).collect(), hosts };
    let at = section.map(|section| section.at.clone());
    let mut routes = passing::routes(apache, &site, &scope, own, at, config);
    config.routes.append(&mut routes);
}

fn names(own: &[Directive]) -> Vec<HostRule> {
    let mut names = Vec::new();
    for directive in own.iter().filter(|one| matches!(one.name.as_str(), "servername" | "serveralias")) {
        for word in &directive.args {
            let text = word.split_once("://").map_or(word.as_str(), |(_, rest)| rest).to_ascii_lowercase();
            let name = split_port(&text).map_or(text.as_str(), |(name, _)| name);
            names.push(match name.strip_prefix('*') {
                Some(rest) if !rest.contains(['*', '?']) => HostRule::Below(rest.to_owned()),
                _ => match name.strip_suffix('*') {
                    Some(rest) if !rest.contains(['*', '?']) => HostRule::Begins(rest.to_owned()),
                    _ if name.contains(['*', '?']) => HostRule::Regex(format!("^{}$", shell_pattern(name))),
                    _ => HostRule::Exact(name.to_owned()),
                },
            });
        }
    }
    if names.is_empty() {
        names.push(HostRule::Exact(String::new()));
    }
    names
}

/// The addresses of `<VirtualHost a b>`; one without a port listens on all that are there.
fn addresses(apache: &Apache<'_>, section: &Directive) -> Vec<(Option<At>, ListenAddress)> {
    let mut found = Vec::new();
    for text in &section.args {
        let Some((host, port)) = split_port(text) else { continue };
        let host = (!matches!(host, "*" | "_default_" | "0.0.0.0")).then(|| host.to_owned());
        let ports: Vec<u16> = match port {
            None | Some("*") => apache.ports().iter().filter_map(|(_, address)| port_of(address)).collect(),
            Some(port) => port.parse().ok().into_iter().collect(),
        };
        let at = Some(section.at.clone());
        found.extend(
            ports.into_iter().map(|port| (at.clone(), ListenAddress::Tcp { host: host.clone(), port })),
        );
    }
    found
}

fn port_of(address: &ListenAddress) -> Option<u16> {
    match address {
        ListenAddress::Tcp { port, .. } => Some(*port),
        ListenAddress::Unix(_) => None,
    }
}

fn listener(
    apache: &Apache<'_>,
    scope: &Scope<'_>,
    at: Option<At>,
    address: ListenAddress,
    names: &[HostRule],
) -> Listener {
    let is_tls = scope.one("sslengine").is_some_and(|one| is_on(one.arg(0)));
    let own: Vec<&Directive> = scope.layers().next().unwrap_or_default().iter().collect();
    let files = |name: &str| {
        let said = own.iter().filter(|one| is_tls && one.name == name);
        said.map(|one| one.fact(apache.folder.join(one.arg(0)))).collect()
    };
    let idle = scope.one("keepalivetimeout");
    let idle = idle.and_then(|one| Some(one.fact(super::scope::duration(one.arg(0))?)));
    Listener {
        at,
        address,
        names: names.to_vec(),
        is_tls,
        certificates: files("sslcertificatefile"),
        keys: files("sslcertificatekeyfile"),
        expects_proxy_protocol: scope.switch("RemoteIPProxyProtocol", false),
        is_fallback: false,
        client_idle: Some(idle.unwrap_or_else(|| Fact::by_default(USUAL_IDLE, "KeepAliveTimeout 5"))),
    }
}

const USUAL_IDLE: Duration = Duration::from_secs(5);
