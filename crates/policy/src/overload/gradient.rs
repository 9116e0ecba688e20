//! A limit of requests at once that finds itself, by how the time to the first byte answers to it.
//!
//! An upstream that has room answers as fast with ten requests as with twenty; one that has none left answers half as
//! fast. So the limit moves only while somebody stands before it: it grows while answers come as fast as ever, and
//! falls by as much as they are slower. What "as ever" is (the *base*) is learned while there is room, and put to the
//! test by every fall: where fewer requests did not make answers faster, it was never a queue that made them slow, and
//! the slow answer is the new base. So a slow upstream keeps its limit, and a stale base corrects itself.
//!
//! Latencies are averaged as logarithms, so that a handful of slow requests among fast ones counts for a handful.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

/// A limit that all cores share. Observing costs one addition; the rest happens a few times per second.
#[derive(Debug)]
pub struct Gradient {
    limit: AtomicU32,
    /// How many samples lie in the window, and above them the sum of their logarithms.
    window: AtomicU64,
    /// When the window is looked at, in microseconds.
    due: AtomicU64,
    /// Whether somebody found no room in this window.
    was_full: AtomicBool,
    /// Most requests under way at once in this window, as samples saw it.
    peak: AtomicU32,
    /// The latency of the last window, in microseconds; 0 while unknown.
    latest: AtomicU64,
    /// Until when it is known that the upstream has as much as it can do, in microseconds.
    strained_until: AtomicU64,
    search: Mutex<Search>,
}

/// Between which numbers the limit moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Never fewer than this.
    pub least: u32,
    /// Never more.
    pub most: u32,
}

/// What is known about the upstream, looked at once per window.
#[derive(Debug, Default)]
struct Search {
    /// The latency with room to spare.
    base: Option<i32>,
    /// Whether the next window still holds requests let in under the limit before.
    is_settling: bool,
    /// Limit and latency before the fall that is being judged.
    before: Option<(u32, i32)>,
    /// When the base is put to the test next, in microseconds.
    test_at: u64,
    /// When the window began, in microseconds.
    begun: u64,
    /// The largest limit that answers have come back under.
    proven: u32,
    /// When the limit last grew without an answer, in microseconds.
    grown: u64,
    /// Whether the last window's answers came as fast as ever.
    is_well: bool,
    /// Whether somebody stood before the limit in the last window too.
    was_full: bool,
    /// Whether the last window's answers were slower for being many.
    is_slower: bool,
}

impl Default for Gradient {
    fn default() -> Self {
        Self {
            limit: AtomicU32::new(START),
            window: AtomicU64::new(0),
            due: AtomicU64::new(0),
            was_full: AtomicBool::new(false),
            peak: AtomicU32::new(0),
            latest: AtomicU64::new(0),
            strained_until: AtomicU64::new(0),
            search: Mutex::new(Search { is_well: true, proven: START, ..Search::default() }),
        }
    }
}

impl Gradient {
    /// How many requests may be under way now.
    #[inline]
    pub fn limit(&self) -> u32 {
        self.limit.load(Ordering::Relaxed)
    }

    /// The time to the first byte as seen last; none while unknown.
    pub fn latency(&self) -> Option<Duration> {
        match self.latest.load(Ordering::Relaxed) {
            0 => None,
            micros => Some(Duration::from_micros(micros)),
        }
    }

    /// Whether answers became slower lately because there were more of them. Without that nothing says that whoever
    /// waits stands before a full upstream, and not only before a limit that has not grown yet.
    pub fn is_strained(&self, now: Duration) -> bool {
        micros(now) < self.strained_until.load(Ordering::Relaxed)
    }

    /// An answer began so long after its request had gone out, with so many under way. Says whether the limit grew.
    #[inline]
    pub fn observe(&self, took: Duration, under_way: u32, bounds: Bounds, now: Duration) -> bool {
        let now = micros(now);
        self.window.fetch_add(SAMPLE | u64::from(logarithm(micros(took))), Ordering::Relaxed);
        if under_way > self.peak.load(Ordering::Relaxed) {
            self.peak.store(under_way, Ordering::Relaxed);
        }
        now >= self.due.load(Ordering::Relaxed) && self.look(now, bounds)
    }

