//! The crate `kernel`.
