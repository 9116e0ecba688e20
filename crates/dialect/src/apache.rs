//! The words of Apache.

pub(crate) mod config;
