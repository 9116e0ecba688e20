//! How long an idle link may be used again, learned from how long the upstream keeps it.
//!
//! What the upstream announces (`Keep-Alive: timeout=`) is a hint, what it was seen to do is the truth, and of several
//! observations the shortest counts. A request that may not be repeated is only put on a link that was used a moment
//! ago, or not half as long ago as links of this upstream have been seen to live: so it never races the upstream's close,
//! not even the first one.

use std::time::Duration;

/// Below the learned idle time by this much.
const MARGIN: Duration = Duration::from_secs(1);

/// While no link was seen to live longer, only one this fresh carries a request that may not be repeated: below any
/// known server's idle timeout.
const FRESH: Duration = Duration::from_millis(200);

/// Closes seen on a link idle for less than this say nothing about an idle timeout: it is more likely a restart.
const SHORTEST_BELIEVED: Duration = Duration::from_millis(500);

/// The longest idle time at which a link is used again.
///
/// `configured` is the operator's limit, `learned` the shortest idle time after which the upstream was seen to close,
/// `hinted` what it announced.
pub fn limit(configured: Duration, learned: Option<Duration>, hinted: Option<Duration>) -> Duration {
    let kept = |known: Duration| known.saturating_sub(MARGIN).max(known / 2);
    [learned, hinted].into_iter().flatten().map(kept).fold(configured, Duration::min)
}

/// The longest idle time at which a link carries a request that may not be repeated. `survived` is the longest idle
/// time after which a link was seen alive.
pub fn limit_for_unrepeatable(limit: Duration, is_anything_known: bool, survived: Duration) -> Duration {
    let most = if is_anything_known { limit / 2 } else { limit };
    most.min(FRESH.max(survived / 2))
}

/// What the idle times of links found closed at one look teach; `known` is what was learned before.
///
/// Several links closed together at different ages are a restart, not a timeout.
pub fn learn(known: Option<Duration>, closed_at: &[Duration]) -> Option<Duration> {
    let shortest = closed_at.iter().min()?;
    let longest = closed_at.iter().max()?;
    let is_restart = *longest > *shortest + MARGIN;
    if is_restart || *shortest < SHORTEST_BELIEVED {
        return None;
    }
    Some(known.map_or(*shortest, |known| known.min(*shortest)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn links_retire_a_second_before_the_upstream_drops_them() {
        assert_eq!(limit(s(55), Some(s(5)), None), s(4));
        assert_eq!(limit(s(55), None, Some(s(5))), s(4));
        assert_eq!(limit(s(55), None, None), s(55));
        assert_eq!(limit(s(55), Some(s(300)), None), s(55));
    }

    #[test]
    fn a_very_short_timeout_leaves_half_of_it() {
        assert_eq!(limit(s(55), Some(s(1)), None), Duration::from_millis(500));
    }

    #[test]
    fn the_shortest_observation_counts() {
        assert_eq!(learn(Some(s(3)), &[s(2)]), Some(s(2)));
        assert_eq!(learn(Some(s(2)), &[s(3)]), Some(s(2)));
    }

    #[test]
    fn a_restart_teaches_nothing() {
        assert_eq!(learn(None, &[s(2), s(9)]), None);
        assert_eq!(learn(None, &[Duration::from_millis(80)]), None);
    }

    #[test]
    fn an_unrepeatable_request_takes_only_a_link_used_a_moment_ago() {
        let fresh = Duration::from_millis(200);
        assert_eq!(limit_for_unrepeatable(s(55), false, Duration::ZERO), fresh);
        assert_eq!(limit_for_unrepeatable(s(4), true, Duration::ZERO), fresh);
        assert_eq!(limit_for_unrepeatable(Duration::from_millis(160), false, s(9)), fresh * 4 / 5);
    }

    #[test]
    fn an_upstream_that_keeps_links_long_is_trusted_half_as_long() {
        assert_eq!(limit_for_unrepeatable(s(55), false, s(40)), s(20));
        assert_eq!(limit_for_unrepeatable(s(4), true, s(3)), Duration::from_millis(1500));
        assert_eq!(limit_for_unrepeatable(s(4), true, s(40)), s(2));
    }
}
