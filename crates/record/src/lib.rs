//! The crate `record`.
