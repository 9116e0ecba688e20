//! Who wants to go on within the turn under way.
//!
//! What one exchange sends wakes the connection, and what the connection reads wakes exchanges. Within a turn such a call
//! only asks for another round; between turns it wakes the task.

use futures_util::task::AtomicWaker;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Wake, Waker};

/// The turns of one connection.
pub(super) struct Turn {
    calls: Arc<Calls>,
    waker: Waker,
}

#[derive(Default)]
struct Calls {
    task: AtomicWaker,
    is_under_way: AtomicBool,
    again: AtomicBool,
}

impl Default for Turn {
    fn default() -> Self {
        let calls = Arc::new(Calls::default());
        Self { waker: Waker::from(Arc::clone(&calls)), calls }
    }
}

impl Wake for Calls {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.again.store(true, Ordering::Release);
        if !self.is_under_way.load(Ordering::Acquire) {
            self.task.wake();
        }
    }
}

impl Turn {
    /// A turn begins.
    pub(super) fn begin(&self, task: &Waker) {
        self.calls.task.register(task);
        self.calls.is_under_way.store(true, Ordering::Release);
    }

    /// The waker for everything polled within turns.
    pub(super) fn waker(&self) -> Waker {
        self.waker.clone()
    }

    /// A round begins: calls from before are answered by it.
    pub(super) fn forget(&self) {
        self.calls.again.store(false, Ordering::Release);
    }

    /// There is more to do.
    pub(super) fn again(&self) {
        self.calls.again.store(true, Ordering::Release);
    }

    /// Whether somebody called in this round.
    pub(super) fn is_again(&self) -> bool {
        self.calls.again.load(Ordering::Acquire)
    }

    /// The turn is over; tells whether somebody still wants to go on. A call that comes now wakes the task.
    pub(super) fn end(&self) -> bool {
        self.calls.is_under_way.store(false, Ordering::SeqCst);
        self.calls.again.swap(false, Ordering::SeqCst)
    }
}
