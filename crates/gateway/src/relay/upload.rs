//! The request on its way to the upstream: the head from the outbox, the body as the client sends it.
//!
//! Body bytes are sent from where they lie in the client's buffer. They stay there as long as the replay limit allows,
//! so that a failed attempt can be repeated from the first byte; after that the space is used again.

use crate::body::{BodyReader, Look};
use crate::client::{ClientStream, poll_fill};
use crate::connect::Outgoing;
use crate::exchange::Exchange;
use crate::outbox::Outbox;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::AsyncWrite;
use torwart_cause::{Attempt, Deadline, Ending};
use torwart_dial::{Stream, ending_of};
use torwart_wire::{Framing, Head, http1};

/// How far the request is.
#[derive(Debug)]
pub struct Upload {
    state: State,
    is_last_chunk_queued: bool,
    /// Whether bytes moved since the flag was last taken down.
    pub moved: bool,
    /// Whether the client, not the upstream, is waited for.
    pub waits_for_client: bool,
    /// Most bytes of body kept for a replay.
    replay: usize,
}

#[derive(Debug, PartialEq, Eq)]
enum State {
    Going,
    Done,
    GivenUp,
}

/// Why the request did not go out whole.
pub enum UploadFault {
    /// The client's body failed.
    Client(Ending),
    /// The upstream took no more.
    Upstream(Ending),
}

/// The parts of an exchange an upload works on.
pub struct Parts<'p> {
    /// The client's socket.
    pub client: &'p mut ClientStream,
    /// The request with its buffer.
    pub request: &'p mut Head,
    /// The request's body.
    pub body: &'p mut BodyReader,
    /// Bytes received from the client are added here.
    pub received: &'p mut u64,
    /// The link.
    pub link: &'p mut Stream,
    /// What goes to the upstream.
    pub out: &'p mut Outbox,
    /// The attempt's evidence.
    pub attempt: &'p mut Attempt,
}

impl<'p> Parts<'p> {
    /// The parts of this exchange and its attempt; `None` where no attempt was begun.
    pub fn of(x: &'p mut Exchange<'_>, outgoing: &'p mut Outgoing) -> Option<Self> {
        let desk = &mut *x.desk;
        Some(Self {
            client: &mut x.client.stream,
            request: &mut desk.request,
            body: &mut x.body,
            received: &mut x.received,
            link: &mut outgoing.link.stream,
            out: &mut outgoing.desk.out,
            attempt: desk.evidence.attempts.last_mut()?,
        })
    }
}

impl Upload {
    /// An upload that has not begun.
    pub fn new(replay: usize) -> Self {
        Self {
            state: State::Going,
            is_last_chunk_queued: false,
            moved: false,
            waits_for_client: false,
            replay,
        }
    }

    /// Whether the whole request left for the kernel.
    pub fn is_done(&self) -> bool {
        self.state == State::Done
    }

    /// Whether nothing more will be sent.
    pub fn is_over(&self) -> bool {
        self.state != State::Going
    }

    /// Sends no more.
    pub fn give_up(&mut self) {
        self.state = State::GivenUp;
    }

