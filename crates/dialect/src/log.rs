//! Log lines of other gateways, turned into observations.
//!
//! A [`Reader`] knows how one log's lines are built (from the configuration, or guessed from a sample) and turns each
//! into a [`LogLine`]: who asked for what, what was answered, which upstreams were tried, and the
//! [`Evidence`] that the line holds. Nothing here names a cause: [`LogLine::verdict`] asks
//! `diagnose`, and where the line is sparse the verdict stays open.
//! Steps that a line proves to have failed without telling when count zero in `after`; steps it does not speak of are
//! unknown; steps that cannot have happened any more are not reached.

mod access;
mod apache;
mod caddy;
mod errno;
mod go;
mod haproxy;
mod join;
mod json;
mod meaning;
mod nginx;
mod pattern;
mod reader;
mod stamp;
mod steps;
mod tls;
mod traefik;

pub use haproxy::explain_flags;
pub use join::{Joined, join};
pub use reader::{MAX_LINE, Reader};
pub use stamp::Stamp;

use crate::Product;
use crate::config::LogKind;
use std::time::Duration;
use torwart_cause::finding::Said;
use torwart_cause::{Evidence, Verdict, diagnose};

/// What one line of a log says.
#[derive(Debug, Clone, PartialEq)]
pub struct LogLine {
    /// Whose line it is.
    pub product: Product,
    /// Whether it tells of a request or of a trouble.
    pub kind: LogKind,
    /// When it was written, or when the request began, as the product's format has it.
    pub time: Option<Stamp>,
    /// What was asked.
    pub request: Request,
    /// What was answered.
    pub answer: Answer,
    /// The attempts at upstreams that the line tells of, in order.
    pub tries: Vec<Try>,
    /// The product's own words.
    pub words: Words,
    /// What was observed; nothing where the line is not about an exchange.
    pub evidence: Option<Evidence>,
}

/// What was asked, as far as the line tells.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Request {
    /// The client's address, without its port.
    pub client: Option<String>,
    /// The name that was asked for.
    pub host: Option<String>,
    /// The method.
    pub method: Option<String>,
    /// The path with its query.
    pub path: Option<String>,
    /// The id that the gateway gave the request.
    pub id: Option<String>,
    /// What joins lines of one connection: nginx's `*123`, Apache's log id.
    pub connection: Option<String>,
}

/// What was answered, as far as the line tells.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Answer {
    /// The status sent to the client.
    pub status: Option<u16>,
    /// The bytes sent to the client.
    pub bytes: Option<u64>,
    /// From the first byte of the request to the last of the answer.
    pub total: Option<Duration>,
    /// Reading the request's head.
    pub reading: Option<Duration>,
    /// Waiting in queues.
    pub queue: Option<Duration>,
}

/// One attempt at an upstream.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Try {
    /// The upstream as the line names it: an address, or a name of the configuration.
    pub upstream: String,
    /// The status that stands beside it; the gateway may have put it there itself.
    pub status: Option<u16>,
    /// Until the connection stood.
    pub connect: Option<Duration>,
    /// Until the head of the answer was there.
    pub first_byte: Option<Duration>,
    /// Until the attempt was over.
    pub total: Option<Duration>,
}

/// The product's own words, and what they mean.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Words {
    /// The level as written (`error`, `warn`).
    pub level: Option<String>,
    /// The message, without time and request.
    pub message: Option<String>,
    /// Flags that tell how the request ended (HAProxy's termination state).
    pub flags: Option<String>,
    /// What that means, as a sentence of the texts.
    pub said: Option<Said>,
}

impl LogLine {
    /// A line of which nothing is known yet.
    fn new(product: Product, kind: LogKind) -> Self {
        LogLine {
            product,
            kind,
            time: None,
            request: Request::default(),
            answer: Answer::default(),
            tries: Vec::new(),
            words: Words::default(),
            evidence: None,
        }
    }

    /// What follows from the line alone; nothing where it is not about an exchange.
    pub fn verdict(&self) -> Option<Verdict> {
        self.evidence.as_ref().map(diagnose)
    }

    /// The upstream that was tried last.
    pub fn upstream(&self) -> Option<&str> {
        self.tries.last().map(|attempt| attempt.upstream.as_str())
    }

    /// The status that stands beside the upstream tried last.
    pub fn upstream_status(&self) -> Option<u16> {
        self.tries.last().and_then(|attempt| attempt.status)
    }
}
