//! One write per turn: a socket whose writes are gathered until somebody sends them all at once.
//!
//! The `h2` crate flushes its socket whenever it is polled, which is far too often where many streams share a
//! connection. It gets a [`Gather`] instead: what is written lies in a buffer, and a flush is done at once as long as
//! that has room. The connection's task keeps the other end, an [`Outlet`], and sends once per turn.

use crate::ending_of;
use std::cell::{Ref, RefCell};
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use torwart_cause::{Deadline, Ending, FIRST_BYTES};

/// Bytes that wait for a socket.
#[derive(Debug, Default)]
pub struct Pack {
    bytes: Vec<u8>,
    /// So many of them have left.
    sent: usize,
}

impl Pack {
    /// Bytes that wait.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.bytes.len() - self.sent
    }

    /// Whether so many wait that more have to.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.waiting() >= MOST
    }

    /// How many bytes it has room for.
    #[must_use]
    pub fn room(&self) -> usize {
        self.bytes.capacity()
    }

    /// Takes another's room, where it has none.
    pub fn use_room(&mut self, room: Vec<u8>) {
        if self.bytes.is_empty() {
            self.bytes = room;
        }
    }

    /// Gives its room away, which is blank: everything must have left.
    pub fn take_room(&mut self) -> Vec<u8> {
        let mut room = std::mem::take(&mut self.bytes);
        self.sent = 0;
        room.clear();
        room
    }

    /// Adds all of this; says how much it was.
    pub fn add(&mut self, slices: &[IoSlice<'_>]) -> usize {
        let before = self.bytes.len();
        slices.iter().for_each(|slice| self.bytes.extend_from_slice(slice));
        self.bytes.len() - before
    }

    /// Writes what waits; ready when all of it has left.
    ///
    /// # Errors
    ///
    /// The socket fails, or takes nothing for good.
    pub fn poll_send<S: AsyncWrite + Unpin>(
        &mut self,
        socket: &mut S,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        while let Some(rest) = self.bytes.get(self.sent..).filter(|rest| !rest.is_empty()) {
            let sent = ready!(Pin::new(&mut *socket).poll_write(cx, rest))?;
            if sent == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.sent += sent;
        }
        self.bytes.clear();
        self.sent = 0;
        Poll::Ready(Ok(()))
    }
}

/// The socket as the `h2` crate sees it.
pub struct Gather<S>(Rc<RefCell<Gathered<S>>>);

/// The same socket as its task sees it.
pub struct Outlet<S>(Rc<RefCell<Gathered<S>>>);

struct Gathered<S> {
    socket: S,
    pack: Pack,
    /// Whether somebody was told to wait for room.
    is_waited_for: bool,
    heard: Heard,
}

/// What came in over a socket.
#[derive(Debug, Default)]
pub struct Heard {
    /// Bytes in all.
    pub bytes: u64,
    /// The first ones.
    pub first: Vec<u8>,
    /// How it ended, if it did.
    pub end: Option<Ending>,
}

/// Two ends for one socket.
pub fn gather<S>(socket: S) -> (Gather<S>, Outlet<S>) {
    let gathered = Gathered { socket, pack: Pack::default(), is_waited_for: false, heard: Heard::default() };
    let shared = Rc::new(RefCell::new(gathered));
    (Gather(Rc::clone(&shared)), Outlet(shared))
}

impl<S: AsyncWrite + Unpin> Outlet<S> {
    /// Sends what was gathered. Ready when all of it has left.
    pub fn poll_send(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.borrow_mut().poll_send(cx)
    }

    /// Whether somebody waits for room that a send has made since: they have to be polled again.
    pub fn take_waited_for(&self) -> bool {
        let mut gathered = self.0.borrow_mut();
        let has_room = !gathered.pack.is_full();
        has_room && std::mem::take(&mut gathered.is_waited_for)
    }

    /// Bytes that wait to be sent.
    pub fn waiting(&self) -> usize {
        self.0.borrow().pack.waiting()
    }

    /// What came in so far.
    pub fn heard(&self) -> Ref<'_, Heard> {
        Ref::map(self.0.borrow(), |gathered| &gathered.heard)
    }
}

impl<S: AsyncWrite + Unpin> Gathered<S> {
    fn poll_send(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.pack.waiting() == 0 {
            return Poll::Ready(Ok(()));
        }
        ready!(self.pack.poll_send(&mut self.socket, cx))?;
        self.pack.bytes.shrink_to(KEPT);
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    /// Ready when there is room for more.
    fn poll_room(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.pack.is_full() {
            return Poll::Ready(Ok(()));
        }
        if self.poll_send(cx)?.is_pending() && self.pack.is_full() {
            self.is_waited_for = true;
            return Poll::Pending;
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Gather<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let mut gathered = self.0.borrow_mut();
        let before = buffer.filled().len();
        let result = ready!(Pin::new(&mut gathered.socket).poll_read(cx, buffer));
        let heard = &mut gathered.heard;
        let new = buffer.filled().get(before..).unwrap_or_default();
        match &result {
            Ok(()) if new.is_empty() => heard.end = Some(Ending::Closed),
            Ok(()) => {
                heard.bytes += new.len() as u64;
                let room = FIRST_BYTES.saturating_sub(heard.first.len());
                heard.first.extend(new.iter().take(room));
            }
            Err(error) => heard.end = Some(ending_of(error, Deadline::BetweenBytes)),
        }
        Poll::Ready(result)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Gather<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let mut gathered = self.0.borrow_mut();
        ready!(gathered.poll_room(cx))?;
        Poll::Ready(Ok(gathered.pack.add(&[IoSlice::new(bytes)])))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let mut gathered = self.0.borrow_mut();
        ready!(gathered.poll_room(cx))?;
        Poll::Ready(Ok(gathered.pack.add(slices)))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.borrow_mut().poll_room(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut gathered = self.0.borrow_mut();
        ready!(gathered.poll_send(cx))?;
        Pin::new(&mut gathered.socket).poll_shutdown(cx)
    }
}

/// Once this much lies there, writes wait for the socket.
const MOST: usize = 256 << 10;

/// The buffer's size between turns.
const KEPT: usize = 16 << 10;
