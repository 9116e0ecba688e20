//! What all cores keep together: pages by address, and the fetches under way. The shards of these two are the only locks
//! of the data plane that a request may meet, and none is held across a wait.

use super::arena::Arena;
use super::entry::{Page, Stored};
use super::fill::{Fill, Reader};
use quick_cache::sync::{Cache, DefaultLifecycle};
use quick_cache::{OptionsBuilder, Weighter};
use rustc_hash::{FxBuildHasher, FxHashMap};
use std::hash::BuildHasher;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;
use torwart_config::plan::CachePlan;
use torwart_policy::cache::{key, tags_named};
use torwart_record::CacheCounters;

/// The store.
pub struct Store {
    pages: Cache<Box<[u8]>, Arc<Page>, ByBytes>,
    /// Fetches under way that further requests may wait for, by page; and the lock for whoever changes a page.
    shards: Box<[Mutex<Shard>]>,
    largest: AtomicU64,
    /// Where larger bodies lie, once there is one.
    arena: OnceLock<Option<Arc<Arena>>>,
    size: u64,
    /// Bytes of answers under way that will be kept.
    under_way: AtomicU64,
    /// What happened.
    pub counters: Arc<CacheCounters>,
    /// When the pinned pages are looked after next, in milliseconds since 1970.
    pub next_round: AtomicU64,
    /// The generation of the plan whose pages were fetched at its start.
    pub warmed: AtomicU64,
}

type Shard = FxHashMap<Box<[u8]>, Vec<Arc<Fill>>>;

#[derive(Clone)]
struct ByBytes {
    /// The least a page weighs, so that the number of pages is bounded as well.
    least: u64,
}

impl Weighter<Box<[u8]>, Arc<Page>> for ByBytes {
    fn weight(&self, key: &Box<[u8]>, page: &Arc<Page>) -> u64 {
        if page.forms.iter().any(|stored| stored.is_pinned) {
            // What weighs nothing is never pushed out.
            return 0;
        }
        (page.weight + key.len() as u64).max(self.least)
    }
}

/// Which stored answers are purged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Purge {
    /// Those of this address: host and path, with scheme or without.
    Address(String),
    /// Those whose address begins so.
    Prefix(String),
    /// Those with this tag.
    Tag(String),
    /// All.
    All,
}

impl Store {
    /// An empty store of this size.
    pub fn new(plan: &CachePlan, counters: Arc<CacheCounters>) -> Self {
        let memory = plan.memory.bytes();
        let largest = plan.largest.bytes();
        // Each shard has room for a few of the largest.
        let shards = (memory / largest.saturating_mul(4).max(1)).clamp(1, SHARDS as u64);
        let options = OptionsBuilder::new()
            .estimated_items_capacity(plan.objects)
            .weight_capacity(memory)
            .shards(usize::try_from(shards).unwrap_or(1))
            .build();
        let least = memory / (plan.objects as u64).max(1);
        let pages = match options {
            Ok(options) => Cache::with_options(
                options,
                ByBytes { least },
                quick_cache::DefaultHashBuilder::default(),
                DefaultLifecycle::default(),
            ),
            Err(_) => Cache::with(
                plan.objects,
                memory,
                ByBytes { least },
                quick_cache::DefaultHashBuilder::default(),
                DefaultLifecycle::default(),
            ),
        };
        Self {
            pages,
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
            arena: OnceLock::new(),
            size: memory,
            under_way: AtomicU64::new(0),
            largest: AtomicU64::new(largest.min(memory / shards / 2)),
            counters,
            next_round: AtomicU64::new(0),
            warmed: AtomicU64::new(0),
        }
    }

    /// Takes over what a new plan says about its size.
    pub fn resize(&self, plan: &CachePlan) {
        let memory = plan.memory.bytes();
        self.pages.set_capacity(memory);
        let shards = self.pages.num_shards().max(1) as u64;
        self.largest.store(plan.largest.bytes().min(memory / shards / 2), Ordering::Relaxed);
    }

    /// The most bytes of a body that is kept.
    pub fn largest(&self) -> u64 {
        self.largest.load(Ordering::Relaxed)
    }

    /// Whether so much more may be under way: all of it together is no more than what may be stored.
    pub fn has_room_under_way(&self, bytes: u64) -> bool {
        self.under_way.load(Ordering::Relaxed) + bytes <= self.pages.capacity()
    }

    /// So much more is under way.
    pub fn count_under_way(&self, bytes: u64) {
        self.under_way.fetch_add(bytes, Ordering::Relaxed);
    }

