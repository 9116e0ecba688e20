//! The response: HTTP/1.1 as the engine writes it becomes frames.

use super::gone;
use crate::streams::poll_pieces;
use bytes::Bytes;
use h2::server::SendResponse;
use h2::{Reason, SendStream};
use http::HeaderMap;
use std::io;
use std::task::{Context, Poll, ready};
use torwart_wire::translate::{ResponseReader, Told};

/// The response on its way to the client.
pub(super) struct Outgoing {
    respond: SendResponse<Bytes>,
    stream: Option<SendStream<Bytes>>,
    reader: ResponseReader,
    /// Whether END_STREAM or a reset is on its way.
    is_over: bool,
}

impl Outgoing {
    pub(super) fn new(respond: SendResponse<Bytes>, is_to_head: bool) -> Self {
        Self { respond, stream: None, reader: ResponseReader::new(is_to_head), is_over: false }
    }

    pub(super) fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        poll_pieces(bytes, |rest| self.poll_take(cx, rest))
    }

    /// Takes the next piece of what the engine wrote; says how much it took.
    fn poll_take(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.is_over {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        let (taken, told) = self.reader.read(bytes).map_err(|_| io::ErrorKind::BrokenPipe)?;
        match told {
            Told::Nothing => {}
            Told::Interim(head) => self.respond.send_informational(head).map_err(|error| gone(&error))?,
            Told::Head { head, ends } => {
                self.is_over = ends;
                self.stream = Some(self.respond.send_response(head, ends).map_err(|error| gone(&error))?);
            }
            Told::Data(count) => {
                return self.poll_data(cx, bytes.get(..count).unwrap_or(bytes));
            }
            Told::End(trailers) => self.end(trailers)?,
        }
        Poll::Ready(Ok(taken))
    }

    /// Sends as much as the client's windows allow. The last of a known length ends the stream.
    fn poll_data(&mut self, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
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
        self.is_over = self.reader.took(sent);
        let data = Bytes::copy_from_slice(data.get(..sent).unwrap_or_default());
        stream.send_data(data, self.is_over).map_err(|error| gone(&error))?;
        Poll::Ready(Ok(sent))
    }

    fn end(&mut self, trailers: HeaderMap) -> io::Result<()> {
        self.is_over = true;
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
        if self.is_over {
            return;
        }
        if self.reader.may_end() {
            // Whether the client still listens changes nothing.
            let _ = self.end(HeaderMap::new());
        } else {
            self.abort();
        }
    }

    /// What was written must not look whole.
    pub(super) fn abort(&mut self) {
        self.reset(Reason::INTERNAL_ERROR);
    }

    /// Gives the stream up, unless it was answered whole.
    pub(super) fn reset(&mut self, reason: Reason) {
        if std::mem::replace(&mut self.is_over, true) {
            return;
        }
        match &mut self.stream {
            Some(stream) => stream.send_reset(reason),
            None => self.respond.send_reset(reason),
        }
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
