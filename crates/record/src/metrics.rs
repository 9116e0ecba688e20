//! Counters derived from records: written by each core on its own, summed when somebody asks.
//!
//! A counter has one writer, its core, so counting is a relaxed load and store without a locked instruction; a scrape
//! adds up all cores. Counters are found by a number that [`Metrics::adopt`] gives to each name and never takes back:
//! a reload loses no counts. Gauges are held by guards, so what ends in whatever way is counted as ended.

mod cache;
mod exposition;
mod guard;
mod histogram;
mod shard;
mod upstream;

pub use cache::{CacheCounters, Lookup};
pub use exposition::Exposition;
pub use guard::{ClientGuard, ClientState, LinkGuard, LinkState};
pub use upstream::UpstreamGauge;

use crate::series::{PoolSeries, RouteSeries};
use crate::{Labels, Record, Series, Status};
use shard::Shard;
use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use torwart_cause::{Cause, Stage};

/// All metrics of the process.
#[derive(Debug)]
pub struct Metrics {
    status: Arc<Status>,
    shards: Box<[Arc<Shard>]>,
    names: Mutex<Names>,
    dropped: Arc<AtomicU64>,
    journal_errors: Arc<AtomicU64>,
    cache: Arc<CacheCounters>,
}

/// Every name that was ever in a plan, and the number of its counters.
#[derive(Debug, Default)]
struct Names {
    routes: Numbered,
    pools: Numbered,
    causes: Numbered,
    upstreams: BTreeMap<(Arc<str>, Arc<str>), UpstreamGauge>,
    certificates: BTreeMap<String, u64>,
    health: BTreeMap<(Arc<str>, Arc<str>), HealthCounts>,
}

/// What active checks found out about one upstream.
#[derive(Clone, Debug, Default)]
struct HealthCounts {
    is_up: bool,
    /// How often it went down, by cause.
    downs: BTreeMap<&'static str, u64>,
}

/// Pairs of names, numbered in the order of their first appearance.
#[derive(Debug, Default)]
struct Numbered {
    numbers: HashMap<(Arc<str>, Arc<str>), u32>,
    names: Vec<(Arc<str>, Arc<str>)>,
}

impl Metrics {
    /// Metrics of a process with this many cores. Plan generation and version are read from the status.
    pub fn new(cores: usize, status: Arc<Status>) -> Self {
        Self {
            status,
            shards: (0..cores.max(1)).map(|_| Arc::default()).collect(),
            names: Mutex::default(),
            dropped: Arc::default(),
            journal_errors: Arc::default(),
            cache: Arc::default(),
        }
    }

    /// Takes over the names of a plan, at start and at each reload. Names known before keep their counts.
    pub fn adopt(&self, labels: &Labels) -> Arc<Series> {
        let mut names = self.names();
        let known = std::mem::take(&mut names.upstreams);
        let mut pools = Vec::with_capacity(labels.pools.len());
        for pool in &labels.pools {
            let name: Arc<str> = pool.name.as_str().into();
            let mut upstreams = Vec::with_capacity(pool.upstreams.len());
            for upstream in &pool.upstreams {
                let key = (name.clone(), Arc::from(upstream.as_str()));
                let gauge = known.get(&key).cloned().unwrap_or_default();
                names.upstreams.insert(key, gauge.clone());
                upstreams.push(gauge);
            }
            let counters = names.pools.number(&name, &Arc::default());
            pools.push(PoolSeries { name, counters, upstreams: upstreams.into() });
        }
        let routes =
            labels.routes.iter().map(|route| names.route(&route.site, &route.route, &route.pools, &pools));
        let routes = routes.collect();
        let unrouted = names.route("", "", &[], &pools);
        Arc::new(Series { routes, pools: pools.into(), unrouted })
    }

    /// The side of core `index`, which must count from one thread only.
    pub fn core(&self, index: usize) -> CoreMetrics {
        let shard = self.shards.get(index).or_else(|| self.shards.last());
        CoreMetrics { shard: shard.cloned().unwrap_or_default() }
    }

    /// The certificates in use, by name, each with the end of its validity in seconds since 1970.
    pub fn set_certificates(&self, certificates: impl IntoIterator<Item = (String, u64)>) {
        self.names().certificates = certificates.into_iter().collect();
    }

    /// Active checks have come to another verdict about an upstream: it is up, or down because of this.
    pub fn see_health(&self, pool: &Arc<str>, upstream: &Arc<str>, down: Option<Cause>) {
        let mut names = self.names();
        let counts = names.health.entry((pool.clone(), upstream.clone())).or_default();
        counts.is_up = down.is_none();
        if let Some(cause) = down {
            *counts.downs.entry(cause.id()).or_default() += 1;
        }
    }

