//! Codes the answer's body on its way from link to client.
//!
//! A small body that is here as a whole is coded as a whole, and its length stated. Any other streams: what the upstream
//! sends goes through the coder, and whenever the upstream pauses, the coder gives out what it holds back. After some
//! work others have their turn. A body that is cut stays cut: its coded stream never gets its end.

use super::ask::Reply;
use super::copy::{Copying, Cut, poll_upload};
use super::hold::Held;
use super::upload::Upload;
use crate::body::{BodyReader, Look};
use crate::compress::{self, Broken, Coded, TURN};
use crate::connect::Outgoing;
use crate::exchange::Exchange;
use crate::response_head::Way;
use std::future::poll_fn;
use std::task::{Context, Poll, ready};
use torwart_cause::Ending;
use torwart_wire::http1;
use torwart_wire::{Framing, Known, Version};

/// How a body goes to the client instead of the way it came.
pub struct Changed {
    /// Framed like this.
    pub way: Way,
    /// All of it with its framing, where it was coded at once.
    pub whole: Vec<u8>,
    /// What codes it, where that is still to be done.
    pub coded: Option<Box<Coded>>,
}

/// Decides about the answer; `None` leaves its body as it is.
#[cold]
#[inline(never)]
pub fn begin(
    x: &mut Exchange<'_>,
    outgoing: &mut Outgoing,
    body: &mut BodyReader,
    reply: &Reply,
    held: Held,
) -> Option<Box<Changed>> {
    let head = &outgoing.desk.response;
    let length = match (reply.response.framing, held) {
        (Framing::None, _) => stated_length(head.get(Known::ContentLength)),
        (Framing::Length(length), _) | (_, Held::Whole(length)) => Some(length),
        (Framing::Chunked | Framing::UntilClose, Held::Part) => None,
    };
    if reply.response.switches {
        return None;
    }
    let coded = compress::begin(x, reply.response.status, head, length)?;
    match held {
        Held::Whole(length) if length <= AT_ONCE => {
            let Some((way, whole)) = code_whole(x, outgoing, body, *coded, length) else {
                compress::leave(x);
                return None;
            };
            Some(Box::new(Changed { way, whole, coded: None }))
        }
        Held::Whole(_) | Held::Part => {
            Some(Box::new(Changed { way: coded.way(), whole: Vec::new(), coded: Some(coded) }))
        }
    }
}

fn stated_length(stated: Option<&[u8]>) -> Option<u64> {
    std::str::from_utf8(stated?).ok()?.parse().ok()
}

/// Codes a body that is here from its first byte to its last; `None` leaves it untouched, where nothing is gained.
fn code_whole(
    x: &Exchange<'_>,
    outgoing: &mut Outgoing,
    body: &mut BodyReader,
    mut coded: Coded,
    length: u64,
) -> Option<(Way, Vec<u8>)> {
    let buffer = &mut outgoing.desk.response.buffer;
    body.keep(true);
    let mut is_whole = false;
    while let Ok(look) = body.look(buffer) {
        match look {
            Look::Data => {
                let data = body.data(buffer);
                if coded.take_whole(data).is_err() {
                    break;
                }
                let taken = data.len();
                body.take(buffer, taken);
            }
            Look::End => {
                is_whole = true;
                break;
            }
            Look::More => break,
        }
    }
    body.rewind(buffer);
    body.keep(false);
    let whole = coded.whole().ok().filter(|whole| is_whole && (whole.len() as u64) < length)?;
    // Nothing of the plain body goes out.
    while let Ok(Look::Data) = body.look(buffer) {
        let here = body.data(buffer).len();
        body.take(buffer, here);
    }
    let speaks_11 = x.request.is_some_and(|request| request.version == Version::Http11);
    if body.trailers().is_empty() || !speaks_11 {
        return Some((Way::Length(whole.len() as u64), whole));
    }
    let mut chunk = Vec::with_capacity(whole.len() + 16);
    http1::write_chunk_size(&mut chunk, whole.len());
    chunk.extend_from_slice(&whole);
    chunk.extend_from_slice(http1::CHUNK_END);
    Some((Way::Chunked, chunk))
}

