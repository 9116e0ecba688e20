//! The handle for whoever has stored answers given up, from outside of the data plane.

use super::store::Purge;
use crate::shared::Shared;
use std::sync::Arc;

/// Gives stored answers up.
#[derive(Clone)]
pub struct Purger {
    shared: Arc<Shared>,
}

impl Purger {
    /// For the store that these share.
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// Gives up whatever this names, and has fetches of it under way not be kept. Says how many pages were stored.
    pub fn purge(&self, purge: &Purge) -> usize {
        let purged = self.shared.store.purge(purge);
        tracing::info!(?purge, pages = purged, "stored answers were purged");
        purged
    }
}

impl std::fmt::Debug for Purger {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Purger")
    }
}
