//! nginx's `stream` block: bytes passed on without HTTP.

use super::location::{Site, route};
use super::scope::{Scope, fact};
use super::site::address;
use super::syntax::Directive;
use super::variables::expand;
use super::{Nginx, pool};
use crate::config::{
    Deadlines, Fact, GatewayConfig, Listener, PathRule, Resolves, Route, Scheme, UpstreamAddress,
    UpstreamConfig,
};
use std::time::Duration;

/// Reads the servers of a `stream` block.
pub(super) fn read(nginx: &Nginx<'_>, root: &Scope<'_>, stream: &Directive, config: &mut GatewayConfig) {
    let outer = root.with(stream.inner());
    for server in stream.inner().iter().filter(|one| one.name == "server" && one.block.is_some()) {
        let scope = outer.with(server.inner());
        let before = config.listeners.len();
        for listen in server.inner().iter().filter(|one| one.name == "listen") {
            let has = |word: &str| listen.args.iter().any(|arg| arg == word);
            let Some(address) = address(listen.arg(0)).filter(|_| !has("udp")) else { continue };
            config.listeners.push(Listener {
                at: Some(listen.at.clone()),
                address,
                names: Vec::new(),
                is_tls: has("ssl"),
                certificates: Vec::new(),
                keys: Vec::new(),
                expects_proxy_protocol: fact(listen, has("proxy_protocol")),
                is_fallback: true,
                client_idle: None,
            });
        }
        let Some(pass) = server.inner().iter().find(|one| one.name == "proxy_pass") else { continue };
        let site = Site {
            listeners: (before..config.listeners.len()).collect(),
            hosts: Vec::new(),
            client_idle: scope.duration("proxy_timeout", TEN_MINUTES),
        };
        let upstreams = upstreams(pass, &scope, stream, config);
        let at = server.at.clone();
        let base = route(nginx, &site, &scope, &[], PathRule::Any, at, config);
        config.routes.push(as_bytes(base, &scope, upstreams));
    }
}

fn upstreams(
    pass: &Directive,
    scope: &Scope<'_>,
    stream: &Directive,
    config: &mut GatewayConfig,
) -> Vec<UpstreamConfig> {
    let mut upstreams = Vec::new();
    for text in expand(pass.arg(0), scope) {
        if let Some(block) = pool::find(stream.inner(), &text) {
            upstreams.append(&mut pool::upstreams(block, Scheme::Tcp, scope, config));
        } else if let Some(address) = UpstreamAddress::parse(Scheme::Tcp, &text) {
            let mut upstream = UpstreamConfig::new(Some(pass.at.clone()), pass.written(), address);
            if text != pass.arg(0) && upstream.address.name().is_some() {
                upstream.resolves = Resolves::AtRunTime { resolver: pool::resolver(scope) };
            }
            upstreams.push(upstream);
        }
    }
    upstreams
}

/// The directives of this block have names of their own.
fn as_bytes(base: Route, scope: &Scope<'_>, upstreams: Vec<UpstreamConfig>) -> Route {
    let silence = scope.duration("proxy_timeout", TEN_MINUTES);
    let connect = scope.duration("proxy_connect_timeout", Duration::from_secs(60));
    Route {
        is_conditional: upstreams.len() > 1,
        upstreams,
        deadlines: Deadlines { connect: Some(connect), tunnel: Some(silence), ..Deadlines::default() },
        sends_proxy_protocol: scope.switch("proxy_protocol", false),
        upgrades: Fact::by_default(true, "proxy_pass"),
        host_header: None,
        body_limit: None,
        is_buffered: Fact::by_default(false, "proxy_pass"),
        ..base
    }
}

const TEN_MINUTES: Duration = Duration::from_secs(600);
