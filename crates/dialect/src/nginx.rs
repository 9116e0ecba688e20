//! The words of nginx.

pub(crate) mod config;
