//! How many of a client's are under way at once: requests, or connections.
//!
//! Exact, and never larger than what is under way: a client at zero is forgotten. Shards keep cores out of each other's
//! way; a lock is held for one look into a table.

use rustc_hash::FxHashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Counts by key.
#[derive(Debug)]
pub struct Tally {
    shards: Box<[Mutex<FxHashMap<u64, u32>>]>,
}

impl Default for Tally {
    fn default() -> Self {
        Self { shards: (0..SHARDS).map(|_| Mutex::default()).collect() }
    }
}

impl Tally {
    /// One more of this key; how many there are now.
    pub fn enter(&self, key: u64) -> u32 {
        let Some(mut shard) = self.shard(key) else { return 1 };
        let count = shard.entry(key).or_insert(0);
        *count = count.saturating_add(1);
        *count
    }

    /// One fewer of this key.
    pub fn leave(&self, key: u64) {
        let Some(mut shard) = self.shard(key) else { return };
        if let Some(count) = shard.get_mut(&key) {
            *count -= 1;
            if *count == 0 {
                shard.remove(&key);
            }
        }
    }

    /// How many keys are counted now.
    #[must_use]
    pub fn keys(&self) -> usize {
        let lock =
            |shard: &Mutex<FxHashMap<u64, u32>>| shard.lock().unwrap_or_else(PoisonError::into_inner).len();
        self.shards.iter().map(lock).sum()
    }

    fn shard(&self, key: u64) -> Option<MutexGuard<'_, FxHashMap<u64, u32>>> {
        let shard = self.shards.get(usize::try_from(key >> 48).unwrap_or(0) & (SHARDS - 1))?;
        // Nothing that can panic happens under the lock.
        Some(shard.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

const SHARDS: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn whoever_has_left_is_forgotten() {
        let tally = Tally::default();
        assert_eq!([tally.enter(1), tally.enter(1), tally.enter(u64::MAX)], [1, 2, 1]);
        tally.leave(1);
        assert_eq!((tally.enter(1), tally.keys()), (2, 2));
        tally.leave(1);
        tally.leave(1);
        tally.leave(1);
        assert_eq!(tally.keys(), 1);
    }

    proptest! {
        #[test]
        fn counts_are_those_of_a_plain_list(steps in proptest::collection::vec((any::<bool>(), 0u64..6), 0..200)) {
            let tally = Tally::default();
            let mut there: Vec<u64> = Vec::new();
            for (enters, key) in steps {
                let key = key << 47;
                if enters {
                    there.push(key);
                    let count = there.iter().filter(|other| **other == key).count();
                    prop_assert_eq!(tally.enter(key) as usize, count);
                } else if let Some(at) = there.iter().position(|other| *other == key) {
                    there.swap_remove(at);
                    tally.leave(key);
                }
            }
            there.sort_unstable();
            there.dedup();
            prop_assert_eq!(tally.keys(), there.len());
        }
    }
}
