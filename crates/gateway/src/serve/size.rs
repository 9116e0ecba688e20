//! An idle connection is small: what it keeps is its own, and what an exchange needs is borrowed while there is one.

use super::*;

/// The size of what a function returns, without calling it.
fn size_of_returned<A, B, R>(_: impl FnOnce(A, B) -> R) -> usize {
    size_of::<R>()
}

#[test]
fn the_future_of_an_idle_connection_takes_at_most_a_kibibyte() {
    let size = size_of_returned(serve);
    assert!(size <= 1024, "{size} bytes");
}
