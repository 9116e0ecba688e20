//! A core's own view of the plan: what the snapshot says, and this core's links and counters beside it.

use crate::balance::Balancing;
use crate::clock::Moment;
use crate::multiplex::Multiplex;
use crate::outage::Outage;
use crate::pool::{IdleLinks, Keep};
use crate::queue::Gate;
use crate::snapshot::Snapshot;
use crate::upstream::Upstream;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use torwart_config::plan::{Concurrency, RouteIndex, Site};
use torwart_dial::Target;
use torwart_policy::budget::RetryBudget;
use torwart_record::UpstreamGauge;

/// A core's view of one snapshot.
pub struct View {
    /// The snapshot.
    pub snapshot: Arc<Snapshot>,
    /// The pools, in the plan's order.
    pub pools: Vec<PoolView>,
    /// Site and place within it of each route, by the route's number in the plan.
    places: Vec<(usize, usize)>,
}

/// A core's view of one pool.
pub struct PoolView {
    /// Its upstreams.
    pub upstreams: Vec<Rc<UpstreamView>>,
    /// How one of them is chosen.
    pub balancing: Balancing,
    /// This core's share of the retry budget.
    pub budget: RefCell<RetryBudget>,
    /// Whether the pool can be reached; outlives a reload.
    pub outage: Rc<Outage>,
    /// How idle links are kept.
    pub keep: Keep,
    /// Who waits for one of its upstreams, on all cores.
    pub gate: Arc<Gate>,
}

/// A core's view of one upstream.
pub struct UpstreamView {
    /// The upstream; its label is this core's own copy, so that counting references stays on the core.
    pub upstream: Upstream,
    /// Its idle links.
    pub idle: IdleLinks,
    /// Its connections that carry many exchanges, where it may have such.
    pub multiplex: Option<Box<Multiplex>>,
    /// Whether its pool has no other.
    pub is_alone: Cell<bool>,
    /// Tells the metrics whether it can be connected to.
    pub up: UpstreamGauge,
}

impl View {
    /// The view of a snapshot; links of the view before it go on where they may.
    pub fn new(snapshot: Arc<Snapshot>, before: Option<&Self>) -> Self {
        let pools = snapshot.plan.pools.iter().zip(&snapshot.pools).map(|(pool, upstreams)| {
            let up =
                |place: usize| snapshot.series.upstream(pool.index.0, place).cloned().unwrap_or_default();
            let views = upstreams.iter().enumerate().map(|(place, upstream)| {
                // Links to an upstream that is dialled exactly as before may go on.
                let kept = before.and_then(|before| before.find(upstream));
                let view = kept.unwrap_or_else(|| Rc::new(UpstreamView::new(upstream, up(place))));
                view.is_alone.set(upstreams.len() == 1);
                view
            });
            PoolView {
                upstreams: views.collect(),
                balancing: Balancing::new(&snapshot, pool, upstreams),
                budget: RefCell::new(RetryBudget::new(pool.retry.percent, pool.retry.per_second)),
                outage: before.and_then(|before| before.outage_of(&pool.name)).unwrap_or_default(),
                keep: Keep { links: pool.idle.links, time: pool.idle.keep },
                gate: snapshot.gates.of_pool(pool.index.0).map(Arc::clone).unwrap_or_default(),
            }
        });
        let pools = pools.collect();
        let mut places = vec![(0, 0); snapshot.plan.routes];
        for (index, site) in snapshot.plan.sites.iter().enumerate() {
            for (place, route) in site.routes.iter().enumerate() {
                if let Some(known) = places.get_mut(route.index.0) {
                    *known = (index, place);
                }
            }
        }
        Self { snapshot, pools, places }
    }

    /// What is known about a pool's being there.
    fn outage_of(&self, name: &str) -> Option<Rc<Outage>> {
        let at = self.snapshot.plan.pools.iter().position(|pool| &*pool.name == name)?;
        self.pools.get(at).map(|pool| Rc::clone(&pool.outage))
    }

    /// The index of a route's site.
    pub fn site_of(&self, route: RouteIndex) -> Option<usize> {
        self.places.get(route.0).map(|(site, _)| *site)
    }

    /// The place of a route within its site.
    pub fn place_of(&self, route: RouteIndex) -> Option<usize> {
        self.places.get(route.0).map(|(_, place)| *place)
    }

    /// The index of a site of this very plan.
    pub fn index_of(&self, site: &Site) -> Option<usize> {
        self.snapshot.plan.sites.iter().position(|known| std::ptr::eq(known, site))
    }

    /// The view of the same upstream, reached in the same way. After a reload upstreams with TLS start anew, because
    /// files may have changed.
    fn find(&self, wanted: &Upstream) -> Option<Rc<UpstreamView>> {
        let is_same = |view: &&Rc<UpstreamView>| {
            let have = &view.upstream;
            Arc::ptr_eq(&have.state, &wanted.state)
                && have.target.place == wanted.target.place
                && match (&have.target.tls, &wanted.target.tls) {
                    (None, None) => true,
                    (Some(have), Some(wanted)) => Arc::ptr_eq(have, wanted),
                    (Some(_), None) | (None, Some(_)) => false,
                }
                && have.authority == wanted.authority
                && have.protocol == wanted.protocol
        };
        self.pools.iter().flat_map(|pool| &pool.upstreams).find(is_same).cloned()
    }
}

impl UpstreamView {
    /// Tells the metrics how busy the upstream is, and whether it is up: one that was left out counts as down until it
    /// has answered.
    pub fn show(&self, plan: Concurrency, queued: usize, now: Moment) {
        let state = &self.upstream.state;
        self.up.set(state.is_up(now) && !state.is_doubted());
        let latency = if self.is_alone.get() { 0 } else { state.latency(now).nanos };
        self.up.load(state.in_flight(), Duration::from_nanos(latency));
        self.up.room(state.load.limit(plan), queued);
    }

    fn new(upstream: &Upstream, up: UpstreamGauge) -> Self {
        let target = Target { label: Arc::from(&*upstream.target.label), ..upstream.target.clone() };
        Self {
            upstream: Upstream { target, ..upstream.clone() },
            idle: IdleLinks::default(),
            multiplex: Multiplex::of(upstream.protocol).map(Box::new),
            is_alone: Cell::new(true),
            up,
        }
    }
}
