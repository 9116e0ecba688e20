//! The names of a plan and where their counters lie: a closed list of label values for every metric.
//!
//! Indexes are those of the plan. Counters are kept by name across plans, so an exchange that began under an old plan
//! is still counted under the right name: it holds the [`Series`] it began with.

use crate::UpstreamGauge;
use std::sync::Arc;

/// The names of a plan, in the plan's order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Labels {
    /// Every route of every site.
    pub routes: Vec<RouteLabels>,
    /// Every pool.
    pub pools: Vec<PoolLabels>,
}

/// The names of one route.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RouteLabels {
    /// The site's name.
    pub site: String,
    /// The route's name, as the operator wrote its path.
    pub route: String,
    /// Indexes of the pools this route may use.
    pub pools: Vec<usize>,
}

/// The names of one pool.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PoolLabels {
    /// The pool's name.
    pub name: String,
    /// Its upstreams as the configuration names them.
    pub upstreams: Vec<String>,
}

/// The names of one plan, resolved to their counters by [`Metrics::adopt`](crate::Metrics::adopt).
#[derive(Debug)]
pub struct Series {
    pub(crate) routes: Box<[RouteSeries]>,
    pub(crate) pools: Box<[PoolSeries]>,
    pub(crate) unrouted: RouteSeries,
}

#[derive(Debug)]
pub(crate) struct RouteSeries {
    pub(crate) site: Arc<str>,
    pub(crate) route: Arc<str>,
    pub(crate) counters: u32,
    /// Where causes are counted, by plan index of the pool. The first entry stands for no pool.
    pub(crate) causes: Box<[(Option<usize>, u32)]>,
}

#[derive(Debug)]
pub(crate) struct PoolSeries {
    pub(crate) name: Arc<str>,
    pub(crate) counters: u32,
    pub(crate) upstreams: Box<[UpstreamGauge]>,
}

impl Series {
    /// The site's name of a route; empty for no route.
    pub fn site(&self, route: Option<usize>) -> &str {
        &self.of_route(route).site
    }

    /// The route's name; empty for no route.
    pub fn route(&self, route: Option<usize>) -> &str {
        &self.of_route(route).route
    }

    /// The pool's name; empty for no pool.
    pub fn pool(&self, pool: Option<usize>) -> &str {
        self.of_pool(pool).map_or("", |pool| &pool.name)
    }

    /// The gauge that says whether an upstream is held to be up.
    pub fn upstream(&self, pool: usize, upstream: usize) -> Option<&UpstreamGauge> {
        self.pools.get(pool)?.upstreams.get(upstream)
    }

    pub(crate) fn of_route(&self, route: Option<usize>) -> &RouteSeries {
        route.and_then(|index| self.routes.get(index)).unwrap_or(&self.unrouted)
    }

    pub(crate) fn of_pool(&self, pool: Option<usize>) -> Option<&PoolSeries> {
        self.pools.get(pool?)
    }
}

impl RouteSeries {
    /// Where a cause is counted. A pool the labels did not announce is counted as no pool rather than not at all.
    pub(crate) fn causes(&self, pool: Option<usize>) -> Option<u32> {
        let slot = self.causes.iter().find(|(index, _)| *index == pool).or_else(|| self.causes.first());
        slot.map(|(_, counters)| *counters)
    }
}
