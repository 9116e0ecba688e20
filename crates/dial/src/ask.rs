//! One whole HTTP/1.1 exchange, for probes: health checks, `torwart check`, tests.
//!
//! It sends one request, reads one answer with its body up to a limit, and writes every step into the attempt's
//! evidence. It follows no redirect, retries nothing and keeps no connection: the gateway's data plane does not use it.

mod body;

use crate::resolve::Resolver;
use crate::{Stop, Stream, Target, ending_of, open};
use body::{Reading, read_body};
use std::cell::Cell;
use std::future::Future;
use std::pin::pin;
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;
use torwart_cause::{Attempt, By, Deadline, Ending, FIRST_BYTES, Limit, Step};
use torwart_config::plan::{ExchangeDeadlines, LinkDeadlines};
use torwart_wire::Head;
use torwart_wire::http1::{
    Asked, Leniency, Response, ResponseLimits, parse_response, write_field, write_request_line,
};

/// A request, ready to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// Head and body as they go over the wire.
    pub bytes: Vec<u8>,
    /// Whether the method is HEAD, which changes how the answer ends.
    pub is_head: bool,
    /// The `Upgrade` it offers, if any.
    pub upgrade: Option<Vec<u8>>,
}

/// What an answer may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AnswerLimits {
    /// Its head.
    pub head: ResponseLimits,
    /// Interim answers before the final one.
    pub interim: u32,
    /// Its body, in bytes.
    pub body: usize,
}

/// A complete answer.
#[derive(Debug)]
pub struct Reply {
    /// Its head.
    pub head: Head,
    /// What the head means.
    pub response: Response,
    /// Its body, decoded from chunks.
    pub body: Vec<u8>,
}

/// What was heard of an answer, whole or not.
#[derive(Debug)]
pub struct Heard {
    /// The bytes of the head as they came, parsed where `response` is there.
    pub head: Head,
    /// What the head means, once it was complete and right.
    pub response: Option<Response>,
    /// As much of the body as came, decoded from chunks.
    pub body: Vec<u8>,
    /// Whether the body came to its end.
    pub is_complete: bool,
    /// Interim answers before the head.
    pub interim: u32,
}

impl Default for AnswerLimits {
    fn default() -> Self {
        Self { head: ResponseLimits::default(), interim: 20, body: 64 * 1024 }
    }
}

impl Question {
    /// A request without body. `authority` goes into `Host`; `fields` follow the usual ones.
    pub fn new(method: &str, authority: &str, target: &str, fields: &[(&str, &str)]) -> Self {
        let mut bytes = Vec::with_capacity(256);
        write_request_line(&mut bytes, method.as_bytes(), target.as_bytes());
        for (name, value) in [("Host", authority), ("User-Agent", USER_AGENT), ("Accept", "*/*")] {
            write_field(&mut bytes, name.as_bytes(), value.as_bytes());
        }
        for (name, value) in fields {
            write_field(&mut bytes, name.as_bytes(), value.as_bytes());
        }
        write_field(&mut bytes, b"Connection", b"close");
        bytes.extend_from_slice(b"\r\n");
        Self { bytes, is_head: method == "HEAD", upgrade: None }
    }

    /// A request as it is, whatever that may be.
    pub fn raw(bytes: Vec<u8>) -> Self {
        Self { bytes, is_head: false, upgrade: None }
    }
}

/// Opens a connection of its own, asks, and closes it. The attempt says how far it came.
pub async fn ask_once(
    target: &Target,
    resolver: &Resolver,
    links: &LinkDeadlines,
    question: &Question,
    deadlines: &ExchangeDeadlines,
    limits: &AnswerLimits,
) -> (Attempt, Option<Reply>) {
    let mut attempt = Attempt::default();
    let Ok(mut stream) = open(target, resolver, links, &mut attempt).await else { return (attempt, None) };
    let reply = ask(&mut stream, question, deadlines, limits, &mut attempt).await.ok();
    (attempt, reply)
}

/// Asks over an established connection.
pub async fn ask(
    stream: &mut Stream,
    question: &Question,
    deadlines: &ExchangeDeadlines,
    limits: &AnswerLimits,
    attempt: &mut Attempt,
) -> Result<Reply, Stop> {
    match hear(stream, question, deadlines, limits, attempt).await {
        Heard { head, response: Some(response), body, is_complete: true, .. } => {
            Ok(Reply { head, response, body })
        }
        Heard { .. } => Err(Stop),
    }
}

