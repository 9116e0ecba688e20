//! What is known of each name, readable from every core without a lock.
//!
//! The worker writes, the cores read. Adding a name copies the map of names, which happens once per name; news about
//! a known name only swap its own entry.

use super::Answer;
use arc_swap::{ArcSwap, ArcSwapOption};
use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use torwart_cause::Ending;

/// All names.
#[derive(Debug, Default)]
pub(super) struct Names {
    entries: ArcSwap<HashMap<Arc<str>, Arc<Entry>>>,
}

/// One name.
#[derive(Debug, Default)]
struct Entry {
    known: ArcSwapOption<Known>,
    /// Set by readers, cleared by the worker: names nobody asks for are not refreshed.
    is_used: AtomicBool,
    /// A refresh is under way, so that an answer past its time may be used a moment longer.
    is_refreshing: AtomicBool,
}

/// The news about a name.
#[derive(Clone, Debug)]
pub(super) struct Known {
    /// Empty if there never was a good answer.
    pub(super) addresses: Arc<[IpAddr]>,
    /// Why the last lookup failed, if it did.
    pub(super) fault: Option<Ending>,
    /// Until when this is believed without asking again.
    pub(super) until: Instant,
    /// When the addresses were last confirmed.
    pub(super) confirmed: Instant,
}

/// What a reader sees.
pub(super) enum Seen {
    /// Addresses to use.
    Good(Addresses),
    /// It is known that there are none.
    Bad(Ending),
    /// It must be asked.
    Unknown,
}

/// Addresses before a port is added.
pub(super) struct Addresses {
    addresses: Arc<[IpAddr]>,
    is_stale: bool,
    ttl: Duration,
}

/// What is known of one name, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameState {
    /// The name as it was asked for.
    pub name: Arc<str>,
    /// The addresses in use; empty if there never was a good answer.
    pub addresses: Arc<[IpAddr]>,
    /// Why the last lookup failed, if it did; the addresses are stale then.
    pub fault: Option<Ending>,
    /// How long this is believed without asking again.
    pub remains: Duration,
}

impl Names {
    /// What is known now.
    pub(super) fn look(&self, name: &str) -> Seen {
        self.entries.load().get(name).map_or(Seen::Unknown, |entry| entry.look(false))
    }

    /// What is known right after asking: the news count even if they are believed for no time at all.
    pub(super) fn look_after_asking(&self, name: &str) -> Seen {
        self.entries.load().get(name).map_or(Seen::Unknown, |entry| entry.look(true))
    }

    /// The last good answer, however old.
    pub(super) fn last_good(&self, name: &str) -> Option<Addresses> {
        let known = self.entries.load().get(name)?.known.load_full()?;
        let addresses = Arc::clone(&known.addresses);
        (!addresses.is_empty()).then_some(Addresses { addresses, is_stale: true, ttl: Duration::ZERO })
    }

    /// What the last lookup left.
    pub(super) fn known(&self, name: &str) -> Option<Arc<Known>> {
        self.entries.load().get(name)?.known.load_full()
    }

    /// Whether the news about the name are still believed.
    pub(super) fn is_fresh(&self, name: &str, now: Instant) -> bool {
        self.known(name).is_some_and(|known| known.until > now)
    }

    /// Replaces what is known. Only the worker calls it.
    pub(super) fn learn(&self, name: &Arc<str>, known: Known) {
        let entries = self.entries.load_full();
        let entry = match entries.get(name) {
            Some(entry) => Arc::clone(entry),
            None => self.insert(name, &entries, known.confirmed),
        };
        entry.known.store(Some(Arc::new(known)));
        entry.is_refreshing.store(false, Ordering::Release);
    }

    /// Whether the name was looked at since the last call.
    pub(super) fn take_used(&self, name: &str) -> bool {
        self.entries.load().get(name).is_some_and(|entry| entry.is_used.swap(false, Ordering::Relaxed))
    }

    /// Says that a refresh begins; [`Names::learn`] ends it.
    pub(super) fn note_refreshing(&self, name: &str) {
        if let Some(entry) = self.entries.load().get(name) {
            entry.is_refreshing.store(true, Ordering::Release);
        }
    }

    pub(super) fn states(&self) -> Vec<NameState> {
        let now = Instant::now();
        let mut states: Vec<_> = self
            .entries
            .load()
            .iter()
            .filter_map(|(name, entry)| {
                let known = entry.known.load_full()?;
                Some(NameState {
                    name: Arc::clone(name),
                    addresses: Arc::clone(&known.addresses),
                    fault: known.fault,
                    remains: known.until.saturating_duration_since(now),
                })
            })
            .collect();
        states.sort_by(|a, b| a.name.cmp(&b.name));
        states
    }

    fn insert(&self, name: &Arc<str>, entries: &HashMap<Arc<str>, Arc<Entry>>, now: Instant) -> Arc<Entry> {
        let mut entries = entries.clone();
        if entries.len() >= MOST_NAMES {
            entries.retain(|_, entry| entry.known.load().as_ref().is_some_and(|known| known.until > now));
        }
        if entries.len() >= MOST_NAMES {
            entries.clear();
        }
        let entry = Arc::new(Entry { is_used: AtomicBool::new(true), ..Entry::default() });
        entries.insert(Arc::clone(name), Arc::clone(&entry));
        self.entries.store(Arc::new(entries));
        entry
    }
}

impl Entry {
    fn look(&self, is_news: bool) -> Seen {
        // A plain load first: cores that only read do not steal the cache line from each other.
        if !self.is_used.load(Ordering::Relaxed) {
            self.is_used.store(true, Ordering::Relaxed);
        }
        let known = self.known.load();
        let Some(known) = known.as_ref() else { return Seen::Unknown };
        let ttl = known.until.saturating_duration_since(Instant::now());
        let is_refreshing = self.is_refreshing.load(Ordering::Acquire);
        match known.fault {
            _ if ttl.is_zero() && !is_news && (!is_refreshing || known.addresses.is_empty()) => Seen::Unknown,
            Some(ending) if known.addresses.is_empty() => Seen::Bad(ending),
            fault => Seen::Good(Addresses {
                addresses: Arc::clone(&known.addresses),
                is_stale: fault.is_some(),
                ttl: if fault.is_some() { Duration::ZERO } else { ttl },
            }),
        }
    }
}

impl Addresses {
    pub(super) fn with_port(&self, port: u16) -> Answer {
        let addresses = self.addresses.iter().map(|address| SocketAddr::new(*address, port)).collect();
        Answer { addresses, is_stale: self.is_stale, ttl: self.ttl }
    }
}

/// Names come from the configuration, so this is far above any real number; it only bounds a mistake.
const MOST_NAMES: usize = 10_000;
