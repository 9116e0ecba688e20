//! What went wrong according to a log, counted; and how many requests there were.

use std::path::PathBuf;
use std::time::Duration;
use torwart_cause::Cause;
use torwart_cause::finding::Said;
use torwart_dialect::Product;

/// Something that went wrong again and again, in one way at one upstream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// What.
    pub what: What,
    /// The product's words for how it ended, where it has such: HAProxy's flags.
    pub flags: Option<String>,
    /// What the product's words mean, where the reader of its lines says so.
    pub meaning: Option<Said>,
    /// The upstream, as the log names it.
    pub upstream: Option<String>,
    /// How often in the last hour.
    pub in_hour: u32,
    /// How often in the last day.
    pub in_day: u32,
    /// How often in all that was read.
    pub total: u32,
    /// How long ago the first time was.
    pub first: Duration,
    /// How long ago the last time was.
    pub last: Duration,
    /// The file and line of the last time; line 0 where nobody counted.
    pub place: (PathBuf, u32),
    /// The last line itself.
    pub line: String,
    /// The status the client got, where the line tells.
    pub status: Option<u16>,
    /// Whose line it is.
    pub product: Product,
}

/// What went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum What {
    /// An exchange failed for this cause.
    Cause(Cause),
    /// An exchange failed, the line does not tell why.
    Failed,
    /// A worker of the gateway crashed.
    WorkerCrashed,
    /// The gateway has no connection of its own left.
    ConnectionsSpent,
}

/// The requests of the access log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// How many requests.
    pub requests: u32,
    /// How many of those with a method that must not be repeated.
    pub unsafe_requests: u32,
    /// How many were answered with 502, 503 or 504.
    pub gateway_errors: u32,
    /// How many of those in the last hour.
    pub gateway_errors_in_hour: u32,
    /// How long ago the first one was.
    pub first: Duration,
    /// How long ago the last one was.
    pub last: Duration,
}

impl Traffic {
    /// Requests a day with a method that must not be repeated; `None` where the log is too short to tell.
    pub fn unsafe_per_day(&self) -> Option<u64> {
        let span = self.first.saturating_sub(self.last).as_secs();
        (span >= 60 && self.requests >= 10).then(|| u64::from(self.unsafe_requests) * 86_400 / span)
    }
}
