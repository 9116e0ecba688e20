//! The crate `dial`.
