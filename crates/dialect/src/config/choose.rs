//! Which route a request takes: the products' rules of preference, where they can be told from names and paths.
//!
//! Routes that share their listeners are a site. First the sites are judged by their names, then the routes of each
//! by their paths: nginx prefers an exact path, then the longest prefix unless a regular expression fits; Caddy and
//! Traefik the longest rule; the others the first that is written. Expressions our engine does not know never fit.

use super::{GatewayConfig, HostRule, ListenAddress, Listener, PathRule, Route};
use crate::Product;
use regex::bytes::RegexBuilder;
use std::cmp::Reverse;

/// The routes that could take the request, the one that does first.
pub(super) fn routes_for<'a>(
    config: &'a GatewayConfig,
    host: &str,
    path: &str,
    port: Option<u16>,
) -> Vec<&'a Route> {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    let mut sites = sites(config, &host, path, port);
    let is_by_name = is_by_name(config.product);
    if is_by_name {
        keep_best_names(config, &mut sites);
    }
    for site in &mut sites {
        order(config.product, &mut site.fitting);
    }
    sites.sort_by_key(|site| {
        let first = site.fitting.first().map(|(_, _, route)| *route);
        let answers_all = first.is_none_or(|route| route.upstreams.is_empty() && route.path.is_everything());
        let is_bytes = first.is_some_and(Route::is_bytes);
        (is_by_name.then_some(Reverse(site.names_rank)), answers_all, is_bytes)
    });
    sites.into_iter().flat_map(|site| site.fitting).map(|(_, _, route)| route).collect()
}

/// Of one site's routes, the one that takes this path.
pub(crate) fn best_by_path<'a>(product: Product, routes: &'a [Route], path: &str) -> Option<&'a Route> {
    let open = routes.iter().filter(|route| !route.is_internal);
    let mut fitting: Vec<(u32, u32, &Route)> =
        open.filter_map(|route| Some((0, path_rank(&route.path, path)?, route))).collect();
    order(product, &mut fitting);
    fitting.first().map(|(_, _, route)| *route)
}

/// Routes with the same listeners, and how well the names of the best of them fit.
struct Site<'a> {
    listeners: &'a [usize],
    names_rank: u32,
    fitting: Vec<(u32, u32, &'a Route)>,
}

fn sites<'a>(config: &'a GatewayConfig, host: &str, path: &str, port: Option<u16>) -> Vec<Site<'a>> {
    let mut sites: Vec<Site<'a>> = Vec::new();
    for route in config.routes.iter().filter(|route| !route.is_internal && is_at(config, route, port)) {
        let is_fallback = is_by_name(config.product)
            && listeners_of(config, &route.listeners).any(|listener| listener.is_fallback);
        let Some(names) = host_rank(route, host).or_else(|| is_fallback.then_some(0)) else { continue };
        let Some(length) = path_rank(&route.path, path) else { continue };
        let known = sites.iter_mut().find(|site| site.listeners == route.listeners);
        match known {
            Some(site) => {
                site.names_rank = site.names_rank.max(names);
                site.fitting.push((names, length, route));
            }
            None => sites.push(Site {
                listeners: &route.listeners,
                names_rank: names,
                fitting: vec![(names, length, route)],
            }),
        }
    }
    sites
}

/// Of the sites that share an address, only the one whose names fit best answers there.
fn keep_best_names(config: &GatewayConfig, sites: &mut Vec<Site<'_>>) {
    let addresses = |site: &Site<'_>| -> Vec<ListenAddress> {
        listeners_of(config, site.listeners).map(|listener| listener.address.clone()).collect()
    };
    let ranks: Vec<(Vec<ListenAddress>, u32)> =
        sites.iter().map(|site| (addresses(site), site.names_rank)).collect();
    sites.retain(|site| {
        let own = addresses(site);
        own.is_empty()
            || own.iter().any(|address| {
                !ranks.iter().any(|(others, rank)| *rank > site.names_rank && others.contains(address))
            })
    });
}

/// A request belongs to one site, chosen by its name before anything else is looked at.
fn is_by_name(product: Product) -> bool {
    matches!(product, Product::Nginx | Product::Apache)
}

fn order(product: Product, fitting: &mut [(u32, u32, &Route)]) {
    match product {
        Product::Nginx => order_locations(fitting),
        // What hangs on more than names and paths may not hold: it comes after what surely does.
        Product::Haproxy | Product::Apache => fitting.sort_by_key(|(_, _, route)| route.is_conditional),
        Product::Caddy | Product::Traefik => {
            fitting.sort_by_key(|(host, path, _)| Reverse((*host, *path)));
        }
    }
}

