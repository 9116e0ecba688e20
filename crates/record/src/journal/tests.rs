//! Batching, dropping, reopening.
