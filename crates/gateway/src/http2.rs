//! An HTTP/2 connection of a client (RFC 9113): all its exchanges run in its one task.
//!
//! A stream presents itself to the engine as a connection that carries one HTTP/1.1 message each way (see
//! [`stream`]), so an exchange over HTTP/2 is an exchange like any other. Per turn of the task, requests are taken in,
//! every exchange that can go on goes on, and what all of them sent leaves in one write.

mod begin;
mod gather;
mod inlet;
mod settings;
mod stream;
mod toll;
mod turn;

pub use stream::Stream;

use crate::client::{Client, ClientStream};
use crate::clock::{Moment, in_turns};
use crate::origin::Origin;
use crate::outcome;
use crate::per_core::Core;
use crate::windows::{Grant, Uploads};
use futures_util::stream::{FuturesUnordered, StreamExt};
use gather::Gatherer;
use h2::Reason;
use h2::server::Connection;
use inlet::{Gate, Inlet};
use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use toll::Offence;
use torwart_cause::{Decision, Ending, Evidence, Fault, Malformation, Step};
use torwart_record::Protocol;
use turn::Turn;

/// Whether the first bytes of a connection are those of HTTP/2 spoken without asking (RFC 9113 §3.3).
pub fn begins_with_preface(bytes: &[u8]) -> bool {
    let common = bytes.len().min(PREFACE.len());
    common >= SURE && bytes.get(..common) == PREFACE.get(..common)
}

/// Serves a connection until it closes; `ahead` was read from it already.
pub async fn serve(core: Rc<Core>, client: Client, ahead: &[u8]) {
    // What the beginning needs is given back before the connection is idle.
    let Some(mut served) = Box::pin(begin(core, client, ahead)).await else { return };
    in_turns(Box::pin(poll_fn(move |cx| served.poll(cx)))).await;
}

/// Exchanges the first words; `None` where the client has none that are right.
async fn begin(core: Rc<Core>, mut client: Client, ahead: &[u8]) -> Option<Box<Served>> {
    let socket = std::mem::replace(&mut client.stream, ClientStream::Lent);
    let origin = origin(&core, &socket);
    let gatherer = Gatherer::new(&core, socket, ahead);
    let until = Moment::now() + core.view().snapshot.plan.deadlines.head;
    let (inlet, gate) = Inlet::new(gatherer.clone());
    let mut handshake = settings::of(&core.view().snapshot.plan.limits).handshake(inlet);
    let shaken = poll_fn(|cx| {
        let polled = Pin::new(&mut handshake).poll(cx);
        // What does not leave now leaves with the first turn.
        let _ = gatherer.poll_send(cx);
        if polled.is_ready() {
            return polled.map(Some);
        }
        if gate.was_shut() {
            // More than a preface can be.
            return Poll::Ready(None);
        }
        client.poll_deadline(cx, until).map(|()| None)
    })
    .await;
    let connection = match shaken {
        Some(Ok(connection)) => connection,
        Some(Err(error)) if error.is_library() => {
            tell(&core, &client, BROKEN, Step::default());
            return None;
        }
        Some(Err(_)) | None => return None,
    };
    Some(Box::new(Served {
        connection,
        gatherer,
        gate,
        uploads: Rc::default(),
        grant: None,
        origin,
        exchanges: FuturesUnordered::new(),
        turn: Turn::default(),
        quiet_since: Moment::now(),
        stuck_since: None,
        is_over: false,
        is_leaving: false,
        is_expelled: false,
        client,
        core,
    }))
}

/// Makes the record of what did not come as far as the engine.
#[cold]
fn tell(core: &Core, client: &Client, head: Step, guard: Step) {
    let mut evidence = Evidence::default();
    (evidence.client.head, evidence.local.guard) = (head, guard);
    outcome::record_unread(core, client.peer, Protocol::Http2, &evidence, Moment::now());
}

/// What the connection was made for, where it is TLS.
fn origin(core: &Core, socket: &ClientStream) -> Option<Rc<Origin>> {
    let ClientStream::Tls(stream) = socket else { return None };
    let view = core.view();
    Origin::of(stream.get_ref().1.server_name(), view.snapshot.certificates.as_deref()?).map(Rc::new)
}

/// A connection after its handshake.
struct Served {
    core: Rc<Core>,
    /// What is known of the client; its socket lies in the gatherer.
    client: Client,
    connection: Connection<Inlet, bytes::Bytes>,
    gatherer: Gatherer,
    gate: Rc<Gate>,
    uploads: Rc<Uploads>,
    /// For its large window.
    grant: Option<Grant>,
    /// What it was made for, where that is known.
    origin: Option<Rc<Origin>>,
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
    /// Whether it was told to go for what it has sent.
    is_expelled: bool,
}

