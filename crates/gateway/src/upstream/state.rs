//! What is learned about an upstream: relaxed atomics that all cores share and that outlive every reload.
//!
//! Three things stand here side by side and are asked together by [`UpstreamState::is_up`]: how attempts fared (latency,
//! failures, ejection), what the active checks say (health), and how much is under way. Nothing here decides; the rules
//! are in `torwart_policy`. A value may be a moment old on another core, which no decision minds.

use crate::clock::Moment;
use std::sync::atomic::{AtomicBool, AtomicU16, AtomicU32, AtomicU64, Ordering};
use std::time::Duration;
use torwart_cause::Cause;
use torwart_policy::balance::latency::{self, Latency};
use torwart_policy::outlier::{Counts, WINDOW, is_unreachable};
use torwart_policy::overload::load::Load;

/// What was learned about an upstream. On cache lines of its own.
#[derive(Debug, Default)]
#[repr(align(128))]
pub struct UpstreamState {
    /// How many requests it may work on.
    pub load: Load,
    /// Attempts under way; in the upper half those among them whose answer has not begun.
    under_way: AtomicU64,
    /// When it was heard last, or first asked after a pause, in nanoseconds of the gateway's clock.
    heard_at: AtomicU64,
    /// How long its answers take to begin, in nanoseconds, as of `observed_at`.
    latency: AtomicU64,
    /// When the latency was brought up to date; 0 while there is none.
    observed_at: AtomicU64,
    /// Which part of its attempts failed lately, in 65536ths, as of `observed_at`.
    failing: AtomicU32,
    /// Failed attempts in a row.
    failures: AtomicU32,
    /// Attempts that went well since `counted_since`.
    successes: AtomicU64,
    /// Attempts that failed since then.
    failed: AtomicU64,
    /// When counting began.
    counted_since: AtomicU64,
    /// Until when it is left out because of how its attempts fared.
    ejected_until: AtomicU64,
    /// Whether it was ejected and has not answered well since.
    is_doubted: AtomicBool,
    /// How often it was ejected, less what was forgiven since.
    ejections: AtomicU32,
    /// Why it was ejected last, see [`coded`].
    ejected_for: AtomicU16,
    /// What the active checks say, see [`Health`].
    health: AtomicU16,
    /// When it came back or was added, 0 where it was there from the start.
    back_since: AtomicU64,
    /// Shortest idle time after which it was seen to close, in milliseconds; 0 while unknown.
    idle_seen: AtomicU64,
    /// What it announced by `Keep-Alive: timeout=`, in milliseconds; 0 while unknown.
    idle_hinted: AtomicU64,
    /// Longest idle time after which a link was seen alive, in milliseconds.
    idle_survived: AtomicU64,
}

/// What active checks say about an upstream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Health {
    /// There are none, or none has come to an end yet.
    Unknown,
    /// It is well.
    Up,
    /// It is not, because of this.
    Down(Cause),
}

/// An attempt under way, counted until this is dropped.
#[must_use = "the attempt counts for as long as this lives"]
pub struct InFlight<'s> {
    state: &'s UpstreamState,
    since: Moment,
    is_awaited: bool,
}

impl InFlight<'_> {
    /// When the attempt began.
    pub const fn since(&self) -> Moment {
        self.since
    }

    /// The answer has begun.
    pub fn heard(&mut self, now: Moment) {
        if std::mem::take(&mut self.is_awaited) {
            self.state.under_way.fetch_sub(AWAITED, Ordering::Relaxed);
            self.state.heard_at.store(now.nanos(), Ordering::Relaxed);
        }
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        if self.is_awaited {
            self.state.give_up(self.since);
        }
        let counted = if self.is_awaited { AWAITED + ATTEMPT } else { ATTEMPT };
        self.state.under_way.fetch_sub(counted, Ordering::Relaxed);
    }
}

/// Load.
impl UpstreamState {
    /// An attempt begins.
    pub fn enter(&self, now: Moment) -> InFlight<'_> {
        let before = self.under_way.fetch_add(AWAITED + ATTEMPT, Ordering::Relaxed);
        if before < AWAITED {
            self.heard_at.store(now.nanos(), Ordering::Relaxed);
        }
        InFlight { state: self, since: now, is_awaited: true }
    }

    /// Attempts under way on all cores.
    pub fn in_flight(&self) -> u32 {
        // The lower half.
        self.under_way.load(Ordering::Relaxed) as u32
    }

    /// Those among them whose answer has not begun.
    pub fn awaited(&self) -> u32 {
        (self.under_way.load(Ordering::Relaxed) >> AWAITED.ilog2()) as u32
    }

    /// How long its answers take to begin, for the choice between upstreams: an upstream that keeps silent takes at
    /// least as long as it has been silent.
    pub fn latency(&self, now: Moment) -> Latency {
        let observed_at = self.observed_at.load(Ordering::Relaxed);
        let known = (observed_at > 0).then(|| Latency {
            nanos: self.latency.load(Ordering::Relaxed),
            failing: self.failing.load(Ordering::Relaxed),
        });
        let silent = if self.under_way.load(Ordering::Relaxed) < AWAITED {
            0
        } else {
            now.nanos().saturating_sub(self.heard_at.load(Ordering::Relaxed))
        };
        latency::estimate(known, now.nanos().saturating_sub(observed_at), silent)
    }
}

