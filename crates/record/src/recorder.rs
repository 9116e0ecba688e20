//! What a core does with a finished exchange: count it, log it, keep it if it failed. The one entrance to this crate.

use crate::{CoreMetrics, Incidents, Journal, OwnedRecord, Record, Ring};
use std::cell::RefCell;
use std::sync::Arc;
use std::time::Duration;

/// The failed exchanges, shared by all cores: each one with its evidence, and grouped.
#[derive(Debug)]
pub struct Failures {
    /// The last failed exchanges.
    pub ring: Ring,
    /// Failures of one cause at one place, grouped over time.
    pub incidents: Incidents,
}

impl Failures {
    /// Keeps at most `capacity` failed exchanges.
    pub fn new(capacity: usize) -> Self {
        Self { ring: Ring::new(capacity), incidents: Incidents::default() }
    }
}

/// One core's side of the records. Belongs to one thread.
#[derive(Debug)]
pub struct Recorder {
    metrics: CoreMetrics,
    journal: Option<RefCell<Journal>>,
    failures: Arc<Failures>,
}

impl Recorder {
    /// A core's recorder; without a journal there is no access log.
    pub fn new(metrics: CoreMetrics, journal: Option<Journal>, failures: Arc<Failures>) -> Self {
        Self { metrics, journal: journal.map(RefCell::new), failures }
    }

    /// Takes one finished exchange. Must be called exactly once for each.
    #[inline(always)]
    pub fn record(&self, record: &Record<'_>, now: Duration) {
        self.metrics.count(record);
        if record.is_failed() {
            self.failures.incidents.observe(record);
            self.failures.ring.push(OwnedRecord::from_record(record));
        }
        if let Some(journal) = &self.journal {
            journal.borrow_mut().write(record, now);
        }
    }

    /// When [`Recorder::tick`] has to be called at the latest; `None` while nothing waits.
    pub fn due(&self) -> Option<Duration> {
        self.journal.as_ref().and_then(|journal| journal.borrow().due())
    }

    /// Hands log lines to the writer that have waited long enough.
    pub fn tick(&self, now: Duration) {
        if let Some(journal) = &self.journal {
            journal.borrow_mut().tick(now);
        }
    }

    /// The core's counters and guards.
    pub const fn metrics(&self) -> &CoreMetrics {
        &self.metrics
    }
}
