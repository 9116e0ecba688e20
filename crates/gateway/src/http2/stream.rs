//! A stream that presents itself as a connection with one HTTP/1.1 message each way.
//!
//! The engine reads the request's body from it, framed as its head said, and writes an HTTP/1.1 response to it. What it
//! wrote becomes frames at once: the connection sends them at the end of the turn.

mod incoming;
mod outgoing;

use super::Served;
use crate::origin::Origin;
use crate::streams::broken;
use bytes::Bytes;
use h2::server::SendResponse;
use h2::{Reason, RecvStream};
use incoming::Incoming;
use outgoing::Outgoing;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use torwart_cause::Malformation;
use torwart_wire::Framing;

/// One stream of a client's HTTP/2 connection.
pub struct Stream {
    incoming: Incoming,
    outgoing: Outgoing,
    /// What its connection was made for, where that is known.
    origin: Option<Rc<Origin>>,
}

impl Stream {
    /// A stream whose request head was read; its body is framed for the engine as `framing` says.
    pub(super) fn new(
        body: RecvStream,
        respond: SendResponse<Bytes>,
        framing: Framing,
        is_head: bool,
        is_tunnel: bool,
        connection: &Served,
    ) -> Self {
        let incoming = Incoming::new(body, framing, is_tunnel, &connection.uploads);
        Self { incoming, outgoing: Outgoing::new(respond, is_head), origin: connection.origin.clone() }
    }

    /// Whether its request is an extended CONNECT (RFC 8441).
    pub fn is_tunnel(&self) -> bool {
        self.incoming.is_tunnel()
    }

    /// What its connection was made for, where that is known.
    pub fn origin(&self) -> Option<&Origin> {
        self.origin.as_deref()
    }

    /// The whole answer was written.
    pub(super) fn finish(&mut self) {
        self.outgoing.finish();
    }

    /// What was written is not the whole answer, and must not look so (RFC 9113 §8.1).
    pub(super) fn abort(&mut self) {
        self.outgoing.abort();
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        match this.incoming.poll_read(cx, buffer) {
            Poll::Ready(Ok(())) => return Poll::Ready(Ok(())),
            Poll::Ready(Err(error)) => {
                if this.incoming.is_malformed() {
                    this.outgoing.reset(Reason::PROTOCOL_ERROR);
                }
                return Poll::Ready(Err(error));
            }
            Poll::Pending => {}
        }
        // Nothing more will come of the request, or not yet: what may come is that the client gives up.
        let gone = ready!(this.outgoing.poll_reset(cx));
        Poll::Ready(Err(gone))
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.get_mut().outgoing.poll_write(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_mut().outgoing.finish();
        Poll::Ready(Ok(()))
    }
}

/// An error of the HTTP/2 layer as the engine knows it: the client is gone, or has broken the rules.
fn gone(error: &h2::Error) -> io::Error {
    match error.get_io() {
        Some(error) => error.kind().into(),
        None if error.is_library() => broken(Malformation::BadFrame),
        None => io::ErrorKind::ConnectionReset.into(),
    }
}
