//! One upstream of a route.

use super::{At, Fact, UpstreamAddress};
use std::path::PathBuf;
use std::time::Duration;

/// A server that requests are passed to.
#[derive(Debug, Clone, PartialEq)]
pub struct UpstreamConfig {
    /// Where it is written.
    pub at: Option<At>,
    /// The directive as it stands in the file.
    pub written: String,
    /// The address.
    pub address: UpstreamAddress,
    /// Its share among the others; the product's scale.
    pub weight: u32,
    /// Used only where no other one is left.
    pub is_backup: bool,
    /// Taken out by hand (`down`, `disabled`).
    pub is_disabled: bool,
    /// The most connections or requests at once.
    pub max_connections: Option<Fact<u32>>,
    /// How many failures of real requests take it out; nothing where the product does not judge so, 0 never.
    pub max_fails: Option<Fact<u32>>,
    /// How long it is left out then.
    pub fail_timeout: Option<Fact<Duration>>,
    /// How it is asked for its health.
    pub check: Option<HealthCheck>,
    /// When its name becomes an address.
    pub resolves: Resolves,
}

impl UpstreamConfig {
    /// An upstream with nothing said but its address.
    pub fn new(at: Option<At>, written: impl Into<String>, address: UpstreamAddress) -> Self {
        let resolves = if address.name().is_some() { Resolves::AtStart } else { Resolves::NotAName };
        UpstreamConfig {
            at,
            written: written.into(),
            address,
            weight: 1,
            is_backup: false,
            is_disabled: false,
            max_connections: None,
            max_fails: None,
            fail_timeout: None,
            check: None,
            resolves,
        }
    }
}

/// When a name becomes an address.
#[derive(Debug, Clone, PartialEq)]
pub enum Resolves {
    /// Once, when the configuration is loaded.
    AtStart,
    /// Again and again while running.
    AtRunTime {
        /// The name servers asked, as written; nothing where none was named: the system's, or, in nginx, no one's.
        resolver: Option<Fact<String>>,
    },
    /// It is an address or a Unix socket already.
    NotAName,
}

/// A health check a gateway makes by itself.
#[derive(Debug, Clone, PartialEq)]
pub struct HealthCheck {
    /// Where it is written.
    pub at: Option<At>,
    /// The directive as it stands in the file.
    pub written: String,
    /// The method; nothing where only a connection is made.
    pub method: Option<String>,
    /// The path; nothing where only a connection is made.
    pub path: Option<String>,
    /// The `Host` sent, if one is named.
    pub host: Option<String>,
    /// Another port than the upstream's.
    pub port: Option<u16>,
    /// The statuses that count as healthy, in the product's words (`200-399`); nothing for its usual ones.
    pub expected: Option<Fact<String>>,
    /// The time between two checks.
    pub interval: Option<Fact<Duration>>,
    /// How long an answer may take.
    pub timeout: Option<Fact<Duration>>,
    /// The check speaks TLS.
    pub is_tls: bool,
    /// The client certificate shown, a rare one.
    pub client_certificate: Option<PathBuf>,
}
