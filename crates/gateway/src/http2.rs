//! An HTTP/2 connection of a client (RFC 9113): all its exchanges run in its one task.
//!
//! A stream presents itself to the engine as a connection that carries one HTTP/1.1 message each way (see
//! [`stream`]), so an exchange over HTTP/2 is an exchange like any other. Per turn of the task, requests are taken in,
//! every exchange that can go on goes on, and what all of them sent leaves in one write.

mod begin;
mod gather;
mod stream;
mod turn;

pub use stream::Stream;

use crate::client::{Client, ClientStream};
use crate::clock::{Moment, in_turns};
use crate::per_core::Core;
use futures_util::stream::{FuturesUnordered, StreamExt};
use gather::Gatherer;
use h2::server::{Builder, Connection};
use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use turn::Turn;

/// Whether the first bytes of a connection are those of HTTP/2 spoken without asking (RFC 9113 §3.3).
pub fn begins_with_preface(bytes: &[u8]) -> bool {
    let common = bytes.len().min(PREFACE.len());
    common >= SURE && bytes.get(..common) == PREFACE.get(..common)
}

/// Serves a connection until it closes; `ahead` was read from it already.
pub async fn serve(core: Rc<Core>, mut client: Client, ahead: &[u8]) {
    let socket = std::mem::replace(&mut client.stream, ClientStream::Lent);
    let gatherer = Gatherer::new(&core, socket, ahead);
    let until = Moment::now() + core.view().snapshot.plan.deadlines.head;
    let settings = settings(&core);
    let mut handshake = settings.handshake(gatherer.clone());
    let shaken = poll_fn(|cx| {
        let polled = Pin::new(&mut handshake).poll(cx);
        // What does not leave now leaves with the first turn.
        let _ = gatherer.poll_send(cx);
        if polled.is_ready() {
            return polled.map(Result::ok);
        }
        client.poll_deadline(cx, until).map(|()| None)
    })
    .await;
    let Some(connection) = shaken else { return };
    let mut served = Served {
        connection,
        gatherer,
        exchanges: FuturesUnordered::new(),
        turn: Turn::default(),
        quiet_since: Moment::now(),
        stuck_since: None,
        is_over: false,
        is_leaving: false,
        client,
        core,
    };
    in_turns(Box::pin(poll_fn(move |cx| served.poll(cx)))).await;
}

fn settings(core: &Core) -> Builder {
    let view = core.view();
    let plan = &view.snapshot.plan;
    let mut settings = Builder::new();
    // Fields cost more here than in the engine, which shall be the one to refuse: it answers and makes a record.
    settings
        .initial_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_concurrent_streams(plan.limits.streams)
        .max_header_list_size(u32::try_from(plan.limits.head.as_usize() * 2).unwrap_or(u32::MAX))
        .max_send_buffer_size(SEND_BUFFER)
        .max_concurrent_reset_streams(RESETS_REMEMBERED)
        .enable_connect_protocol();
    settings
}

/// A connection after its handshake.
struct Served {
    core: Rc<Core>,
    /// What is known of the client; its socket lies in the gatherer.
    client: Client,
    connection: Connection<Gatherer, bytes::Bytes>,
    gatherer: Gatherer,
    exchanges: FuturesUnordered<Pin<Box<dyn Future<Output = ()>>>>,
    turn: Turn,
    /// When the last exchange ended.
    quiet_since: Moment,
    /// Since when the client takes nothing of what waits for it.
    stuck_since: Option<Moment>,
    /// Whether no request can come any more.
    is_over: bool,
    /// Whether the client was told that no new request is taken.
    is_leaving: bool,
}

