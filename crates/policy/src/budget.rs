//! The retry budget: repeated requests stay a share of the ordinary ones, so that no storm starts.
//!
//! A token bucket in thousandths of a retry: every request earns a share, every second a floor, every costly retry
//! costs one. Ten seconds' worth is the most that is saved up.

use std::time::Duration;

/// One retry, in the bucket's unit.
const RETRY: u64 = 1000;

/// How many seconds of the floor, and as many requests' shares, can be saved up.
const SAVED_SECONDS: u64 = 10;

/// A retry budget. Time is an argument: the duration since any fixed moment.
#[derive(Clone, Debug)]
pub struct RetryBudget {
    earned_per_request: u64,
    earned_per_second: u64,
    saved: u64,
    most: u64,
    filled_at: Duration,
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
        }
    }

    /// A request was made.
    pub fn earn(&mut self) {
        self.saved = (self.saved + self.earned_per_request).min(self.most);
    }

    /// Takes one retry out of the budget, if there is one.
    pub fn spend(&mut self, now: Duration) -> bool {
        let passed = now.saturating_sub(self.filled_at);
        let earned =
            u64::try_from(passed.as_millis()).unwrap_or(u64::MAX).saturating_mul(self.earned_per_second)
                / 1000;
        if earned > 0 {
            self.saved = self.saved.saturating_add(earned).min(self.most);
            self.filled_at = now;
        }
        let is_enough = self.saved >= RETRY;
        if is_enough {
            self.saved -= RETRY;
        }
        is_enough
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_storm_is_held_to_its_share() {
        let mut budget = RetryBudget::new(20, 0);
        let mut retries = 0;
        for _ in 0..10_000 {
            budget.earn();
            retries += u32::from(budget.spend(Duration::ZERO));
        }
        assert!((2000..=2020).contains(&retries), "{retries}");
    }

    #[test]
    fn the_floor_lets_a_quiet_site_retry() {
        let mut budget = RetryBudget::new(0, 10);
        let spent = (0..1000).filter(|_| budget.spend(Duration::from_secs(1))).count();
        assert_eq!(spent, 100);
        let again = (0..1000).filter(|_| budget.spend(Duration::from_secs(2))).count();
        assert_eq!(again, 10);
    }
}
