//! The socket as the HTTP/2 layer sees it, with a toll on what comes in and a bound to what one turn takes.

use super::gather::Gatherer;
use super::toll::{Offence, Toll};
use crate::clock::Moment;
use std::cell::{Cell, RefCell};
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// What the HTTP/2 layer reads from and writes to.
pub(super) struct Inlet {
    gatherer: Gatherer,
    gate: Rc<Gate>,
}

/// The same, seen from the connection that drives it.
pub(super) struct Gate {
    pub(super) toll: RefCell<Toll>,
    /// Bytes that may still be read in this turn.
    left: Cell<usize>,
    /// Whether there may be more to read than this turn takes.
    was_shut: Cell<bool>,
    /// Why nothing more is read from the client.
    offence: Cell<Option<Offence>>,
}

impl Inlet {
    pub(super) fn new(gatherer: Gatherer) -> (Self, Rc<Gate>) {
        let gate = Rc::new(Gate {
            toll: RefCell::new(Toll::new(Moment::now())),
            left: Cell::new(TURN),
            was_shut: Cell::new(false),
            offence: Cell::new(None),
        });
        (Self { gatherer, gate: Rc::clone(&gate) }, gate)
    }
}

impl Gate {
    /// A turn begins.
    pub(super) fn open(&self) {
        self.left.set(TURN);
        self.was_shut.set(false);
    }

    /// Whether there may be more to read than this turn took.
    pub(super) fn was_shut(&self) -> bool {
        self.was_shut.get()
    }

    /// Why the connection cannot go on. Nothing more is read from it.
    pub(super) fn offence(&self) -> Option<Offence> {
        self.offence.get()
    }

    /// A request was malformed.
    pub(super) fn malformed(&self) {
        if let Err(offence) = self.toll.borrow_mut().malformed(Moment::now()) {
            self.offence.set(Some(offence));
        }
    }
}

impl AsyncRead for Inlet {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let left = this.gate.left.get();
        if this.gate.offence.get().is_some() || left == 0 {
            // The turn that comes next reads on.
            this.gate.was_shut.set(true);
            return Poll::Pending;
        }
        let before = buffer.filled().len();
        ready!(Pin::new(&mut this.gatherer).poll_read(cx, buffer))?;
        let read = buffer.filled().get(before..).unwrap_or_default();
        this.gate.left.set(left.saturating_sub(read.len()));
        if let Err(offence) = this.gate.toll.borrow_mut().receive(read, Moment::now()) {
            this.gate.offence.set(Some(offence));
            buffer.set_filled(before);
            return Poll::Pending;
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Inlet {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, &[IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = ready!(Pin::new(&mut this.gatherer).poll_write_vectored(cx, slices))?;
        this.gate.toll.borrow_mut().send(written);
        Poll::Ready(Ok(written))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().gatherer).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().gatherer).poll_shutdown(cx)
    }
}

/// What is read in one turn: a few thousand frames at worst, so that others on this core go on within milliseconds.
const TURN: usize = 64 << 10;
