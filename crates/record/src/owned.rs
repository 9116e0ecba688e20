//! A failed exchange that is kept: a record with everything it had borrowed.

use crate::{Client, Protocol, Record, RequestId, ServedBy, Timestamp};
use std::time::Duration;
use torwart_cause::{Cause, Evidence, Stage, Verdict};

/// A finished exchange that owns its parts. Texts of the client are kept up to a limit, as they may be anything.
#[derive(Clone, Debug, PartialEq)]
pub struct OwnedRecord {
    /// When the exchange began.
    pub at: Timestamp,
    /// Its id.
    pub id: RequestId,
    /// Who asked.
    pub client: Client,
    /// The method; empty where none was understood.
    pub method: Box<[u8]>,
    /// The host asked for; empty where none was understood.
    pub host: Box<[u8]>,
    /// The path, without query.
    pub path: Box<[u8]>,
    /// What the client spoke.
    pub protocol: Protocol,
    /// The status sent; `None` where no head went out.
    pub status: Option<u16>,
    /// Who made the answer.
    pub served_by: ServedBy,
    /// Whether the whole answer was handed over.
    pub is_complete: bool,
    /// The site's name; empty where no route matched.
    pub site: Box<str>,
    /// The route's name; empty where none matched.
    pub route: Box<str>,
    /// The pool's name; empty where none was reached.
    pub pool: Box<str>,
    /// What the evidence says.
    pub verdict: Verdict,
    /// How long the exchange took.
    pub duration: Duration,
    /// Bytes sent to the client.
    pub sent: u64,
    /// Bytes received from the client.
    pub received: u64,
    /// The client's `User-Agent`; empty where there is none.
    pub user_agent: Box<[u8]>,
    /// The client's `Referer`; empty where there is none.
    pub referer: Box<[u8]>,
    /// The trace id; empty where there is none.
    pub trace_id: Box<[u8]>,
    /// Everything observed, with the first bytes of upstreams that sent wrong ones.
    pub evidence: Evidence,
    /// The cause of each attempt; `None` for one that went well.
    pub attempt_causes: Box<[Option<Cause>]>,
}

impl OwnedRecord {
    /// Copies a record. The query is left behind: it may hold secrets, and no cause depends on it.
    pub fn from_record(record: &Record<'_>) -> Self {
        Self {
            at: record.at,
            id: record.id,
            client: record.client,
            method: kept(record.method, 64),
            host: kept(record.host, 256),
            path: kept(record.path, 1024),
            protocol: record.protocol,
            status: record.status,
            served_by: record.served_by,
            is_complete: record.is_complete,
            site: record.site().into(),
            route: record.route_name().into(),
            pool: record.pool_name().into(),
            verdict: record.verdict.clone(),
            duration: record.duration,
            sent: record.sent,
            received: record.received,
            user_agent: kept(record.user_agent, 512),
            referer: kept(record.referer, 512),
            trace_id: kept(record.trace_id, 64),
            evidence: record.evidence.clone(),
            attempt_causes: record.attempts().map(|(_, cause)| cause).collect(),
        }
    }

    /// The cause, if the evidence names one.
    pub const fn cause(&self) -> Option<Cause> {
        self.verdict.cause()
    }

    /// The stage that decided, if the evidence names a cause.
    pub const fn stage(&self) -> Option<Stage> {
        match &self.verdict {
            Verdict::Named { deciding, .. } => Some(*deciding),
            Verdict::Well | Verdict::Open { .. } => None,
        }
    }

    /// When the exchange ended.
    pub const fn ended(&self) -> Timestamp {
        self.at.after(self.duration)
    }
}

fn kept(text: &[u8], limit: usize) -> Box<[u8]> {
    text.get(..limit).unwrap_or(text).into()
}
