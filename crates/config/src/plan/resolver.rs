//! How names of upstreams become addresses.

use std::{net::SocketAddr, time::Duration};

use crate::defaults;

/// How names of upstreams become addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolverPlan {
    /// Who resolves.
    pub mode: ResolverMode,
    /// The name servers to ask; empty means those of the system.
    pub servers: Vec<SocketAddr>,
    /// A shorter time to live counts as this one.
    pub ttl_min: Duration,
    /// A longer time to live counts as this one.
    pub ttl_max: Duration,
    /// How long a name that does not exist is remembered.
    pub negative_ttl: Duration,
}

impl Default for ResolverPlan {
    fn default() -> Self {
        Self {
            mode: ResolverMode::Own,
            servers: Vec::new(),
            ttl_min: defaults::TTL_MIN,
            ttl_max: defaults::TTL_MAX,
            negative_ttl: defaults::NEGATIVE_TTL,
        }
    }
}

/// Who resolves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResolverMode {
    /// `own`: Torwart asks the name servers itself, and so knows time to live and kind of failure.
    Own,
    /// `system`: getaddrinfo, for set-ups that need nsswitch, mDNS or a local database.
    System,
}
