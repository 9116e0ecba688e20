//! Traefik's routers with the services they name become [`Route`]s.

use super::Source;
use super::entrance::Entrance;
use super::rule::{self, Choice};
use super::transport::Transport;
use crate::config::{
    Fact, GatewayConfig, HealthCheck, HttpVersion, NoteKind, PathRule, Place, Resolves, Retries, Route,
    Scheme, UpstreamAddress, UpstreamConfig,
};
use crate::go_values;
use crate::tree::Node;
use std::time::Duration;

/// Reads every router.
pub(super) fn read(sources: &[Source], entrances: &[Entrance], config: &mut GatewayConfig) {
    for source in sources {
        for (_, router) in source.root.at(&["http", "routers"]).map(Node::entries).unwrap_or_default() {
            read_router(sources, source, router, entrances, config);
        }
        for (_, router) in source.root.at(&["tcp", "routers"]).map(Node::entries).unwrap_or_default() {
            read_tcp(sources, source, router, entrances, config);
        }
    }
    for entrance in entrances.iter().filter(|entrance| entrance.redirects) {
        let at = config.listeners.get(entrance.listener).and_then(|listener| listener.at.clone());
        let transport = Transport::find(sources, None);
        let route =
            Route { at, ..bare(&transport, vec![entrance.listener], Some(entrance.client_idle.clone())) };
        config.routes.push(route);
    }
}

/// A route that Traefik answers itself.
fn bare(transport: &Transport<'_>, listeners: Vec<usize>, client_idle: Option<Fact<Duration>>) -> Route {
    Route {
        at: None,
        listeners,
        hosts: Vec::new(),
        path: PathRule::Any,
        is_conditional: false,
        is_internal: false,
        pool: None,
        upstreams: Vec::new(),
        deadlines: transport.deadlines(client_idle),
        tls: transport.tls(),
        // Go's library takes 10 MiB; Traefik has no setting for it.
        header_buffer: Fact::by_default(10 << 20, ""),
        body_limit: None,
        host_header: None,
        http_version: Fact::by_default(HttpVersion::Http11, ""),
        sends_proxy_protocol: Fact::by_default(false, ""),
        upgrades: Fact::by_default(true, ""),
        retries: None,
        is_buffered: Fact::by_default(false, ""),
    }
}

/// The entry points a router is at; those of the default where it names none.
fn places(router: &Node, entrances: &[Entrance]) -> Vec<usize> {
    let named = router.get("entryPoints").map(Node::texts).unwrap_or_default();
    let is_at = |entrance: &&Entrance| match named.is_empty() {
        true => entrance.is_default,
        false => named.iter().any(|(name, _)| *name == entrance.name),
    };
    entrances.iter().filter(is_at).map(|entrance| entrance.listener).collect()
}

fn read_router(
    sources: &[Source],
    source: &Source,
    router: &Node,
    entrances: &[Entrance],
    config: &mut GatewayConfig,
) {
    let listeners = places(router, entrances);
    if router.get("tls").is_some() {
        for place in &listeners {
            if let Some(listener) = config.listeners.get_mut(*place) {
                listener.is_tls = true;
            }
        }
    }
    let Some(written) = router.get("rule") else { return };
    let choices = match rule::parse(written.text().unwrap_or_default()) {
        Ok(choices) => choices,
        Err(what) => {
            config.note(Some(source.at(written)), NoteKind::Syntax { what: format!("rule: {what}") });
            return;
        }
    };
    let service = router.get("service");
    let name = service.and_then(Node::text).unwrap_or_default();
    let services = services(sources, name, 0);
    if services.is_empty() && !name.is_empty() && !name.contains('@') {
        let at = service.map(|node| source.at(node));
        config.note(at, NoteKind::UnknownPool { name: name.to_owned() });
    }
    let balancer = services.first();
    let transport_name = balancer.and_then(|(_, node)| node.get("serversTransport")).and_then(Node::text);
    let transport = Transport::find(sources, transport_name);
    let client_idle = entrances
        .iter()
        .find(|entrance| listeners.contains(&entrance.listener))
        .map(|entrance| entrance.client_idle.clone());
    let mut route = bare(&transport, listeners, client_idle);
    route.at = Some(source.at(written));
    route.pool = service.map(|node| source.fact("service", node, name.to_owned()));
    for (origin, node) in &services {
        route.upstreams.extend(servers(origin, node));
    }
    if !services.is_empty() && route.upstreams.is_empty() {
        config.note(service.map(|node| source.at(node)), NoteKind::EmptyPool { name: name.to_owned() });
    }
    let url = route.upstreams.first().map(|upstream| upstream.address.to_string()).unwrap_or_default();
    route.http_version = transport.http_version(&url);
    if let Some((origin, node)) = balancer {
        let pass = node.get("passHostHeader").filter(|node| node.text() == Some("false"));
        route.host_header = pass.map(|node| origin.fact("passHostHeader", node, authority(&url)));
    }
    middlewares(sources, router, &mut route);
    config.routes.extend(choices.into_iter().map(|choice| with_choice(&route, choice)));
}

