//! How often a client may ask: the generic cell rate algorithm (GCRA) over a table of bounded size.
//!
//! A client's whole state is one integer, the microsecond at which it would have used up what it was allowed (its
//! theoretical arrival time); a request passes if that lies at most the burst ahead, and moves it on. All numbers stay
//! below 2^53, so the same sums come out wherever they are done, in a script of a shared store too. A client whose time
//! has passed is as good as one never seen: when the table is full the one with the earliest time gives way, which
//! loses least. Cores share a table without locks; where two of them meet in one slot, one tries again.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use torwart_config::plan::Rate;

/// The arithmetic of one rate, in microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gcra {
    /// What one request costs.
    interval: u64,
    /// How far ahead of now a client may be.
    tolerance: u64,
}

/// Whether a request passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// It does, and this is the client's new time.
    Now {
        /// The new theoretical arrival time.
        arrival: u64,
    },
    /// It does not; this one would after so many microseconds.
    In(u64),
}

/// How much a client has left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Left {
    /// So many requests would pass now.
    pub requests: u64,
    /// After so long all of the burst is there again.
    pub full_in: Duration,
}

/// The times of many clients under one rate.
#[derive(Debug)]
pub struct Limiter {
    gcra: Gcra,
    sets: Box<[Set]>,
}

/// The slots a key may lie in: two lines of the cache.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Set([Slot; WAYS]);

#[derive(Debug, Default)]
struct Slot {
    /// Whose it is; [`EMPTY`] or [`BUSY`] if nobody's.
    tag: AtomicU64,
    arrival: AtomicU64,
}

impl Gcra {
    /// The arithmetic of a rate.
    #[must_use]
    pub fn new(rate: Rate) -> Self {
        let interval = micros(rate.per) / u64::from(rate.count.get());
        Self { interval, tolerance: interval * u64::from(rate.burst.get() - 1) }
    }

    /// Judges a request at `now` of a client whose time is `arrival`; 0 for one never seen.
    #[must_use]
    pub fn judge(self, arrival: u64, now: u64) -> Turn {
        let arrival = arrival.max(now);
        let ahead = arrival - now;
        if ahead > self.tolerance {
            return Turn::In(ahead - self.tolerance);
        }
        Turn::Now { arrival: arrival + self.interval }
    }

    /// What a client whose time is `arrival` has left at `now`.
    #[must_use]
    pub fn left(self, arrival: u64, now: u64) -> Left {
        let ahead = arrival.saturating_sub(now);
        let requests = match self.tolerance.checked_sub(ahead) {
            Some(room) => (room / self.interval.max(1)) + 1,
            None => 0,
        };
        Left { requests, full_in: Duration::from_micros(ahead) }
    }
}

impl Limiter {
    /// A limiter that remembers about `keys` clients.
    #[must_use]
    pub fn new(rate: Rate, keys: usize) -> Self {
        let sets = keys.div_ceil(WAYS).next_power_of_two();
        Self { gcra: Gcra::new(rate), sets: (0..sets).map(|_| Set::default()).collect() }
    }

    /// Lets a request of this client pass and counts it.
    ///
    /// # Errors
    /// How long the client has to wait.
    pub fn admit(&self, key: u64, now: Duration) -> Result<Left, Duration> {
        let now = micros(now);
        let tag = tag_of(key);
        let fresh = self.gcra.left(now + self.gcra.interval, now);
        let Some(set) = self.set(key) else { return Ok(fresh) };
        for _ in 0..TRIES {
            let Some(slot) = set.find(tag) else {
                if set.claim(tag, now + self.gcra.interval) {
                    return Ok(fresh);
                }
                continue;
            };
            let before = slot.arrival.load(Ordering::Acquire);
            let arrival = match self.gcra.judge(before, now) {
                Turn::Now { arrival } => arrival,
                Turn::In(wait) => return Err(Duration::from_micros(wait)),
            };
            let has_moved =
                slot.arrival.compare_exchange(before, arrival, Ordering::AcqRel, Ordering::Relaxed).is_ok();
            // Somebody else may have taken the slot over meanwhile: then nothing was counted for this client.
            if has_moved && slot.tag.load(Ordering::Acquire) == tag {
                return Ok(self.gcra.left(arrival, now));
            }
        }
        // So much is going on in one set that a count more or less changes nothing.
        Ok(fresh)
    }

    /// Whether a request of this client would pass now; counts nothing.
    ///
    /// # Errors
    /// How long the client has to wait.
    pub fn look(&self, key: u64, now: Duration) -> Result<(), Duration> {
        let slot = self.set(key).and_then(|set| set.find(tag_of(key)));
        let arrival = slot.map_or(0, |slot| slot.arrival.load(Ordering::Acquire));
        match self.gcra.judge(arrival, micros(now)) {
            Turn::Now { .. } => Ok(()),
            Turn::In(wait) => Err(Duration::from_micros(wait)),
        }
    }

    /// How many clients it can remember.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.sets.len() * WAYS
    }

    fn set(&self, key: u64) -> Option<&Set> {
        // The tag is the whole key, so its upper half is as good as any for the place.
        let at = usize::try_from(key >> 32).unwrap_or(0) & (self.sets.len() - 1);
        self.sets.get(at)
    }
}

impl Set {
    fn find(&self, tag: u64) -> Option<&Slot> {
        self.0.iter().find(|slot| slot.tag.load(Ordering::Acquire) == tag)
    }

