//! The last failed exchanges, each with its evidence, found by the id the client was shown.
//!
//! Memory is bounded. What clients do wrong by themselves (unknown paths, broken requests) is kept in a part of its
//! own, so that a scanner's thousand 404s do not push out the one 502 somebody calls about.

use crate::record::is_clients_own;
use crate::{OwnedRecord, RequestId};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

/// Failed exchanges, newest kept.
#[derive(Debug)]
pub struct Ring {
    parts: Mutex<Parts>,
    capacity: usize,
}

#[derive(Debug, Default)]
struct Parts {
    by_clients: VecDeque<Arc<OwnedRecord>>,
    failed: VecDeque<Arc<OwnedRecord>>,
}

impl Ring {
    /// Keeps at most `capacity` exchanges, of which a quarter may be clients' own mistakes.
    pub fn new(capacity: usize) -> Self {
        Self { parts: Mutex::default(), capacity }
    }

    /// Keeps one more; the oldest of its kind leaves if there is no room.
    pub fn push(&self, record: OwnedRecord) {
        let quarter = self.capacity / 4;
        self.locked(|parts| {
            let (part, room) = if record.cause().is_some_and(is_clients_own) {
                (&mut parts.by_clients, quarter)
            } else {
                (&mut parts.failed, self.capacity - quarter)
            };
            while part.len() >= room.max(1) {
                part.pop_front();
            }
            if room > 0 {
                part.push_back(Arc::new(record));
            }
        });
    }

    /// The exchange with this id, if it is still kept.
    pub fn find(&self, id: RequestId) -> Option<Arc<OwnedRecord>> {
        self.locked(|parts| {
            let mut newest_first = parts.failed.iter().rev().chain(parts.by_clients.iter().rev());
            newest_first.find(|record| record.id == id).cloned()
        })
    }

    /// At most `limit` exchanges that `wanted` accepts, those that ended last first.
    pub fn newest(&self, limit: usize, wanted: impl Fn(&OwnedRecord) -> bool) -> Vec<Arc<OwnedRecord>> {
        let mut records: Vec<_> = self.locked(|parts| {
            let all = parts.failed.iter().chain(&parts.by_clients);
            all.filter(|record| wanted(record)).cloned().collect()
        });
        records.sort_by_key(|record| std::cmp::Reverse(record.ended()));
        records.truncate(limit);
        records
    }

    /// How many exchanges are kept.
    pub fn len(&self) -> usize {
        self.locked(|parts| parts.failed.len() + parts.by_clients.len())
    }

    /// Whether nothing failed so far.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn locked<T>(&self, use_parts: impl FnOnce(&mut Parts) -> T) -> T {
        use_parts(&mut self.parts.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
