//! What the gateway says and checks when it speaks TLS to an upstream, as far as its configuration is known.

use crate::observe::gateway::Gateway;
use crate::{Case, Place, UpstreamAddress};
use std::net::IpAddr;
use std::path::PathBuf;
use torwart_dialect::Product;
use torwart_dialect::config::{Fact, Route, Sni, UpstreamConfig, UpstreamTls};

/// What the gateway says and checks.
#[derive(Clone, Debug, Default)]
pub struct Meant {
    /// Whose configuration says it; none where there is none.
    pub product: Option<Product>,
    /// Its settings.
    pub tls: Option<UpstreamTls>,
    /// The upstream's own line.
    pub line: Option<UpstreamConfig>,
    /// The name it sends.
    pub spoken: Option<String>,
    /// The name it expects in the certificate; none where it checks none.
    pub expected: Option<String>,
    /// Names its configuration mentions for this upstream, checked or not: that of the certificate, that of `Host`.
    pub mentioned: Vec<String>,
    /// Whether it sends a PROXY protocol header first.
    pub sends_proxy_protocol: bool,
}

/// What is meant for an upstream. Without a configuration: what most gateways would send.
pub fn of(case: &Case, gateway: &Gateway, upstream: &UpstreamAddress) -> Meant {
    let site = case.question().url.host.as_str();
    let Some((route, line)) = gateway.route_to(upstream) else {
        let name = own_name(upstream).unwrap_or(site).to_owned();
        return Meant { spoken: Some(name.clone()), expected: Some(name), ..Meant::default() };
    };
    by_route(gateway.product(), route, line, upstream, site)
}

fn by_route(
    product: Option<Product>,
    route: &Route,
    line: &UpstreamConfig,
    upstream: &UpstreamAddress,
    site: &str,
) -> Meant {
    let own = own_host(upstream);
    let spoken = match &route.tls.sni.value {
        Sni::Off => None,
        Sni::Upstream => own.clone(),
        Sni::Client => Some(site.to_owned()),
        Sni::Name(name) => Some(name.clone()),
    };
    let named = route.tls.name.as_ref().and_then(|fact| match fact.value.as_str() {
        "$host" | "$http_host" | "$ssl_server_name" => Some(site.to_owned()),
        name if name.contains('$') => None,
        name => Some(name.to_owned()),
    });
    let host = route
        .host_header
        .as_ref()
        .map(|fact| fact.value.clone())
        .filter(|name| !name.contains(['$', '%', '{']));
    let mentioned = named.iter().cloned().chain(host).collect();
    let expected = match product {
        _ if !route.tls.checks_name.value => None,
        // HAProxy checks what it says, where it is told nothing else, and no name at all where it says none.
        Some(Product::Haproxy) => named.or_else(|| spoken.clone()),
        _ => named.or(own),
    };
    Meant {
        product,
        spoken: spoken.filter(|name| name.parse::<IpAddr>().is_err()),
        expected,
        mentioned,
        sends_proxy_protocol: route.sends_proxy_protocol.value,
        tls: Some(route.tls.clone()),
        line: Some(line.clone()),
    }
}

impl Meant {
    /// Whether the configuration is known.
    pub const fn is_known(&self) -> bool {
        self.tls.is_some()
    }

    /// Whether the gateway refuses a certificate that does not lead to whom it trusts; none where that is not known.
    pub fn verifies(&self) -> Option<bool> {
        self.tls.as_ref().map(|tls| tls.verify.value)
    }

    /// Whether the gateway refuses a certificate out of its time. Apache does so even where it verifies nothing else.
    pub fn checks_dates(&self) -> Option<bool> {
        self.verifies().map(|verifies| verifies || self.product == Some(Product::Apache))
    }

    /// Whether the gateway refuses a certificate for another name. Apache does so even where it verifies nothing else.
    pub fn checks_name(&self) -> Option<bool> {
        let tls = self.tls.as_ref()?;
        let is_checked = tls.checks_name.value && self.expected.is_some();
        Some(is_checked && (tls.verify.value || self.product == Some(Product::Apache)))
    }

    /// Whether the gateway takes a common name for a name, as everything built on OpenSSL does.
    pub fn takes_common_name(&self) -> bool {
        !matches!(self.product, Some(Product::Caddy | Product::Traefik))
    }

    /// The file with the authorities it trusts.
    pub fn trust_file(&self) -> Option<&Fact<PathBuf>> {
        self.tls.as_ref()?.trust.as_ref()
    }
}

/// The upstream's name, where it has one.
pub fn own_name(upstream: &UpstreamAddress) -> Option<&str> {
    match &upstream.place {
        Place::Name { host, .. } => Some(host),
        Place::Ip(_) | Place::Unix(_) => None,
    }
}

fn own_host(upstream: &UpstreamAddress) -> Option<String> {
    match &upstream.place {
        Place::Name { host, .. } => Some(host.clone()),
        Place::Ip(address) => Some(address.ip().to_string()),
        Place::Unix(_) => None,
    }
}
