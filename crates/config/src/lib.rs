//! The crate `config`.
