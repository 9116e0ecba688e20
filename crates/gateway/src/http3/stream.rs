//! A stream that presents itself as a connection with one HTTP/1.1 message each way.
//!
//! The engine reads the request's body from it, framed as its head said, and writes an HTTP/1.1 response to it.

mod incoming;
mod outgoing;

pub(super) use incoming::Incoming;
pub(super) use outgoing::Outgoing;

use super::handshake::Handshake;
use super::room::Room;
use super::settings::LARGE_ANSWER;
use super::transport::Stopped;
use crate::origin::Origin;
use crate::streams::broken;
use crate::windows::Upload;
use h3::error::{Code, StreamError};
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use torwart_cause::{Ending, Limit, Malformation};
use torwart_dial::ending_of::ended;

/// One stream of a client's HTTP/3 connection.
pub struct Stream {
    incoming: Incoming,
    outgoing: Outgoing,
    /// What becomes of the answer; nothing once that is known.
    stopped: Option<Stopped>,
    /// What its connection was made for, where that is known.
    origin: Option<Rc<Origin>>,
    handshake: Rc<Handshake>,
    room: Rc<Room>,
    /// Counts it among the uploads, where there is a body to come.
    upload: Option<Upload>,
    /// Bytes of the answer so far.
    written: usize,
    /// Whether the client was the one who did not go on.
    is_given_up: bool,
}

/// What a stream knows of its connection.
pub(super) struct On {
    pub(super) origin: Option<Rc<Origin>>,
    pub(super) handshake: Rc<Handshake>,
    pub(super) room: Rc<Room>,
}

impl Stream {
    pub(super) fn new(
        incoming: Incoming,
        outgoing: Outgoing,
        stopped: Stopped,
        connection: On,
        has_body: bool,
    ) -> Self {
        let On { origin, handshake, room } = connection;
        let upload = has_body.then(|| Upload::begin(&room.uploads));
        room.for_uploads();
        let (stopped, written, is_given_up) = (Some(stopped), 0, false);
        Self { incoming, outgoing, stopped, origin, handshake, room, upload, written, is_given_up }
    }

    /// Whether the handshake of its connection is not complete yet.
    pub fn is_early(&self) -> bool {
        !self.handshake.is_complete()
    }

    /// What its connection was made for, where that is known.
    pub fn origin(&self) -> Option<&Origin> {
        self.origin.as_deref()
    }

    /// Whether the client gave the request up, or broke the rules with it.
    pub(super) fn is_given_up(&self) -> bool {
        self.is_given_up
    }

    /// Ends the answer: as the whole one where it is that, else by a reset. Waits until the client has it, because the
    /// connection may close after the last one.
    pub(super) async fn close(mut self, is_whole: bool, patience: Duration) {
        let Self { outgoing, stopped, .. } = &mut self;
        let ended = async {
            if outgoing.finish(is_whole).await.is_ok()
                && let Some(stopped) = stopped
            {
                // Whether the client has it, or wants it no more, changes nothing.
                let _ = stopped.await;
            }
        };
        // A client that does not take it until then gets a reset.
        let _ = tokio::time::timeout(patience, ended).await;
    }

    /// Ready when the client reads no more. Its connection's end counts too.
    fn poll_gone(&mut self, cx: &mut Context<'_>) -> Poll<io::Error> {
        let Some(stopped) = &mut self.stopped else { return Poll::Pending };
        let known = ready!(stopped.as_mut().poll(cx));
        self.stopped = None;
        match known {
            // It has everything.
            Ok(None) => Poll::Pending,
            Ok(Some(_)) | Err(_) => Poll::Ready(io::ErrorKind::ConnectionReset.into()),
        }
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        match this.incoming.poll_read(cx, buffer) {
            Poll::Ready(Ok(())) => {
                if let Some(upload) = &mut this.upload {
                    upload.read(buffer.filled().len() - before);
                    this.room.for_uploads();
                }
                return Poll::Ready(Ok(()));
            }
            Poll::Ready(Err(error)) => {
                this.is_given_up = true;
                if this.incoming.is_malformed() {
                    this.outgoing.reset(Code::H3_MESSAGE_ERROR);
                }
                return Poll::Ready(Err(error));
            }
            Poll::Pending => {}
        }
        // Nothing more will come of the request, or not yet: what may come is that the client gives up.
        let gone = ready!(this.poll_gone(cx));
        this.is_given_up = true;
        Poll::Ready(Err(gone))
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let taken = ready!(this.outgoing.poll_write(cx, bytes))?;
        let before = this.written;
        this.written += taken;
        if before < LARGE_ANSWER && this.written >= LARGE_ANSWER {
            this.room.for_answer();
        }
        Poll::Ready(Ok(taken))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_mut().outgoing.poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_mut().outgoing.poll_flush(cx)
    }
}

/// An error of the HTTP/3 layer as the engine knows it: the client is gone, or has broken the rules.
pub(super) fn gone(error: &StreamError) -> io::Error {
    match error {
        StreamError::StreamError { .. } => broken(Malformation::BadFrame),
        StreamError::ConnectionError { 0: error, .. } if super::is_violation(error) => {
            broken(Malformation::BadFrame)
        }
        StreamError::HeaderTooBig { .. } => ended(Ending::TooLarge(Limit::Trailers)),
        _ => io::ErrorKind::ConnectionReset.into(),
    }
}
