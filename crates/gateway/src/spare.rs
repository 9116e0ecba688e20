//! Spare buffers of a core: handed out last in, first out, and given up when they lie unused.
//!
//! After a burst there are more of them than anybody needs. Whatever was never touched between two looks is surplus;
//! half of it goes at each look, so that memory falls back within seconds and a steady load never allocates.

use std::cell::{Cell, RefCell};

/// A stack of spare buffers.
pub struct Spare<T> {
    free: RefCell<Vec<T>>,
    /// The fewest that lay here since the last look.
    fewest: Cell<usize>,
    most: usize,
}

impl<T> Spare<T> {
    /// An empty stack that keeps at most `most`.
    pub const fn new(most: usize) -> Self {
        Self { free: RefCell::new(Vec::new()), fewest: Cell::new(0), most }
    }

    /// Takes the buffer used last.
    pub fn take(&self) -> Option<T> {
        let mut free = self.free.borrow_mut();
        let taken = free.pop();
        self.fewest.set(self.fewest.get().min(free.len()));
        taken
    }

    /// Puts a buffer back.
    pub fn give(&self, buffer: T) {
        let mut free = self.free.borrow_mut();
        if free.len() < self.most {
            free.push(buffer);
        }
    }

    /// Gives up half of what was not needed since the last look, oldest first.
    pub fn trim(&self) {
        let mut free = self.free.borrow_mut();
        let surplus = self.fewest.get().div_ceil(2).min(free.len());
        free.drain(..surplus);
        self.fewest.set(free.len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_steady_load_keeps_its_buffers() {
        let spare = Spare::new(10);
        spare.give(Box::new(1));
        spare.trim();
        for _ in 0..5 {
            let taken = spare.take().expect("it stays");
            spare.give(taken);
            spare.trim();
        }
        assert!(spare.take().is_some());
    }

    #[test]
    fn what_a_burst_left_is_given_up() {
        let spare = Spare::new(1000);
        (0..1000).for_each(|number| spare.give(Box::new(number)));
        (0..12).for_each(|_| spare.trim());
        assert!(spare.take().is_none());
    }

    #[test]
    fn more_than_the_most_is_not_kept() {
        let spare = Spare::new(1);
        spare.give(Box::new(1));
        spare.give(Box::new(2));
        assert_eq!(spare.take(), Some(Box::new(1)));
        assert_eq!(spare.take(), None);
    }
}
