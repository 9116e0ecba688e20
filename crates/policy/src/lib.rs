//! The crate `policy`.