    /// Somebody found no room. Says whether there is more now: where answers take long by nature, the limit grows
    /// some way before any can have come.
    #[cold]
    pub fn turned_away(&self, bounds: Bounds, now: Duration) -> bool {
        self.was_full.store(true, Ordering::Relaxed);
        let now = micros(now);
        let Ok(mut search) = self.search.try_lock() else { return false };
        let limit = self.limit();
        let is_slow_by_nature = search.base.is_none_or(|base| time_of(base) >= SLOW);
        let is_answered = self.window.load(Ordering::Relaxed) >= SAMPLE;
        let may_grow = is_slow_by_nature
            && (search.base.is_some() && search.is_well || !is_answered)
            && limit < search.proven.saturating_mul(UNPROVEN)
            && now.saturating_sub(search.grown) >= GROWS_EVERY;
        if may_grow {
            search.grown = now;
            self.limit.store(bounds.clamp(limit + limit / 2), Ordering::Relaxed);
        }
        may_grow
    }

    #[cold]
    #[inline(never)]
    fn look(&self, now: u64, bounds: Bounds) -> bool {
        let Ok(mut search) = self.search.try_lock() else { return false };
        if now < self.due.load(Ordering::Relaxed) {
            return false;
        }
        let seen = self.window.load(Ordering::Relaxed);
        let samples = seen / SAMPLE;
        if samples < SAMPLES && now.saturating_sub(search.begun) < LONGEST {
            // Too few to judge by; not every answer needs to look again.
            self.due.store(now + SHORTEST, Ordering::Relaxed);
            return false;
        }
        let seen = self.window.swap(0, Ordering::Relaxed);
        let was_full = self.was_full.swap(false, Ordering::Relaxed);
        let peak = self.peak.swap(0, Ordering::Relaxed);
        let Some(mean) = (seen % SAMPLE).checked_div(seen / SAMPLE) else { return false };
        let mean = i32::try_from(mean).unwrap_or(i32::MAX);
        self.latest.store(micros(time_of(mean)).max(1), Ordering::Relaxed);
        let limit = self.limit();
        let wanted = bounds.clamp(if search.is_settling && was_full {
            search.is_settling = false;
            limit
        } else if was_full {
            search.full(limit, mean, now)
        } else {
            search.roomy(limit, mean, peak)
        });
        self.limit.store(wanted, Ordering::Relaxed);
        if std::mem::take(&mut search.is_slower) {
            self.strained_until.store(now + STRAINED, Ordering::Relaxed);
        }
        search.begun = now;
        // One round trip passes before what is seen belongs to the new limit.
        let trip = micros(time_of(mean)).clamp(SHORTEST, LONGEST);
        self.due.store(now + trip, Ordering::Relaxed);
        wanted > limit
    }
}

impl Search {
    /// Nobody was turned away: what is seen is what the upstream takes at its present load.
    fn roomy(&mut self, limit: u32, mean: i32, peak: u32) -> u32 {
        self.base = Some(match self.base {
            None => mean,
            Some(base) if mean < base => base - (base - mean + 1) / 2,
            Some(base) => base + (mean - base) / 8,
        });
        self.before = None;
        self.is_settling = false;
        self.was_full = false;
        self.is_well = true;
        // What was never needed was never tried: after a quiet time it has to be earned again.
        let needed = START.max(peak.saturating_mul(2));
        self.proven = needed;
        if limit > needed { limit - (limit - needed).div_ceil(8) } else { (limit + 1).min(needed) }
    }

