//! The upstream with the fewest attempts under way, by weight; who fails is left alone all the same.

use super::{Candidate, chance::Chance};

/// Chooses; `None` only where there is nobody. Among equals chance decides.
pub fn choose(candidates: &[Candidate], chance: &mut Chance) -> Option<usize> {
    let mut best: Option<(u64, usize)> = None;
    let mut equals = 0;
    for candidate in candidates {
        let load = load(candidate);
        match best {
            Some((least, _)) if load > least => continue,
            Some((least, _)) if load == least => {
                equals += 1;
                if chance.below(equals) != 0 {
                    continue;
                }
            }
            Some(_) | None => equals = 1,
        }
        best = Some((load, candidate.index));
    }
    best.map(|(_, index)| index)
}

/// Somebody who fails fast never has much under way, so failing counts as load.
fn load(candidate: &Candidate) -> u64 {
    let attempts = (u64::from(candidate.in_flight) + 1) << 16;
    let failing = 1 + u64::from(candidate.latency.failing) / FAILING_WEIGHS;
    attempts.saturating_mul(failing) / u64::from(candidate.weight.max(1))
}

/// A failing share of so many 65536ths doubles the load.
const FAILING_WEIGHS: u64 = 2048;