fn with_choice(route: &Route, choice: Choice) -> Route {
    Route {
        hosts: choice.hosts,
        path: choice.path.unwrap_or(PathRule::Any),
        is_conditional: choice.is_conditional,
        ..route.clone()
    }
}

fn authority(url: &str) -> String {
    url.split_once("://").map_or(url, |(_, rest)| rest).to_owned()
}

/// The load balancers behind a name: services may be weighted, mirrored or stand in for each other.
fn services<'a>(sources: &'a [Source], name: &str, depth: usize) -> Vec<(&'a Source, &'a Node)> {
    let name = name.split('@').next().unwrap_or(name);
    let found =
        sources.iter().find_map(|source| Some((source, source.root.at(&["http", "services"])?.get(name)?)));
    let Some((source, service)) = found else { return Vec::new() };
    if let Some(balancer) = service.get("loadBalancer") {
        return vec![(source, balancer)];
    }
    if depth >= DEEPEST {
        return Vec::new();
    }
    let listed = ["weighted", "highestRandomWeight"]
        .iter()
        .filter_map(|kind| service.at(&[kind, "services"]))
        .flat_map(Node::items)
        .filter_map(|item| item.get("name")?.text());
    let single = [["mirroring", "service"], ["failover", "service"], ["failover", "fallback"]]
        .into_iter()
        .filter_map(|path| service.at(&path)?.text());
    let names: Vec<&str> = listed.chain(single).take(MOST).collect();
    names.into_iter().flat_map(|name| services(sources, name, depth + 1)).take(MOST).collect()
}

fn servers(source: &Source, balancer: &Node) -> Vec<UpstreamConfig> {
    let check = balancer.get("healthCheck").map(|node| health_check(source, node));
    let passive = balancer.get("passiveHealthCheck");
    balancer
        .get("servers")
        .map(Node::items)
        .unwrap_or_default()
        .iter()
        .filter_map(|server| server.get("url").map(|url| (server, url)))
        .filter_map(|(server, url)| {
            let address = address_of(url.text()?)?;
            let mut upstream = UpstreamConfig::new(Some(source.at(url)), source.written("url", url), address);
            if upstream.address.name().is_some() {
                upstream.resolves = Resolves::AtRunTime { resolver: None };
            }
            upstream.weight = server.get("weight").and_then(|node| node.text()?.parse().ok()).unwrap_or(1);
            upstream.check = check.clone();
            if let Some(passive) = passive {
                upstream.max_fails = passive.get("maxFailedAttempts").and_then(|node| {
                    Some(source.fact("maxFailedAttempts", node, node.text()?.parse().ok()?))
                });
                upstream.fail_timeout = duration(source, passive, "failureWindow")
                    .or_else(|| Some(Fact::by_default(Duration::from_secs(10), "failureWindow: 10s")));
            }
            Some(upstream)
        })
        .collect()
}

/// `http://10.0.0.1:8080/`, `h2c://app:80`, `unix:/run/app.sock`.
fn address_of(url: &str) -> Option<UpstreamAddress> {
    let (scheme, rest) = url.split_once("://").unwrap_or(("http", url));
    if scheme == "unix" {
        return Some(UpstreamAddress::unix(Scheme::Http, rest));
    }
    let scheme = Scheme::by_name(scheme).unwrap_or(Scheme::Http);
    if rest.contains("{{") {
        return Some(UpstreamAddress { scheme, place: Place::Variable(rest.to_owned()) });
    }
    UpstreamAddress::parse(scheme, rest.split('/').next().unwrap_or(rest))
}

