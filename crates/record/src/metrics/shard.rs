//! The counters of one core, and tables of them that grow without moving.

use super::guard::{ClientState, LinkState};
use super::histogram::Histogram;
use crate::{Crawler, ServedBy};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use torwart_cause::{Cause, Stage};

/// A counter with one writer.
#[derive(Debug, Default)]
pub(super) struct Counter(AtomicU64);

impl Counter {
    /// Adds without a locked instruction: only this core writes, others read.
    pub(super) fn add(&self, amount: u64) {
        self.0.store(self.0.load(Ordering::Relaxed).wrapping_add(amount), Ordering::Relaxed);
    }

    /// Takes away one; a gauge that is read between two changes is never below zero over all cores for long.
    pub(super) fn take(&self) {
        self.add(u64::MAX);
    }

    pub(super) fn value(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// One core's counters. Aligned so that no cache line is shared with another core.
#[derive(Debug, Default)]
#[repr(align(128))]
pub(super) struct Shard {
    pub(super) exchange_seconds: Histogram,
    pub(super) stage_seconds: [Histogram; Stage::ALL.len()],
    pub(super) clients: [Counter; ClientState::ALL.len()],
    pub(super) routes: Table<RouteCounters>,
    pub(super) pools: Table<PoolCounters>,
    pub(super) causes: Table<CauseCounters>,
    pub(super) crawlers: CrawlerCounters,
}

/// Exchanges of one route, by class of status and who served.
#[derive(Debug, Default)]
pub(super) struct RouteCounters {
    pub(super) exchanges: [[Counter; ServedBy::ALL.len()]; CLASSES.len()],
}

impl RouteCounters {
    pub(super) fn count(&self, status: Option<u16>, served_by: ServedBy) {
        self.exchanges[class(status)][served_by as usize].add(1);
    }
}

fn class(status: Option<u16>) -> usize {
    match status {
        Some(status @ 100..600) => usize::from(status / 100),
        _ => 0,
    }
}

/// Classes of status as they stand in the label `class`; `none` where no head was sent.
pub(super) const CLASSES: [&str; 6] = ["none", "1xx", "2xx", "3xx", "4xx", "5xx"];

/// Attempts and links of one pool.
#[derive(Debug, Default)]
pub(super) struct PoolCounters {
    pub(super) answered: Counter,
    pub(super) failed: CauseCounters,
    pub(super) links: [Counter; LinkState::ALL.len()],
}

impl PoolCounters {
    pub(super) fn count_attempt(&self, cause: Option<Cause>) {
        match cause {
            None => self.answered.add(1),
            Some(cause) => self.failed.count(cause),
        }
    }
}

/// Exchanges of crawlers, by crawler and class of status. There are few of them, and only their core and a scrape lock.
#[derive(Debug, Default)]
pub(super) struct CrawlerCounters(Mutex<BTreeMap<(Crawler, usize), u64>>);

impl CrawlerCounters {
    #[cold]
    pub(super) fn count(&self, crawler: Crawler, status: Option<u16>) {
        *self.counts().entry((crawler, class(status))).or_default() += 1;
    }

    /// Adds up what this core has counted.
    pub(super) fn add_to(&self, sum: &mut BTreeMap<(Crawler, usize), u64>) {
        for (key, count) in self.counts().iter() {
            *sum.entry(*key).or_default() += count;
        }
    }

    fn counts(&self) -> MutexGuard<'_, BTreeMap<(Crawler, usize), u64>> {
        // Every step leaves it whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One counter per cause, made when the first one occurs.
#[derive(Debug, Default)]
pub(super) struct CauseCounters {
    counters: OnceLock<Box<[Counter]>>,
}

impl CauseCounters {
    pub(super) fn count(&self, cause: Cause) {
        let counters = self.counters.get_or_init(|| Cause::ALL.iter().map(|_| Counter::default()).collect());
        if let Some(counter) = counters.get(cause.index()) {
            counter.add(1);
        }
    }

    pub(super) fn value(&self, cause: Cause) -> u64 {
        self.counters.get().and_then(|counters| counters.get(cause.index())).map_or(0, Counter::value)
    }
}

/// Counters by number. Grows in chunks, each twice as long as the one before, so that entries never move and readers
/// need no lock.
#[derive(Debug)]
pub(super) struct Table<T> {
    chunks: [OnceLock<Box<[T]>>; CHUNKS],
}

/// The first chunk holds this many entries; the rest hold up to 2^32 in sum.
const FIRST: u64 = 16;
const CHUNKS: usize = 28;

impl<T: Default> Table<T> {
    /// The entry with this number, made if need be.
    pub(super) fn at(&self, number: u32) -> Option<&T> {
        let (chunk, length, index) = Self::place(number);
        let entries = self.chunks.get(chunk)?;
        entries.get_or_init(|| (0..length).map(|_| T::default()).collect()).get(index)
    }

    /// The entry with this number, if this core has ever counted near it.
    pub(super) fn find(&self, number: u32) -> Option<&T> {
        let (chunk, _, index) = Self::place(number);
        self.chunks.get(chunk)?.get()?.get(index)
    }

    fn place(number: u32) -> (usize, u64, usize) {
        let shifted = u64::from(number) + FIRST;
        let chunk = shifted.ilog2() - FIRST.ilog2();
        let length = FIRST << chunk;
        (chunk as usize, length, (shifted - length) as usize)
    }
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self { chunks: [const { OnceLock::new() }; CHUNKS] }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_of_a_table_are_distinct_and_stay() {
        let table: Table<Counter> = Table::default();
        for number in 0..500 {
            table.at(number).unwrap().add(u64::from(number) + 1);
        }
        for number in 0..500 {
            assert_eq!(table.find(number).unwrap().value(), u64::from(number) + 1);
        }
        assert!(table.find(100_000).is_none());
    }
}
