//! The crate `web`.
