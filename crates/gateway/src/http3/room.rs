//! Windows of one connection: small ones at first, large ones where something large passes and there is memory for it.

use super::settings::{
    LARGE_SEND_WINDOW, LARGE_SEND_WINDOW_COST, LARGE_WINDOW, LARGE_WINDOW_COST, SMALL_WINDOW,
};
use crate::shared::Shared;
use crate::windows::{Grant, Uploads};
use quinn::VarInt;
use std::cell::{Cell, OnceCell};
use std::rc::Rc;
use std::sync::Arc;

/// The windows of a connection.
pub(super) struct Room {
    quic: quinn::Connection,
    shared: Arc<Shared>,
    pub(super) uploads: Rc<Uploads>,
    /// For what the client sends. What was granted once may be used at any time, so it is never taken back.
    receive: OnceCell<Grant>,
    /// For what is sent to it: while there is something to send.
    send: Cell<Option<Grant>>,
}

impl Room {
    pub(super) fn of(quic: quinn::Connection, shared: Arc<Shared>) -> Rc<Self> {
        let (uploads, receive, send) = (Rc::default(), OnceCell::new(), Cell::new(None));
        Rc::new(Self { quic, shared, uploads, receive, send })
    }

    pub(super) const fn connection(&self) -> &quinn::Connection {
        &self.quic
    }

    /// Uploads may want more.
    pub(super) fn for_uploads(&self) {
        if self.uploads.take_wish()
            && self.receive.get().is_none()
            && let Some(grant) = Grant::take(&self.shared, LARGE_WINDOW_COST)
            && self.receive.set(grant).is_ok()
        {
            self.quic.set_receive_window(VarInt::from_u32(LARGE_WINDOW));
        }
    }

    /// An answer is large.
    pub(super) fn for_answer(&self) {
        let grant = self.send.take().or_else(|| Grant::take(&self.shared, LARGE_SEND_WINDOW_COST));
        if grant.is_some() {
            self.quic.set_send_window(LARGE_SEND_WINDOW);
        }
        self.send.set(grant);
    }

    /// Nothing is answered now: what is under way is ours, so others may have the memory.
    pub(super) fn rest(&self) {
        if self.send.take().is_some() {
            self.quic.set_send_window(SMALL_WINDOW.into());
        }
    }
}
