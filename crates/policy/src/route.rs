//! Which site and which route a request belongs to.
//!
//! Hosts are compared without case, port and final dot: the exact host first, then the longest `*.` that fits, then
//! the site for every host. Paths are compared in their normal form ([`crate::path`]); the routes of a site are asked
//! in the order the plan gives them. Nothing is allocated for a usual request.

use rustc_hash::FxHashMap;

use torwart_config::{
    Plan,
    plan::{HeaderMatch, HostPattern, PathMatch, RequiredHeader, Route, Site},
};
use torwart_wire::Head;

use crate::path::{PathFault, normalise};

/// What is precomputed from a plan to find sites and routes fast. Belongs to the plan it was made from.
#[derive(Clone, Debug, Default)]
pub struct RouteTable {
    exact: FxHashMap<Box<[u8]>, usize>,
    below: FxHashMap<Box<[u8]>, usize>,
    any: Option<usize>,
    sites: Vec<SiteTable>,
}

/// Of one site: where the routes for each exact path stand, and where the other routes begin.
#[derive(Clone, Debug, Default)]
struct SiteTable {
    exact: FxHashMap<Box<[u8]>, Vec<usize>>,
    others: usize,
}

/// Where a request belongs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Selection<'p> {
    /// To this route.
    Route {
        /// The site.
        site: &'p Site,
        /// The route.
        route: &'p Route,
    },
    /// To the same place under `https`.
    ToHttps {
        /// The site.
        site: &'p Site,
    },
    /// To no site.
    NoSite,
    /// To a site none of whose routes takes it.
    NoRoute {
        /// The site.
        site: &'p Site,
    },
    /// Nowhere: its path cannot be routed safely.
    Refused {
        /// The site.
        site: &'p Site,
        /// What is wrong with the path.
        fault: PathFault,
    },
}

impl RouteTable {
    /// Precomputes what helps for this plan.
    #[must_use]
    pub fn new(plan: &Plan) -> Self {
        let mut table = Self::default();
        for (index, site) in plan.sites.iter().enumerate() {
            for host in &site.hosts {
                match host {
                    HostPattern::Exact(host) => drop(table.exact.insert(host.as_bytes().into(), index)),
                    HostPattern::Below(suffix) => drop(table.below.insert(suffix.as_bytes().into(), index)),
                    HostPattern::Any => table.any = Some(index),
                }
            }
            table.sites.push(SiteTable::new(site));
        }
        table
    }

    /// Where a request belongs. `plan` must be the one the table was made from; `scratch` is used for unusual paths.
    #[must_use]
    pub fn select<'p>(
        &self,
        plan: &'p Plan,
        tls: bool,
        authority: &[u8],
        head: &Head,
        scratch: &mut Vec<u8>,
    ) -> Selection<'p> {
        let Some((site, table)) =
            self.site_of(authority).and_then(|index| Some((plan.sites.get(index)?, self.sites.get(index)?)))
        else {
            return Selection::NoSite;
        };
        let path = match normalise(head.path(), scratch) {
            Ok(path) => path,
            Err(fault) => return Selection::Refused { site, fault },
        };
        if site.redirect_to_https && !tls {
            return Selection::ToHttps { site };
        }
        match table.route(site, path, head) {
            Some(route) => Selection::Route { site, route },
            None => Selection::NoRoute { site },
        }
    }

    /// The site for the name of a TLS handshake or an authority.
    #[must_use]
    pub fn site<'p>(&self, plan: &'p Plan, authority: &[u8]) -> Option<&'p Site> {
        self.site_of(authority).and_then(|index| plan.sites.get(index))
    }

    fn site_of(&self, authority: &[u8]) -> Option<usize> {
        if self.exact.is_empty() && self.below.is_empty() {
            return self.any;
        }
        let host = host_of(authority);
        let mut lower = [0; LONGEST_HOST];
        let Some(name) = lower.get_mut(..host.len()) else { return self.any };
        name.copy_from_slice(host);
        name.make_ascii_lowercase();
        let name = &*name;
        if let Some(index) = self.exact.get(name) {
            return Some(*index);
        }
        if self.below.is_empty() {
            return self.any;
        }
        let dots = name.iter().enumerate().filter(|(at, byte)| **byte == b'.' && *at > 0);
        dots.filter_map(|(at, _)| self.below.get(name.get(at..)?)).next().copied().or(self.any)
    }
}

impl SiteTable {
    fn new(site: &Site) -> Self {
        let mut table = Self { others: site.routes.len(), ..Self::default() };
        for (index, route) in site.routes.iter().enumerate() {
            match &route.path {
                PathMatch::Exact(path) => table.exact.entry(path.as_bytes().into()).or_default().push(index),
                PathMatch::Any | PathMatch::Regex(_) | PathMatch::Prefix(_) => {
                    table.others = table.others.min(index);
                }
            }
        }
        table
    }

    fn route<'p>(&self, site: &'p Site, path: &[u8], head: &Head) -> Option<&'p Route> {
        let exact = self.exact.get(path).into_iter().flatten().filter_map(|index| site.routes.get(*index));
        let others = site.routes.iter().skip(self.others).filter(|route| takes_path(&route.path, path));
        exact.chain(others).find(|route| takes_request(route, head))
    }
}

/// The host of an authority: without port and final dot, an IPv6 address with its brackets.
#[must_use]
pub fn host_of(authority: &[u8]) -> &[u8] {
    let host = match authority {
        [b'[', ..] => authority.split_inclusive(|byte| *byte == b']').next().unwrap_or_default(),
        _ => authority.split(|byte| *byte == b':').next().unwrap_or_default(),
    };
    host.strip_suffix(b".").unwrap_or(host)
}

/// Whether a normalised path is one the route takes.
#[must_use]
pub fn takes_path(rule: &PathMatch, path: &[u8]) -> bool {
    match rule {
        PathMatch::Any => true,
        PathMatch::Exact(exact) => path == exact.as_bytes(),
        PathMatch::Regex(pattern) => pattern.regex().is_match(path),
        PathMatch::Prefix(prefix) => below_prefix(path, prefix).is_some(),
    }
}

/// What follows the prefix, if the path is the prefix or lies below it: `/a` is no prefix of `/ab`.
pub(crate) fn below_prefix<'a>(path: &'a [u8], prefix: &str) -> Option<&'a [u8]> {
    let rest = path.strip_prefix(prefix.as_bytes())?;
    (prefix.ends_with('/') || rest.first().is_none_or(|byte| *byte == b'/')).then_some(rest)
}

fn takes_request(route: &Route, head: &Head) -> bool {
    let method = head.method();
    (route.methods.is_empty() || route.methods.iter().any(|taken| taken.as_bytes() == method))
        && route.headers.iter().all(|required| is_met(required, head))
}

fn is_met(required: &RequiredHeader, head: &Head) -> bool {
    let mut values = head
        .fields()
        .filter(|field| field.name.eq_ignore_ascii_case(required.name.as_bytes()))
        .map(|field| field.value);
    match &required.is {
        HeaderMatch::Present => values.next().is_some(),
        HeaderMatch::Absent => values.next().is_none(),
        HeaderMatch::Equals(wanted) => values.any(|value| value == wanted.as_bytes()),
        HeaderMatch::Regex(pattern) => values.any(|value| pattern.regex().is_match(value)),
    }
}

/// Longer than any name in the DNS, brackets and all.
const LONGEST_HOST: usize = 256;
