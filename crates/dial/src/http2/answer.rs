//! The answer on its way out of a stream: frames become a head and a body as HTTP/1.1 has them.
//!
//! The stream's window is opened by as much as was read and not before, so that an answer nobody reads stays where it
//! is: in the window of its own stream.

use super::fault;
use super::request::Fault;
use bytes::{Buf, Bytes};
use h2::RecvStream;
use h2::client::ResponseFuture;
use http::StatusCode;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::ReadBuf;
use torwart_wire::http1::{self, write_last_chunk};
use torwart_wire::{Framing, translate};

/// An answer on its way.
#[derive(Default)]
pub(super) struct Answer {
    state: State,
    body: Option<RecvStream>,
    /// Bytes in the words of HTTP/1.1 that wait to be read.
    told: Vec<u8>,
    told_at: usize,
    /// Data that waits to be read.
    data: Bytes,
    /// What went wrong behind what was read.
    fault: Option<Fault>,
}

/// A stream that has begun.
pub(super) struct Begun {
    pub(super) response: ResponseFuture,
    /// Whether the request is HEAD.
    pub(super) is_head: bool,
    /// What the client of a WebSocket waits for, where the stream is one.
    pub(super) accept: Option<String>,
}

#[derive(Default)]
enum State {
    /// The stream has not begun.
    #[default]
    Silent,
    /// The head is waited for.
    Head(Box<Begun>),
    /// So much of the body is to come.
    Length(u64),
    /// The body is told in chunks.
    Chunked,
    /// The body is passed on as it comes.
    Raw,
    /// All is told.
    Over,
}

impl Answer {
    pub(super) fn begin(&mut self, begun: Begun) {
        self.state = State::Head(Box::new(begun));
    }

    /// The stream, where all of its answer was read but the sign of its end.
    pub(super) fn take_ending(&mut self) -> Option<RecvStream> {
        let is_read = matches!(self.state, State::Over | State::Length(0)) && self.data.is_empty();
        self.body.take().filter(|body| is_read && !body.is_end_stream())
    }

    pub(super) fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<Result<(), Fault>> {
        if let Some(fault) = self.fault.take() {
            return Poll::Ready(Err(fault));
        }
        let before = buffer.filled().len();
        loop {
            self.hand_out(buffer);
            if buffer.remaining() == 0 {
                return Poll::Ready(Ok(()));
            }
            let polled = self.poll_next(cx);
            let has_read = buffer.filled().len() > before;
            match polled {
                Poll::Ready(Ok(true)) => {}
                Poll::Ready(Ok(false)) => return Poll::Ready(Ok(())),
                Poll::Pending if !has_read => return Poll::Pending,
                Poll::Ready(Err(fault)) if !has_read => return Poll::Ready(Err(fault)),
                // What was read comes first.
                Poll::Ready(Err(fault)) => {
                    self.fault = Some(fault);
                    return Poll::Ready(Ok(()));
                }
                Poll::Pending => return Poll::Ready(Ok(())),
            }
        }
    }

    /// Copies what is told and what data lies here.
    fn hand_out(&mut self, buffer: &mut ReadBuf<'_>) {
        loop {
            let told = self.told.get(self.told_at..).unwrap_or_default();
            if !told.is_empty() {
                let piece = told.get(..buffer.remaining()).unwrap_or(told);
                buffer.put_slice(piece);
                self.told_at += piece.len();
                if self.told_at < self.told.len() {
                    return;
                }
                self.told.clear();
                self.told_at = 0;
            }
            if self.data.is_empty() || buffer.remaining() == 0 {
                return;
            }
            let piece = self.data.get(..buffer.remaining()).unwrap_or(&self.data);
            buffer.put_slice(piece);
            let len = piece.len();
            self.data.advance(len);
            if let Some(body) = &mut self.body {
                // It fails for a stream that has ended, whose window nobody needs.
                let _ = body.flow_control().release_capacity(len);
            }
            if self.data.is_empty() && matches!(self.state, State::Chunked) {
                self.told.extend_from_slice(http1::CHUNK_END);
            }
        }
    }

