//! Observations made once, however many ask.

use std::cell::RefCell;
use std::collections::HashMap;
use std::hash::Hash;
use std::rc::Rc;
use tokio::sync::OnceCell;

/// Observations by what was observed.
#[derive(Debug)]
pub struct Memo<K, V> {
    cells: RefCell<HashMap<K, Rc<OnceCell<Rc<V>>>>>,
}

impl<K, V> Default for Memo<K, V> {
    fn default() -> Self {
        Self { cells: RefCell::default() }
    }
}

impl<K: Eq + Hash, V> Memo<K, V> {
    /// The observation of `key`: made now, waited for while somebody else makes it, or made before. If whoever makes it
    /// gives up, the next one begins anew.
    pub async fn get<F: Future<Output = V>>(&self, key: K, observe: impl FnOnce() -> F) -> Rc<V> {
        let cell = Rc::clone(self.cells.borrow_mut().entry(key).or_default());
        Rc::clone(cell.get_or_init(async || Rc::new(observe().await)).await)
    }

    /// The observation of `key`, if it was made.
    pub fn made(&self, key: &K) -> Option<Rc<V>> {
        self.cells.borrow().get(key)?.get().cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    #[test]
    fn an_observation_is_made_once() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        runtime.block_on(async {
            let (memo, times) = (Memo::default(), Cell::new(0));
            let look = || async {
                times.set(times.get() + 1);
                tokio::task::yield_now().await;
                7
            };
            let (first, second) = tokio::join!(memo.get("a", look), memo.get("a", look));
            assert_eq!((*first, *second, times.get()), (7, 7, 1));
            assert!(memo.made(&"b").is_none());
        });
    }
}