    /// Takes the slot of the earliest time for a client that was not here.
    fn claim(&self, tag: u64, arrival: u64) -> bool {
        let oldest = self.0.iter().min_by_key(|slot| slot.arrival.load(Ordering::Relaxed));
        let Some(slot) = oldest else { return true };
        let before = slot.tag.load(Ordering::Acquire);
        if before == BUSY
            || slot.tag.compare_exchange(before, BUSY, Ordering::AcqRel, Ordering::Relaxed).is_err()
        {
            return false;
        }
        slot.arrival.store(arrival, Ordering::Release);
        slot.tag.store(tag, Ordering::Release);
        true
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

fn tag_of(key: u64) -> u64 {
    key.max(BUSY + 1)
}

const WAYS: usize = 8;
const EMPTY: u64 = 0;
const BUSY: u64 = EMPTY + 1;
/// More than cores meet in one slot at once.
const TRIES: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::num::NonZeroU32;

    fn rate(count: u32, per: u64, burst: u32) -> Rate {
        let number = |number| NonZeroU32::new(number).expect("not zero");
        Rate { count: number(count), per: Duration::from_secs(per), burst: number(burst) }
    }

    fn passed(limiter: &Limiter, key: u64, at: Duration, tries: usize) -> usize {
        (0..tries).filter(|_| limiter.admit(key, at).is_ok()).count()
    }

    #[test]
    fn a_burst_passes_and_then_the_rate() {
        let limiter = Limiter::new(rate(10, 1, 5), 100);
        assert_eq!(passed(&limiter, 7, Duration::from_secs(9), 20), 5);
        assert_eq!(limiter.admit(7, Duration::from_secs(9)), Err(Duration::from_millis(100)));
        assert_eq!(passed(&limiter, 7, Duration::from_millis(9100), 20), 1);
        assert_eq!(passed(&limiter, 7, Duration::from_secs(60), 20), 5);
        assert_eq!(passed(&limiter, 8, Duration::from_secs(60), 20), 5, "others are counted for themselves");
    }

    #[test]
    fn what_is_left_is_what_would_pass() {
        let limiter = Limiter::new(rate(10, 1, 5), 100);
        let now = Duration::from_secs(9);
        let left: Vec<_> = (0..5).filter_map(|_| limiter.admit(7, now).ok()).collect();
        assert_eq!(left.iter().map(|left| left.requests).collect::<Vec<_>>(), [4, 3, 2, 1, 0]);
        assert_eq!(left.last().map(|left| left.full_in), Some(Duration::from_millis(500)));
    }

    #[test]
    fn looking_counts_nothing() {
        let limiter = Limiter::new(rate(1, 1, 1), 100);
        let now = Duration::from_secs(1);
        assert!((0..9).all(|_| limiter.look(3, now).is_ok()));
        assert_eq!(passed(&limiter, 3, now, 2), 1);
        assert!(limiter.look(3, now).is_err());
    }

    #[test]
    fn ten_thousand_strangers_take_no_more_room_and_the_busy_ones_stay_known() {
        let limiter = Limiter::new(rate(1, 60, 3), 1000);
        let before = limiter.capacity();
        // Spread over all sets, as hashed keys are.
        let key = |number: u64| number.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 2;
        for number in 0..10_000 {
            assert!(limiter.admit(key(number), Duration::from_secs(1 + number / 100)).is_ok());
        }
        assert_eq!(limiter.capacity(), before);
        let busy = key(20_000);
        assert_eq!(passed(&limiter, busy, Duration::from_secs(200), 9), 3);
        // Strangers whose times lie earlier give way to each other, not to the one that is ahead of its time.
        for number in 0..800 {
            let _ = limiter.admit(key(30_000 + number), Duration::from_secs(201));
        }
        assert_eq!(passed(&limiter, busy, Duration::from_secs(202), 9), 0);
    }

    #[test]
    fn cores_together_let_pass_no_more_than_the_burst() {
        let limiter = Limiter::new(rate(1, 60, 100), 1000);
        let count = std::thread::scope(|scope| {
            let cores: Vec<_> =
                (0..4).map(|_| scope.spawn(|| passed(&limiter, 42, Duration::from_secs(5), 1000))).collect();
            cores.into_iter().map(|core| core.join().expect("it counts")).sum::<usize>()
        });
        // Where two cores find a new client at the same moment, both may claim a slot for it.
        assert!((100..=104).contains(&count), "{count}");
    }

    proptest! {
        #[test]
        fn never_more_than_rate_and_burst_allow(
            count in 1u32..500,
            burst in 1u32..200,
            steps in proptest::collection::vec(0u64..50_000, 1..400),
        ) {
            let limiter = Limiter::new(rate(count, 1, burst), 16);
            let (mut now, mut passed) = (1_000_000u64, 0u64);
            let start = now;
            for step in steps {
                now += step;
                passed += u64::from(limiter.admit(99, Duration::from_micros(now)).is_ok());
                let interval = 1_000_000 / u64::from(count);
                prop_assert!(passed <= u64::from(burst) + (now - start) / interval);
            }
        }

        #[test]
        fn whoever_waits_as_long_as_told_passes(arrival in 0u64..1 << 52, now in 0u64..1 << 52, count in 1u32..1000, burst in 1u32..1000) {
            let gcra = Gcra::new(rate(count, 1, burst));
            if let Turn::In(wait) = gcra.judge(arrival, now) {
                prop_assert!(matches!(gcra.judge(arrival, now + wait), Turn::Now { .. }), "too short");
                prop_assert!(matches!(gcra.judge(arrival, now + wait - 1), Turn::In(1)), "too long");
            }
        }
    }
}
