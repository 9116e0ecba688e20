//! How many requests an upstream (or a route) works on, and whether it may get one more.
//!
//! Shared by all cores, without a lock. What counts are requests that wait for their first byte: neither a long
//! download nor an event stream nor a WebSocket keeps a place, and whoever waits for very long gives his back. A number
//! the operator fixed counts whole exchanges, because that is what such a number means everywhere.

use super::gradient::{Bounds, Gradient, START};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use torwart_config::plan::Concurrency;

/// The requests under way, and the limit that finds itself.
#[derive(Debug, Default)]
#[repr(align(128))]
pub struct Load {
    under_way: AtomicU32,
    gradient: Gradient,
}

impl Load {
    /// Requests that have a place.
    #[inline]
    pub fn under_way(&self) -> u32 {
        self.under_way.load(Ordering::Relaxed)
    }

    /// How many may have one; none where there is no limit.
    #[inline]
    pub fn limit(&self, plan: Concurrency) -> Option<u32> {
        match plan {
            Concurrency::Adaptive { .. } => Some(self.gradient.limit()),
            Concurrency::Fixed(most) => Some(most.get()),
            Concurrency::Off => None,
        }
    }

    /// Takes a place; whether there was one.
    #[inline]
    pub fn enter(&self, plan: Concurrency) -> bool {
        let before = self.under_way.fetch_add(1, Ordering::Relaxed);
        if self.limit(plan).is_none_or(|limit| before < limit) {
            return true;
        }
        self.under_way.fetch_sub(1, Ordering::Relaxed);
        false
    }

    /// Takes a place whether there is one or not.
    #[inline]
    pub fn squeeze_in(&self) {
        self.under_way.fetch_add(1, Ordering::Relaxed);
    }

    /// Gives a place back.
    #[inline]
    pub fn leave(&self) {
        self.under_way.fetch_sub(1, Ordering::Relaxed);
    }

    /// Whether there is a place.
    #[inline]
    pub fn has_room(&self, plan: Concurrency) -> bool {
        self.limit(plan).is_none_or(|limit| self.under_way() < limit)
    }

    /// An answer began so long after its request. Says whether there is more room than before.
    #[inline]
    pub fn observe(&self, plan: Concurrency, took: Duration, now: Duration) -> bool {
        let bounds = match plan {
            Concurrency::Adaptive { least, most } => Bounds { least, most },
            Concurrency::Fixed(_) => Bounds { least: START, most: START },
            Concurrency::Off => return false,
        };
        self.gradient.observe(took, self.under_way(), bounds, now)
    }

    /// Somebody found no room. Says whether there is more now.
    #[cold]
    pub fn turned_away(&self, plan: Concurrency, now: Duration) -> bool {
        match plan {
            Concurrency::Adaptive { least, most } => self.gradient.turned_away(Bounds { least, most }, now),
            Concurrency::Fixed(_) | Concurrency::Off => false,
        }
    }

    #[cfg(test)]
    pub(super) fn gradient_limit(&self) -> u32 {
        self.gradient.limit()
    }

    /// How long an answer takes to begin, as seen last.
    pub fn latency(&self) -> Option<Duration> {
        self.gradient.latency()
    }

    /// Requests answered per second when every place is taken; none while unknown.
    pub fn throughput(&self, plan: Concurrency) -> Option<f64> {
        let latency = self.latency()?.as_secs_f64().max(1e-6);
        Some(f64::from(self.limit(plan)?) / latency)
    }
}
