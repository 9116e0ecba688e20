//! Durations counted in fixed classes, in the manner of Prometheus.

use super::shard::Counter;
use std::time::Duration;

/// Upper bounds in microseconds, each with its text in seconds.
pub(super) const BOUNDS: [(u64, &str); 16] = [
    (500, "0.0005"),
    (1_000, "0.001"),
    (2_500, "0.0025"),
    (5_000, "0.005"),
    (10_000, "0.01"),
    (25_000, "0.025"),
    (50_000, "0.05"),
    (100_000, "0.1"),
    (250_000, "0.25"),
    (500_000, "0.5"),
    (1_000_000, "1.0"),
    (2_500_000, "2.5"),
    (5_000_000, "5.0"),
    (10_000_000, "10.0"),
    (30_000_000, "30.0"),
    (60_000_000, "60.0"),
];

/// Durations in classes; the last class has no bound.
#[derive(Debug, Default)]
pub(super) struct Histogram {
    classes: [Counter; BOUNDS.len() + 1],
    micros: Counter,
}

impl Histogram {
    pub(super) fn observe(&self, took: Duration) {
        let micros = took.as_secs().saturating_mul(1_000_000).saturating_add(u64::from(took.subsec_micros()));
        self.classes[class(micros)].add(1);
        self.micros.add(micros);
    }

    /// Adds this core's counts to a sum over cores.
    pub(super) fn add_to(&self, sum: &mut Sum) {
        for (total, class) in sum.classes.iter_mut().zip(&self.classes) {
            *total += class.value();
        }
        sum.micros = sum.micros.wrapping_add(self.micros.value());
    }
}

/// A histogram summed over all cores.
#[derive(Clone, Debug, Default)]
pub(super) struct Sum {
    pub(super) classes: [u64; BOUNDS.len() + 1],
    pub(super) micros: u64,
}

/// The first class whose bound is not exceeded: a binary search over 16 bounds without branches.
fn class(micros: u64) -> usize {
    let mut base = 0;
    for step in [8, 4, 2, 1] {
        base += step * usize::from(micros > BOUNDS[base + step - 1].0);
    }
    base + usize::from(micros > BOUNDS[base].0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_falls_in_the_first_class_that_holds_it() {
        for (index, (bound, _)) in BOUNDS.iter().enumerate() {
            assert_eq!(class(*bound), index);
            assert_eq!(class(bound - 1), index);
            assert_eq!(class(bound + 1), index + 1);
        }
        assert_eq!(class(0), 0);
        assert_eq!(class(u64::MAX), BOUNDS.len());
    }
}