fn duration(source: &Source, node: &Node, name: &str) -> Option<Fact<Duration>> {
    let node = node.get(name)?;
    let value = go_values::duration(node.text()?, Duration::from_secs(1))?;
    Some(source.fact(name, node, value))
}

fn health_check(source: &Source, node: &Node) -> HealthCheck {
    let text = |name: &str| node.get(name).and_then(Node::text).map(str::to_owned);
    HealthCheck {
        at: Some(source.at(node)),
        written: source.written("healthCheck", node),
        method: text("method").or_else(|| Some("GET".to_owned())),
        path: text("path"),
        host: text("hostname"),
        port: text("port").and_then(|port| port.parse().ok()),
        expected: node
            .get("status")
            .and_then(|node| Some(source.fact("status", node, node.text()?.to_owned()))),
        interval: duration(source, node, "interval")
            .or_else(|| Some(Fact::by_default(Duration::from_secs(30), "interval: 30s"))),
        timeout: duration(source, node, "timeout")
            .or_else(|| Some(Fact::by_default(Duration::from_secs(5), "timeout: 5s"))),
        is_tls: text("scheme").is_some_and(|scheme| scheme == "https"),
        client_certificate: None,
    }
}

/// What a router's middlewares change about its route.
fn middlewares(sources: &[Source], router: &Node, route: &mut Route) {
    for (name, _) in router.get("middlewares").map(Node::texts).unwrap_or_default() {
        let name = name.split('@').next().unwrap_or(name);
        let found = sources
            .iter()
            .find_map(|source| Some((source, source.root.at(&["http", "middlewares"])?.get(name)?)));
        let Some((source, middleware)) = found else { continue };
        if let Some(node) = middleware.get("retry") {
            let attempts = node.get("attempts").and_then(|node| node.text()?.parse().ok());
            let value = Retries {
                when: vec!["no answer from the server".to_owned()],
                attempts,
                repeats_unsafe: false,
            };
            route.retries = Some(source.fact("retry", node, value));
        }
        if let Some(node) = middleware.get("buffering") {
            route.is_buffered = source.fact("buffering", node, true);
            route.body_limit = node
                .get("maxRequestBodyBytes")
                .and_then(|limit| {
                    Some(source.fact("maxRequestBodyBytes", limit, limit.text()?.parse().ok()?))
                })
                .filter(|limit: &Fact<u64>| limit.value > 0);
        }
        if let Some(headers) = middleware.at(&["headers", "customRequestHeaders"])
            && let Some(node) = headers.get("Host")
        {
            route.host_header = node.text().map(|host| source.fact("Host", node, host.to_owned()));
        }
    }
}

fn read_tcp(
    sources: &[Source],
    source: &Source,
    router: &Node,
    entrances: &[Entrance],
    config: &mut GatewayConfig,
) {
    let Some(written) = router.get("rule") else { return };
    let Ok(choices) = rule::parse(written.text().unwrap_or_default()) else { return };
    let service = router.get("service").and_then(Node::text).unwrap_or_default();
    let found = sources.iter().find_map(|source| {
        Some((source, source.root.at(&["tcp", "services"])?.get(service)?.get("loadBalancer")?))
    });
    let Some((origin, balancer)) = found else { return };
    let transport = Transport::find(sources, None);
    let mut route = bare(&transport, places(router, entrances), None);
    route.at = Some(source.at(written));
    route.pool = router.get("service").map(|node| source.fact("service", node, service.to_owned()));
    for server in balancer.get("servers").map(Node::items).unwrap_or_default() {
        let Some(node) = server.get("address") else { continue };
        if let Some(address) = node.text().and_then(|text| UpstreamAddress::parse(Scheme::Tcp, text)) {
            let written = origin.written("address", node);
            route.upstreams.push(UpstreamConfig::new(Some(origin.at(node)), written, address));
        }
    }
    config.routes.extend(choices.into_iter().map(|choice| with_choice(&route, choice)));
}

/// Services within services that are followed, and those of one route that are kept.
const DEEPEST: usize = 8;
const MOST: usize = 100;