impl Served {
    /// One turn; ready when the connection is over and every exchange has seen it.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            self.turn.begin(cx.waker());
            let sent = self.poll_rounds(cx);
            let has_more = self.turn.end();
            let moved = self.gatherer.take_moved();
            match sent {
                Poll::Ready(Ok(())) => self.stuck_since = None,
                Poll::Ready(Err(_)) => {
                    self.is_over = true;
                    self.gatherer.give_up();
                }
                Poll::Pending if moved => self.stuck_since = Some(Moment::now()),
                Poll::Pending => {
                    self.stuck_since.get_or_insert_with(Moment::now);
                }
            }
            if self.is_over && self.exchanges.is_empty() {
                return self.poll_farewell(cx);
            }
            if has_more {
                // Enough for one turn: others on this core want to go on too.
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            if self.poll_deadline(cx).is_pending() {
                return Poll::Pending;
            }
        }
    }

    /// Takes requests in, lets exchanges go on, and sends; again where one made work for the other.
    fn poll_rounds(&mut self, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        let waker = self.turn.waker();
        let mut inner = Context::from_waker(&waker);
        for _ in 0..ROUNDS {
            self.turn.forget();
            while !self.is_over {
                match self.connection.poll_accept(&mut inner) {
                    Poll::Ready(Some(Ok((request, respond)))) => {
                        let exchange = begin::exchange(&self.core, &self.client, request, respond);
                        self.exchanges.push(Box::pin(exchange));
                        self.client.has_asked = true;
                    }
                    Poll::Ready(Some(Err(_)) | None) => self.is_over = true,
                    Poll::Pending => break,
                }
            }
            while let Poll::Ready(Some(())) = self.exchanges.poll_next_unpin(&mut inner) {
                self.quiet_since = Moment::now();
                self.turn.again();
            }
            if self.is_over || !self.turn.is_again() {
                break;
            }
        }
        let sent = self.gatherer.poll_send(cx);
        if sent.is_ready() && self.gatherer.take_was_full() {
            self.turn.again();
        }
        sent
    }

    /// Ends what has lasted too long. Ready when there is something to do about it.
    fn poll_deadline(&mut self, cx: &Context<'_>) -> Poll<()> {
        let view = self.core.view();
        let deadlines = &view.snapshot.plan.deadlines;
        if self.core.shared.is_draining() && !self.is_leaving {
            self.is_leaving = true;
            self.connection.graceful_shutdown();
            return Poll::Ready(());
        }
        if let Some(since) = self.stuck_since {
            ready!(self.client.poll_deadline(cx, since + deadlines.send));
            self.is_over = true;
            self.gatherer.give_up();
            return Poll::Ready(());
        }
        if !self.exchanges.is_empty() {
            // Each has its own deadlines. The drain wakes whoever has a timer.
            return self.client.poll_deadline(cx, Moment::now() + LONG);
        }
        let patience = if self.is_leaving { FAREWELL } else { deadlines.keep_alive };
        ready!(self.client.poll_deadline(cx, self.quiet_since + patience));
        if self.is_leaving {
            self.is_over = true;
        } else {
            self.is_leaving = true;
            self.quiet_since = Moment::now();
            self.connection.graceful_shutdown();
        }
        Poll::Ready(())
    }

    /// The last frames, and an orderly end of TLS.
    fn poll_farewell(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let since = *self.stuck_since.get_or_insert_with(Moment::now);
        // Whether the client took the farewell changes nothing.
        if self.gatherer.poll_close(cx).is_ready() {
            return Poll::Ready(());
        }
        self.client.poll_deadline(cx, since + FAREWELL)
    }
}

/// What a client sends first (RFC 9113 §3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// No method of HTTP/1.1 begins with these many bytes of it.
const SURE: usize = 4;

/// What a stream may send before we have read it; one buffer of the engine and some.
const STREAM_WINDOW: u32 = 64 << 10;

/// The same for all streams together: large enough for fast uploads far away.
const CONNECTION_WINDOW: u32 = 1 << 20;

/// What a stream may have waiting to be sent: the upstream is read only as fast as the client reads.
const SEND_BUFFER: usize = 64 << 10;

/// Streams that were reset and whose late frames are still ignored.
const RESETS_REMEMBERED: usize = 50;

/// Rounds of one turn: enough for exchanges whose upstream answers at once.
const ROUNDS: usize = 8;

/// How long the last frames may take.
const FAREWELL: Duration = Duration::from_secs(1);

/// Longer than anything that is waited for.
const LONG: Duration = Duration::from_secs(24 * 3600);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_preface_is_no_http_1_request() {
        assert!(begins_with_preface(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0"));
        assert!(begins_with_preface(b"PRI * HT"));
        for other in ["", "P", "PRI", "PRINT / HTTP/1.1", "PRI /x HTTP/1.1", "PUT / HTTP/1.1"] {
            assert!(!begins_with_preface(other.as_bytes()), "{other}");
        }
    }
}
