//! Which routes of a configuration take the site's requests.
//!
//! Names and paths are chosen by the crate `dialect`. Where several sites differ only in their port, a route belongs to
//! the listeners written shortly before it in the same file; where that tells nothing, the port does not count.

use crate::SiteUrl;
use torwart_dialect::config::{At, GatewayConfig, ListenAddress, Route};

/// The places in `config.routes` of what may take requests for the site: up to the first that takes them for certain.
pub fn of_site(config: &GatewayConfig, url: &SiteUrl) -> Vec<usize> {
    let path = url.target.split('?').next().unwrap_or("/");
    let fitting = config.routes_for(&url.host, path);
    let on_port: Vec<&Route> =
        fitting.iter().copied().filter(|route| is_on_port(config, route, url.port)).collect();
    let chosen = if on_port.is_empty() { fitting } else { on_port };
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
    config.listeners.iter().any(|listener| port_of(&listener.address) == Some(port))
}

fn port_of(address: &ListenAddress) -> Option<u16> {
    match address {
        ListenAddress::Tcp { port, .. } => Some(*port),
        ListenAddress::Unix(_) => None,
    }
}

/// Whether one of the listeners written right before a route, with no other route between, has this port.
fn is_on_port(config: &GatewayConfig, route: &Route, port: u16) -> bool {
    let Some(at) = &route.at else { return false };
    let before = |other: &At| other.file == at.file && other.line <= at.line;
    let listeners =
        || config.listeners.iter().filter_map(|it| Some((it.at.as_ref()?, port_of(&it.address)?)));
    let Some(nearest) = listeners().filter(|(place, _)| before(place)).map(|(place, _)| place.line).max()
    else {
        return false;
    };
    let lines = config.routes.iter().filter_map(|other| other.at.as_ref());
    let border =
        lines.filter(|place| place.file == at.file && place.line < nearest).map(|place| place.line).max();
    listeners().any(|(place, own)| {
        place.file == at.file
            && place.line <= nearest
            && border.is_none_or(|line| place.line > line)
            && own == port
    })
}
