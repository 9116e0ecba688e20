//! What all cores and the control thread share: the current snapshot, the drain switch, and what records go to.

use crate::cache::Store;
use crate::guard::Gatehouse;
use crate::snapshot::Snapshot;
use crate::windows::Windows;
use arc_swap::ArcSwap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use torwart_dial::Resolver;
use torwart_record::{Failures, Metrics, Status};

/// What all cores share. Read by every request, written by control work only.
pub struct Shared {
    /// The current snapshot.
    pub snapshot: ArcSwap<Snapshot>,
    /// Its generation, so that a core sees a change without touching the snapshot.
    pub generation: AtomicU64,
    /// Whether the gateway takes no new connections and lets running exchanges end.
    pub drains: AtomicBool,
    /// Whether another process has taken over what is listened on, so that nobody need be sent away in a hurry.
    pub handed_over: AtomicBool,
    /// Told how many UDP sockets of HTTP/3 are read.
    pub endpoints: tokio::sync::watch::Sender<usize>,
    /// Open client connections in all; raised at accept, lowered at close.
    pub connections: AtomicUsize,
    /// Memory for large windows that is given out.
    pub windows: Windows,
    /// What the guard of all cores has together.
    pub gatehouse: Gatehouse,
    /// Told of every new snapshot, by its generation.
    pub adopted: tokio::sync::watch::Sender<u64>,
    /// What the cache keeps.
    pub store: Store,
    /// Resolves the names of upstreams.
    pub resolver: Arc<Resolver>,
    /// The counters.
    pub metrics: Arc<Metrics>,
    /// The failed exchanges.
    pub failures: Arc<Failures>,
    /// What the admin address says about the process.
    pub status: Arc<Status>,
}

impl Shared {
    /// Puts a new snapshot in place; running exchanges keep theirs.
    pub fn adopt(&self, snapshot: Snapshot) {
        let Snapshot { generation, plan_generation, .. } = snapshot;
        self.snapshot.store(Arc::new(snapshot));
        self.generation.store(generation, Ordering::Release);
        self.adopted.send_replace(generation);
        self.status.set_generation(plan_generation);
    }

    /// Begins the drain.
    pub fn drain(&self) {
        self.drains.store(true, Ordering::Release);
        self.status.drain();
    }

    /// Whether another process has taken over.
    pub fn is_handed_over(&self) -> bool {
        self.handed_over.load(Ordering::Acquire)
    }

    /// Whether the gateway drains.
    pub fn is_draining(&self) -> bool {
        self.drains.load(Ordering::Relaxed)
    }
}
