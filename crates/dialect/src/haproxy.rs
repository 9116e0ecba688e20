//! The words of HAProxy.

pub(crate) mod config;
