//! One finished exchange, borrowed from wherever its parts lie: the one thing that logs, metrics and reports are made of.
//!
//! Whoever finishes an exchange builds a [`Record`] on the stack and hands it over; nothing is copied unless the
//! exchange failed, when it becomes an [`OwnedRecord`](crate::OwnedRecord).

use crate::{RequestId, Series, Timestamp};
use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;
use torwart_cause::{Actor, Attempt, Cause, Evidence, Stage, Verdict};

/// A borrowed view of one finished exchange.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    /// When the exchange began.
    pub at: Timestamp,
    /// The id shown to the client, in the log and in every report.
    pub id: RequestId,
    /// Who asked.
    pub client: Client,
    /// The method as received; empty where no request line was understood.
    pub method: &'a [u8],
    /// The authority asked for, without port; empty where none was understood.
    pub host: &'a [u8],
    /// The path as received, without query.
    pub path: &'a [u8],
    /// The query without `?`, if there was one. It reaches the log only where the operator asks for it.
    pub query: Option<&'a [u8]>,
    /// What the client spoke.
    pub protocol: Protocol,
    /// The status sent to the client; `None` where no head went out.
    pub status: Option<u16>,
    /// Who made the answer.
    pub served_by: ServedBy,
    /// Whether the whole answer was handed to the client's connection.
    pub is_complete: bool,
    /// The names of the plan the exchange ran under.
    pub series: &'a Series,
    /// Index of the route in that plan; `None` where none matched.
    pub route: Option<usize>,
    /// Index of the pool in that plan; `None` where none was reached.
    pub pool: Option<usize>,
    /// What the evidence says.
    pub verdict: &'a Verdict,
    /// From the first byte of the request to the end of the exchange.
    pub duration: Duration,
    /// Bytes sent to the client, heads included.
    pub sent: u64,
    /// Bytes received from the client, heads included.
    pub received: u64,
    /// The client's `User-Agent`; empty where there is none.
    pub user_agent: &'a [u8],
    /// The client's `Referer`; empty where there is none.
    pub referer: &'a [u8],
    /// The trace id of `traceparent`; empty where there is none.
    pub trace_id: &'a [u8],
    /// Which crawler the client says it is, where that was looked at.
    pub crawler: Option<Crawler>,
    /// Everything observed.
    pub evidence: &'a Evidence,
    /// The cause of each attempt, in the order of the evidence; a missing entry means that it went well.
    pub attempt_causes: &'a [Option<Cause>],
}

impl<'a> Record<'a> {
    /// The cause, if the exchange failed and the evidence names it.
    pub const fn cause(&self) -> Option<Cause> {
        self.verdict.cause()
    }

    /// The stage that decided, if the exchange failed.
    pub const fn stage(&self) -> Option<Stage> {
        match self.verdict {
            Verdict::Named { deciding, .. } => Some(*deciding),
            Verdict::Well | Verdict::Open { .. } => None,
        }
    }

    /// Whether the exchange went wrong in whatever way.
    pub const fn is_failed(&self) -> bool {
        !matches!(self.verdict, Verdict::Well)
    }

    /// The site's name; empty where no route matched.
    pub fn site(&self) -> &'a str {
        self.series.site(self.route)
    }

    /// The route's name; empty where none matched.
    pub fn route_name(&self) -> &'a str {
        self.series.route(self.route)
    }

    /// The pool's name; empty where none was reached.
    pub fn pool_name(&self) -> &'a str {
        self.series.pool(self.pool)
    }

    /// Every attempt with its cause.
    pub fn attempts(&self) -> impl Iterator<Item = (&'a Attempt, Option<Cause>)> + use<'a> {
        let causes = self.attempt_causes;
        let cause = move |index: usize| causes.get(index).copied().flatten();
        self.evidence.attempts.iter().enumerate().map(move |(index, attempt)| (attempt, cause(index)))
    }
}

/// Whether a cause is the client's own doing, such as an unknown path: normal on every day, and no sign of a fault.
pub(crate) fn is_clients_own(cause: Cause) -> bool {
    cause.actor() == Actor::Client || matches!(cause.status(), Some(400..500))
}

/// A crawler of a search engine or an advertiser, as the client says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Crawler {
    /// Its name, from a closed list.
    pub name: &'static str,
    /// Whether it judges landing pages of advertisements.
    pub is_ads: bool,
    /// Whether the client is what it says; `None` while that is not known.
    pub is_verified: Option<bool>,
}

/// Who asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Client {
    /// A TCP or QUIC peer, after PROXY protocol or trusted forwarding fields have spoken.
    Ip(SocketAddr),
    /// A peer on a unix socket.
    Unix,
}

impl fmt::Display for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ip(address) => address.fmt(f),
            Self::Unix => f.write_str("unix"),
        }
    }
}

/// What the client spoke.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// HTTP/1.0.
    Http10,
    /// HTTP/1.1.
    Http11,
    /// HTTP/2.
    Http2,
    /// HTTP/3.
    Http3,
    /// Nothing that was understood.
    Unknown,
}

impl Protocol {
    /// The name as it stands in logs.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Http10 => "HTTP/1.0",
            Self::Http11 => "HTTP/1.1",
            Self::Http2 => "HTTP/2",
            Self::Http3 => "HTTP/3",
            Self::Unknown => "unknown",
        }
    }
}

/// Who made the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum ServedBy {
    /// The upstream.
    Upstream,
    /// The cache, with a fresh or revalidated answer.
    Cache,
    /// The cache, with a stale answer because the upstream failed or is being asked.
    Stale,
    /// The gateway itself.
    Answer,
    /// The gateway, from a folder.
    Files,
}

impl ServedBy {
    /// Every kind.
    pub const ALL: [Self; 5] = [Self::Upstream, Self::Cache, Self::Stale, Self::Answer, Self::Files];

    /// The stable lower-case name.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Upstream => "upstream",
            Self::Cache => "cache",
            Self::Stale => "stale",
            Self::Answer => "answer",
            Self::Files => "files",
        }
    }
}
