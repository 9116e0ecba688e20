//! The crate `wire`.
