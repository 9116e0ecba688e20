//! When to renew, and when to try again: pure decisions; time and chance are arguments.

use std::time::{Duration, SystemTime};

/// When to renew a certificate that is valid in this span, without advice of the CA: at two thirds of its life, a
/// little earlier by chance, so that certificates that were issued together are not renewed together.
pub(crate) fn renewal(from: SystemTime, until: SystemTime, chance: f64) -> SystemTime {
    let life = until.duration_since(from).unwrap_or_default();
    let early = (life / 24).mul_f64(chance.clamp(0.0, 1.0));
    from + (life * 2 / 3).saturating_sub(early)
}

/// A moment in the window the CA suggests (RFC 9773 §4.2), but not so late that nothing may go wrong.
pub(crate) fn suggested(
    window: (SystemTime, SystemTime),
    valid: (SystemTime, SystemTime),
    chance: f64,
) -> SystemTime {
    let (start, end) = window;
    let length = end.duration_since(start).unwrap_or_default();
    let life = valid.1.duration_since(valid.0).unwrap_or_default();
    let latest = valid.1.checked_sub(life / 10).unwrap_or(valid.1);
    (start + length.mul_f64(chance.clamp(0.0, 1.0))).min(latest)
}

/// How long to wait after so many failures in a row: longer each time, up to a limit, a fifth more or less by chance.
/// The pace keeps below what CAs allow: five failed proofs per name and hour at Let's Encrypt.
pub(crate) fn pause(failures: u32, chance: f64) -> Duration {
    let steps = failures.saturating_sub(1).min(8);
    let pause = (FIRST_PAUSE * 3_u32.pow(steps)).min(LONGEST_PAUSE);
    pause.mul_f64(0.8 + 0.4 * chance.clamp(0.0, 1.0))
}

/// When to try again: what the CA says counts where it is later than our own pause, within reason.
pub(crate) fn retry(now: SystemTime, failures: u32, later: Option<SystemTime>, chance: f64) -> SystemTime {
    let own = now + pause(failures, chance);
    later.map_or(own, |later| own.max(later.min(now + LONGEST_WISH)))
}

/// When to ask the CA for its advice again.
pub(crate) fn next_look(wish: Duration, chance: f64) -> Duration {
    wish.clamp(SHORTEST_LOOK, LONGEST_LOOK).mul_f64(1.0 + 0.1 * chance.clamp(0.0, 1.0))
}

const FIRST_PAUSE: Duration = Duration::from_secs(60);
const LONGEST_PAUSE: Duration = Duration::from_secs(6 * 3600);
/// Rate limits of a week exist; longer ones are mistakes.
const LONGEST_WISH: Duration = Duration::from_secs(7 * 86_400);
const SHORTEST_LOOK: Duration = Duration::from_secs(3600);
const LONGEST_LOOK: Duration = Duration::from_secs(86_400);

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Duration = Duration::from_secs(86_400);

    fn at(days: u32) -> SystemTime {
        SystemTime::UNIX_EPOCH + DAY * days
    }

    #[test]
    fn two_thirds_of_the_life_are_used_and_never_more() {
        assert_eq!(renewal(at(0), at(90), 0.0), at(60));
        assert_eq!(renewal(at(0), at(6), 0.0), at(4));
        let early = renewal(at(0), at(90), 1.0);
        assert!(early < at(60) && early > at(56));
        // A span that runs backwards is over at once.
        assert_eq!(renewal(at(9), at(3), 0.5), at(9));
    }

    #[test]
    fn the_suggested_window_is_kept_but_not_to_the_last_day() {
        assert_eq!(suggested((at(50), at(54)), (at(0), at(90)), 0.5), at(52));
        assert_eq!(suggested((at(50), at(50)), (at(0), at(90)), 0.5), at(50));
        assert_eq!(suggested((at(89), at(95)), (at(0), at(90)), 1.0), at(81));
        // A window in the past means now: a certificate that is to be replaced at once.
        assert!(suggested((at(1), at(2)), (at(0), at(90)), 1.0) <= at(2));
    }

    #[test]
    fn pauses_grow_up_to_a_limit_and_never_overflow() {
        assert_eq!(pause(1, 0.5), Duration::from_secs(60));
        assert_eq!(pause(2, 0.5), Duration::from_secs(180));
        assert_eq!(pause(3, 0.5), Duration::from_secs(540));
        assert_eq!(pause(u32::MAX, 0.5), LONGEST_PAUSE);
        assert!(pause(1, 0.0) < pause(1, 1.0));
        let within_an_hour: u64 = (1..=4).map(|failures| pause(failures, 0.0).as_secs()).sum();
        assert!(within_an_hour + pause(5, 0.0).as_secs() > 3600, "more than five proofs an hour");
    }

    #[test]
    fn what_the_ca_says_counts_where_it_is_later() {
        let now = at(10);
        assert_eq!(retry(now, 1, Some(at(11)), 0.5), at(11));
        assert_eq!(retry(now, 1, Some(now), 0.5), now + Duration::from_secs(60));
        assert_eq!(retry(now, 1, Some(at(900)), 0.5), at(17));
        assert_eq!(retry(now, 1, None, 0.5), now + Duration::from_secs(60));
    }

    #[test]
    fn advice_is_asked_for_within_a_day() {
        assert_eq!(next_look(Duration::ZERO, 0.0), SHORTEST_LOOK);
        assert_eq!(next_look(Duration::from_secs(21_600), 0.0), Duration::from_secs(21_600));
        assert_eq!(next_look(DAY * 30, 0.0), LONGEST_LOOK);
    }
}
