//! The request's body, framed as HTTP/1.1 has it.

use super::gone;
use crate::streams::broken;
use crate::windows::{Upload, Uploads};
use h2::RecvStream;
use std::io;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use tokio::io::ReadBuf;
use torwart_cause::Malformation;
use torwart_wire::Framing;
use torwart_wire::translate::{BodyWriter, Untold};

/// The body on its way to the engine.
pub(super) struct Incoming {
    stream: RecvStream,
    body: BodyWriter,
    /// Counts it, where there is a body to come.
    upload: Option<Upload>,
    /// Whether what comes is a tunnel's: its end is the end of the client's side.
    is_tunnel: bool,
    /// Whether only trailers can follow.
    is_past_data: bool,
    /// Whether what came last makes the message malformed.
    is_malformed: bool,
}

impl Incoming {
    pub(super) fn new(stream: RecvStream, framing: Framing, is_tunnel: bool, uploads: &Rc<Uploads>) -> Self {
        let upload = (!stream.is_end_stream()).then(|| Upload::begin(uploads));
        let body = BodyWriter::new(if is_tunnel { Framing::UntilClose } else { framing });
        Self { stream, body, upload, is_tunnel, is_past_data: false, is_malformed: false }
    }

    /// Whether what comes is a tunnel's.
    pub(super) fn is_tunnel(&self) -> bool {
        self.is_tunnel
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
            if buffer.remaining() == 0 || !self.body.is_empty() {
                return Poll::Ready(Ok(()));
            }
            let has_given = buffer.filled().len() > before;
            match self.poll_more(cx) {
                Poll::Ready(Ok(true)) => {}
                Poll::Ready(Ok(false)) if self.is_tunnel => return Poll::Ready(Ok(())),
                // An error is told again to whoever asks again.
                _ if has_given => return Poll::Ready(Ok(())),
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Ready(Ok(false)) | Poll::Pending => return Poll::Pending,
            }
        }
    }

    /// Copies what is here; the window is released with it, so that a client sends as fast as it is read.
    fn give(&mut self, buffer: &mut ReadBuf<'_>) {
        let held = self.body.held();
        let given = self.body.give(buffer.initialize_unfilled());
        buffer.advance(given);
        let released = held - self.body.held();
        if released > 0 {
            // Fails only where the window was released before, which it was not.
            let _ = self.stream.flow_control().release_capacity(released);
            if let Some(upload) = &mut self.upload {
                upload.read(released);
            }
        }
    }

    /// Gets the next piece; `false` where nothing more comes.
    fn poll_more(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<bool>> {
        if self.is_malformed {
            return Poll::Ready(Err(broken(Malformation::BadFrame)));
        }
        if self.body.has_ended() {
            return Poll::Ready(Ok(false));
        }
        while !self.is_past_data {
            match ready!(self.stream.poll_data(cx)) {
                Some(Ok(data)) if data.is_empty() => {}
                Some(Ok(data)) => {
                    let taken = self.body.data(data);
                    return Poll::Ready(self.judged(taken, Malformation::BadFrame));
                }
                Some(Err(error)) => return Poll::Ready(Err(gone(&error))),
                None => self.is_past_data = true,
            }
        }
        let trailers = ready!(self.stream.poll_trailers(cx)).map_err(|error| gone(&error))?;
        let taken = self.body.end(trailers.as_ref());
        Poll::Ready(self.judged(taken, Malformation::BadTrailer))
    }

    fn judged(&mut self, taken: Result<(), Untold>, what: Malformation) -> io::Result<bool> {
        taken.map(|()| true).map_err(|untold| {
            self.is_malformed = true;
            broken(if untold == Untold::BadLength { Malformation::BadFrame } else { what })
        })
    }
}