    /// Somebody stood before the limit.
    fn full(&mut self, limit: u32, mean: i32, now: u64) -> u32 {
        if !std::mem::replace(&mut self.is_settling, true) && !std::mem::replace(&mut self.was_full, true) {
            // The window began while there was room, so it says little about now.
            return limit;
        }
        let mut base = self.base.unwrap_or(mean).min(mean);
        let mut most = limit.saturating_mul(2);
        if let Some((before, slower)) = self.before
            && f64::from(before) >= f64::from(limit) * JUDGED_FALL
        {
            let fall = (f64::from(before) / f64::from(limit)).log2() * f64::from(OCTAVE);
            if f64::from(slower - mean) < fall * ANSWERED_SHARE {
                base = mean;
            } else {
                // There was a queue, and there would be again.
                most = most.min(before);
            }
            self.before = None;
        }
        self.base = Some(base);
        let excess = mean - base.max(as_logarithm(QUICK));
        self.is_well = excess <= TOLERANCE;
        if self.test_at == 0 {
            self.test_at = now + TEST_EVERY;
        }
        if excess <= AS_EVER {
            self.before = None;
            self.proven = self.proven.max(limit);
            return most.max(limit);
        }
        self.is_slower = true;
        let headroom = limit.isqrt().max(2);
        if now >= self.test_at {
            self.test_at = now + TEST_EVERY;
            self.before = Some((limit, mean));
            return (f64::from(limit) * TEST_FALL) as u32;
        }
        let factor = (f64::from(TOLERANCE - excess) / f64::from(OCTAVE)).exp2().clamp(0.5, 1.0);
        let wanted = (f64::from(limit) * factor) as u32 + headroom;
        if wanted < limit {
            self.before = self.before.or(Some((limit, mean)));
        } else {
            self.before = None;
        }
        // Above the tolerance it never grows, and below it by the headroom only.
        if excess > TOLERANCE { wanted.min(limit) } else { wanted }
    }
}

impl Bounds {
    fn clamp(self, limit: u32) -> u32 {
        limit.clamp(self.least.min(self.most), self.most)
    }
}

/// The logarithm to the base 2, in parts of an [`OCTAVE`].
#[inline]
fn logarithm(micros: u64) -> u32 {
    let value = micros.max(2);
    let whole = value.ilog2();
    let mantissa = if whole >= PARTS { value >> (whole - PARTS) } else { value << (PARTS - whole) };
    (whole << PARTS) | (mantissa as u32 & (OCTAVE as u32 - 1))
}

fn as_logarithm(time: Duration) -> i32 {
    i32::try_from(logarithm(micros(time))).unwrap_or(i32::MAX)
}

fn time_of(logarithm: i32) -> Duration {
    let micros = (f64::from(logarithm) / f64::from(OCTAVE)).exp2();
    Duration::from_micros(micros as u64)
}

/// Without the long division that exactness beyond half a million years would cost.
#[inline]
fn micros(time: Duration) -> u64 {
    time.as_secs().saturating_mul(1_000_000).saturating_add(u64::from(time.subsec_micros()))
}

/// Answers that begin within this are as fast as anybody needs, however fast they were before: no limit is worth its
/// queue then.
const QUICK: Duration = Duration::from_millis(50);

/// What a new upstream gets at once, and what every one may get that nobody stands before.
pub const START: u32 = 16;

/// Bits of a logarithm behind the point.
const PARTS: u32 = 8;
/// Twice as slow.
const OCTAVE: i32 = 1 << PARTS;
/// 15 % slower is as fast as ever.
const AS_EVER: i32 = OCTAVE / 5;
/// Half as slow again is what a full upstream may become: it never runs dry then.
const TOLERANCE: i32 = OCTAVE * 585 / 1000;
/// One sample in a window; its logarithm stands below.
const SAMPLE: u64 = 1 << 40;
/// Fewer would be judged by chance.
const SAMPLES: u64 = 24;
/// In microseconds: a window is at least this long, and one with few samples at most so.
const SHORTEST: u64 = 10_000;
const LONGEST: u64 = 1_000_000;
/// A fall by this much is judged by its effect.
const JUDGED_FALL: f64 = 1.3;
/// Where less than this share of a fall comes back as speed, there was no queue.
const ANSWERED_SHARE: f64 = 0.4;
/// How often the base of a full upstream is put to the test, in microseconds.
const TEST_EVERY: u64 = 10_000_000;
const TEST_FALL: f64 = 0.6;
/// Upstreams whose answers take so long may get more before the next answers come.
const SLOW: Duration = Duration::from_millis(300);
const GROWS_EVERY: u64 = 20_000;
/// So many times what is proven.
const UNPROVEN: u32 = 32;
/// In microseconds: for so long after answers were slower, more are not let stand in the queue than can be served soon.
const STRAINED: u64 = 10_000_000;

#[cfg(test)]
mod tests;
