//! What the cache did beside answering: counted where it happens, because no record tells of it.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counters and gauges of the cache, shared by all cores. Hits are counted with the exchanges, as `served_by`.
#[derive(Debug, Default)]
#[repr(align(128))]
pub struct CacheCounters {
    lookups: [AtomicU64; Lookup::ALL.len()],
    stored: AtomicU64,
    evicted: AtomicU64,
    purged: AtomicU64,
    objects: AtomicU64,
    bytes: AtomicU64,
    is_used: std::sync::atomic::AtomicBool,
}

/// What became of a request that the cache was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Lookup {
    /// Answered from what was stored.
    Hit,
    /// Answered from what was stored, though it was stale.
    Stale,
    /// Nothing that could answer it was stored.
    Miss,
    /// What was stored was validated first.
    Revalidated,
    /// Waited for the answer to another request.
    Collapsed,
    /// Went to the upstream as if there were no cache.
    Bypass,
}

impl Lookup {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Hit, Self::Stale, Self::Miss, Self::Revalidated, Self::Collapsed, Self::Bypass];

    /// The stable lower-case name.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Hit => "hit",
            Self::Stale => "stale",
            Self::Miss => "miss",
            Self::Revalidated => "revalidated",
            Self::Collapsed => "collapsed",
            Self::Bypass => "bypass",
        }
    }
}

impl CacheCounters {
    /// A request was dealt with.
    pub fn looked_up(&self, lookup: Lookup) {
        if let Some(counter) = self.lookups.get(lookup as usize) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// How often this happened.
    pub fn lookups(&self, lookup: Lookup) -> u64 {
        self.lookups.get(lookup as usize).map_or(0, |counter| counter.load(Ordering::Relaxed))
    }

    /// An answer was stored.
    pub fn stored(&self) {
        self.stored.fetch_add(1, Ordering::Relaxed);
    }

    /// So many pages were pushed out by others.
    pub fn evicted(&self, pages: u64) {
        if pages > 0 {
            self.evicted.fetch_add(pages, Ordering::Relaxed);
        }
    }

    /// So many pages were purged.
    pub fn purged(&self, pages: u64) {
        self.purged.fetch_add(pages, Ordering::Relaxed);
    }

    /// What lies in the cache now.
    pub fn measure(&self, objects: u64, bytes: u64) {
        self.is_used.store(true, Ordering::Relaxed);
        self.objects.store(objects, Ordering::Relaxed);
        self.bytes.store(bytes, Ordering::Relaxed);
    }

    /// Whether there is a cache at all.
    pub(super) fn is_used(&self) -> bool {
        self.is_used.load(Ordering::Relaxed)
    }

    /// Stored, evicted and purged.
    pub(super) fn changes(&self) -> [(&'static str, u64); 3] {
        let value = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        [("stored", value(&self.stored)), ("evicted", value(&self.evicted)), ("purged", value(&self.purged))]
    }

    /// Pages and bytes.
    pub(super) fn size(&self) -> (u64, u64) {
        (self.objects.load(Ordering::Relaxed), self.bytes.load(Ordering::Relaxed))
    }
}
