//! The crate `lab`.
