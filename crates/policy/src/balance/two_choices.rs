//! The default: of two upstreams at random, the one that is likely to answer sooner.
//!
//! Two choices are enough to keep all of them busy alike, and never send everything to one that looks best for a
//! moment. What an attempt costs is its latency, and more with every attempt that is under way; who fails counts as slow. Where weights differ, the weights decide, and cost only keeps off who is much worse, so that a share of five
//! percent stays one.

use super::{Candidate, chance::Chance};

/// Chooses; `None` only where there is nobody.
pub fn choose(candidates: &[Candidate], chance: &mut Chance) -> Option<usize> {
    let [first, others @ ..] = candidates else { return None };
    if others.is_empty() {
        return Some(first.index);
    }
    if others.iter().all(|other| other.weight == first.weight) {
        let (one, other) = two_places(candidates.len(), chance);
        return Some(sooner(candidates.get(one)?, candidates.get(other)?));
    }
    let least = candidates.iter().map(|candidate| candidate.weight).min().unwrap_or(1);
    let one = by_weight(candidates, None, chance)?;
    let other = by_weight(candidates, Some(one.index), chance)?;
    let cost = |of: &Candidate| cost(of, of.in_flight / (of.weight / least).max(1));
    Some(if cost(one) / MUCH_WORSE > cost(other) { other.index } else { one.index })
}

/// Two different places below `count`, which is at least two.
pub const fn two_places(count: usize, chance: &mut Chance) -> (usize, usize) {
    let count = count as u64;
    let one = chance.below(count);
    let other = chance.below(count - 1);
    (one as usize, if other >= one { other + 1 } else { other } as usize)
}

/// Of two with the same weight in random order, the one that is likely to answer sooner. Where latencies are about the
/// same, who has less to do wins, so that small differences drain nobody.
pub fn sooner(one: &Candidate, other: &Candidate) -> usize {
    let (first, second) = (one.latency.cost(), other.latency.cost());
    let is_other_better = if first.abs_diff(second) <= first.min(second) / HARDLY_BETTER {
        other.in_flight < one.in_flight
    } else {
        cost(other, other.in_flight) < cost(one, one.in_flight)
    };
    if is_other_better { other.index } else { one.index }
}

/// Attempts under way delay each other, but not before there are some: a server does several things at once.
fn cost(of: &Candidate, in_flight: u32) -> u64 {
    of.latency.cost().saturating_mul(u64::from(in_flight) + AT_ONCE)
}

fn by_weight<'c>(
    candidates: &'c [Candidate],
    but: Option<usize>,
    chance: &mut Chance,
) -> Option<&'c Candidate> {
    let others = || candidates.iter().filter(|candidate| Some(candidate.index) != but);
    let mut left = chance.below(others().map(|candidate| u64::from(candidate.weight)).sum());
    others().find(|candidate| match left.checked_sub(candidate.weight.into()) {
        Some(rest) => {
            left = rest;
            false
        }
        None => true,
    })
}

/// Latencies that differ by this part at most are about the same.
const HARDLY_BETTER: u64 = 4;

/// So many attempts are taken to run beside each other.
const AT_ONCE: u64 = 4;

/// Who costs so many times what another costs loses its share.
const MUCH_WORSE: u64 = 3;
