//! What only a start or a reload needs of the program does not stay in memory.

use std::time::Duration;
use tokio::time::{Instant, sleep_until};
use torwart_kernel::program;

/// A rest that is to be taken, once.
pub(super) struct Rest {
    due: Option<Instant>,
}

impl Rest {
    /// A start or a reload is done, but for what it has set going.
    pub(super) fn after_work() -> Self {
        Self { due: Some(Instant::now() + SETTLING) }
    }

    /// Waits until it is time; for ever where it was taken.
    pub(super) async fn due(&self) {
        match self.due {
            Some(due) => sleep_until(due).await,
            None => std::future::pending().await,
        }
    }

    /// Takes it.
    pub(super) fn take(&mut self) {
        self.due = None;
        match program::give_back() {
            Ok(bytes) => {
                tracing::debug!(bytes, "the program's pages are given back until they are used again")
            }
            // Then it is larger than it need be.
            Err(error) => tracing::debug!(%error, "the program's pages stay in memory"),
        }
    }
}

/// Threads, watches, first names and connections, which run through code of their own.
const SETTLING: Duration = Duration::from_secs(2);
