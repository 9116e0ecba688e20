//! Gathers what a connection sends in a turn, so that it leaves in one write.

use crate::client::ClientStream;
use crate::per_core::Core;
use std::cell::RefCell;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use torwart_dial::http2::gather::Pack;

/// The socket as the HTTP/2 layer sees it: whatever it writes is taken at once, up to a limit, and flushed never.
#[derive(Clone)]
pub(super) struct Gatherer(Rc<RefCell<Gathered>>);

struct Gathered {
    core: Rc<Core>,
    socket: ClientStream,
    /// Bytes that were read before the HTTP/2 layer saw the socket.
    ahead: Vec<u8>,
    /// What waits to be sent; its room is the core's while nothing does.
    out: Pack,
    /// Whether the HTTP/2 layer wanted to write and could not.
    was_full: bool,
    /// Whether the socket took bytes since this was last asked.
    has_moved: bool,
    is_dead: bool,
}

impl Gatherer {
    pub(super) fn new(core: &Rc<Core>, socket: ClientStream, ahead: &[u8]) -> Self {
        Self(Rc::new(RefCell::new(Gathered {
            core: Rc::clone(core),
            socket,
            ahead: ahead.to_vec(),
            out: Pack::default(),
            was_full: false,
            has_moved: false,
            is_dead: false,
        })))
    }

    /// Sends what was gathered; ready when all of it has gone.
    pub(super) fn poll_send(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let gathered = &mut *self.0.borrow_mut();
        let before = gathered.out.waiting();
        let sent = gathered.out.poll_send(&mut gathered.socket, cx);
        gathered.has_moved |= gathered.out.waiting() < before;
        ready!(sent)?;
        gathered.give_room_back();
        Pin::new(&mut gathered.socket).poll_flush(cx)
    }

    /// Sends the rest and ends our side in an orderly way.
    pub(super) fn poll_close(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.0.borrow().is_dead {
            return Poll::Ready(Ok(()));
        }
        ready!(self.poll_send(cx))?;
        Pin::new(&mut self.0.borrow_mut().socket).poll_shutdown(cx)
    }

    /// Whether the socket took bytes since this was last asked.
    pub(super) fn take_moved(&self) -> bool {
        std::mem::take(&mut self.0.borrow_mut().has_moved)
    }

    /// Whether somebody wanted to write and could not, since this was last asked.
    pub(super) fn take_was_full(&self) -> bool {
        std::mem::take(&mut self.0.borrow_mut().was_full)
    }

    /// The client takes nothing any more: whatever is read or written from now on fails.
    pub(super) fn give_up(&self) {
        self.0.borrow_mut().is_dead = true;
    }
}

impl Gathered {
    fn give_room_back(&mut self) {
        let room = self.out.take_room();
        if (1..=KEPT).contains(&room.capacity()) {
            self.core.packs.give(room);
        }
    }
}

impl AsyncRead for Gatherer {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let gathered = &mut *self.0.borrow_mut();
        if gathered.is_dead {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        if gathered.ahead.is_empty() {
            return Pin::new(&mut gathered.socket).poll_read(cx, buffer);
        }
        let taken = gathered.ahead.len().min(buffer.remaining());
        buffer.put_slice(gathered.ahead.get(..taken).unwrap_or_default());
        gathered.ahead.drain(..taken);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Gatherer {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, &[IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let gathered = &mut *self.0.borrow_mut();
        if gathered.is_dead {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        if gathered.out.is_full() {
            // The turn asks again when the socket has taken it.
            gathered.was_full = true;
            return Poll::Pending;
        }
        if gathered.out.room() == 0 {
            gathered.out.use_room(gathered.core.packs.take().unwrap_or_default());
        }
        Poll::Ready(Ok(gathered.out.add(slices)))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// The most room that is given back for others to use.
const KEPT: usize = 64 << 10;
