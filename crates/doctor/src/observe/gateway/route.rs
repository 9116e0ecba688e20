//! Which routes of a configuration take the site's requests.
//!
//! The crate `dialect` chooses by port, name and path. Where the gateway listens on other ports than the site's (behind a
//! port that is mapped elsewhere), the port does not count.

use crate::SiteUrl;
use torwart_dialect::config::{GatewayConfig, ListenAddress};

/// The places in `config.routes` of what may take requests for the site: up to the first that takes them for certain.
pub fn of_site(config: &GatewayConfig, url: &SiteUrl) -> Vec<usize> {
    let path = url.target.split('?').next().unwrap_or("/");
    let on_port = config.routes_at(url.port, &url.host, path);
    let chosen = if on_port.is_empty() && !listens_on(config, url.port) {
        config.routes_for(&url.host, path)
    } else {
        on_port
    };
    let certain = chosen.iter().position(|route| !route.is_conditional).unwrap_or(chosen.len());
    let likely = chosen.into_iter().take(certain + 1);
    let mut places: Vec<usize> = likely
        .filter_map(|route| config.routes.iter().position(|other| std::ptr::eq(other, route)))
        .collect();
    // The one that takes requests without further conditions is the one a plain request meets.
    places.sort_by_key(|place| config.routes.get(*place).is_none_or(|route| route.is_conditional));
    places
}

/// Whether the configuration listens on this port.
pub fn listens_on(config: &GatewayConfig, port: u16) -> bool {
    config.listeners.iter().any(|listener| match listener.address {
        ListenAddress::Tcp { port: own, .. } => own == port,
        ListenAddress::Unix(_) => false,
    })
}