/// An exact path, then the longest prefix if it forbids expressions, then expressions in their order, then prefixes.
fn order_locations(fitting: &mut [(u32, u32, &Route)]) {
    let longest = fitting
        .iter()
        .filter(|(_, _, route)| matches!(route.path, PathRule::Prefix(_) | PathRule::StrictPrefix(_)))
        .map(|(_, length, _)| *length)
        .max();
    fitting.sort_by_key(|(_, length, route)| match &route.path {
        PathRule::Exact(_) => (0, 0),
        PathRule::StrictPrefix(_) if Some(*length) == longest => (1, 0),
        PathRule::Regex { .. } => (2, 0),
        _ => (3, u32::MAX - length),
    });
}

fn listeners_of<'a>(config: &'a GatewayConfig, places: &'a [usize]) -> impl Iterator<Item = &'a Listener> {
    places.iter().filter_map(|place| config.listeners.get(*place))
}

fn is_at(config: &GatewayConfig, route: &Route, port: Option<u16>) -> bool {
    let Some(wanted) = port else { return true };
    route.listeners.is_empty()
        || listeners_of(config, &route.listeners)
            .any(|listener| matches!(listener.address, ListenAddress::Tcp { port, .. } if port == wanted))
}

/// How well the route's names fit; nothing if none does.
fn host_rank(route: &Route, host: &str) -> Option<u32> {
    if route.hosts.is_empty() {
        return Some(0);
    }
    route.hosts.iter().filter_map(|rule| rule.rank(host)).max()
}

impl HostRule {
    /// The name fits.
    pub fn fits(&self, host: &str) -> bool {
        self.rank(&host.trim_end_matches('.').to_ascii_lowercase()).is_some()
    }

    /// How well the name fits, by nginx's order: exact, longest ending, longest beginning, expression, any.
    fn rank(&self, host: &str) -> Option<u32> {
        match self {
            HostRule::Exact(name) => (name == host).then_some(u32::MAX),
            HostRule::Below(ending) => host.ends_with(ending.as_str()).then(|| 200_000 + length(ending)),
            HostRule::Begins(beginning) => {
                host.starts_with(beginning.as_str()).then(|| 100_000 + length(beginning))
            }
            HostRule::Regex(pattern) => fits_pattern(pattern, true, host).then_some(2),
            HostRule::Any => Some(1),
        }
    }
}

impl PathRule {
    /// The path fits.
    pub fn fits(&self, path: &str) -> bool {
        path_rank(self, path).is_some()
    }
}

impl PathRule {
    /// Every path fits.
    pub(crate) fn is_everything(&self) -> bool {
        match self {
            PathRule::Any => true,
            PathRule::Prefix(text) | PathRule::StrictPrefix(text) | PathRule::Segments(text) => text == "/",
            PathRule::Exact(_) | PathRule::Suffix(_) | PathRule::Regex { .. } => false,
        }
    }
}

fn path_rank(rule: &PathRule, path: &str) -> Option<u32> {
    match rule {
        PathRule::Prefix(prefix) | PathRule::StrictPrefix(prefix) => {
            path.starts_with(prefix.as_str()).then(|| length(prefix))
        }
        PathRule::Segments(prefix) => {
            let rest = path.strip_prefix(prefix.trim_end_matches('/'))?;
            (rest.is_empty() || rest.starts_with('/')).then(|| length(prefix))
        }
        PathRule::Exact(exact) => (exact == path).then_some(u32::MAX),
        PathRule::Suffix(suffix) => path.ends_with(suffix.as_str()).then(|| length(suffix)),
        PathRule::Regex { pattern, ignores_case } => {
            fits_pattern(pattern, *ignores_case, path).then(|| length(pattern))
        }
        PathRule::Any => Some(0),
    }
}

fn fits_pattern(pattern: &str, ignores_case: bool, text: &str) -> bool {
    RegexBuilder::new(pattern)
        .case_insensitive(ignores_case)
        .unicode(false)
        .size_limit(PATTERN_LIMIT)
        .build()
        .is_ok_and(|regex| regex.is_match(text.as_bytes()))
}

fn length(text: &str) -> u32 {
    u32::try_from(text.len()).unwrap_or(u32::MAX).min(99_999)
}

/// Bytes a compiled expression may take.
const PATTERN_LIMIT: usize = 1 << 20;
