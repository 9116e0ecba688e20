//! Copies the answer's body from link to client, framed anew; large plain ones of known length go over to splice.
//!
//! The upstream is read only when everything received before has gone to the client, so one buffer is all a slow
//! client can hold. Whatever is left of the request goes out meanwhile.

use super::splice;
use super::upload::{Parts, Upload};
use super::waiting::Waiting;
use crate::apart::apart;
use crate::body::{BodyReader, Look};
use crate::client::{ClientStream, poll_fill};
use crate::clock::Moment;
use crate::connect::Outgoing;
use crate::exchange::Exchange;
use crate::response_head::Way;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::AsyncWrite;
use torwart_cause::{By, Deadline, Ending};
use torwart_dial::ending_of;
use torwart_wire::http1;

/// Who broke the passage off, and how.
pub enum Cut {
    /// The upstream's body ended before its end.
    Upstream(Ending),
    /// The client took no more.
    Client(Ending),
}

/// Copies until the body is complete and has gone out.
pub async fn run(
    x: &mut Exchange<'_>,
    outgoing: &mut Outgoing,
    body: &mut BodyReader,
    way: Way,
    upload: &mut Upload,
) -> Result<(), Cut> {
    let mut copying = Copying::new(way);
    let end = poll_fn(|cx| copying.poll(cx, x, outgoing, body, upload)).await?;
    match end {
        End::Complete => Ok(()),
        End::Splice => apart(splice::run(x, outgoing, body, upload)).await,
    }
}