    /// Nobody checks this upstream any more.
    pub fn forget_health(&self, pool: &Arc<str>, upstream: &Arc<str>) {
        self.names().health.remove(&(pool.clone(), upstream.clone()));
    }

    /// Where the cache counts.
    pub fn cache(&self) -> Arc<CacheCounters> {
        self.cache.clone()
    }

    /// Where journals count records that were dropped because the writer could not keep up.
    pub fn dropped_records(&self) -> Arc<AtomicU64> {
        self.dropped.clone()
    }

    /// Where the journal's writer counts failed writes.
    pub fn journal_errors(&self) -> Arc<AtomicU64> {
        self.journal_errors.clone()
    }

    fn names(&self) -> MutexGuard<'_, Names> {
        // The names are consistent after every step, so a panic elsewhere does not spoil them.
        self.names.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Names {
    fn route(&mut self, site: &str, route: &str, pools: &[usize], known: &[PoolSeries]) -> RouteSeries {
        let (site, route): (Arc<str>, Arc<str>) = (site.into(), route.into());
        let mut causes = vec![(None, self.causes.number(&site, &Arc::default()))];
        for &index in pools {
            if let Some(pool) = known.get(index) {
                causes.push((Some(index), self.causes.number(&site, &pool.name)));
            }
        }
        let counters = self.routes.number(&site, &route);
        RouteSeries { site, route, counters, causes: causes.into() }
    }
}

impl Numbered {
    fn number(&mut self, first: &Arc<str>, second: &Arc<str>) -> u32 {
        let key = (first.clone(), second.clone());
        if let Some(number) = self.numbers.get(&key) {
            return *number;
        }
        let number = u32::try_from(self.names.len()).unwrap_or(u32::MAX);
        self.names.push(key.clone());
        self.numbers.insert(key, number);
        number
    }
}

/// One core's counters.
#[derive(Clone, Debug)]
pub struct CoreMetrics {
    shard: Arc<Shard>,
}

impl CoreMetrics {
    /// Raises every counter that a finished exchange concerns. Called once for each, by the [`Recorder`](crate::Recorder).
    pub fn count(&self, record: &Record<'_>) {
        let route = record.series.of_route(record.route);
        if let Some(counters) = self.shard.routes.at(route.counters) {
            counters.count(record.status, record.served_by);
        }
        self.shard.exchange_seconds.observe(record.duration);
        self.count_stages(record);
        if let Some(pool) = record.series.of_pool(record.pool)
            && let Some(counters) = self.shard.pools.at(pool.counters)
        {
            for (_, cause) in record.attempts() {
                counters.count_attempt(cause);
            }
        }
        if let Some(cause) = record.cause()
            && let Some(number) = route.causes(record.pool)
            && let Some(counters) = self.shard.causes.at(number)
        {
            counters.count(cause);
        }
        if let Some(crawler) = record.crawler {
            self.shard.crawlers.count(crawler, record.status);
        }
    }

    /// A client connection in its first state.
    pub fn client(&self, state: ClientState) -> ClientGuard {
        ClientGuard::new(self.shard.clone(), state)
    }

    /// A link to an upstream of this pool of the plan in its first state.
    pub fn link(&self, series: &Series, pool: usize, state: LinkState) -> LinkGuard {
        let counters = series.of_pool(Some(pool)).map(|pool| pool.counters);
        LinkGuard::new(self.shard.clone(), counters, state)
    }

    fn count_stages(&self, record: &Record<'_>) {
        let observe = |stage: Stage, took: Option<Duration>| {
            if let Some(took) = took
                && let Some(histogram) = self.shard.stage_seconds.get(stage as usize)
            {
                histogram.observe(took);
            }
        };
        let evidence = record.evidence;
        observe(Stage::Accept, evidence.client.handshake.duration());
        // A head that came with the first read took no time.
        observe(Stage::Parse, evidence.client.head.duration().filter(|took| !took.is_zero()));
        // Routing, guarding and picking are computations without waiting; only the queue takes time.
        observe(Stage::Admit, evidence.local.admit.duration().filter(|took| !took.is_zero()));
        for attempt in &evidence.attempts {
            observe(Stage::Resolve, attempt.resolve.duration());
            observe(Stage::Connect, attempt.connect.duration());
            observe(Stage::Handshake, attempt.handshake.duration());
            observe(Stage::Send, attempt.send.duration());
            observe(Stage::Head, attempt.head.duration());
            observe(Stage::Body, attempt.body.duration());
        }
    }
}
