//! The stages of an exchange, in the order in which they happen.

use std::fmt;

/// One stage of an exchange; the order of the variants is the order of events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// A client connection is taken from the listener and, on TLS listeners, its handshake done.
    Accept,
    /// The request is read and understood: head, and body as it arrives.
    Parse,
    /// Site, route and pool are chosen.
    Route,
    /// The client is judged: access, rates, loops.
    Guard,
    /// The cache is asked.
    Cache,
    /// The route's concurrency limit and queue.
    Admit,
    /// An upstream of the pool is chosen.
    Pick,
    /// The upstream's name is resolved.
    Resolve,
    /// The transport connection is established.
    Connect,
    /// The TLS handshake with the upstream.
    Handshake,
    /// The request is written to the upstream.
    Send,
    /// The upstream's response head is awaited and read.
    Head,
    /// The response body is read and passed on.
    Body,
}

impl Stage {
    /// All stages in order.
    pub const ALL: [Self; 13] = [
        Self::Accept,
        Self::Parse,
        Self::Route,
        Self::Guard,
        Self::Cache,
        Self::Admit,
        Self::Pick,
        Self::Resolve,
        Self::Connect,
        Self::Handshake,
        Self::Send,
        Self::Head,
        Self::Body,
    ];

    /// The stable lower-case name used in logs, metrics and JSON.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Accept => "accept",
            Self::Parse => "parse",
            Self::Route => "route",
            Self::Guard => "guard",
            Self::Cache => "cache",
            Self::Admit => "admit",
            Self::Pick => "pick",
            Self::Resolve => "resolve",
            Self::Connect => "connect",
            Self::Handshake => "handshake",
            Self::Send => "send",
            Self::Head => "head",
            Self::Body => "body",
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}
