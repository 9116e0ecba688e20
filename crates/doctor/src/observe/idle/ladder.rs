//! Idle connections of different ages at the same time: after how long are they lost?

use super::reuse::{self, Reused};
use super::sample::Left;
use super::{RESERVE, Site};
use crate::together::together;
use std::time::Duration;

/// The idle times to look at below this one, the shortest first.
pub(super) fn below(farthest: Duration) -> Vec<Duration> {
    RUNGS.iter().copied().map(Duration::from_secs).filter(|rung| *rung < farthest).collect()
}

/// Idle times below one after which connections were lost.
pub(super) fn between(lost: Duration) -> Vec<Duration> {
    [8, 4, 2].map(|part| lost / part).into()
}

/// Makes a connection for each idle time that there is still time for, leaves it alone, and uses it again.
pub(super) async fn climb(site: &Site<'_>, rungs: &[Duration]) -> Vec<Reused> {
    let left = site.case.left().saturating_sub(reuse::PATIENCE + RESERVE);
    let rungs = rungs.iter().filter(|rung| **rung < left);
    let reused = together(rungs.map(async |rung| {
        let mut one = Left::alone(site, |_| *rung).await?;
        one.reuse(&site.request).await;
        one.reused()
    }));
    reused.await.into_iter().flatten().collect()
}

/// Whether a connection just made carries two requests, one soon after the other.
pub(super) async fn is_fresh_good(site: &Site<'_>) -> bool {
    climb(site, &[FRESH]).await.iter().any(|reused| reused.fate.is_alive())
}

/// No longer idle time is looked at: nobody's box is patient beyond.
pub(super) const HIGHEST: Duration = Duration::from_secs(351);

/// Idle times after which firewalls and balancers are known to forget, in seconds.
const RUNGS: &[u64] = &[5, 15, 30, 60, 120, 300, 350];
/// A pause that no connection ends of.
const FRESH: Duration = Duration::from_millis(200);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ladder_ends_below_what_is_looked_at_anyway() {
        let seconds =
            |farthest| below(Duration::from_secs(farthest)).iter().map(Duration::as_secs).collect::<Vec<_>>();
        assert_eq!(seconds(23), [5, 15]);
        assert_eq!(seconds(351), [5, 15, 30, 60, 120, 300, 350]);
        assert!(seconds(5).is_empty());
    }
}