/// Codes until the body is complete and has gone out.
pub async fn run(
    x: &mut Exchange<'_>,
    outgoing: &mut Outgoing,
    body: &mut BodyReader,
    coded: Box<Coded>,
    upload: &mut Upload,
) -> Result<(), Cut> {
    let mut transforming = Transforming { copying: Copying::new(coded.way()), coded, has_ended: false };
    poll_fn(|cx| transforming.poll(cx, x, outgoing, body, upload)).await
}

struct Transforming {
    copying: Copying,
    coded: Box<Coded>,
    /// Whether the coded stream got its end.
    has_ended: bool,
}

impl Transforming {
    fn poll(
        &mut self,
        cx: &mut Context<'_>,
        x: &mut Exchange<'_>,
        outgoing: &mut Outgoing,
        body: &mut BodyReader,
        upload: &mut Upload,
    ) -> Poll<Result<(), Cut>> {
        poll_upload(cx, x, outgoing, upload);
        if let Poll::Ready(end) = self.poll_pass(cx, x, outgoing, body) {
            return Poll::Ready(end);
        }
        self.copying.poll_waiting(cx, x).map(Err)
    }

    fn poll_pass(
        &mut self,
        cx: &mut Context<'_>,
        x: &mut Exchange<'_>,
        outgoing: &mut Outgoing,
        body: &mut BodyReader,
    ) -> Poll<Result<(), Cut>> {
        let mut worked = 0;
        loop {
            if x.desk.out.len() >= QUEUED {
                ready!(self.copying.poll_flush(cx, x))?;
            }
            let buffer = &mut outgoing.desk.response.buffer;
            let look = match body.look(buffer) {
                Ok(look) => look,
                Err(ending) => {
                    ready!(self.poll_give_out(cx, x))?;
                    return Poll::Ready(Err(Cut::Upstream(ending)));
                }
            };
            match look {
                Look::Data if worked >= TURN => {
                    self.copying.has_worked();
                    compress::give_way(cx);
                    return Poll::Pending;
                }
                Look::Data => {
                    let data = body.data(buffer);
                    let data = data.get(..data.len().min(TURN)).unwrap_or_default();
                    self.coded.push(data, x.desk.out.bytes()).map_err(broken)?;
                    worked += data.len();
                    let taken = data.len();
                    body.take(buffer, taken);
                }
                Look::End if !self.has_ended => {
                    self.coded.finish(body.trailers(), x.desk.out.bytes()).map_err(broken)?;
                    self.has_ended = true;
                }
                Look::End => return self.copying.poll_flush(cx, x),
                Look::More => {
                    // What came is only held back for as long as more of it is here already.
                    if let Poll::Ready(received) = self.copying.poll_receive(cx, x, outgoing, body) {
                        if let Err(cut) = received {
                            ready!(self.poll_give_out(cx, x))?;
                            return Poll::Ready(Err(cut));
                        }
                        continue;
                    }
                    ready!(self.poll_give_out(cx, x))?;
                    self.copying.waits_for_upstream();
                    return Poll::Pending;
                }
            }
        }
    }

    /// Sends everything that came in so far.
    fn poll_give_out(&mut self, cx: &mut Context<'_>, x: &mut Exchange<'_>) -> Poll<Result<(), Cut>> {
        self.coded.flush(x.desk.out.bytes()).map_err(broken)?;
        self.copying.poll_flush(cx, x)
    }
}

/// The coder got no memory; what the client has is cut.
#[cold]
fn broken(_: Broken) -> Cut {
    Cut::Client(Ending::ResourcesSpent)
}

/// A body up to this size is coded at once: a turn's work, or two.
const AT_ONCE: u64 = 2 * TURN as u64;

/// Coded bytes are gathered up to this much before they are sent.
const QUEUED: usize = 16 << 10;