    /// Sends what can be sent now.
    #[inline(always)]
    pub fn poll(&mut self, cx: &mut Context<'_>, p: &mut Parts<'_>) -> Poll<Result<(), UploadFault>> {
        // FastCGI frames a body by itself, one of unknown length too, because it was gathered.
        let is_chunked = p.body.framing() == Framing::Chunked && p.link.as_fastcgi().is_none();
        while self.state == State::Going {
            let look = p.body.look(&mut p.request.buffer).map_err(UploadFault::Client)?;
            match look {
                Look::Data if is_chunked && p.out.len() < CHUNKS_QUEUED => self.queue_chunk(p),
                Look::Data => {
                    let is_framed = is_chunked;
                    let tail = if is_framed { &[] } else { p.body.data(&p.request.buffer) };
                    let sent = ready!(self.poll_send(cx, p.link, p.out, tail, p.attempt))
                        .map_err(UploadFault::Upstream)?;
                    p.body.take(&mut p.request.buffer, sent);
                }
                Look::End if is_chunked && !self.is_last_chunk_queued => {
                    http1::write_last_chunk(p.out.bytes(), p.body.trailers());
                    self.is_last_chunk_queued = true;
                }
                Look::End => {
                    if !p.out.is_empty() {
                        ready!(self.poll_send(cx, p.link, p.out, &[], p.attempt))
                            .map_err(UploadFault::Upstream)?;
                        continue;
                    }
                    if p.link.needs_flush() {
                        ready!(Pin::new(&mut *p.link).poll_flush(cx)).map_err(|error| failed_send(&error))?;
                    }
                    self.state = State::Done;
                }
                Look::More => {
                    // What is here goes out before more is waited for.
                    if !p.out.is_empty() {
                        ready!(self.poll_send(cx, p.link, p.out, &[], p.attempt))
                            .map_err(UploadFault::Upstream)?;
                        continue;
                    }
                    if p.link.needs_flush() {
                        ready!(Pin::new(&mut *p.link).poll_flush(cx)).map_err(|error| failed_send(&error))?;
                    }
                    self.waits_for_client = true;
                    ready!(self.poll_receive(cx, p)).map_err(UploadFault::Client)?;
                }
            }
        }
        Poll::Ready(Ok(()))
    }

    #[inline(never)]
    fn queue_chunk(&mut self, p: &mut Parts<'_>) {
        let data = p.body.data(&p.request.buffer);
        let out = p.out.bytes();
        http1::write_chunk_size(out, data.len());
        out.extend_from_slice(data);
        out.extend_from_slice(http1::CHUNK_END);
        let taken = data.len();
        p.body.take(&mut p.request.buffer, taken);
    }

    fn poll_send(
        &mut self,
        cx: &mut Context<'_>,
        link: &mut Stream,
        out: &mut Outbox,
        tail: &[u8],
        attempt: &mut Attempt,
    ) -> Poll<Result<usize, Ending>> {
        self.waits_for_client = false;
        let sent =
            ready!(out.poll_send(cx, link, tail)).map_err(|error| ending_of(&error, Deadline::Send))?;
        self.moved = true;
        attempt.sent += sent.all as u64;
        Poll::Ready(Ok(sent.of_tail))
    }

    #[inline(never)]
    fn poll_receive(&mut self, cx: &mut Context<'_>, p: &mut Parts<'_>) -> Poll<Result<(), Ending>> {
        let buffer = &mut p.request.buffer;
        if buffer.spare().is_empty() {
            let head = p.request.len();
            let buffer = &mut p.request.buffer;
            let most = head + self.replay;
            if p.body.is_kept() && buffer.capacity() < most {
                let wanted = (buffer.capacity() * 2).min(most);
                buffer.grow(wanted);
            } else {
                p.body.keep(false);
                buffer.compact();
                if buffer.spare().is_empty() {
                    let wanted = buffer.capacity() + LEAST_ROOM;
                    buffer.grow(wanted);
                }
            }
        }
        let read = ready!(poll_fill(p.client, cx, &mut p.request.buffer, usize::MAX));
        match read {
            Ok(0) => Poll::Ready(Err(Ending::Closed)),
            Ok(read) => {
                self.moved = true;
                *p.received += read as u64;
                Poll::Ready(Ok(()))
            }
            Err(error) => Poll::Ready(Err(ending_of(&error, Deadline::ClientBody))),
        }
    }
}

#[cold]
fn failed_send(error: &io::Error) -> UploadFault {
    UploadFault::Upstream(ending_of(error, Deadline::Send))
}

/// Chunks are gathered up to this much before they are sent.
const CHUNKS_QUEUED: usize = 16 << 10;

/// Room to make where head and unread bytes fill the buffer.
const LEAST_ROOM: usize = 8 << 10;
