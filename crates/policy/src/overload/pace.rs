//! The least pace at which a client has to send or to read.
//!
//! What counts is the average over all the time the client was waited for, so a video that is paused after a fast start
//! is no slow client, and one that sends a byte now and then is.

use std::time::Duration;
use torwart_config::plan::LeastPace;

/// How long a client may be waited for in all, once it has moved so many bytes.
pub fn allowance(plan: LeastPace, moved: u64) -> Duration {
    let earned = Duration::from_secs_f64(moved as f64 / plan.bytes_per_second.max(1) as f64);
    plan.grace.saturating_add(earned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_earn_time() {
        let plan = LeastPace { bytes_per_second: 500, grace: Duration::from_secs(20) };
        assert_eq!(allowance(plan, 0), Duration::from_secs(20));
        assert_eq!(allowance(plan, 5000), Duration::from_secs(30));
        assert!(allowance(plan, u64::MAX) > Duration::from_secs(1 << 40));
    }
}