/// How attempts fared.
impl UpstreamState {
    /// An attempt's answer began after so long, and it was a good one.
    pub fn succeed(&self, took: Duration, now: Moment) {
        self.successes.fetch_add(1, Ordering::Relaxed);
        if self.failures.load(Ordering::Relaxed) != 0 {
            self.failures.store(0, Ordering::Relaxed);
        }
        self.observe(latency::Sample::Answered(nanos(took)), now);
    }

    /// An attempt failed; says how many have failed in a row now.
    pub fn fail(&self, now: Moment) -> u32 {
        self.count_failure(now);
        self.failures.fetch_add(1, Ordering::Relaxed).saturating_add(1)
    }

    /// As [`UpstreamState::fail`], for a failure that may be the request's own and makes no row.
    pub fn fail_once(&self, now: Moment) -> u32 {
        self.count_failure(now);
        self.failures()
    }

    /// An attempt ended before its answer began: it would have taken longer than until now.
    #[cold]
    fn give_up(&self, since: Moment) {
        let now = Moment::now();
        self.observe(latency::Sample::GivenUp(now.nanos().saturating_sub(since.nanos())), now);
    }

    /// Failed attempts in a row.
    pub fn failures(&self) -> u32 {
        self.failures.load(Ordering::Relaxed)
    }

    /// How attempts fared since the stretch of time began in which one failed last.
    pub fn counts(&self) -> Counts {
        Counts {
            successes: self.successes.load(Ordering::Relaxed),
            failed: self.failed.load(Ordering::Relaxed),
        }
    }

    /// Counts a failure; counting begins anew with the first one after a while.
    fn count_failure(&self, now: Moment) {
        let since = Moment::from_nanos(self.counted_since.load(Ordering::Relaxed));
        if now.since(since) > WINDOW {
            self.counted_since.store(now.nanos(), Ordering::Relaxed);
            self.successes.store(0, Ordering::Relaxed);
            self.failed.store(0, Ordering::Relaxed);
        }
        self.failed.fetch_add(1, Ordering::Relaxed);
        self.observe(latency::Sample::Failed, now);
    }

    fn observe(&self, sample: latency::Sample, now: Moment) {
        let before = self.observed_at.swap(now.nanos().max(1), Ordering::Relaxed);
        let known = (before > 0).then(|| Latency {
            nanos: self.latency.load(Ordering::Relaxed),
            failing: self.failing.load(Ordering::Relaxed),
        });
        let observed = latency::observe(known, now.nanos().saturating_sub(before), sample);
        self.latency.store(observed.nanos, Ordering::Relaxed);
        self.failing.store(observed.failing, Ordering::Relaxed);
    }
}

/// Whether it is to be used.
impl UpstreamState {
    /// Whether neither active checks nor the fate of attempts speak against it.
    pub fn is_up(&self, now: Moment) -> bool {
        !self.is_ejected(now) && self.health.load(Ordering::Relaxed) < DOWN
    }

    /// Why it is held to be down; `None` while it is up.
    pub fn down_cause(&self, now: Moment) -> Option<Cause> {
        match self.health() {
            Health::Down(cause) => Some(cause),
            Health::Unknown | Health::Up => self.last_ejection().filter(|_| self.is_ejected(now)),
        }
    }

    /// What the active checks say.
    pub fn health(&self) -> Health {
        match self.health.load(Ordering::Relaxed) {
            UNKNOWN => Health::Unknown,
            UP => Health::Up,
            code => decoded(code).map_or(Health::Unknown, Health::Down),
        }
    }

    /// The active checks have come to a verdict; says whether it is another one than before.
    pub fn set_health(&self, health: Health, now: Moment) -> bool {
        let code = match health {
            Health::Unknown => UNKNOWN,
            Health::Up => UP,
            Health::Down(cause) => coded(cause),
        };
        let before = self.health.swap(code, Ordering::Relaxed);
        if before >= DOWN && code < DOWN {
            self.come_back(now);
        }
        // Whoever was left out because it could not be reached has been reached.
        if code == UP && self.is_doubted() && self.last_ejection().is_none_or(is_unreachable) {
            self.readmit(now);
        }
        before != code
    }

