//! The request's body, framed as HTTP/1.1 has it.

use super::{broken, gone};
use bytes::{Buf, Bytes};
use h2::RecvStream;
use std::io;
use std::task::{Context, Poll, ready};
use tokio::io::ReadBuf;
use torwart_cause::Malformation;
use torwart_wire::Framing;
use torwart_wire::http1::{CHUNK_END, write_chunk_size, write_last_chunk};
use torwart_wire::translate::write_trailers;

/// The body on its way to the engine.
pub(super) struct Incoming {
    body: RecvStream,
    is_chunked: bool,
    /// Whether what comes is a tunnel's: its end is the end of the client's side.
    is_tunnel: bool,
    /// Framing that the engine has not read yet; it stands before `data`.
    framing: Vec<u8>,
    /// Data that the engine has not read yet.
    data: Bytes,
    state: State,
    /// Whether what came last makes the message malformed.
    is_malformed: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Data,
    Trailers,
    Ended,
}

impl Incoming {
    pub(super) fn new(body: RecvStream, framing: Framing, is_tunnel: bool) -> Self {
        let has_body = is_tunnel || matches!(framing, Framing::Chunked | Framing::Length(1..));
        Self {
            body,
            is_chunked: framing == Framing::Chunked,
            is_tunnel,
            framing: Vec::new(),
            data: Bytes::new(),
            state: if has_body { State::Data } else { State::Ended },
            is_malformed: false,
        }
    }

    /// Whether the message turned out to be malformed, which only we know (RFC 9113 §8.1.1).
    pub(super) fn is_malformed(&self) -> bool {
        self.is_malformed
    }

    /// Ready with bytes, or with none at the end of a tunnel. After the end of a message this stays pending, and nobody
    /// is woken by it.
    pub(super) fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        loop {
            self.give(buffer);
            let is_full = buffer.remaining() == 0;
            if is_full || !self.is_empty() {
                return Poll::Ready(Ok(()));
            }
            match self.poll_more(cx) {
                Poll::Ready(Ok(true)) => {}
                Poll::Ready(Ok(false)) if self.is_tunnel => return Poll::Ready(Ok(())),
                Poll::Ready(Err(error)) if buffer.filled().len() == before => {
                    return Poll::Ready(Err(error));
                }
                _ if buffer.filled().len() > before => return Poll::Ready(Ok(())),
                _ => return Poll::Pending,
            }
        }
    }

    fn is_empty(&self) -> bool {
        self.framing.is_empty() && self.data.is_empty()
    }

    /// Copies what is here; the window is released with it, so that a client sends as fast as it is read.
    fn give(&mut self, buffer: &mut ReadBuf<'_>) {
        let taken = self.framing.len().min(buffer.remaining());
        if taken > 0 {
            buffer.put_slice(self.framing.get(..taken).unwrap_or_default());
            self.framing.drain(..taken);
        }
        if !self.framing.is_empty() || self.data.is_empty() {
            return;
        }
        let taken = self.data.len().min(buffer.remaining());
        buffer.put_slice(self.data.get(..taken).unwrap_or_default());
        self.data.advance(taken);
        // Fails only where the window was released before, which it was not.
        let _ = self.body.flow_control().release_capacity(taken);
        if self.data.is_empty() && self.is_chunked {
            self.framing.extend_from_slice(CHUNK_END);
            if buffer.remaining() >= CHUNK_END.len() {
                buffer.put_slice(CHUNK_END);
                self.framing.clear();
            }
        }
    }

    /// Gets the next piece; `false` at the end.
    fn poll_more(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<bool>> {
        loop {
            match self.state {
                State::Data => match ready!(self.body.poll_data(cx)) {
                    Some(Ok(data)) if data.is_empty() => {}
                    Some(Ok(data)) => {
                        if self.is_chunked {
                            write_chunk_size(&mut self.framing, data.len());
                        }
                        self.data = data;
                        return Poll::Ready(Ok(true));
                    }
                    Some(Err(error)) => return Poll::Ready(Err(gone(&error))),
                    None => self.state = if self.is_chunked { State::Trailers } else { State::Ended },
                },
                State::Trailers => {
                    let trailers = ready!(self.body.poll_trailers(cx)).map_err(|error| gone(&error))?;
                    let mut lines = Vec::new();
                    if let Some(trailers) = trailers {
                        write_trailers(&trailers, &mut lines).map_err(|_| {
                            self.is_malformed = true;
                            broken(Malformation::BadTrailer)
                        })?;
                    }
                    write_last_chunk(&mut self.framing, &lines);
                    self.state = State::Ended;
                    return Poll::Ready(Ok(true));
                }
                State::Ended => return Poll::Ready(Ok(false)),
            }
        }
    }
}
