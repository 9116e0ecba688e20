//! Holds a small answer until it is complete, before its first byte goes out.
//!
//! A cut answer can then still be retried, or become an honest 502. Held are answers up to the route's limit, for at
//! most the route's time after the head came; then they stream. Streams of events, gRPC and upgrades are never held.

use super::ask::Reply;
use super::pass_on::body_failed;
use crate::apart::apart;
use crate::body::{BodyReader, Look};
use crate::client::poll_fill;
use crate::clock::Moment;
use crate::connect::Outgoing;
use crate::exchange::Exchange;
use std::future::poll_fn;
use std::task::{Context, Poll};
use torwart_cause::{Deadline, Ending, FIRST_BYTES};
use torwart_dial::{Stop, ending_of};
use torwart_wire::{Framing, Head, Known};

/// Whether the whole body is here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    /// It is, with this many bytes.
    Whole(u64),
    /// It streams.
    Part,
}

impl Held {
    /// The length of a whole body.
    pub const fn whole(self) -> Option<u64> {
        match self {
            Self::Whole(length) => Some(length),
            Self::Part => None,
        }
    }
}

/// Holds the body if that is wanted and possible; the body can be read from its first byte afterwards.
pub async fn hold(
    x: &mut Exchange<'_>,
    outgoing: &mut Outgoing,
    body: &mut BodyReader,
    reply: &mut Reply,
) -> Result<Held, Stop> {
    let most = x.buffers.hold.bytes();
    match body.framing() {
        Framing::None => return Ok(Held::Whole(0)),
        Framing::Length(length) if length <= outgoing.desk.response.buffer.unread().len() as u64 => {
            return Ok(Held::Whole(length));
        }
        Framing::Length(length) if length > most => return Ok(Held::Part),
        Framing::Length(_) | Framing::Chunked | Framing::UntilClose => {}
    }
    if most == 0 || reply.response.switches || is_stream(&outgoing.desk.response) {
        // Nothing is waited for, but what is here already must be right.
        return match body.look(&mut outgoing.desk.response.buffer) {
            Ok(_) => Ok(Held::Part),
            Err(ending) => Err(body_failed(x, ending, reply.at)),
        };
    }
    apart(wait(x, outgoing, body, reply)).await
}

/// Reads on until the body is whole, too large or too slow to be held.
async fn wait(
    x: &mut Exchange<'_>,
    outgoing: &mut Outgoing,
    body: &mut BodyReader,
    reply: &mut Reply,
) -> Result<Held, Stop> {
    body.keep(true);
    let until = reply.at + x.buffers.hold_time;
    let held = poll_fn(|cx| poll(cx, x, outgoing, body, reply, until)).await;
    match held {
        Ok(held) => {
            body.rewind(&mut outgoing.desk.response.buffer);
            body.keep(false);
            Ok(held)
        }
        Err(ending) => {
            body.rewind(&mut outgoing.desk.response.buffer);
            let bytes = outgoing.desk.response.buffer.unread();
            x.attempt().first_bytes = bytes.get(..bytes.len().min(FIRST_BYTES)).map(Into::into);
            Err(body_failed(x, ending, reply.at))
        }
    }
}

fn poll(
    cx: &mut Context<'_>,
    x: &mut Exchange<'_>,
    outgoing: &mut Outgoing,
    body: &mut BodyReader,
    reply: &mut Reply,
    until: Moment,
) -> Poll<Result<Held, Ending>> {
    let most = x.buffers.hold.bytes();
    super::copy::poll_upload(cx, x, outgoing, &mut reply.upload);
    loop {
        let buffer = &mut outgoing.desk.response.buffer;
        match body.look(buffer) {
            Ok(Look::Data) => {
                let here = body.data(buffer).len();
                body.take(buffer, here);
                if body.taken() > most {
                    return Poll::Ready(Ok(Held::Part));
                }
                continue;
            }
            Ok(Look::End) => return Poll::Ready(Ok(Held::Whole(body.taken()))),
            Ok(Look::More) => {}
            Err(ending) => return Poll::Ready(Err(ending)),
        }
        if buffer.spare().is_empty() {
            // Twice the limit leaves room for the framing of small chunks; with more of it than body, it streams.
            let largest = outgoing.desk.response.len() + 2 * x.buffers.hold.as_usize();
            let buffer = &mut outgoing.desk.response.buffer;
            if buffer.capacity() >= largest {
                return Poll::Ready(Ok(Held::Part));
            }
            buffer.grow(largest);
        }
        match poll_fill(&mut outgoing.link.stream, cx, &mut outgoing.desk.response.buffer, usize::MAX) {
            Poll::Ready(Ok(0)) if body.ended_by_close() => return Poll::Ready(Ok(Held::Whole(body.taken()))),
            Poll::Ready(Ok(0)) => return Poll::Ready(Err(Ending::Closed)),
            Poll::Ready(Ok(read)) => x.attempt().received += read as u64,
            Poll::Ready(Err(error)) => return Poll::Ready(Err(ending_of(&error, Deadline::BetweenBytes))),
            Poll::Pending => break,
        }
    }
    let until = x.nearest_end().map_or(until, |end| end.min(until));
    x.client.poll_deadline(cx, until).map(|()| Ok(Held::Part))
}

/// Whether the client waits for parts of the answer rather than for its end.
fn is_stream(head: &Head) -> bool {
    let kind = head.get(Known::ContentType).unwrap_or_default();
    let is = |prefix: &[u8]| kind.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix));
    is(b"text/event-stream")
        || is(b"application/grpc")
        || head.find("x-accel-buffering").is_some_and(|value| value.eq_ignore_ascii_case(b"no"))
}
