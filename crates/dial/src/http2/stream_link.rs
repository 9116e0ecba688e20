//! One stream as the engine sees it: a connection that carries one request and one response in the words of HTTP/1.1.

use super::answer::Answer;
use super::request::Request;
use super::{Shared, lock};
use crate::ending_of::ended;
use bytes::Bytes;
use h2::client::SendRequest;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A stream of an HTTP/2 connection. Dropped before its response has ended it is reset (`CANCEL`).
pub struct StreamLink {
    send: SendRequest<Bytes>,
    shared: Arc<Shared>,
    request: Request,
    answer: Answer,
}

impl StreamLink {
    pub(super) fn new(send: SendRequest<Bytes>, shared: Arc<Shared>) -> Self {
        shared.active.fetch_add(1, Ordering::Relaxed);
        shared.opened.fetch_add(1, Ordering::Relaxed);
        Self { send, shared, request: Request::default(), answer: Answer::default() }
    }

    /// Whether the connection below is encrypted.
    pub fn is_tls(&self) -> bool {
        self.shared.scheme == http::uri::Scheme::HTTPS
    }

    /// The first bytes of the peer, where it does not speak HTTP/2.
    pub fn first_bytes(&self) -> Option<&[u8]> {
        self.shared.first_bytes.get().map(|bytes| &**bytes)
    }

    /// Whether nothing is to be expected of the stream any more.
    pub fn has_ended(&self) -> bool {
        self.shared.ending.get().is_some()
    }

    /// Begins the stream once its head is written and, where it asks for an upgrade, the peer's settings are known.
    fn poll_begin(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.request.is_head_waiting() {
            return Poll::Ready(Ok(()));
        }
        if self.request.wants_upgrade() {
            ready!(self.shared.poll_settings(cx));
        }
        let begun = self.request.begin(&mut self.send, &self.shared.scheme);
        let begun = begun.map_err(|fault| ended(fault.ending(&self.shared)))?;
        self.answer.begin(begun);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for StreamLink {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let link = self.get_mut();
        if let Some(taken) = link.request.take_head(bytes) {
            // Should it have to wait for the settings, reading and flushing go on with it.
            let _ = link.poll_begin(cx)?;
            return Poll::Ready(Ok(taken));
        }
        ready!(link.poll_begin(cx))?;
        let shared = &link.shared;
        link.request.poll_body(cx, bytes).map_err(|fault| ended(fault.ending(shared)))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        // What was taken leaves by the connection's own task.
        self.get_mut().poll_begin(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let link = self.get_mut();
        Poll::Ready(link.request.end().map_err(|fault| ended(fault.ending(&link.shared))))
    }
}

impl AsyncRead for StreamLink {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let link = self.get_mut();
        ready!(link.poll_begin(cx))?;
        let shared = &link.shared;
        link.answer.poll_read(cx, buffer).map_err(|fault| ended(fault.ending(shared)))
    }
}

/// The socket of the whole connection: for options and facts.
impl AsFd for StreamLink {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.shared.socket.as_fd()
    }
}

impl Drop for StreamLink {
    fn drop(&mut self) {
        if self.request.is_sent()
            && let Some(stream) = self.answer.take_ending()
        {
            lock(&self.shared.ending_streams).push(stream);
        }
        self.shared.active.fetch_sub(1, Ordering::Relaxed);
    }
}
