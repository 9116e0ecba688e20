//! What the gateway writes into its access log, line by line, as it happens.
//!
//! The log is a pipe into this process. A thread reads it, so that a slow terminal never holds up the gateway.

use serde_json::Value;
use std::io::{self, BufRead, BufReader, PipeReader, PipeWriter};
use std::os::fd::AsRawFd;
use std::path::PathBuf;
use tokio::sync::mpsc;
use torwart_cause::Cause;

/// The exchanges in the order in which they ended.
pub(super) struct Feed {
    exchanges: mpsc::UnboundedReceiver<Exchange>,
}

/// The end of the pipe the gateway shall write to.
pub(super) struct Entrance {
    writer: PipeWriter,
}

/// What the log says about an exchange.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Exchange {
    /// The request id.
    pub(super) id: String,
    /// The method.
    pub(super) method: String,
    /// The path.
    pub(super) path: String,
    /// The status the client got.
    pub(super) status: Option<u16>,
    /// Whether the answer is our own.
    pub(super) is_own_answer: bool,
    /// Whether the client got all of it.
    pub(super) is_complete: bool,
    /// Why it failed.
    pub(super) cause: Option<Cause>,
    /// The upstreams tried, each with why it failed.
    pub(super) attempts: Vec<(String, Option<Cause>)>,
}

impl Feed {
    /// A feed, and where it gets its lines from.
    pub(super) fn open() -> io::Result<(Self, Entrance)> {
        let (reader, writer) = io::pipe()?;
        let (sender, exchanges) = mpsc::unbounded_channel();
        // It ends with the pipe, which ends with the gateway.
        std::thread::Builder::new().name("feed".to_owned()).spawn(move || read(reader, &sender))?;
        Ok((Self { exchanges }, Entrance { writer }))
    }

    /// The next exchange; none once the gateway has ended.
    pub(super) async fn next(&mut self) -> Option<Exchange> {
        self.exchanges.recv().await
    }
}

impl Entrance {
    /// The file to name as access log. Opening it gives one more end of the pipe; this one can be dropped then.
    pub(super) fn path(&self) -> PathBuf {
        PathBuf::from(format!("/proc/self/fd/{}", self.writer.as_raw_fd()))
    }
}

fn read(reader: PipeReader, exchanges: &mpsc::UnboundedSender<Exchange>) {
    for line in BufReader::new(reader).lines() {
        let Ok(line) = line else { return };
        let Some(exchange) = serde_json::from_str(&line).ok().as_ref().and_then(Exchange::from_json) else {
            continue;
        };
        if exchanges.send(exchange).is_err() {
            return;
        }
    }
}

impl Exchange {
    fn from_json(line: &Value) -> Option<Self> {
        let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
        let cause = |value: &Value| value.as_str().and_then(Cause::from_id);
        let attempts = line["attempts"].as_array()?.iter();
        Some(Self {
            id: text(&line["id"]),
            method: text(&line["method"]),
            path: text(&line["path"]),
            status: line["status"].as_u64().and_then(|status| u16::try_from(status).ok()),
            is_own_answer: line["served_by"] == "answer",
            is_complete: line["complete"].as_bool()?,
            cause: cause(&line["cause"]),
            attempts: attempts
                .map(|attempt| (text(&attempt["upstream"]), cause(&attempt["cause"])))
                .collect(),
        })
    }
}
