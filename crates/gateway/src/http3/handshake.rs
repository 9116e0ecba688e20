//! Whether a connection's handshake is complete: what comes before that may be somebody's repetition of what the client
//! sent once (RFC 8470).

use std::cell::Cell;
use std::pin::Pin;
use std::task::Context;
use tokio::sync::Notify;

/// The handshake of one connection.
#[derive(Default)]
pub(super) struct Handshake {
    is_complete: Cell<bool>,
    completed: Notify,
}

impl Handshake {
    /// One that is over.
    pub(super) fn complete() -> Self {
        Self { is_complete: Cell::new(true), completed: Notify::new() }
    }

    /// Whether the client has proven that it is there now.
    pub(super) fn is_complete(&self) -> bool {
        self.is_complete.get()
    }

    /// Waits for that. Who waits has a deadline of its own.
    pub(super) async fn completed(&self) {
        while !self.is_complete.get() {
            self.completed.notified().await;
        }
    }

    /// Follows what QUIC says of it on this connection.
    pub(super) fn follow(
        &self,
        quic: &quinn::Connection,
        pending: &mut Option<quinn::ZeroRttAccepted>,
        cx: &mut Context<'_>,
    ) {
        let Some(accepted) = pending else { return };
        // What it says besides that it is over is meant for clients.
        if Pin::new(accepted).poll(cx).is_ready() {
            *pending = None;
            self.is_complete.set(quic.close_reason().is_none());
            self.completed.notify_waiters();
        }
    }
}
