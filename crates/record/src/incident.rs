//! Failures of one cause at one place, grouped over time: when it began, when it was last seen, how often.

use crate::record::is_clients_own;
use crate::{Record, RequestId, Timestamp};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use torwart_cause::Cause;

/// One cause at one place over a stretch of time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incident {
    /// What happened.
    pub cause: Cause,
    /// The pool's name; empty where no pool was reached.
    pub pool: Arc<str>,
    /// The upstream as configured; empty where none was tried.
    pub upstream: Arc<str>,
    /// The first failure.
    pub onset: Timestamp,
    /// The latest failure.
    pub last: Timestamp,
    /// How many exchanges failed so.
    pub count: u64,
    /// The id of the latest failed exchange, as an example.
    pub example: RequestId,
}

/// The incidents of late, newest onset last.
#[derive(Debug)]
pub struct Incidents {
    incidents: Mutex<VecDeque<Incident>>,
    quiet: Duration,
    capacity: usize,
}

impl Default for Incidents {
    /// An incident is over after a minute without another failure; 256 are kept.
    fn default() -> Self {
        Self::new(Duration::from_secs(60), 256)
    }
}

impl Incidents {
    /// Incidents that are over after `quiet` without another failure, at most `capacity` of them.
    pub fn new(quiet: Duration, capacity: usize) -> Self {
        Self { incidents: Mutex::default(), quiet, capacity: capacity.max(1) }
    }

    /// Takes a failed exchange into its incident. What is the client's own doing makes none.
    pub fn observe(&self, record: &Record<'_>) {
        let Some(cause) = record.cause().filter(|cause| !is_clients_own(*cause)) else { return };
        let now = record.at.after(record.duration);
        let upstream = record.evidence.attempts.last().map_or("", |attempt| &attempt.upstream);
        let mut incidents = self.incidents.lock().unwrap_or_else(PoisonError::into_inner);
        let same = incidents.iter_mut().rev().find(|incident| {
            incident.cause == cause
                && *incident.pool == *record.pool_name()
                && *incident.upstream == *upstream
        });
        if let Some(incident) = same
            && now.since(incident.last) <= self.quiet
        {
            incident.last = incident.last.max(now);
            incident.count += 1;
            incident.example = record.id;
            return;
        }
        if incidents.len() >= self.capacity {
            // The one that has been quiet for longest goes, be it over or not.
            let oldest = (0..incidents.len()).min_by_key(|index| incidents[*index].last);
            oldest.and_then(|index| incidents.remove(index));
        }
        incidents.push_back(Incident {
            cause,
            pool: record.pool_name().into(),
            upstream: upstream.into(),
            onset: now,
            last: now,
            count: 1,
            example: record.id,
        });
    }

    /// All incidents, those seen last first.
    pub fn list(&self) -> Vec<Incident> {
        let incidents = self.incidents.lock().unwrap_or_else(PoisonError::into_inner);
        let mut list: Vec<_> = incidents.iter().cloned().collect();
        list.sort_by_key(|incident| std::cmp::Reverse(incident.last));
        list
    }

    /// Whether an incident still goes on at this time.
    pub fn is_open(&self, incident: &Incident, now: Timestamp) -> bool {
        now.since(incident.last) <= self.quiet
    }
}
