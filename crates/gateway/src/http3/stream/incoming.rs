//! The request's body, framed as HTTP/1.1 has it.

use super::super::transport::{Allowance, Recv};
use super::gone;
use crate::streams::broken;
use bytes::{Buf, Bytes};
use h3::server::RequestStream;
use http::HeaderMap;
use std::io;
use std::task::{Context, Poll, ready};
use tokio::io::ReadBuf;
use torwart_cause::Malformation;
use torwart_wire::Framing;
use torwart_wire::translate::{BodyWriter, Untold};

/// The body on its way to the engine.
pub(in super::super) struct Incoming {
    stream: RequestStream<Recv, Bytes>,
    allowance: Allowance,
    /// What was read before anybody asked for it.
    ahead: Option<Piece>,
    body: BodyWriter,
    is_malformed: bool,
}

enum Piece {
    Data(Bytes),
    End(Option<HeaderMap>),
}

impl Incoming {
    pub(in super::super) fn new(stream: RequestStream<Recv, Bytes>, allowance: Allowance) -> Self {
        allowance.refill();
        Self { stream, allowance, ahead: None, body: BodyWriter::new(Framing::None), is_malformed: false }
    }

    /// Reads ahead; ready when it is known whether the request ends with its head.
    pub(in super::super) fn poll_ahead(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<bool>> {
        if self.ahead.is_none() {
            self.ahead = Some(ready!(self.poll_piece(cx))?);
        }
        Poll::Ready(Ok(matches!(self.ahead, Some(Piece::End(None)))))
    }

    /// The body is framed like this.
    pub(in super::super) fn framed(self, framing: Framing) -> Self {
        Self { body: BodyWriter::new(framing), ..self }
    }

    /// Whether the message turned out to be malformed, which only we know (RFC 9114 §4.1.2).
    pub(super) fn is_malformed(&self) -> bool {
        self.is_malformed
    }

    /// Ready with bytes. After the end of a message this stays pending, and nobody is woken by it.
    pub(super) fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        loop {
            let given = self.body.give(buffer.initialize_unfilled());
            buffer.advance(given);
            if buffer.remaining() == 0 || !self.body.is_empty() {
                return Poll::Ready(Ok(()));
            }
            let has_given = buffer.filled().len() > before;
            match self.poll_more(cx) {
                Poll::Ready(Ok(())) => {}
                // An error is told again to whoever asks again.
                Poll::Ready(Err(_)) | Poll::Pending if has_given => return Poll::Ready(Ok(())),
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => return Poll::Pending,
            }
        }
    }

    fn poll_more(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.is_malformed {
            return Poll::Ready(Err(broken(Malformation::BadFrame)));
        }
        if self.body.has_ended() {
            return Poll::Pending;
        }
        let piece = match self.ahead.take() {
            Some(piece) => piece,
            None => ready!(self.poll_piece(cx))?,
        };
        let (taken, what) = match piece {
            Piece::Data(data) => (self.body.data(data), Malformation::BadFrame),
            Piece::End(trailers) => (self.body.end(trailers.as_ref()), Malformation::BadTrailer),
        };
        Poll::Ready(taken.map_err(|untold| {
            self.is_malformed = true;
            broken(if untold == Untold::BadLength { Malformation::BadFrame } else { what })
        }))
    }

    fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Piece>> {
        loop {
            let data = ready!(self.stream.poll_recv_data(cx)).map_err(|error| gone(&error))?;
            self.allowance.refill();
            match data {
                Some(mut data) if data.has_remaining() => {
                    return Poll::Ready(Ok(Piece::Data(data.copy_to_bytes(data.remaining()))));
                }
                Some(_) => {}
                None => break,
            }
        }
        let trailers = ready!(self.stream.poll_recv_trailers(cx)).map_err(|error| gone(&error))?;
        Poll::Ready(Ok(Piece::End(trailers)))
    }
}
