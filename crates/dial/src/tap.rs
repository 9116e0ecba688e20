//! A transport that remembers the first bytes it read: when a handshake fails, they tell what answered instead.

use crate::Stream;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use torwart_cause::FIRST_BYTES;

/// A plain stream under TLS. It listens in until [`Tap::mute`] is called, then only passes through.
pub(crate) struct Tap {
    pub(crate) stream: Stream,
    heard: Option<Vec<u8>>,
}

impl Tap {
    pub(crate) fn new(stream: Stream) -> Self {
        Self { stream, heard: Some(Vec::new()) }
    }

    /// Forgets what was heard and stops listening.
    pub(crate) fn mute(&mut self) {
        self.heard = None;
    }

    /// What was heard, at most [`FIRST_BYTES`].
    pub(crate) fn heard(&self) -> &[u8] {
        self.heard.as_deref().unwrap_or_default()
    }
}

impl AsyncRead for Tap {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let result = Pin::new(&mut self.stream).poll_read(context, buffer);
        if let Some(heard) = &mut self.heard
            && let Some(new) = buffer.filled().get(before..)
        {
            let room = FIRST_BYTES.saturating_sub(heard.len());
            heard.extend(new.iter().take(room));
        }
        result
    }
}

impl AsyncWrite for Tap {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
