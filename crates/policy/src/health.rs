//! What active checks make of the answers to their questions: how many in a row change the verdict, and when the next
//! question is due.

use std::time::Duration;

/// What is held of an upstream that is asked again and again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Whether it counts as up; none while nothing is known.
    pub is_up: Option<bool>,
    /// How many answers in a row speak against that.
    against: u32,
}

/// How many answers in a row change a verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turns {
    /// Good ones, for one that is down.
    pub rise: u32,
    /// Bad ones, for one that is up or not known yet.
    pub fall: u32,
}

impl Standing {
    /// One of which this is held already.
    pub const fn of(is_up: Option<bool>) -> Self {
        Self { is_up, against: 0 }
    }

    /// An answer has come, or none in time; says whether that changed the verdict.
    ///
    /// The first good answer counts at once, because whoever is unknown is used in any case.
    pub fn hear(&mut self, is_well: bool, turns: Turns) -> bool {
        let needed = match self.is_up {
            Some(is_up) if is_up == is_well => {
                self.against = 0;
                return false;
            }
            None if is_well => 1,
            Some(false) => turns.rise,
            Some(true) | None => turns.fall,
        };
        self.against = self.against.saturating_add(1);
        if self.against < needed {
            return false;
        }
        *self = Self::of(Some(is_well));
        true
    }
}

/// The pause until the next question: `pause`, shorter or longer by up to `jitter` percent as `chance` has it.
pub fn next_pause(pause: Duration, jitter: u32, chance: u64) -> Duration {
    let most = u64::from(jitter.min(100)) * 2 + 1;
    let percent = 100 - u64::from(jitter.min(100)) + chance % most;
    let nanos = u64::try_from(pause.as_nanos()).unwrap_or(u64::MAX);
    Duration::from_nanos(nanos / 100 * percent)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TURNS: Turns = Turns { rise: 2, fall: 3 };

    fn after(answers: &str) -> (Option<bool>, usize) {
        let mut standing = Standing::default();
        let changes = answers.chars().filter(|answer| standing.hear(*answer == '+', TURNS)).count();
        (standing.is_up, changes)
    }

    #[test]
    fn it_takes_several_answers_in_a_row_to_change_a_verdict() {
        for (answers, expected) in [
            ("", (None, 0)),
            ("+", (Some(true), 1)),
            ("--", (None, 0)),
            ("---", (Some(false), 1)),
            ("+--+--+", (Some(true), 1)),
            ("+---", (Some(false), 2)),
            ("---+", (Some(false), 1)),
            ("---+-+", (Some(false), 1)),
            ("---++", (Some(true), 2)),
        ] {
            assert_eq!(after(answers), expected, "{answers}");
        }
    }

    #[test]
    fn pauses_differ_by_no_more_than_they_may() {
        let pause = Duration::from_secs(10);
        for chance in 0..100 {
            let next = next_pause(pause, 10, chance);
            assert!(next >= Duration::from_secs(9) && next <= Duration::from_secs(11), "{next:?}");
            assert_eq!(next_pause(pause, 0, chance), pause);
        }
        assert_ne!(next_pause(pause, 10, 0), next_pause(pause, 10, 20));
    }
}
