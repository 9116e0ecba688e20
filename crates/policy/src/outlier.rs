//! When an upstream is left out because of how its attempts fare, and for how long.
//!
//! Who cannot be reached is left out at once: asking costs time and gains nothing. Who answers badly is left out only if
//! others do clearly better, only a share of them at a time, and never the last one: leaving out upstreams because all
//! of them fail alike turns half an outage into a whole one.

use std::time::Duration;
use torwart_cause::{Cause, Retry, Stage};
use torwart_config::plan::EjectionPlan;

/// How attempts fared at one upstream, or at several, in the same stretch of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Those that went well.
    pub successes: u64,
    /// Those that failed.
    pub failed: u64,
}

/// The others of the pool.
#[derive(Clone, Copy, Debug, Default)]
pub struct Others {
    /// How many there are.
    pub count: u32,
    /// Those among them that are left out although they can be reached.
    pub ejected: u32,
    /// Whether one of them is up.
    pub has_up: bool,
    /// How attempts at those that are up fared.
    pub counts: Counts,
}

/// Whether a failed attempt speaks against its upstream. A link that went stale does not, nor does what this host, the
/// client or the whole exchange's deadline did. An answer that is an error was judged by its status, see [`answered`].
pub fn is_upstreams_doing(cause: Cause) -> bool {
    !matches!(
        cause,
        Cause::UpstreamSaidSo
            | Cause::StaleLink
            | Cause::LocalResourcesSpent
            | Cause::ConnectDenied
            | Cause::DeadlineSpent
    ) && matches!(
        cause.stage(),
        Stage::Resolve | Stage::Connect | Stage::Handshake | Stage::Send | Stage::Head | Stage::Body
    )
}

/// What an upstream's status says about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answered {
    /// It is well.
    Well,
    /// Something failed, perhaps only this request.
    Failed,
    /// It says itself that it cannot serve.
    Unable,
}

/// What a status says about its upstream.
pub const fn answered(status: u16) -> Answered {
    match status {
        502..=504 => Answered::Unable,
        501 | 505 | ..=499 => Answered::Well,
        500.. => Answered::Failed,
    }
}

/// Whether the failure is of a kind that proves that the upstream cannot be reached.
pub fn is_unreachable(cause: Cause) -> bool {
    cause.retry() == Retry::Always
        && matches!(cause.stage(), Stage::Resolve | Stage::Connect | Stage::Handshake)
}

/// Whether a failure, `in_a_row` with those before it, leaves the upstream out.
pub fn is_due(rules: &EjectionPlan, cause: Cause, in_a_row: u32, own: Counts, others: Others) -> bool {
    if is_unreachable(cause) {
        return true;
    }
    let most = (u64::from(others.count) + 1) * u64::from(rules.share) / 100;
    let may = others.has_up && u64::from(others.ejected) < most.max(1) && rules.share > 0;
    let is_worse = || is_worse(own, others.counts, rules.margin);
    may && ((in_a_row >= rules.failures && is_bad_for_others_less(own, others.counts)) || is_worse())
}

/// For how long, after so many times before; `chance` is any number.
pub fn time(rules: &EjectionPlan, cause: Cause, before: u32, chance: u64) -> Duration {
    // A refused connection costs next to nothing, so who refuses is soon asked again.
    let is_cheap = matches!(cause, Cause::ConnectRefused | Cause::ConnectReset | Cause::SocketMissing);
    let longest = if is_cheap { rules.longest.min(LONGEST_IF_CHEAP) } else { rules.longest };
    let doubled = rules.time.saturating_mul(1 << before.min(MOST_DOUBLINGS)).min(longest);
    // A quarter more or less, so that those left out together do not come back together.
    let percent = 75 + u32::try_from(chance % 51).unwrap_or_default();
    doubled.saturating_mul(percent) / 100
}

/// What is left of the number of times, after it has been in for so long again.
pub fn forgiven(times: u32, well_for: Duration) -> u32 {
    let forgiven = well_for.as_secs() / FORGIVEN_EACH.as_secs();
    times.saturating_sub(u32::try_from(forgiven).unwrap_or(u32::MAX))
}

/// Whether it fails more often than the others by the margin, and too often for chance.
fn is_worse(own: Counts, others: Counts, margin: u32) -> bool {
    let (all, failing) = (own.all(), own.failing());
    let (others_all, others_failing) = (others.all(), others.failing());
    if all < ENOUGH || others_all < ENOUGH {
        return false;
    }
    let more = failing - others_failing;
    let together = (own.failed + others.failed) as f64 / (all + others_all) as f64;
    let spread = (together * (1.0 - together) * (1.0 / all as f64 + 1.0 / others_all as f64)).sqrt();
    more * 100.0 >= f64::from(margin) && more > SURE * spread
}

