//! The retry budget: retries are spent while they help, and saved when they would only load the dying.
//!
//! A retry succeeds as often as attempts do. While most attempts succeed, repeating a request that failed at once nearly
//! always answers somebody and costs little, so it is free (attempts of one exchange are bounded elsewhere). Where more
//! than seven in ten of the attempts fail, retries multiply the load and hardly help: a tenth of the budget is left then.
//! A retry after a deadline draws on the budget at any time, because an upstream that is late is one that has too much
//! to do.
//!
//! The budget itself is a token bucket in thousandths of a retry: every request earns a share, every second a floor. Ten
//! seconds' worth is the most that is saved up.

use std::time::Duration;

/// Why a retry is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The attempt failed at once: closed, reset, garbled, an answer that says "not now".
    Quick,
    /// A deadline passed, or is about to: the upstream may have too much to do.
    Late,
}

/// A retry budget. Time is an argument: the duration since any fixed moment.
#[derive(Clone, Debug)]
pub struct RetryBudget {
    earned_per_request: u64,
    earned_per_second: u64,
    saved: u64,
    most: u64,
    filled_at: Duration,
    /// The share of attempts that fail, in parts of [`WHOLE`]; recent ones count most.
    failing: u32,
}

impl RetryBudget {
    /// A full budget. `percent` of the requests (0–100) and `per_second` retries are allowed.
    pub fn new(percent: u32, per_second: u32) -> Self {
        let earned_per_second = u64::from(per_second) * RETRY;
        let most = (earned_per_second * SAVED_SECONDS).max(u64::from(percent) * RETRY);
        Self {
            earned_per_request: u64::from(percent) * RETRY / 100,
            earned_per_second,
            saved: most,
            most,
            filled_at: Duration::ZERO,
            failing: 0,
        }
    }

    /// A request was made.
    pub fn earn(&mut self) {
        self.saved = (self.saved + self.earned_per_request).min(self.most);
    }

    /// An attempt succeeded.
    pub fn succeeded(&mut self) {
        self.failing -= self.failing / MEMORY;
    }

    /// An attempt failed although it reached its upstream.
    pub fn failed(&mut self) {
        self.failing += (WHOLE - self.failing) / MEMORY;
    }

    /// Whether so many attempts fail that retries do more harm than good.
    pub fn is_storm(&self) -> bool {
        self.failing > MANY
    }

    /// Takes one retry out of the budget, if there is one.
    pub fn spend(&mut self, failure: Failure, now: Duration) -> bool {
        if self.most == 0 {
            return false;
        }
        let passed = now.saturating_sub(self.filled_at);
        let earned =
            u64::try_from(passed.as_millis()).unwrap_or(u64::MAX).saturating_mul(self.earned_per_second)
                / 1000;
        if earned > 0 {
            self.saved = self.saved.saturating_add(earned).min(self.most);
            self.filled_at = now;
        }
        let price = match (self.is_storm(), failure) {
            (false, Failure::Quick) => return true,
            (false, Failure::Late) => RETRY,
            (true, _) => RETRY * DEARER,
        };
        let is_enough = self.saved >= price;
        if is_enough {
            self.saved -= price;
        }
        is_enough
    }
}

/// One retry, in the bucket's unit.
const RETRY: u64 = 1000;

/// How many seconds of the floor, and as many requests' shares, can be saved up.
const SAVED_SECONDS: u64 = 10;

/// How much more a retry costs while most attempts fail.
const DEARER: u64 = 10;

/// Everything fails.
const WHOLE: u32 = 1 << 16;

/// About so many attempts are remembered: few enough to notice within a second, enough to tell half from most.
const MEMORY: u32 = 32;

/// Seven in ten. At this share two retries still lift the good ones from three to seven in ten, at nine in ten only
/// from one to three, for nearly three times the load.
const MANY: u32 = WHOLE / 10 * 7;

#[cfg(test)]
mod tests;
