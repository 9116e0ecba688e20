//! Which route a request takes: the products' rules of preference, where they can be told from names and paths.
//!
//! nginx prefers the best name, then an exact path, then the longest prefix unless a regular expression fits. The
//! others take the first route written that fits. Expressions our engine does not know never fit.

use super::{GatewayConfig, HostRule, PathRule, Route};
use crate::Product;
use regex::bytes::RegexBuilder;

/// The routes that could take the request, the one that does first.
pub(super) fn routes_for<'a>(config: &'a GatewayConfig, host: &str, path: &str) -> Vec<&'a Route> {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    let mut fitting: Vec<(u32, u32, &Route)> = config
        .routes
        .iter()
        .filter_map(|route| Some((host_rank(route, &host)?, path_rank(&route.path, path)?, route)))
        .collect();
    match config.product {
        Product::Nginx => {
            let best_site = fitting.iter().map(|(host, _, _)| *host).max();
            fitting.retain(|(host, _, _)| Some(*host) == best_site);
            order_locations(&mut fitting);
        }
        // The first that fits wins, but one that names the host stands before one that takes any.
        Product::Haproxy => {}
        Product::Apache => fitting.sort_by_key(|(host, _, _)| std::cmp::Reverse(*host)),
        Product::Caddy | Product::Traefik => {
            fitting.sort_by_key(|(host, path, _)| std::cmp::Reverse((*host, *path)));
        }
    }
    fitting.into_iter().map(|(_, _, route)| route).collect()
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
            HostRule::Regex(pattern) => fits_pattern(pattern, true, host).then_some(1),
            HostRule::Any => Some(0),
        }
    }
}

impl PathRule {
    /// The path fits.
    pub fn fits(&self, path: &str) -> bool {
        path_rank(self, path).is_some()
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
    u32::try_from(text.len()).unwrap_or(u32::MAX - 1).min(99_999)
}

/// Bytes a compiled expression may take.
const PATTERN_LIMIT: usize = 1 << 20;