/// Several failures in a row happen by chance where everybody fails often: then they say nothing.
fn is_bad_for_others_less(own: Counts, others: Counts) -> bool {
    others.all() < FEW || others.failing() * 2.0 <= own.failing().max(OFTEN)
}

impl Counts {
    const fn all(self) -> u64 {
        self.successes + self.failed
    }

    fn failing(self) -> f64 {
        self.failed as f64 / (self.all().max(1)) as f64
    }
}

/// How long attempts are counted together.
pub const WINDOW: Duration = Duration::from_secs(10);

/// Attempts from which shares are compared.
const ENOUGH: u64 = 20;

/// Below so many attempts the others say nothing.
const FEW: u64 = 5;

/// A failing share that is high by itself.
const OFTEN: f64 = 0.1;

/// So many standard deviations are no chance.
const SURE: f64 = 3.0;

/// The longest time for who refuses connections.
const LONGEST_IF_CHEAP: Duration = Duration::from_secs(5);

/// Doubled more often, any time is the longest one.
const MOST_DOUBLINGS: u32 = 16;

/// Being well for so long undoes one of the times.
const FORGIVEN_EACH: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use super::*;

    const WELL: Others =
        Others { count: 2, ejected: 0, has_up: true, counts: Counts { successes: 1000, failed: 0 } };
    const POOR: Counts = Counts { successes: 100, failed: 5 };

    #[test]
    fn who_cannot_be_reached_is_left_out_at_once() {
        let rules = EjectionPlan::default();
        let none = Others { has_up: false, ..WELL };
        assert!(is_due(&rules, Cause::ConnectRefused, 1, Counts::default(), none));
        assert!(!is_due(&rules, Cause::ResetBeforeHead, 1, POOR, WELL));
    }

    #[test]
    fn failures_in_a_row_leave_out_but_never_the_last_one_nor_more_than_the_share() {
        let rules = EjectionPlan::default();
        let due = |others| is_due(&rules, Cause::HeadTimedOut, 5, POOR, others);
        assert!(due(WELL));
        assert!(!due(Others { has_up: false, ..WELL }));
        assert!(!due(Others { ejected: 1, ..WELL }), "one of three is what half of them allows");
        assert!(due(Others { ejected: 1, count: 3, ..WELL }));
        assert!(due(Others { count: 1, ..WELL }), "one of two");
    }

    #[test]
    fn where_everybody_fails_half_the_time_nobody_is_left_out() {
        let rules = EjectionPlan::default();
        let half = Counts { successes: 100, failed: 100 };
        let others = Others { counts: half, ..WELL };
        assert!(!is_due(&rules, Cause::ResetBeforeHead, 6, half, others));
    }

    #[test]
    fn who_fails_clearly_more_often_than_the_others_is_left_out() {
        let rules = EjectionPlan::default();
        let due =
            |own, others| is_due(&rules, Cause::UpstreamSaidSo, 0, own, Others { counts: others, ..WELL });
        let third = Counts { successes: 40, failed: 20 };
        assert!(due(third, WELL.counts));
        assert!(!due(third, Counts { successes: 400, failed: 100 }), "thirteen percent more are not enough");
        assert!(!due(Counts { successes: 5, failed: 5 }, WELL.counts), "too few to tell");
    }

    #[test]
    fn the_time_grows_and_is_forgiven() {
        let rules = EjectionPlan::default();
        let ms = Duration::from_millis;
        let time = |before, chance| time(&rules, Cause::HeadTimedOut, before, chance);
        assert_eq!((time(0, 25), time(3, 25)), (ms(500), ms(4000)));
        assert_eq!(time(40, 25), rules.longest);
        assert_eq!(super::time(&rules, Cause::ConnectRefused, 40, 25), LONGEST_IF_CHEAP);
        assert!((0..200).all(|chance| {
            let time = time(0, chance);
            time >= ms(375) && time <= ms(630)
        }));
        assert_eq!(forgiven(3, Duration::from_secs(25)), 1);
    }

    #[test]
    fn what_is_not_the_upstreams_doing_does_not_count() {
        for cause in [Cause::StaleLink, Cause::ClientLeft, Cause::LocalResourcesSpent, Cause::RequestCut] {
            assert!(!is_upstreams_doing(cause), "{cause:?}");
        }
        assert!(is_upstreams_doing(Cause::BodyCut));
        assert_eq!(
            (answered(404), answered(500), answered(503)),
            (Answered::Well, Answered::Failed, Answered::Unable)
        );
    }
}