    /// Gets the next part; `false` when nothing more will come.
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Result<bool, Fault>> {
        match &mut self.state {
            State::Silent => Poll::Pending,
            State::Over => Poll::Ready(Ok(false)),
            State::Head(_) => self.poll_head(cx),
            State::Length(_) | State::Chunked | State::Raw => self.poll_body(cx),
        }
    }

    fn poll_head(&mut self, cx: &mut Context<'_>) -> Poll<Result<bool, Fault>> {
        let State::Head(begun) = &mut self.state else { return Poll::Pending };
        if let Poll::Ready(Some(interim)) = begun.response.poll_informational(cx) {
            let interim = interim.map_err(Fault::Stream)?;
            // 101 does not exist in HTTP/2 (RFC 9113 §8.6).
            if interim.status() == StatusCode::SWITCHING_PROTOCOLS {
                return Poll::Ready(Err(Fault::Ending(fault::bad_frame())));
            }
            tell(interim.status(), interim.headers(), true, true, &mut self.told)?;
            return Poll::Ready(Ok(true));
        }
        let response = ready!(Pin::new(&mut begun.response).poll(cx)).map_err(Fault::Stream)?;
        let (head, body) = response.into_parts();
        let ends = body.is_end_stream();
        let accept = begun.accept.as_deref().filter(|_| head.status.is_success());
        if let Some(accept) = accept {
            self.told.extend_from_slice(
                b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n",
            );
            http1::write_field(&mut self.told, b"Sec-WebSocket-Accept", accept.as_bytes());
            translate::write_trailers(&head.headers, &mut self.told).map_err(malformed)?;
            self.told.extend_from_slice(b"\r\n");
            self.state = State::Raw;
        } else {
            let framing = tell(head.status, &head.headers, ends, begun.is_head, &mut self.told)?;
            self.state = match framing {
                Framing::None | Framing::UntilClose => State::Over,
                Framing::Length(length) => State::Length(length),
                Framing::Chunked => State::Chunked,
            };
        }
        self.body = Some(body);
        Poll::Ready(Ok(true))
    }

    fn poll_body(&mut self, cx: &mut Context<'_>) -> Poll<Result<bool, Fault>> {
        let Some(body) = &mut self.body else { return Poll::Ready(Ok(false)) };
        let data = match ready!(body.poll_data(cx)) {
            Some(data) => data.map_err(Fault::Stream)?,
            None => return self.poll_end(cx),
        };
        match &mut self.state {
            State::Chunked if !data.is_empty() => http1::write_chunk_size(&mut self.told, data.len()),
            // That it is not more than was stated is the framing layer's to see.
            State::Length(left) => *left = left.saturating_sub(data.len() as u64),
            _ => {}
        }
        self.data = data;
        Poll::Ready(Ok(true))
    }

    fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<Result<bool, Fault>> {
        let Some(body) = &mut self.body else { return Poll::Ready(Ok(false)) };
        if matches!(self.state, State::Chunked) {
            let trailers = ready!(body.poll_trailers(cx)).map_err(Fault::Stream)?;
            let mut lines = Vec::new();
            if let Some(trailers) = trailers {
                translate::write_trailers(&trailers, &mut lines).map_err(malformed)?;
            }
            write_last_chunk(&mut self.told, &lines);
        }
        self.state = State::Over;
        Poll::Ready(Ok(true))
    }
}

fn tell(
    status: StatusCode,
    fields: &http::HeaderMap,
    ends: bool,
    has_no_body: bool,
    out: &mut Vec<u8>,
) -> Result<Framing, Fault> {
    translate::write_response(status, fields, ends, has_no_body, out).map_err(malformed)
}

fn malformed(_: translate::Untold) -> Fault {
    Fault::Ending(fault::bad_frame())
}