    /// So much is so no longer.
    pub fn forget_under_way(&self, bytes: u64) {
        self.under_way.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// Where larger bodies lie; none where the system has no such place.
    pub fn arena(&self) -> Option<&Arc<Arena>> {
        let made = self.arena.get_or_init(|| {
            let problem =
                |error: &std::io::Error| tracing::info!(%error, "larger bodies are kept as smaller ones are");
            Arena::new(self.size).inspect_err(problem).ok()
        });
        made.as_ref()
    }

    /// The page of an address.
    pub fn page(&self, key: &[u8]) -> Option<Arc<Page>> {
        self.pages.get(key)
    }

    /// Keeps an answer in the place of the one of the same form; what `fill` was told of meanwhile may forbid it.
    pub fn put(&self, key: &[u8], stored: Arc<Stored>, fill: &Fill) {
        let shard = self.shard(key);
        if fill.is_outdated() {
            return;
        }
        let mut forms = self.pages.peek(key).map(|page| page.forms.clone()).unwrap_or_default();
        forms.retain(|before| before.form != stored.form);
        forms.push(stored);
        self.write(key, Page::new(forms, Duration::ZERO));
        drop(shard);
        self.counters.stored();
    }

    /// Gives up one form, whose successor may not be kept; and remembers until when nobody waits for this page.
    pub fn turn_private(&self, key: &[u8], gone: Option<&Arc<Stored>>, until: Duration) {
        let _shard = self.shard(key);
        let mut forms = self.pages.peek(key).map(|page| page.forms.clone()).unwrap_or_default();
        if let Some(gone) = gone {
            forms.retain(|stored| stored.form != gone.form);
        }
        self.write(key, Page::new(forms, until));
    }

    /// Gives up a page, and has fetches of it under way not be kept (RFC 9111 §4.4).
    pub fn invalidate(&self, key: &[u8]) -> bool {
        let mut shard = self.shard(key);
        for fill in shard.remove(key).unwrap_or_default() {
            fill.outdate();
        }
        self.pages.remove(key).is_some()
    }

    /// Gives up whatever this names; says how many pages those were.
    pub fn purge(&self, purge: &Purge) -> usize {
        let mut gone = Vec::new();
        for (key, page) in self.pages.iter() {
            if purge.is_about(&key, &page) {
                gone.push(key);
            }
        }
        for shard in &self.shards {
            let shard = lock(shard);
            // What is under way has no tags yet.
            for fill in shard.iter().filter(|(key, _)| purge.may_become(key)).flat_map(|(_, fills)| fills) {
                fill.outdate();
            }
        }
        let purged = gone.iter().filter(|key| self.invalidate(key)).count();
        self.counters.purged(purged as u64);
        purged
    }

    /// Joins the fetch of this form that is under way, or begins one: `true` where it has to be begun.
    pub fn join(&self, key: &[u8], sort: &[u8]) -> (Reader, bool) {
        let mut shard = self.shard(key);
        if let Some(fill) = shard.get(key).and_then(|fills| fills.iter().find(|fill| *fill.sort == *sort)) {
            return (fill.read(), false);
        }
        let fill = Fill::new(sort);
        shard.entry(key.into()).or_default().push(Arc::clone(&fill));
        (fill.read(), true)
    }

    /// A fetch is over, or nobody may join it any more.
    pub fn leave(&self, key: &[u8], fill: &Arc<Fill>) {
        let mut shard = self.shard(key);
        if let Some(fills) = shard.get_mut(key) {
            fills.retain(|known| !Arc::ptr_eq(known, fill));
            if fills.is_empty() {
                shard.remove(key);
            }
        }
    }

    /// Takes the gauges.
    pub fn measure(&self) {
        self.counters.measure(self.pages.len() as u64, self.pages.weight());
    }

    fn write(&self, key: &[u8], page: Page) {
        let before = self.pages.len();
        let is_new = self.pages.peek(key).is_none();
        self.pages.insert(key.into(), Arc::new(page));
        let expected = before + usize::from(is_new);
        self.counters.evicted(expected.saturating_sub(self.pages.len()) as u64);
    }

    fn shard(&self, key: &[u8]) -> MutexGuard<'_, Shard> {
        let place = FxBuildHasher.hash_one(key) as usize % SHARDS;
        // There are as many as the number says.
        lock(&self.shards[place])
    }
}

fn lock(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    // The map is whole after every step.
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Purge {
    fn is_about(&self, key: &[u8], page: &Page) -> bool {
        match self {
            Self::Tag(tag) => page.forms.iter().any(|stored| tags_named(&stored.head, tag.as_bytes())),
            _ => self.may_become(key),
        }
    }

    fn may_become(&self, stored: &[u8]) -> bool {
        let have = key::without_scheme(stored);
        let wanted = |text: &str| key::without_scheme(text.as_bytes()).to_vec();
        match self {
            Self::Address(address) => have == wanted(address),
            Self::Prefix(prefix) => have.starts_with(&wanted(prefix)),
            Self::Tag(_) | Self::All => true,
        }
    }
}

/// Locks for changes and fetches; many more than cores, so that they seldom meet.
const SHARDS: usize = 64;
