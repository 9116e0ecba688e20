//! How long an upstream's answers take to begin, as one number that choices can compare.
//!
//! Answers that take longer count at once by half, shorter ones bit by bit, and what is old is worth less: after
//! [`HALF_LIFE`] half of it is forgotten, so that an upstream that was slow once is tried again. Failures count as time
//! too, because somebody who fails fast must not look fast. All of it is integers: this runs for every request.

/// What is known about an upstream's latency at a moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Latency {
    /// How long an answer takes to begin, in nanoseconds.
    pub nanos: u64,
    /// Which part of the attempts fails, in 65536ths.
    pub failing: u32,
}

/// What an attempt showed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sample {
    /// The answer began after so many nanoseconds.
    Answered(u64),
    /// It failed.
    Failed,
    /// Nobody waited any longer, after so many nanoseconds.
    GivenUp(u64),
}

impl Latency {
    /// The time an attempt costs, its risk of failing included.
    pub fn cost(self) -> u64 {
        NOISE.saturating_add(self.nanos).saturating_add(u64::from(self.failing) * (PENALTY / WHOLE))
    }
}

/// What is known after one more sample; `passed` nanoseconds after the last one.
pub fn observe(known: Option<Latency>, passed: u64, sample: Sample) -> Latency {
    let Some(known) = known else {
        return match sample {
            Sample::Answered(nanos) => Latency { nanos, failing: 0 },
            Sample::Failed => Latency { nanos: 0, failing: FIRST_FAILURE },
            Sample::GivenUp(nanos) => Latency { nanos, failing: 0 },
        };
    };
    match sample {
        Sample::Answered(nanos) => {
            let failing =
                if known.failing == 0 { 0 } else { known.failing - known.failing.div_ceil(FORGIVEN) };
            let nanos = if nanos > known.nanos {
                known.nanos + (nanos - known.nanos) / 2
            } else {
                nanos + faded(known.nanos - nanos, passed)
            };
            Latency { nanos, failing }
        }
        // The answer would have taken longer still.
        Sample::GivenUp(nanos) => Latency { nanos: faded(known.nanos, passed).max(nanos), ..known },
        Sample::Failed => {
            // It fits: the share is below a whole.
            let failing = faded(u64::from(known.failing), passed).min(WHOLE) as u32;
            let failing = failing + (WHOLE as u32 - failing) / FAILURE_WEIGHS;
            Latency { failing, nanos: known.nanos }
        }
    }
}

/// What an attempt would meet now, `passed` nanoseconds after the last sample. Who has kept silent on what was asked
/// takes at least as long as the silence.
pub fn estimate(known: Option<Latency>, passed: u64, silent: u64) -> Latency {
    let Some(known) = known else { return Latency { nanos: silent, failing: 0 } };
    if passed < FRESH {
        return Latency { nanos: known.nanos.max(silent), ..known };
    }
    let failing = if known.failing == 0 { 0 } else { faded(u64::from(known.failing), passed) as u32 };
    Latency { nanos: faded(known.nanos, passed).max(silent), failing }
}

/// What is left of a value: half of it after each half-life, in between on a straight line.
fn faded(value: u64, passed: u64) -> u64 {
    let halves = passed >> HALF_LIFE_BITS;
    if halves >= 63 {
        return 0;
    }
    let left = value >> halves;
    // The part of the half-life under way, in 1024ths.
    let part = (passed >> (HALF_LIFE_BITS - 10)) & 1023;
    left - ((left >> 11).saturating_mul(part)).min(left)
}

/// After so many nanoseconds half of what is known is forgotten: 8.6 seconds, as a power of two.
pub const HALF_LIFE: u64 = 1 << HALF_LIFE_BITS;

const HALF_LIFE_BITS: u32 = 33;

/// Samples younger than this are taken as they are: 67 milliseconds.
const FRESH: u64 = 1 << 26;

/// A whole in 65536ths.
const WHOLE: u64 = 1 << 16;

/// What an attempt costs that surely fails: a second.
const PENALTY: u64 = 1_000_000_000;

/// What is added to every latency, so that a millisecond or two do not decide: nobody feels them, and the others stay warm.
const NOISE: u64 = 5_000_000;

/// How much a failure adds to the failing share: this part of what is missing to a whole.
const FAILURE_WEIGHS: u32 = 8;

/// The failing share after a failure of an upstream never heard of before.
const FIRST_FAILURE: u32 = (WHOLE as u32) / FAILURE_WEIGHS;

/// A good answer takes this part of the failing share away.
const FORGIVEN: u32 = 32;

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;

    #[test]
    fn what_is_known_halves_with_time() {
        let known = Latency { nanos: 100 * MS, failing: 1000 };
        let later = estimate(Some(known), HALF_LIFE, 0);
        assert!(later.nanos.abs_diff(50 * MS) < MS, "{later:?}");
        assert_eq!(later.failing, 500);
        let between = estimate(Some(known), HALF_LIFE / 2, 0);
        assert!(between.nanos.abs_diff(75 * MS) < MS, "{between:?}");
        assert_eq!(estimate(Some(known), u64::MAX, 0), Latency::default());
    }

    #[test]
    fn a_longer_answer_counts_at_once_and_a_shorter_one_bit_by_bit() {
        let known = Some(Latency { nanos: 10 * MS, failing: 0 });
        assert_eq!(observe(known, MS, Sample::Answered(110 * MS)).nanos, 60 * MS);
        let shorter = observe(Some(Latency { nanos: 110 * MS, failing: 0 }), MS, Sample::Answered(10 * MS));
        assert!(shorter.nanos > 105 * MS, "{shorter:?}");
    }

    #[test]
    fn who_was_given_up_on_takes_at_least_as_long() {
        let known = Some(Latency { nanos: 10 * MS, failing: 0 });
        assert_eq!(observe(known, MS, Sample::GivenUp(1000 * MS)).nanos, 1000 * MS);
        assert!(observe(known, MS, Sample::GivenUp(MS)).nanos > 9 * MS);
    }

    #[test]
    fn who_fails_fast_does_not_look_fast() {
        let fast = (0..5).fold(None, |known, _| Some(observe(known, MS, Sample::Failed)));
        let slow = observe(None, 0, Sample::Answered(200 * MS));
        assert!(fast.is_some_and(|fast| fast.cost() > slow.cost()), "{fast:?}");
    }

    #[test]
    fn one_failure_of_many_does_not_drive_all_away() {
        let known = Some(Latency { nanos: 50 * MS, failing: 0 });
        let once = observe(known, MS, Sample::Failed);
        let after = (0..100).fold(once, |known, _| observe(Some(known), MS, Sample::Answered(50 * MS)));
        assert!(after.cost() < 60 * MS, "{after:?}");
    }
}
