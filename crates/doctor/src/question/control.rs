//! A second place that should work: what tells a broken site from a broken way out of one's own network.

use super::{BadAddress, SiteUrl, split_port};
use std::fmt;
use std::str::FromStr;

/// What the site is compared with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Controls {
    /// Only what is asked anyway: this machine's router, its name servers, those of the site's zone.
    #[default]
    AtHand,
    /// Nothing.
    Nothing,
    /// These places, and what is at hand.
    Named(Vec<Control>),
}

/// A place that should work from here, whatever the site does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Control {
    /// A page: connected to, and asked for once.
    Page(SiteUrl),
    /// A port: connected to, and nothing is said.
    Port {
        /// The host, without brackets.
        host: String,
        /// The port.
        port: u16,
    },
}

impl Controls {
    /// The places the user has named.
    pub fn named(&self) -> &[Control] {
        match self {
            Self::Named(controls) => controls,
            Self::AtHand | Self::Nothing => &[],
        }
    }
}

impl Control {
    /// The host, without brackets.
    pub fn host(&self) -> &str {
        match self {
            Self::Page(url) => &url.host,
            Self::Port { host, .. } => host,
        }
    }

    /// The port.
    pub const fn port(&self) -> u16 {
        match self {
            Self::Page(url) => url.port,
            Self::Port { port, .. } => *port,
        }
    }
}

impl fmt::Display for Control {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Page(url) => url.fmt(f),
            Self::Port { host, port } if host.contains(':') => write!(f, "[{host}]:{port}"),
            Self::Port { host, port } => write!(f, "{host}:{port}"),
        }
    }
}

impl FromStr for Control {
    type Err = BadAddress;

    /// A URL, or `HOST[:PORT]` for a connection alone; the port is 443 unless it says another.
    fn from_str(text: &str) -> Result<Self, BadAddress> {
        let text = text.trim();
        if text.contains('/') {
            return text.parse().map(Self::Page);
        }
        let (host, port) = split_port(text)?;
        Ok(Self::Port { host: host.to_ascii_lowercase(), port: port.unwrap_or(443) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn controls_are_pages_or_ports() {
        let read = |text: &str| {
            text.parse::<Control>().map_or_else(|bad| format!("{bad:?}"), |control| format!("{control:?}"))
        };
        assert!(read("https://status.example").starts_with("Page"));
        assert!(read("status.example/ok").starts_with("Page"));
        assert_eq!(read("Status.example"), r#"Port { host: "status.example", port: 443 }"#);
        assert_eq!(read("[2001:db8::1]:53"), r#"Port { host: "2001:db8::1", port: 53 }"#);
        assert_eq!(read("ftp://status.example"), "Scheme");
        assert_eq!(read(":80"), "NoHost");
    }
}
