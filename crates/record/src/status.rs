//! How the process is doing, as far as a load balancer or an operator asks: written by the gateway, read by the admin API.

use crate::{AutomaticCertificate, Timestamp};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// The state of the process. All of it is independent facts, so relaxed atomics suffice for numbers.
#[derive(Debug)]
pub struct Status {
    version: String,
    started: Timestamp,
    generation: AtomicU64,
    workers: AtomicU64,
    are_listeners_up: AtomicBool,
    is_draining: AtomicBool,
    /// Changed a few times a day; a lock is cheap enough.
    certificates: Mutex<Vec<AutomaticCertificate>>,
}

impl Status {
    /// A process of this version that has just started: no plan, no listeners.
    pub fn new(version: &str, started: Timestamp) -> Self {
        Self {
            version: version.to_owned(),
            started,
            generation: AtomicU64::new(0),
            workers: AtomicU64::new(0),
            are_listeners_up: AtomicBool::new(false),
            is_draining: AtomicBool::new(false),
            certificates: Mutex::default(),
        }
    }

    /// The program's version.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// When the process started.
    pub const fn started(&self) -> Timestamp {
        self.started
    }

    /// The running plan's generation: 1 for the first, 0 while there is none.
    pub fn generation(&self) -> u64 {
        self.generation.load(Ordering::Relaxed)
    }

    /// A plan with this generation is now in force.
    pub fn set_generation(&self, generation: u64) {
        self.generation.store(generation, Ordering::Relaxed);
    }

    /// How many workers (cores) serve.
    pub fn workers(&self) -> u64 {
        self.workers.load(Ordering::Relaxed)
    }

    /// So many workers serve now.
    pub fn set_workers(&self, workers: u64) {
        self.workers.store(workers, Ordering::Relaxed);
    }

    /// Whether every listener of the plan is bound and accepting.
    pub fn are_listeners_up(&self) -> bool {
        self.are_listeners_up.load(Ordering::Relaxed)
    }

    /// The listeners are bound and accepting, or no longer.
    pub fn set_listeners_up(&self, are_up: bool) {
        self.are_listeners_up.store(are_up, Ordering::Relaxed);
    }

    /// Whether the process finishes what it has and takes no new work.
    pub fn is_draining(&self) -> bool {
        self.is_draining.load(Ordering::Relaxed)
    }

    /// The drain has begun. There is no way back.
    pub fn drain(&self) {
        self.is_draining.store(true, Ordering::Relaxed);
    }

    /// How the certificates fare that are issued by themselves.
    pub fn automatic_certificates(&self) -> Vec<AutomaticCertificate> {
        self.certificates.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// They fare like this now.
    pub fn set_automatic_certificates(&self, certificates: Vec<AutomaticCertificate>) {
        *self.certificates.lock().unwrap_or_else(PoisonError::into_inner) = certificates;
    }

    /// Whether new requests may be sent here.
    pub fn is_ready(&self) -> bool {
        self.are_listeners_up() && self.generation() > 0 && !self.is_draining()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ready_means_plan_and_listeners_and_no_drain() {
        let status = Status::new("1.0.0", Timestamp::from_micros(1));
        assert!(!status.is_ready());
        status.set_generation(1);
        assert!(!status.is_ready());
        status.set_listeners_up(true);
        assert!(status.is_ready());
        status.drain();
        assert!(!status.is_ready());
    }
}
