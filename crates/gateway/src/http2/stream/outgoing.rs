//! The response: HTTP/1.1 as the engine writes it becomes frames.

use super::gone;
use bytes::Bytes;
use h2::server::SendResponse;
use h2::{Reason, SendStream};
use http::StatusCode;
use std::io;
use std::task::{Context, Poll, ready};
use torwart_wire::Framing;
use torwart_wire::http1::{ChunkDecoder, ChunkLimits, Piece};
use torwart_wire::translate::{Reply, read_response, read_trailers};

/// The response on its way to the client.
pub(super) struct Outgoing {
    respond: SendResponse<Bytes>,
    stream: Option<SendStream<Bytes>>,
    /// A head that was not written in one piece.
    head: Vec<u8>,
    body: Body,
    is_head: bool,
}

enum Body {
    /// The head is still to come.
    NotYet,
    /// So much data is still to come.
    Length(u64),
    /// Chunks; so much of the one under way.
    Chunked(Box<ChunkDecoder>, usize),
    /// Whatever comes is data, until [`Outgoing::finish`].
    UntilClose,
    /// END_STREAM or a reset is on its way.
    Ended,
}

impl Outgoing {
    pub(super) fn new(respond: SendResponse<Bytes>, is_head: bool) -> Self {
        Self { respond, stream: None, head: Vec::new(), body: Body::NotYet, is_head }
    }

