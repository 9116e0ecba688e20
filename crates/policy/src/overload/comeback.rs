//! When those sent away should come back: one after the other, at the pace at which they can be answered.
//!
//! Each is given the next free place on a timetable (a GCRA without a limit), so that they do not all come at once
//! again. The timetable empties by itself as time passes.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The timetable, shared by all cores.
#[derive(Debug, Default)]
pub struct Timetable {
    /// The first moment that nobody was told yet, in microseconds.
    free: AtomicU64,
}

impl Timetable {
    /// When the next one should come back, where so many per second can be answered.
    pub fn next(&self, per_second: Option<f64>, now: Duration) -> Duration {
        let now = u64::try_from(now.as_micros()).unwrap_or(u64::MAX);
        let per_second = per_second.unwrap_or(UNKNOWN).max(SLOWEST);
        let step = (1e6 / per_second) as u64;
        let mut place = now;
        // It always finds a value to store, so the error case cannot occur.
        let _ = self.free.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |free| {
            place = free.clamp(now, now + LONGEST);
            Some(place + step)
        });
        Duration::from_micros(place - now).max(SHORTEST)
    }
}

/// Answers per second of an upstream nothing is known about.
const UNKNOWN: f64 = 100.0;
const SLOWEST: f64 = 0.1;
/// Nobody comes back sooner.
const SHORTEST: Duration = Duration::from_secs(1);
/// In microseconds: who is sent away for longer does not come back.
const LONGEST: u64 = 120_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_is_sent_away_comes_back_at_the_pace_of_the_upstream() {
        let table = Timetable::default();
        let now = Duration::from_secs(50);
        let told: Vec<u64> = (0..1000).map(|_| table.next(Some(100.0), now).as_secs()).collect();
        assert_eq!((told.first(), told.last()), (Some(&1), Some(&9)));
        let later = table.next(Some(100.0), now + Duration::from_secs(60));
        assert_eq!(later, Duration::from_secs(1), "the timetable is empty again");
    }

    #[test]
    fn nobody_is_sent_away_for_ever() {
        let table = Timetable::default();
        let told = (0..100_000).map(|_| table.next(Some(0.0), Duration::ZERO)).max();
        assert_eq!(told, Some(Duration::from_secs(120)));
    }
}
