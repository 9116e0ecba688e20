//! Memory for large windows: what clients may send before it is read, and what may be under way to them.
//!
//! On a connection of HTTP/2 or HTTP/3 a peer decides how much of its window it fills, and for how long. So a connection
//! begins with small windows and gets large ones, out of one budget of the process, once it has shown that it carries
//! something large. Where the budget is spent everything still goes on, only more slowly over long distances.

use crate::shared::Shared;
use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What is given out.
#[derive(Debug, Default)]
pub struct Windows {
    given: AtomicUsize,
}

/// A part of the budget, until it is dropped.
pub struct Grant {
    shared: Arc<Shared>,
    bytes: usize,
}

impl Grant {
    /// So many bytes, if the plan's budget has them left.
    pub fn take(shared: &Arc<Shared>, bytes: usize) -> Option<Self> {
        let most = shared.snapshot.load().plan.limits.windows.as_usize();
        let fits = |given: usize| given.checked_add(bytes).filter(|given| *given <= most);
        let given = &shared.windows.given;
        given.fetch_update(Ordering::Relaxed, Ordering::Relaxed, fits).ok()?;
        Some(Self { shared: Arc::clone(shared), bytes })
    }
}

impl Drop for Grant {
    fn drop(&mut self) {
        self.shared.windows.given.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// The uploads of one connection, and whether they want a large window: one that is large does, and several do, so that
/// one that nobody reads takes no place from the others.
#[derive(Debug, Default)]
pub struct Uploads {
    running: Cell<usize>,
    wish: Cell<bool>,
}

/// One of them.
#[derive(Debug)]
pub struct Upload {
    all: Rc<Uploads>,
    read: usize,
}

impl Uploads {
    /// Whether a large window is wanted; told once for each reason.
    pub fn take_wish(&self) -> bool {
        self.wish.replace(false)
    }
}

impl Upload {
    /// A request whose body is to come.
    pub fn begin(all: &Rc<Uploads>) -> Self {
        let running = all.running.get() + 1;
        all.running.set(running);
        if running == SEVERAL {
            all.wish.set(true);
        }
        Self { all: Rc::clone(all), read: 0 }
    }

    /// So many bytes more were read.
    pub fn read(&mut self, bytes: usize) {
        let before = self.read;
        self.read += bytes;
        if before < LARGE && self.read >= LARGE {
            self.all.wish.set(true);
        }
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        self.all.running.set(self.all.running.get() - 1);
    }
}

/// Uploads at once that want room beside each other.
const SEVERAL: usize = 2;

/// More than fits into a small window.
const LARGE: usize = 64 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_upload_or_several_want_a_large_window() {
        let all = Rc::new(Uploads::default());
        let mut first = Upload::begin(&all);
        first.read(LARGE - 1);
        assert!(!all.take_wish());
        first.read(1);
        assert!(all.take_wish());
        first.read(LARGE);
        assert!(!all.take_wish(), "once is enough");
        let second = Upload::begin(&all);
        assert!(all.take_wish());
        drop((first, second));
        drop(Upload::begin(&all));
        assert!(!all.take_wish(), "one after the other needs nothing");
    }
}
