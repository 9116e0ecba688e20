//! The response: HTTP/1.1 as the engine writes it becomes frames.

use super::super::transport::Send;
use super::gone;
use crate::streams::poll_pieces;
use bytes::Bytes;
use h3::error::{Code, StreamError};
use h3::server::RequestStream;
use http::{HeaderMap, Response};
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use torwart_wire::translate::{ResponseReader, Told};

/// The response on its way to the client.
pub(in super::super) struct Outgoing {
    line: Line,
    reader: ResponseReader,
}

/// The stream, which sends one frame after the other.
enum Line {
    Idle(Half),
    Busy(Sending),
    /// It was reset, or somebody else has closed it.
    Gone,
}

type Half = Box<RequestStream<Send, Bytes>>;

type Sending = Pin<Box<dyn Future<Output = (Half, Result<(), StreamError>)>>>;

/// What is sent at once; `bool` tells that the response ends with it.
enum Frames {
    Head(Response<()>, bool),
    Data(Bytes, bool),
    End(HeaderMap),
}

impl Frames {
    async fn send(self, stream: &mut Half) -> Result<(), StreamError> {
        let ends = match self {
            Self::Head(head, ends) => {
                stream.send_response(head).await?;
                ends
            }
            Self::Data(data, ends) => {
                stream.send_data(data).await?;
                ends
            }
            Self::End(trailers) => {
                if !trailers.is_empty() {
                    stream.send_trailers(trailers).await?;
                }
                true
            }
        };
        if ends { stream.finish().await } else { Ok(()) }
    }
}

impl Outgoing {
    pub(in super::super) fn new(stream: RequestStream<Send, Bytes>, is_to_head: bool) -> Self {
        Self { line: Line::Idle(Box::new(stream)), reader: ResponseReader::new(is_to_head) }
    }

    pub(super) fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        poll_pieces(bytes, |rest| self.poll_take(cx, rest))
    }

    /// Ready when everything was given to the layer below, which keeps it until the client has it.
    pub(super) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Line::Busy(sending) = &mut self.line else { return Poll::Ready(Ok(())) };
        let (stream, sent) = ready!(sending.as_mut().poll(cx));
        self.line = Line::Idle(stream);
        Poll::Ready(sent.map_err(|error| {
            self.line = Line::Gone;
            gone(&error)
        }))
    }

    /// Takes the next piece of what the engine wrote; says how much it took.
    fn poll_take(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        ready!(self.poll_flush(cx))?;
        if matches!(self.line, Line::Gone) {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        let (mut taken, told) = self.reader.read(bytes).map_err(|_| io::ErrorKind::BrokenPipe)?;
        let frames = match told {
            Told::Nothing => return Poll::Ready(Ok(taken)),
            Told::Interim(head) => Frames::Head(head, false),
            Told::Head { head, ends } => Frames::Head(head, ends),
            Told::Data(count) => {
                let data = bytes.get(taken..).unwrap_or_default();
                let data = data.get(..count.min(PIECE)).unwrap_or(data);
                taken += data.len();
                let ends = self.reader.took(data.len());
                Frames::Data(Bytes::copy_from_slice(data), ends)
            }
            Told::End(trailers) => Frames::End(trailers),
        };
        self.begin(frames);
        // Mostly it goes at once; else whoever writes or flushes next waits for it.
        match self.poll_flush(cx) {
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Ready(Ok(())) | Poll::Pending => Poll::Ready(Ok(taken)),
        }
    }

    fn begin(&mut self, frames: Frames) {
        if let Line::Idle(mut stream) = std::mem::replace(&mut self.line, Line::Gone) {
            self.line = Line::Busy(Box::pin(async move {
                let sent = frames.send(&mut stream).await;
                (stream, sent)
            }));
        }
    }

    /// Ends the response; what is not whole by its own framing, or was given up, is reset.
    pub(super) async fn finish(&mut self, is_whole: bool) -> io::Result<()> {
        if !(self.reader.has_ended() || is_whole && self.reader.may_end()) {
            self.reset(Code::H3_INTERNAL_ERROR);
            return Ok(());
        }
        poll_fn(|cx| self.poll_flush(cx)).await?;
        if !self.reader.has_ended() {
            self.begin(Frames::End(HeaderMap::new()));
            poll_fn(|cx| self.poll_flush(cx)).await?;
        }
        Ok(())
    }

    /// Gives the stream up, unless it was answered whole.
    pub(super) fn reset(&mut self, code: Code) {
        if self.reader.has_ended() {
            return;
        }
        // One that is still sending is reset where it is dropped.
        if let Line::Idle(mut stream) = std::mem::replace(&mut self.line, Line::Gone) {
            stream.stop_stream(code);
        }
    }
}

/// Sent in one frame, at most: as much as the engine reads at once.
const PIECE: usize = 32 << 10;