/// Asks over an established connection, and keeps what was heard even where it was wrong or not whole.
pub async fn hear(
    stream: &mut Stream,
    question: &Question,
    deadlines: &ExchangeDeadlines,
    limits: &AnswerLimits,
    attempt: &mut Attempt,
) -> Heard {
    let start = Instant::now();
    let (sent, received, interim) = (Cell::new(0), Cell::new(0), Cell::new(0));
    let mut heard = Heard {
        head: Head::with_capacity(FIRST_READ),
        response: None,
        body: Vec::new(),
        is_complete: false,
        interim: 0,
    };
    let (mut reader, mut writer) = tokio::io::split(stream);
    let result = {
        let counts = Counts { received: &received, interim: &interim };
        let mut reading = pin!(read_head(&mut reader, &mut heard.head, question, limits, counts));
        // An answer may come before the request is through; what is left of the request is of no use then.
        let early = tokio::select! {
            biased;
            early = &mut reading => Some(early),
            sending = send(&mut writer, &question.bytes, deadlines.send, &sent) => {
                attempt.send = step(start, sending.err());
                None
            }
        };
        match early {
            Some(early) => {
                attempt.send = step(start, Some(Ending::Cancelled(By::Upstream)));
                early
            }
            None => within(deadlines.first_byte, Deadline::FirstByte, reading).await,
        }
    };
    attempt.sent = sent.get();
    attempt.received = received.get();
    attempt.head = step(start, result.as_ref().err().copied());
    heard.interim = interim.get();
    let response = match result {
        Ok(response) => response,
        Err(ending) => {
            note_first_bytes(attempt, &heard.head, ending);
            return heard;
        }
    };
    attempt.status = Some(response.status);
    heard.response = Some(response);
    let begin = Instant::now();
    let reading = Reading {
        framing: response.framing,
        limit: limits.body,
        between_bytes: deadlines.between_bytes,
        received: &mut attempt.received,
    };
    let body = read_body(&mut reader, &mut heard.head, reading, &mut heard.body).await;
    attempt.body = step(begin, body.err());
    match body {
        Ok(()) => heard.is_complete = true,
        Err(ending) => note_first_bytes(attempt, &heard.head, ending),
    }
    heard
}

/// What is counted while a head is awaited, so that it is known even when the wait is given up.
#[derive(Clone, Copy)]
struct Counts<'a> {
    received: &'a Cell<u64>,
    interim: &'a Cell<u32>,
}

async fn send(
    writer: &mut (impl AsyncWrite + Unpin),
    mut bytes: &[u8],
    deadline: Duration,
    sent: &Cell<u64>,
) -> Result<(), Ending> {
    while !bytes.is_empty() {
        let writing = async { writer.write(bytes).await.map_err(|error| ending_of(&error, Deadline::Send)) };
        let written = within(deadline, Deadline::Send, writing).await?;
        if written == 0 {
            return Err(Ending::Closed);
        }
        sent.set(sent.get() + written as u64);
        bytes = bytes.get(written..).unwrap_or_default();
    }
    let flushing = async { writer.flush().await.map_err(|error| ending_of(&error, Deadline::Send)) };
    within(deadline, Deadline::Send, flushing).await
}

/// Reads until the final head is complete; interim answers are passed over.
async fn read_head(
    reader: &mut (impl AsyncRead + Unpin),
    head: &mut Head,
    question: &Question,
    limits: &AnswerLimits,
    counts: Counts<'_>,
) -> Result<Response, Ending> {
    loop {
        let upgrade = question.upgrade.as_deref();
        let asked = Asked { is_head: question.is_head, upgrade, ..Asked::default() };
        match parse_response(head, asked, &limits.head, &Leniency::default())? {
            Some(response) if response.is_interim => {
                counts.interim.set(counts.interim.get() + 1);
                if counts.interim.get() > limits.interim {
                    return Err(Ending::TooLarge(Limit::InterimCount));
                }
                head.next_message();
                continue;
            }
            Some(response) => return Ok(response),
            None => {}
        }
        let read = fill(reader, head, Deadline::FirstByte).await?;
        if read == 0 {
            return Err(Ending::Closed);
        }
        counts.received.set(counts.received.get() + read as u64);
    }
}

/// Reads once into the head's buffer, which grows as needed; the parser's limits keep that finite.
async fn fill(
    reader: &mut (impl AsyncRead + Unpin),
    head: &mut Head,
    deadline: Deadline,
) -> Result<usize, Ending> {
    if head.buffer.spare().is_empty() {
        head.buffer.compact();
    }
    if head.buffer.spare().is_empty() {
        head.buffer.grow(head.buffer.capacity() * 2);
    }
    let read = reader.read(head.buffer.spare()).await.map_err(|error| ending_of(&error, deadline))?;
    head.buffer.commit(read);
    Ok(read)
}

async fn within<T>(
    limit: Duration,
    deadline: Deadline,
    future: impl Future<Output = Result<T, Ending>>,
) -> Result<T, Ending> {
    timeout(limit, future).await.unwrap_or(Err(Ending::TimedOut(deadline)))
}

fn step(start: Instant, ending: Option<Ending>) -> Step {
    match ending {
        None => Step::Done { took: start.elapsed() },
        Some(ending) => Step::Failed { ending, after: start.elapsed() },
    }
}

/// Keeps what the upstream sent where that was wrong.
fn note_first_bytes(attempt: &mut Attempt, head: &Head, ending: Ending) {
    if matches!(ending, Ending::Malformed(_) | Ending::TooLarge(_)) {
        let unread = head.buffer.unread();
        attempt.first_bytes = Some(unread.get(..FIRST_BYTES).unwrap_or(unread).into());
    }
}

/// What probes call themselves.
const USER_AGENT: &str = concat!("torwart/", env!("CARGO_PKG_VERSION"));

/// Most heads are smaller; the buffer grows where one is not.
const FIRST_READ: usize = 8 * 1024;

#[cfg(test)]
mod tests;
