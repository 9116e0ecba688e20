//! The words of Caddy.

pub(crate) mod config;
