//! Rare ways of a request, kept apart from the one that every request takes.
//!
//! A future that is awaited in place has its code in the middle of its caller's. What few requests do is boxed instead,
//! so that the usual path stays short and lies together in the processor's instruction cache.

use std::pin::Pin;

/// The future behind a pointer: costs an allocation and an indirect call, so it is for rare ways only.
pub fn apart<'f, T>(way: impl Future<Output = T> + 'f) -> Pin<Box<dyn Future<Output = T> + 'f>> {
    Box::pin(way)
}
