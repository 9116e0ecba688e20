//! Who must act on a cause or a finding.

/// The party that can mend it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Actor {
    /// Whoever runs the name servers or writes the zone.
    Dns,
    /// Whoever runs the route between gateway and upstream.
    Network,
    /// Whoever runs packet filters and security groups.
    Firewall,
    /// Whoever issues and installs certificates.
    Tls,
    /// Whoever configures the gateway.
    Gateway,
    /// Whoever runs the upstream's server process and its host.
    Upstream,
    /// Whoever writes the application behind the upstream.
    Application,
    /// The client or its network.
    Client,
    /// Nobody: this is as it should be.
    Nobody,
}

impl Actor {
    /// The stable lower-case name.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Dns => "dns",
            Self::Network => "network",
            Self::Firewall => "firewall",
            Self::Tls => "tls",
            Self::Gateway => "gateway",
            Self::Upstream => "upstream",
            Self::Application => "application",
            Self::Client => "client",
            Self::Nobody => "nobody",
        }
    }
}