    /// Whether it is left out because of how its attempts fared.
    pub fn is_ejected(&self, now: Moment) -> bool {
        self.ejected_until.load(Ordering::Relaxed) > now.nanos()
    }

    /// Whether it was ejected and has not answered well since.
    pub fn is_doubted(&self) -> bool {
        self.is_doubted.load(Ordering::Relaxed)
    }

    /// Until when it is, or was last, left out.
    pub fn ejected_until(&self) -> Moment {
        Moment::from_nanos(self.ejected_until.load(Ordering::Relaxed))
    }

    /// How often it was ejected, less what was forgiven.
    pub fn ejections(&self) -> u32 {
        self.ejections.load(Ordering::Relaxed)
    }

    /// Why it was ejected last.
    pub fn last_ejection(&self) -> Option<Cause> {
        decoded(self.ejected_for.load(Ordering::Relaxed))
    }

    /// Leaves it out until then; it comes back by itself.
    pub fn eject(&self, until: Moment, ejections: u32, cause: Cause) {
        self.ejected_for.store(coded(cause), Ordering::Relaxed);
        self.ejections.store(ejections, Ordering::Relaxed);
        self.is_doubted.store(true, Ordering::Relaxed);
        self.ejected_until.store(until.nanos(), Ordering::Relaxed);
        self.come_back(until);
    }

    /// It is well again; should its time not be over, it is from now on.
    pub fn readmit(&self, now: Moment) {
        self.is_doubted.store(false, Ordering::Relaxed);
        if self.is_ejected(now) {
            self.ejected_until.store(now.nanos(), Ordering::Relaxed);
            self.come_back(now);
        }
    }

    /// It is new, or back since then.
    pub fn come_back(&self, since: Moment) {
        self.back_since.store(since.nanos().max(1), Ordering::Relaxed);
    }

    /// Since when it has been back; `None` where it was there from the start.
    pub fn back_since(&self) -> Option<Moment> {
        let since = self.back_since.load(Ordering::Relaxed);
        (since > 0).then(|| Moment::from_nanos(since))
    }
}

/// How long it keeps idle links.
impl UpstreamState {
    /// The shortest idle time after which the upstream was seen to close.
    pub fn idle_seen(&self) -> Option<Duration> {
        millis(self.idle_seen.load(Ordering::Relaxed))
    }

    /// The idle time the upstream announced.
    pub fn idle_hinted(&self) -> Option<Duration> {
        millis(self.idle_hinted.load(Ordering::Relaxed))
    }

    /// The longest idle time after which a link to it was seen alive.
    pub fn idle_survived(&self) -> Duration {
        Duration::from_millis(self.idle_survived.load(Ordering::Relaxed))
    }

    /// Remembers an observed idle time.
    pub fn see_idle(&self, time: Duration) {
        self.idle_seen.store(as_millis(time).max(1), Ordering::Relaxed);
    }

    /// Remembers an announced idle time.
    pub fn hint_idle(&self, time: Duration) {
        let time = as_millis(time).max(1);
        if self.idle_hinted.load(Ordering::Relaxed) != time {
            self.idle_hinted.store(time, Ordering::Relaxed);
        }
    }

    /// Remembers that a link idle for so long was alive.
    pub fn see_alive(&self, time: Duration) {
        let time = as_millis(time);
        if self.idle_survived.load(Ordering::Relaxed) < time {
            self.idle_survived.store(time, Ordering::Relaxed);
        }
    }
}

/// A cause as a number that is neither [`UNKNOWN`] nor [`UP`].
fn coded(cause: Cause) -> u16 {
    u16::try_from(cause.index()).unwrap_or(u16::MAX - DOWN) + DOWN
}

fn decoded(code: u16) -> Option<Cause> {
    Cause::ALL.get(usize::from(code.checked_sub(DOWN)?)).copied()
}

fn millis(value: u64) -> Option<Duration> {
    (value > 0).then(|| Duration::from_millis(value))
}

fn as_millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// One attempt in `under_way`.
const ATTEMPT: u64 = 1;

/// One attempt in its upper half.
const AWAITED: u64 = 1 << 32;

/// Nothing is known from active checks.
const UNKNOWN: u16 = 0;

/// Active checks say that it is well.
const UP: u16 = 1;

/// Codes from here on are causes.
const DOWN: u16 = 2;

#[cfg(test)]
mod tests;