    pub(super) fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let mut taken = 0;
        while let Some(rest) = bytes.get(taken..).filter(|rest| !rest.is_empty()) {
            match self.poll_take(cx, rest) {
                Poll::Ready(Ok(n)) => taken += n,
                Poll::Ready(Err(error)) if taken == 0 => return Poll::Ready(Err(error)),
                Poll::Pending if taken == 0 => return Poll::Pending,
                // What was taken is told first; the rest is asked for again.
                Poll::Ready(Err(_)) | Poll::Pending => break,
            }
        }
        Poll::Ready(Ok(taken))
    }

    /// Takes the next piece of what the engine wrote; says how much it took.
    fn poll_take(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match &mut self.body {
            Body::NotYet => Poll::Ready(self.take_head(bytes)),
            Body::Length(left) => {
                let left = *left;
                let most = usize::try_from(left).unwrap_or(usize::MAX);
                let data = bytes.get(..most).unwrap_or(bytes);
                let sent = ready!(self.poll_data(cx, data, Some(left)))?;
                let left = left - sent as u64;
                self.body = if left == 0 { Body::Ended } else { Body::Length(left) };
                Poll::Ready(Ok(sent))
            }
            Body::Chunked(_, 0) => Poll::Ready(self.take_chunk_line(bytes)),
            Body::Chunked(_, left) => {
                let data = bytes.get(..*left).unwrap_or(bytes);
                let sent = ready!(self.poll_data(cx, data, None))?;
                if let Body::Chunked(_, left) = &mut self.body {
                    *left -= sent;
                }
                Poll::Ready(Ok(sent))
            }
            Body::UntilClose => self.poll_data(cx, bytes, None),
            Body::Ended => Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
        }
    }

    /// Sends as much as the client's windows allow. `left` is what is still to come where that is known: the last of it
    /// ends the stream.
    fn poll_data(&mut self, cx: &mut Context<'_>, data: &[u8], left: Option<u64>) -> Poll<io::Result<usize>> {
        let Some(stream) = &mut self.stream else {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        };
        // Exactly what is in hand: a window that is assigned and not used would be kept from other streams.
        stream.reserve_capacity(data.len());
        let mut capacity = stream.capacity();
        if capacity == 0 {
            capacity = match ready!(stream.poll_capacity(cx)) {
                Some(Ok(capacity)) => capacity,
                Some(Err(error)) => return Poll::Ready(Err(gone(&error))),
                None => return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into())),
            };
        }
        let sent = data.len().min(capacity);
        let is_last = left == Some(sent as u64);
        let data = Bytes::copy_from_slice(data.get(..sent).unwrap_or_default());
        stream.send_data(data, is_last).map_err(|error| gone(&error))?;
        Poll::Ready(Ok(sent))
    }

    fn take_head(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let before = self.head.len();
        let reply = if before == 0 {
            read_response(bytes)
        } else {
            self.head.extend_from_slice(bytes);
            read_response(&self.head)
        };
        let Some(reply) = reply else {
            if before == 0 {
                self.head.extend_from_slice(bytes);
            }
            return Ok(bytes.len());
        };
        let taken = reply.len.saturating_sub(before);
        self.head = Vec::new();
        self.send_head(reply)?;
        Ok(taken)
    }

    fn send_head(&mut self, reply: Reply) -> io::Result<()> {
        let Reply { mut head, framing, .. } = reply;
        if head.status() == StatusCode::SWITCHING_PROTOCOLS {
            // What an upgrade is in HTTP/1.1, a plain success is here (RFC 8441 §5).
            *head.status_mut() = StatusCode::OK;
            head.headers_mut().remove(http::header::SEC_WEBSOCKET_ACCEPT);
            self.body = Body::UntilClose;
        } else if head.status().is_informational() {
            return self.respond.send_informational(head).map_err(|error| gone(&error));
        } else {
            self.body = match framing {
                Framing::Length(1..) if self.is_head => Body::Ended,
                Framing::None | Framing::Length(0) => Body::Ended,
                Framing::Length(length) => Body::Length(length),
                _ if self.is_head => Body::Ended,
                Framing::Chunked => Body::Chunked(Box::new(ChunkDecoder::new(ChunkLimits::default())), 0),
                Framing::UntilClose => Body::UntilClose,
            };
        }
        let ends = matches!(self.body, Body::Ended);
        self.stream = Some(self.respond.send_response(head, ends).map_err(|error| gone(&error))?);
        Ok(())
    }

    /// Reads framing that the engine wrote.
    fn take_chunk_line(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let Body::Chunked(decoder, left) = &mut self.body else { return Ok(0) };
        match decoder.decode(bytes).map_err(|_| io::ErrorKind::InvalidInput)? {
            Piece::Data { skip, len } => {
                *left = len;
                Ok(skip)
            }
            Piece::More { skip: 0 } => Err(io::ErrorKind::InvalidInput.into()),
            Piece::More { skip } => Ok(skip),
            Piece::End { skip } => {
                let trailers = read_trailers(decoder.trailers());
                self.end(trailers)?;
                Ok(skip)
            }
        }
    }

    fn end(&mut self, trailers: http::HeaderMap) -> io::Result<()> {
        self.body = Body::Ended;
        let Some(stream) = &mut self.stream else { return Ok(()) };
        let ended = if trailers.is_empty() {
            stream.send_data(Bytes::new(), true)
        } else {
            stream.send_trailers(trailers)
        };
        ended.map_err(|error| gone(&error))
    }

    /// Everything was written. What is not whole by its own framing is aborted.
    pub(super) fn finish(&mut self) {
        match self.body {
            Body::Ended => {}
            Body::UntilClose => {
                // Whether the client still listens changes nothing.
                let _ = self.end(http::HeaderMap::new());
            }
            Body::NotYet | Body::Length(_) | Body::Chunked(..) => self.abort(),
        }
    }

    /// What was written must not look whole.
    pub(super) fn abort(&mut self) {
        self.reset(Reason::INTERNAL_ERROR);
    }

    /// Gives the stream up, unless it was answered whole.
    pub(super) fn reset(&mut self, reason: Reason) {
        if matches!(self.body, Body::Ended) {
            return;
        }
        match &mut self.stream {
            Some(stream) => stream.send_reset(reason),
            None => self.respond.send_reset(reason),
        }
        self.body = Body::Ended;
    }

    /// Ready when the client gave the stream up, or its connection ended.
    pub(super) fn poll_reset(&mut self, cx: &mut Context<'_>) -> Poll<io::Error> {
        let reset = match &mut self.stream {
            Some(stream) => ready!(stream.poll_reset(cx)),
            None => ready!(self.respond.poll_reset(cx)),
        };
        Poll::Ready(match reset {
            Ok(_) => io::ErrorKind::ConnectionReset.into(),
            Err(error) => gone(&error),
        })
    }
}
