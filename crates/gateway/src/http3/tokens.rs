//! The tokens by which clients that come back prove their address (RFC 9000 §8.1.3): each counts once.
//!
//! Only an address that is proven may send early data. Otherwise anybody could ask in the name of another address, which
//! lists and limits go by.

use quinn::{TokenLog, TokenReuseError};
use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

/// The tokens that were used: of older ones it is only known until when they were made, and none of these counts.
#[derive(Default)]
pub(super) struct Used(Mutex<Tokens>);

#[derive(Default)]
struct Tokens {
    now: Generation,
    before: Generation,
    forgotten: Option<SystemTime>,
}

#[derive(Default)]
struct Generation {
    tokens: HashSet<u128>,
    /// When the youngest of them was made.
    youngest: Option<SystemTime>,
}

impl TokenLog for Used {
    fn check_and_insert(&self, nonce: u128, issued: SystemTime, _: Duration) -> Result<(), TokenReuseError> {
        // Nothing under this lock can be left half done.
        let mut tokens = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_used = tokens.now.tokens.contains(&nonce) || tokens.before.tokens.contains(&nonce);
        if is_used || tokens.forgotten.is_some_and(|until| issued <= until) {
            return Err(TokenReuseError);
        }
        if tokens.now.tokens.len() >= MOST {
            let full = std::mem::take(&mut tokens.now);
            let oldest = std::mem::replace(&mut tokens.before, full);
            tokens.forgotten = tokens.forgotten.max(oldest.youngest);
        }
        tokens.now.tokens.insert(nonce);
        tokens.now.youngest = tokens.now.youngest.max(Some(issued));
        Ok(())
    }
}

/// Tokens of a generation; both together take about a megabyte.
const MOST: usize = 16_384;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_counts_once_also_after_many_others() {
        let used = Used::default();
        let at = |second: u64| SystemTime::UNIX_EPOCH + Duration::from_secs(second);
        let first = |second| used.check_and_insert(u128::from(second), at(second), Duration::MAX).is_ok();
        let most = MOST as u64;
        assert!((0..4 * most).all(first));
        assert!(!(0..4 * most).any(first));
        assert!(first(4 * most));
    }
}