/// Lets the rest of the request go on. That it fails does not spoil the answer: it came early, and nothing follows it.
pub fn poll_upload(cx: &mut Context<'_>, x: &mut Exchange<'_>, outgoing: &mut Outgoing, upload: &mut Upload) {
    if upload.is_over() {
        return;
    }
    let Some(mut parts) = Parts::of(x, outgoing) else { return };
    if let Poll::Ready(Err(_)) = upload.poll(cx, &mut parts) {
        upload.give_up();
        x.keeps_client = false;
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Party {
    Client,
    Upstream,
}

enum End {
    Complete,
    Splice,
}

/// A body on its way; the passage that codes it stands on this.
pub(super) struct Copying {
    way: Way,
    is_last_chunk_queued: bool,
    waits_for: Party,
    moved: bool,
    waiting: Option<Waiting>,
    has_sent: bool,
}

impl Copying {
    pub(super) fn new(way: Way) -> Self {
        Self {
            way,
            is_last_chunk_queued: false,
            waits_for: Party::Upstream,
            moved: false,
            waiting: None,
            has_sent: false,
        }
    }

    fn poll(
        &mut self,
        cx: &mut Context<'_>,
        x: &mut Exchange<'_>,
        outgoing: &mut Outgoing,
        body: &mut BodyReader,
        upload: &mut Upload,
    ) -> Poll<Result<End, Cut>> {
        poll_upload(cx, x, outgoing, upload);
        if let Poll::Ready(end) = self.poll_pass(cx, x, outgoing, body) {
            return Poll::Ready(end);
        }
        self.poll_waiting(cx, x).map(Err)
    }

    /// Ready when whoever is waited for took too long, or the client has left.
    pub(super) fn poll_waiting(&mut self, cx: &mut Context<'_>, x: &mut Exchange<'_>) -> Poll<Cut> {
        let what = match self.waits_for {
            Party::Client => Deadline::ClientWrite,
            Party::Upstream => Deadline::BetweenBytes,
        };
        let moved = std::mem::take(&mut self.moved);
        if moved {
            x.put_off_leaving();
        }
        if self.waits_for == Party::Upstream
            && let Some(ending) = x.poll_leaving(cx)
        {
            return Poll::Ready(Cut::Client(ending));
        }
        let waiting = self.waiting.get_or_insert_with(|| Waiting::new(what, Moment::now()));
        waiting.wait_for(what, moved);
        let ending = ready!(waiting.poll(x, cx));
        Poll::Ready(match (self.waits_for, ending) {
            (Party::Client, _) | (_, Ending::Cancelled(By::Client)) => Cut::Client(ending),
            (Party::Upstream, _) => Cut::Upstream(ending),
        })
    }

    /// It is the upstream that is waited for.
    pub(super) fn waits_for_upstream(&mut self) {
        self.waits_for = Party::Upstream;
    }

    /// Nobody was waited for.
    pub(super) fn has_worked(&mut self) {
        self.moved = true;
    }

    fn poll_pass(
        &mut self,
        cx: &mut Context<'_>,
        x: &mut Exchange<'_>,
        outgoing: &mut Outgoing,
        body: &mut BodyReader,
    ) -> Poll<Result<End, Cut>> {
        loop {
            let buffer = &mut outgoing.desk.response.buffer;
            let look = match body.look(buffer) {
                Ok(look) => look,
                Err(ending) => {
                    // What was right until here still goes out.
                    ready!(self.poll_flush(cx, x))?;
                    return Poll::Ready(Err(Cut::Upstream(ending)));
                }
            };
            match look {
                Look::Data if self.way == Way::Chunked && x.desk.out.len() < QUEUED => {
                    let data = body.data(buffer);
                    let out = x.desk.out.bytes();
                    http1::write_chunk_size(out, data.len());
                    out.extend_from_slice(data);
                    out.extend_from_slice(http1::CHUNK_END);
                    let taken = data.len();
                    body.take(buffer, taken);
                }
                Look::Data
                    if self.way != Way::Chunked
                        && !self.has_sent
                        && !x.desk.out.is_empty()
                        && body.data(buffer).len() <= JOINED =>
                {
                    let data = body.data(buffer);
                    x.desk.out.bytes().extend_from_slice(data);
                    let taken = data.len();
                    body.take(buffer, taken);
                }
                Look::Data => {
                    let tail = if self.way == Way::Chunked { &[] } else { body.data(buffer) };
                    self.waits_for = Party::Client;
                    let sent =
                        ready!(x.desk.out.poll_send(cx, &mut x.client.stream, tail)).map_err(cut_client)?;
                    self.sent(x, sent.all);
                    body.take(buffer, sent.of_tail);
                }
                Look::End if self.way == Way::Chunked && !self.is_last_chunk_queued => {
                    http1::write_last_chunk(x.desk.out.bytes(), body.trailers());
                    self.is_last_chunk_queued = true;
                }
                Look::End if !x.keeps_client && !x.desk.out.is_empty() => {
                    self.waits_for = Party::Client;
                    let polled = x.desk.out.poll_send_last(cx, &mut x.client.stream);
                    let sent = ready!(polled).map_err(cut_client)?;
                    self.sent(x, sent.all);
                }
                Look::End => {
                    ready!(self.poll_flush(cx, x))?;
                    return Poll::Ready(Ok(End::Complete));
                }
                Look::More => {
                    ready!(self.poll_flush(cx, x))?;
                    if splice::is_worth_it(x, outgoing, body, self.way) {
                        return Poll::Ready(Ok(End::Splice));
                    }
                    ready!(self.poll_receive(cx, x, outgoing, body))?;
                }
            }
        }
    }

    pub(super) fn poll_flush(&mut self, cx: &mut Context<'_>, x: &mut Exchange<'_>) -> Poll<Result<(), Cut>> {
        while !x.desk.out.is_empty() {
            self.waits_for = Party::Client;
            let sent = ready!(x.desk.out.poll_send(cx, &mut x.client.stream, &[])).map_err(cut_client)?;
            self.sent(x, sent.all);
        }
        if let ClientStream::Tls(stream) = &mut x.client.stream {
            self.waits_for = Party::Client;
            ready!(Pin::new(stream).poll_flush(cx)).map_err(cut_client)?;
        }
        Poll::Ready(Ok(()))
    }

    #[inline(never)]
    pub(super) fn poll_receive(
        &mut self,
        cx: &mut Context<'_>,
        x: &mut Exchange<'_>,
        outgoing: &mut Outgoing,
        body: &mut BodyReader,
    ) -> Poll<Result<(), Cut>> {
        self.waits_for = Party::Upstream;
        let buffer = &mut outgoing.desk.response.buffer;
        if buffer.spare().is_empty() {
            buffer.compact();
            if buffer.spare().is_empty() {
                let wanted = buffer.capacity() + QUEUED;
                buffer.grow(wanted);
            }
        }
        match ready!(poll_fill(&mut outgoing.link.stream, cx, buffer, usize::MAX)) {
            Ok(0) if body.ended_by_close() => {}
            Ok(0) => return Poll::Ready(Err(Cut::Upstream(Ending::Closed))),
            Ok(read) => {
                self.moved = true;
                x.attempt().received += read as u64;
            }
            Err(error) => return Poll::Ready(Err(Cut::Upstream(ending_of(&error, Deadline::BetweenBytes)))),
        }
        Poll::Ready(Ok(()))
    }

    fn sent(&mut self, x: &mut Exchange<'_>, bytes: usize) {
        self.moved = true;
        self.has_sent = true;
        x.sent += bytes as u64;
    }
}

/// How the client's socket failed.
#[cold]
pub fn cut_client(error: std::io::Error) -> Cut {
    Cut::Client(ending_of(&error, Deadline::ClientWrite))
}

/// Chunks are gathered up to this much before they are sent.
const QUEUED: usize = 16 << 10;

/// A small body joins its head in one buffer: cheaper than two pieces in one call.
const JOINED: usize = 8 << 10;
