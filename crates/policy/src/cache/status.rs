//! `Cache-Status` (RFC 9211): what the cache did, in words that tools know.

use torwart_wire::fields::structured::{Bare, write_parameter};
use torwart_wire::http1::write_field;

/// What the cache did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Handled {
    /// It answered.
    Hit,
    /// It asked the upstream, for this reason.
    Forwarded(Reason),
}

/// Why the upstream was asked (§2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Nothing was stored for the address.
    UriMiss,
    /// Nothing that fits the request's fields.
    VaryMiss,
    /// It was stale.
    Stale,
    /// The request wanted it so.
    Request,
    /// The answer could not be shared with this client.
    Bypass,
}

/// What is said of one answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Said<'a> {
    /// What the cache did.
    pub handled: Handled,
    /// The status the upstream answered with, where that is not the one that goes out.
    pub forward_status: Option<u16>,
    /// How long the answer is fresh still, in seconds.
    pub ttl: Option<i64>,
    /// Whether the upstream's answer was kept.
    pub is_stored: bool,
    /// Whether another request was waited for.
    pub is_collapsed: bool,
    /// A word more.
    pub detail: Option<&'a str>,
}

impl Said<'_> {
    /// What is said at least.
    #[must_use]
    pub const fn new(handled: Handled) -> Self {
        Self { handled, forward_status: None, ttl: None, is_stored: false, is_collapsed: false, detail: None }
    }

    /// Appends the field.
    pub fn write(&self, cache: &str, out: &mut Vec<u8>) {
        let mut value = Vec::with_capacity(64);
        Bare::Token(cache).write(&mut value);
        match self.handled {
            Handled::Hit => value.extend_from_slice(b";hit"),
            Handled::Forwarded(reason) => write_parameter(&mut value, "fwd", Bare::Token(reason.word())),
        }
        if let Some(status) = self.forward_status {
            write_parameter(&mut value, "fwd-status", Bare::Integer(i64::from(status)));
        }
        if let Some(ttl) = self.ttl {
            write_parameter(&mut value, "ttl", Bare::Integer(ttl));
        }
        if self.is_stored {
            value.extend_from_slice(b";stored");
        }
        if self.is_collapsed {
            value.extend_from_slice(b";collapsed");
        }
        if let Some(detail) = self.detail {
            write_parameter(&mut value, "detail", Bare::Token(detail));
        }
        write_field(out, b"Cache-Status", &value);
    }
}

impl Reason {
    const fn word(self) -> &'static str {
        match self {
            Self::UriMiss => "uri-miss",
            Self::VaryMiss => "vary-miss",
            Self::Stale => "stale",
            Self::Request => "request",
            Self::Bypass => "bypass",
        }
    }
}
