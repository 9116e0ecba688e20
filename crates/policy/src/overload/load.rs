//! Whether an upstream, or a route, may get one more request.
//!
//! How many it works on is counted elsewhere and told; what stands here is the limit, and by how much the count is off:
//! places that are kept for somebody from the queue count already, and requests that take very long do not count any
//! more, so that a handful of them never stops all others. Shared by all cores, without a lock.

use super::gradient::{Bounds, Gradient};
use std::sync::atomic::{AtomicI32, Ordering};
use std::time::Duration;
use torwart_config::plan::Concurrency;

/// A limit, and what is to be added to the count.
#[derive(Debug, Default)]
pub struct Load {
    offset: AtomicI32,
    gradient: Gradient,
}

impl Load {
    /// How many may be under way; none where there is no limit.
    #[inline]
    pub fn limit(&self, plan: Concurrency) -> Option<u32> {
        match plan {
            Concurrency::Adaptive { .. } => Some(self.gradient.limit()),
            Concurrency::Fixed(most) => Some(most.get()),
            Concurrency::Off => None,
        }
    }

    /// How many count, where so many are under way.
    #[inline]
    pub fn counted(&self, under_way: u32) -> u32 {
        under_way.saturating_add_signed(self.offset.load(Ordering::Relaxed))
    }

    /// Whether there is a place, where so many are under way.
    #[inline]
    pub fn has_room(&self, plan: Concurrency, under_way: u32) -> bool {
        self.limit(plan).is_none_or(|limit| self.counted(under_way) < limit)
    }

    /// One more counts than are under way: a place is kept, or somebody counts again.
    pub fn add(&self) {
        self.offset.fetch_add(1, Ordering::Relaxed);
    }

    /// One fewer counts: a kept place is used or given up, or somebody takes too long.
    pub fn subtract(&self) {
        self.offset.fetch_sub(1, Ordering::Relaxed);
    }

    /// An answer began so long after its request. Says whether there is more room than before.
    #[inline]
    pub fn observe(&self, plan: Concurrency, took: Duration, under_way: u32, now: Duration) -> bool {
        match plan {
            Concurrency::Adaptive { least, most } => {
                self.gradient.observe(took, self.counted(under_way), Bounds { least, most }, now)
            }
            Concurrency::Fixed(_) => {
                // The limit stands; what is learned is how fast it goes.
                self.gradient.observe(took, 0, Bounds { least: 1, most: u32::MAX }, now);
                false
            }
            Concurrency::Off => false,
        }
    }

    /// Somebody found no room. Says whether there is more now.
    #[cold]
    pub fn turned_away(&self, plan: Concurrency, now: Duration) -> bool {
        match plan {
            Concurrency::Adaptive { least, most } => self.gradient.turned_away(Bounds { least, most }, now),
            Concurrency::Fixed(_) | Concurrency::Off => false,
        }
    }

    /// Whether it is known that there is as much to do as can be done; a limit that was told says so by itself.
    pub fn is_strained(&self, plan: Concurrency, now: Duration) -> bool {
        match plan {
            Concurrency::Adaptive { .. } => self.gradient.is_strained(now),
            Concurrency::Fixed(_) => true,
            Concurrency::Off => false,
        }
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

    /// After which time a request does not count any more: far longer than others take.
    pub fn overdue_after(&self) -> Duration {
        self.latency().map_or(OVERDUE, |latency| OVERDUE.max(latency * 4))
    }
}

/// Most requests are answered within it.
const OVERDUE: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;
    use std::num::NonZeroU32;

    #[test]
    fn kept_places_count_and_overdue_requests_do_not() {
        let (load, plan) = (Load::default(), Concurrency::Fixed(NonZeroU32::MIN.saturating_add(1)));
        assert!(load.has_room(plan, 1));
        load.add();
        assert!(!load.has_room(plan, 1));
        load.subtract();
        load.subtract();
        assert!(load.has_room(plan, 2));
        assert!(!load.has_room(plan, 3));
        assert!(load.has_room(Concurrency::Off, 1_000_000));
    }
}
