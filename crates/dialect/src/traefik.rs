//! The words of Traefik.

pub(crate) mod config;
