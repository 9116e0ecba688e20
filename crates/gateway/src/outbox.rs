//! Bytes on their way to a socket, and the one way they get there.
//!
//! Heads and chunk framing are written into the box; body bytes that lie in a read buffer anyway are passed along
//! beside it, so that head and body leave in one system call without being copied together.

use crate::client::ClientStream;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::AsyncWrite;

/// Bytes queued for one socket.
#[derive(Debug, Default)]
pub struct Outbox {
    bytes: Vec<u8>,
    sent: usize,
}

impl Outbox {
    /// An empty box with room for `n` bytes.
    pub fn with_capacity(n: usize) -> Self {
        Self { bytes: Vec::with_capacity(n), sent: 0 }
    }

    /// Where to append what goes out next.
    pub fn bytes(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    /// Whether everything queued has gone out.
    pub fn is_empty(&self) -> bool {
        self.sent == self.bytes.len()
    }

    /// How much is still queued.
    pub fn len(&self) -> usize {
        self.bytes.len() - self.sent
    }

    /// Forgets what is queued and keeps the allocation.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.sent = 0;
    }

    /// Gives up allocations above `most` bytes; what is queued must have gone out.
    pub fn shrink(&mut self, most: usize) {
        self.clear();
        self.bytes.shrink_to(most);
    }

    /// Sends once: what is queued, and of `tail` what fits. Returns how much left for the kernel in all; what belongs
    /// to the queue is taken off it, the rest is the caller's to take off `tail` (see [`Sent::of_tail`]).
    pub fn poll_send<W: AsyncWrite + Unpin>(
        &mut self,
        cx: &mut Context<'_>,
        socket: &mut W,
        tail: &[u8],
    ) -> Poll<io::Result<Sent>> {
        let queued = self.queued();
        let socket = Pin::new(socket);
        let sent = if queued.is_empty() {
            ready!(socket.poll_write(cx, tail))
        } else if tail.is_empty() {
            ready!(socket.poll_write(cx, queued))
        } else {
            ready!(socket.poll_write_vectored(cx, &[IoSlice::new(queued), IoSlice::new(tail)]))
        }?;
        Poll::Ready(self.took(sent))
    }

    /// Sends once what is queued, to a client whose connection closes when all of it is gone.
    pub fn poll_send_last(
        &mut self,
        cx: &mut Context<'_>,
        client: &mut ClientStream,
    ) -> Poll<io::Result<Sent>> {
        let sent = ready!(client.poll_write_last(cx, self.queued()))?;
        Poll::Ready(self.took(sent))
    }

    fn queued(&self) -> &[u8] {
        self.bytes.get(self.sent..).unwrap_or_default()
    }

    /// The kernel took so many bytes.
    fn took(&mut self, sent: usize) -> io::Result<Sent> {
        if sent == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        let of_queue = sent.min(self.len());
        self.sent += of_queue;
        if self.is_empty() {
            self.clear();
        }
        Ok(Sent { all: sent, of_tail: sent - of_queue })
    }
}

/// What one write took.
#[derive(Clone, Copy, Debug)]
pub struct Sent {
    /// Bytes in all.
    pub all: usize,
    /// Bytes of the tail.
    pub of_tail: usize,
}
