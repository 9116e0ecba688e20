//! What the metrics say about one upstream: shared by whoever finds it out and the page.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use torwart_cause::Cause;

/// What is known about an upstream. Shared by whoever finds it out and the metrics.
#[derive(Clone, Debug, Default)]
pub struct UpstreamGauge {
    known: Arc<Known>,
}

#[derive(Debug)]
struct Known {
    is_up: AtomicBool,
    in_flight: AtomicU32,
    latency_micros: AtomicU64,
    /// How many requests it may work on; 0 where there is no limit.
    limit: AtomicU32,
    /// How many wait for an upstream of its pool.
    queued: AtomicU32,
    /// How often it was left out, by cause.
    ejections: Mutex<BTreeMap<&'static str, u64>>,
}

impl UpstreamGauge {
    /// The upstream is now held to be up, or down.
    pub fn set(&self, is_up: bool) {
        self.known.is_up.store(is_up, Ordering::Relaxed);
    }

    /// Whether the upstream is held to be up.
    pub fn is_up(&self) -> bool {
        self.known.is_up.load(Ordering::Relaxed)
    }

    /// So many attempts are under way at it, and so long its answers take to begin.
    pub fn load(&self, in_flight: u32, latency: Duration) {
        self.known.in_flight.store(in_flight, Ordering::Relaxed);
        let micros = u64::try_from(latency.as_micros()).unwrap_or(u64::MAX);
        self.known.latency_micros.store(micros, Ordering::Relaxed);
    }

    /// It may work on so many requests, and so many wait for one of its pool.
    pub fn room(&self, limit: Option<u32>, queued: usize) {
        self.known.limit.store(limit.unwrap_or(0), Ordering::Relaxed);
        self.known.queued.store(u32::try_from(queued).unwrap_or(u32::MAX), Ordering::Relaxed);
    }

    /// It was left out because of this.
    pub fn ejected(&self, cause: Cause) {
        // A count is whole whatever happened to who counted.
        let mut ejections = self.known.ejections.lock().unwrap_or_else(PoisonError::into_inner);
        *ejections.entry(cause.id()).or_default() += 1;
    }

    pub(super) fn in_flight(&self) -> u32 {
        self.known.in_flight.load(Ordering::Relaxed)
    }

    pub(super) fn latency_micros(&self) -> u64 {
        self.known.latency_micros.load(Ordering::Relaxed)
    }

    pub(super) fn limit(&self) -> Option<u32> {
        Some(self.known.limit.load(Ordering::Relaxed)).filter(|limit| *limit > 0)
    }

    pub(super) fn queued(&self) -> u32 {
        self.known.queued.load(Ordering::Relaxed)
    }

    pub(super) fn ejections(&self) -> BTreeMap<&'static str, u64> {
        self.known.ejections.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Default for Known {
    /// Up, until something else is known.
    fn default() -> Self {
        Self {
            is_up: AtomicBool::new(true),
            in_flight: AtomicU32::default(),
            latency_micros: AtomicU64::default(),
            limit: AtomicU32::default(),
            queued: AtomicU32::default(),
            ejections: Mutex::default(),
        }
    }
}
