//! Windows of one connection: small ones at first, large ones where something large passes and there is memory for it.

use super::settings::{LARGE_SEND_WINDOW, LARGE_SEND_WINDOW_COST, LARGE_WINDOW, LARGE_WINDOW_COST};
use crate::shared::Shared;
use crate::windows::{Grant, Uploads};
use quinn::VarInt;
use std::cell::OnceCell;
use std::rc::Rc;
use std::sync::Arc;

/// The windows of a connection.
pub(super) struct Room {
    quic: quinn::Connection,
    shared: Arc<Shared>,
    pub(super) uploads: Rc<Uploads>,
    /// For what the client sends. What was granted once may be used at any time, so it is never taken back.
    receive: OnceCell<Grant>,
    /// For what is sent to it.
    send: OnceCell<Grant>,
}

impl Room {
    pub(super) fn of(quic: quinn::Connection, shared: Arc<Shared>) -> Rc<Self> {
        let (receive, send) = (OnceCell::new(), OnceCell::new());
        Rc::new(Self { quic, shared, uploads: Rc::default(), receive, send })
    }

    pub(super) const fn connection(&self) -> &quinn::Connection {
        &self.quic
    }

    /// Uploads may want more.
    pub(super) fn for_uploads(&self) {
        if self.uploads.take_wish() && self.grant(&self.receive, LARGE_WINDOW_COST) {
            self.quic.set_receive_window(VarInt::from_u32(LARGE_WINDOW));
        }
    }

    /// An answer is large.
    pub(super) fn for_answer(&self) {
        if self.grant(&self.send, LARGE_SEND_WINDOW_COST) {
            self.quic.set_send_window(LARGE_SEND_WINDOW);
        }
    }

    /// Whether there is a grant now that was not there before.
    fn grant(&self, place: &OnceCell<Grant>, bytes: usize) -> bool {
        place.get().is_none()
            && Grant::take(&self.shared, bytes).is_some_and(|grant| place.set(grant).is_ok())
    }
}
