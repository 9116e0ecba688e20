//! Which upstream of a pool gets an attempt.

pub mod latency;
