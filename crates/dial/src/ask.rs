//! One whole HTTP/1.1 exchange, for probes: health checks, `torwart check`, tests.
//!
//! It sends one request, reads one answer with its body up to a limit, and writes every step into the attempt's
//! evidence. It follows no redirect, retries nothing and keeps no connection: the gateway's data plane does not use it.

mod body;

use crate::resolve::Resolver;
use crate::{Stop, Stream, Target, ending_of, open};
use body::read_body;
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
        Self { bytes, is_head: method == "HEAD" }
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
    let start = Instant::now();
    let sent = Cell::new(0);
    let received = Cell::new(0);
    let mut head = Head::with_capacity(FIRST_READ);
    let (mut reader, mut writer) = tokio::io::split(stream);
    let result = {
        let mut reading = pin!(read_head(&mut reader, &mut head, question.is_head, limits, &received));
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
    let response = result.map_err(|ending| note_first_bytes(attempt, &head, ending))?;
    attempt.status = Some(response.status);
    let begin = Instant::now();
    let body = read_body(
        &mut reader,
        &mut head,
        response.framing,
        limits.body,
        deadlines.between_bytes,
        &mut attempt.received,
    )
    .await;
    attempt.body = step(begin, body.as_ref().err().copied());
    let body = body.map_err(|ending| note_first_bytes(attempt, &head, ending))?;
    Ok(Reply { head, response, body })
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
    is_head: bool,
    limits: &AnswerLimits,
    received: &Cell<u64>,
) -> Result<Response, Ending> {
    let mut interim = 0;
    loop {
        let asked = Asked { is_head, ..Asked::default() };
        match parse_response(head, asked, &limits.head, &Leniency::default())? {
            Some(response) if response.is_interim => {
                interim += 1;
                if interim > limits.interim {
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
        received.set(received.get() + read as u64);
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
fn note_first_bytes(attempt: &mut Attempt, head: &Head, ending: Ending) -> Stop {
    if matches!(ending, Ending::Malformed(_) | Ending::TooLarge(_)) {
        let unread = head.buffer.unread();
        attempt.first_bytes = Some(unread.get(..FIRST_BYTES).unwrap_or(unread).into());
    }
    Stop
}

/// What probes call themselves.
const USER_AGENT: &str = concat!("torwart/", env!("CARGO_PKG_VERSION"));

/// Most heads are smaller; the buffer grows where one is not.
const FIRST_READ: usize = 8 * 1024;

#[cfg(test)]
mod tests;
