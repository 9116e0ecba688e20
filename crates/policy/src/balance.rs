//! Which upstream of a pool gets an attempt: the rules, one file each.
//!
//! Each rule chooses among [`Candidate`]s: upstreams of one pool that may be used now, with what was learned about
//! them. Which may be used is decided before, in [`tiers`]. Chance is an argument, so every choice can be repeated.

pub mod chance;
pub mod hash;
pub mod latency;
pub mod least_in_flight;
pub mod round_robin;
#[cfg(test)]
mod tests;
pub mod tiers;
pub mod two_choices;

use latency::Latency;

/// An upstream that may be chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Its place in the pool.
    pub index: usize,
    /// Its share among the others, never 0: see [`crate::slow_start::weight`].
    pub weight: u32,
    /// Attempts under way at it.
    pub in_flight: u32,
    /// What is known about its latency.
    pub latency: Latency,
}
