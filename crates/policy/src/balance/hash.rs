//! The same upstream for requests that go together: rendezvous hashing, by weight, with bounded load.
//!
//! Every upstream draws a number from the key, the highest one wins; so when an upstream goes, only its own keys move,
//! and they spread over all others. Whoever has far more than its share under way is passed over for the moment.

use super::{Candidate, chance::mix};

/// Chooses for a key; `salt` is a number of each place that does not change with its neighbours.
pub fn choose(candidates: &[Candidate], key: u64, salt: impl Fn(usize) -> u64) -> Option<usize> {
    let weights: u64 = candidates.iter().map(|candidate| u64::from(candidate.weight)).sum();
    let under_way: u64 = candidates.iter().map(|candidate| u64::from(candidate.in_flight)).sum();
    let has_room = |candidate: &&Candidate| {
        let share = (under_way + 1) * u64::from(candidate.weight) / weights.max(1);
        u64::from(candidate.in_flight) <= (share + share / 4).max(LITTLE)
    };
    let score = |candidate: &Candidate| {
        // A number in (0, 1]: its 53 highest bits are what a float can hold.
        let drawn = ((mix(key ^ salt(candidate.index)) >> 11) + 1) as f64 / (1_u64 << 53) as f64;
        -f64::from(candidate.weight) / drawn.ln().min(-f64::MIN_POSITIVE)
    };
    let best = |among: &mut dyn Iterator<Item = &Candidate>| {
        among
            .map(|candidate| (score(candidate), candidate.index))
            .max_by(|one, other| one.0.total_cmp(&other.0))
    };
    let chosen = best(&mut candidates.iter().filter(has_room)).or_else(|| best(&mut candidates.iter()));
    chosen.map(|(_, index)| index)
}

/// A number for bytes; the same on every machine and after every start.
pub fn of(bytes: &[u8]) -> u64 {
    // FNV-1a, spread over all bits.
    let folded = bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3)
    });
    mix(folded)
}

/// So few attempts under way are nobody's overload.
const LITTLE: u64 = 8;