impl Served {
    /// One turn; ready when the connection is over and every exchange has seen it.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            self.turn.begin(cx.waker());
            self.gate.open();
            let sent = self.poll_rounds(cx);
            let has_more = self.turn.end() || self.gate.was_shut();
            let moved = self.gatherer.take_moved();
            match sent {
                Poll::Ready(Ok(())) => self.stuck_since = None,
                Poll::Ready(Err(_)) => self.give_up(cx),
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
            self.take_in(&mut inner);
            while let Poll::Ready(Some(())) = self.exchanges.poll_next_unpin(&mut inner) {
                self.quiet_since = Moment::now();
                self.turn.again();
            }
            if self.is_over || !self.turn.is_again() {
                break;
            }
        }
        if self.uploads.take_wish() {
            self.open_window();
        }
        let was_full = self.gatherer.take_was_full();
        if !was_full && !self.is_over && !self.is_leaving {
            let refused = self.gate.toll.borrow_mut().settled();
            self.tell_refused(refused);
        }
        let sent = self.gatherer.poll_send(cx);
        if sent.is_ready() && was_full {
            self.turn.again();
        }
        sent
    }

    /// Opens the window for large uploads, if there is memory for it. What was granted once may be used at any time,
    /// so it is never taken back.
    #[cold]
    fn open_window(&mut self) {
        if self.grant.is_none()
            && let Some(grant) = Grant::take(&self.core.shared, settings::LARGE_WINDOW_COST)
        {
            self.grant = Some(grant);
            self.connection.set_target_window_size(settings::LARGE_WINDOW);
            // Told by the next round.
            self.turn.again();
        }
    }

    /// Takes in the requests that are here.
    fn take_in(&mut self, cx: &mut Context<'_>) {
        while !self.is_over {
            match self.connection.poll_accept(cx) {
                Poll::Ready(Some(Ok((request, mut respond)))) => {
                    let refused = self.gate.toll.borrow_mut().accepted(respond.stream_id().into());
                    self.tell_refused(refused);
                    self.client.has_asked = true;
                    if respond.poll_reset(cx).is_ready() {
                        // Given up in the breath in which it was made: nobody is troubled with it.
                        self.tell(GIVEN_UP, Step::default());
                        continue;
                    }
                    let exchange = begin::exchange(self, request, respond);
                    self.exchanges.push(Box::pin(exchange));
                }
                Poll::Ready(Some(Err(error))) => {
                    self.is_over = true;
                    self.tell_broken(&error);
                }
                Poll::Ready(None) => self.is_over = true,
                Poll::Pending => match self.gate.offence() {
                    Some(offence) if !self.is_expelled => self.expel(offence),
                    _ => break,
                },
            }
        }
    }

    fn expel(&mut self, offence: Offence) {
        self.is_expelled = true;
        let reason = match offence {
            Offence::Excess => {
                self.tell(Step::default(), TOO_MUCH);
                Reason::ENHANCE_YOUR_CALM
            }
            // The request has a record of its own.
            Offence::PseudoTrailer => Reason::PROTOCOL_ERROR,
        };
        self.connection.abrupt_shutdown(reason);
    }

    /// Nothing goes to the client any more: the layer below has to see it, so that every exchange does.
    fn give_up(&mut self, cx: &mut Context<'_>) {
        self.gatherer.give_up();
        self.take_in(cx);
        self.is_over = true;
    }

    /// Heads were refused by the layer below: malformed ones, unless there were too many streams.
    fn tell_refused(&mut self, count: usize) {
        let most = usize::try_from(self.core.view().snapshot.plan.limits.streams).unwrap_or(usize::MAX);
        if self.exchanges.len() < most {
            (0..count).for_each(|_| self.tell(BROKEN, Step::default()));
        }
    }

    /// The layer below has ended the connection, if it was not the client.
    fn tell_broken(&self, error: &h2::Error) {
        match error.reason() {
            _ if !error.is_library() => {}
            Some(Reason::ENHANCE_YOUR_CALM) => self.tell(Step::default(), TOO_MUCH),
            _ => self.tell(BROKEN, Step::default()),
        }
    }

    fn tell(&self, head: Step, guard: Step) {
        tell(&self.core, &self.client, head, guard);
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
            self.give_up(&mut Context::from_waker(cx.waker()));
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

/// A message that breaks the rules in a way that the layer below does not tell.
const BROKEN: Step = Step::Failed {
    ending: Ending::Malformed(Fault { what: Malformation::BadFrame, at: 0 }),
    after: Duration::ZERO,
};

/// The client gave its request up.
const GIVEN_UP: Step = Step::Failed { ending: Ending::Reset, after: Duration::ZERO };

/// The client asks for more work than it may.
const TOO_MUCH: Step = Step::Failed { ending: Ending::Decided(Decision::RateLimit), after: Duration::ZERO };

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
