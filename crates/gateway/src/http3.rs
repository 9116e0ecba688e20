//! An HTTP/3 connection of a client (RFC 9114): its requests are taken here, and each runs in a task of its own.
//!
//! A stream presents itself to the engine as a connection that carries one HTTP/1.1 message each way (see [`stream`]), so
//! an exchange over HTTP/3 is an exchange like any other. Packets of all streams are put together by QUIC's own task.

mod begin;
mod endpoint;
mod handshake;
mod offer;
mod room;
mod settings;
mod stream;
mod tokens;
mod transport;

pub use endpoint::listen;
pub use offer::{is_overruled, offer, write_offer};
pub use stream::Stream;

use crate::client::Client;
use crate::clock::{Moment, in_turns};
use crate::origin::Origin;
use crate::outcome;
use crate::per_core::Core;
use bytes::Bytes;
use endpoint::Shaken;
use h3::error::{Code, ConnectionError, LocalError};
use h3::server::Connection;
use handshake::Handshake;
use quinn::Endpoint;
use quinn::crypto::rustls::HandshakeData;
use room::Room;
use std::cell::Cell;
use std::future::poll_fn;
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use torwart_cause::{Decision, Ending, Evidence, Fault, Malformation, Step};
use torwart_record::{Client as Peer, Protocol};
use transport::{Shared, Transport};

/// Serves a connection until it closes.
async fn serve(core: Rc<Core>, client: Client, shaken: Shaken, endpoint: Endpoint) {
    let Shaken { quic, handshake, pending } = shaken;
    let view = core.view();
    let deadline = view.snapshot.plan.deadlines.head;
    let list = settings::field_list(&view.snapshot.plan.limits);
    let said = quic.handshake_data().and_then(|data| data.downcast::<HandshakeData>().ok());
    let name = said.as_ref().and_then(|data| data.server_name.as_deref());
    let origin = view.snapshot.certificates.as_deref().and_then(|shown| Origin::of(name, shown)).map(Rc::new);
    drop(view);
    let transport = Transport::new(quic.clone(), list.saturating_add(AT_ONCE));
    let shared = transport.shared();
    let mut settings = h3::server::builder();
    settings.max_field_section_size(list as u64);
    let Ok(Ok(connection)) = tokio::time::timeout(deadline, settings.build(transport)).await else { return };
    let running = Rc::new(Running {
        count: Cell::new(0),
        quiet_since: Cell::new(Moment::now()),
        credit: Cell::new(CREDIT),
    });
    let begun = Moment::now();
    let shaking = Shaking { handshake, pending, begun };
    let room = Room::of(quic.clone(), std::sync::Arc::clone(&core.shared));
    let mut served =
        Served { core, client, connection, shared, origin, running, room, shaking, is_leaving: false };
    in_turns(Box::pin(served.run())).await;
    let is_draining = served.core.shared.is_draining();
    let is_expelled = served.running.credit.get() == 0;
    let reason = if is_expelled { Code::H3_EXCESSIVE_LOAD } else { Code::H3_NO_ERROR };
    quic.close(transport::code(reason), b"");
    if is_draining {
        // The process may end with its last connection, and the farewell has to go out before that.
        let _ = tokio::time::timeout(FAREWELL, endpoint.wait_idle()).await;
    }
}

/// A connection after its handshake.
struct Served {
    core: Rc<Core>,
    /// What is known of the client; it has no stream of its own.
    client: Client,
    connection: Connection<Transport, Bytes>,
    shared: Rc<Shared>,
    /// What it was made for, where that is known.
    origin: Option<Rc<Origin>>,
    running: Rc<Running>,
    room: Rc<Room>,
    shaking: Shaking,
    /// Whether the client was told that no new request is taken.
    is_leaving: bool,
}

/// The end of a handshake, which early data may go ahead of.
struct Shaking {
    handshake: Rc<Handshake>,
    pending: Option<quinn::ZeroRttAccepted>,
    begun: Moment,
}

/// The exchanges of a connection that run.
struct Running {
    count: Cell<usize>,
    /// When the last one ended.
    quiet_since: Cell<Moment>,
    /// How many more the client may give up: each costs as much as one that is answered, and brings nothing.
    credit: Cell<u32>,
}

/// One of them.
struct Run {
    running: Rc<Running>,
    /// Whether the client did not give it up.
    is_worth_it: bool,
}

impl Run {
    fn begin(running: &Rc<Running>) -> Self {
        running.count.set(running.count.get() + 1);
        Self { running: Rc::clone(running), is_worth_it: false }
    }

    /// Whether it is the only one.
    fn is_last(&self) -> bool {
        self.running.count.get() == 1
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        let Running { count, quiet_since, credit } = &*self.running;
        count.set(count.get() - 1);
        quiet_since.set(Moment::now());
        let left = credit.get();
        credit.set(if self.is_worth_it { (left + 1).min(CREDIT) } else { left.saturating_sub(1) });
    }
}

/// What is to be done, besides taking requests.
enum Event {
    /// The client is to be told that no new request is taken.
    Leave,
    /// The connection has ended, or is to end.
    Over,
    /// The client asks for more work than it may.
    Excess,
}

impl Served {
    async fn run(&mut self) {
        loop {
            match poll_fn(|cx| self.poll_event(cx)).await {
                Event::Leave => {
                    self.is_leaving = true;
                    self.shared.is_leaving.set(true);
                    self.running.quiet_since.set(Moment::now());
                    // The id of the first request that is not served (RFC 9114 §5.2). A client that does not hear it
                    // learns from the end of the connection.
                    let _ = tokio::time::timeout(FAREWELL, self.connection.shutdown(1)).await;
                }
                Event::Over => return,
                Event::Excess => {
                    let mut evidence = Evidence::default();
                    evidence.local.guard = TOO_MUCH;
                    record(&self.core, self.client.peer, &evidence, Moment::now());
                    return;
                }
            }
        }
    }

    /// Takes the requests that are here; ready when there is something else to do.
    fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<Event> {
        self.shaking.handshake.follow(self.room.connection(), &mut self.shaking.pending, cx);
        loop {
            if self.running.credit.get() == 0 {
                return Poll::Ready(Event::Excess);
            }
            // Whatever waits lies in the connection, so the future may be a new one each time.
            let accepted = pin!(self.connection.accept()).poll(cx);
            match accepted {
                Poll::Ready(Ok(Some(resolver))) => {
                    if let Some(accepted) = self.shared.newest.take() {
                        self.client.has_asked = true;
                        begin::exchange(self, resolver, accepted);
                    }
                }
                Poll::Ready(Ok(None)) => return Poll::Ready(Event::Over),
                Poll::Ready(Err(error)) => {
                    if is_violation(&error) {
                        tell(&self.core, self.client.peer, BROKEN, Moment::now());
                    }
                    return Poll::Ready(Event::Over);
                }
                Poll::Pending => return self.poll_deadline(cx),
            }
        }
    }

    fn poll_deadline(&mut self, cx: &Context<'_>) -> Poll<Event> {
        if self.shaking.pending.is_some() {
            let patience = self.core.view().snapshot.plan.deadlines.handshake;
            ready!(self.client.poll_deadline(cx, self.shaking.begun + patience));
            return Poll::Ready(Event::Over);
        }
        if self.core.shared.is_draining() && !self.is_leaving {
            return Poll::Ready(Event::Leave);
        }
        if self.running.count.get() > 0 {
            // Each has its own deadlines. The drain wakes whoever has a timer.
            ready!(self.client.poll_deadline(cx, Moment::now() + LONG));
        }
        let keep_alive = self.core.view().snapshot.plan.deadlines.keep_alive;
        let patience = if self.is_leaving { LAST_CALL } else { keep_alive };
        ready!(self.client.poll_deadline(cx, self.running.quiet_since.get() + patience));
        Poll::Ready(if self.is_leaving { Event::Over } else { Event::Leave })
    }
}

/// Whether it was us who ended the connection, because the client broke the rules.
fn is_violation(error: &ConnectionError) -> bool {
    let is_ours = matches!(error, ConnectionError::Local { error: LocalError::Application { .. }, .. });
    is_ours && !error.is_h3_no_error()
}

/// Makes the record of a request that did not come as far as the engine.
#[cold]
fn tell(core: &Core, peer: Peer, head: Step, begun: Moment) {
    let mut evidence = Evidence::default();
    evidence.client.head = head;
    record(core, peer, &evidence, begun);
}

fn record(core: &Core, peer: Peer, evidence: &Evidence, begun: Moment) {
    outcome::record_unread(core, peer, Protocol::Http3, evidence, begun);
}

/// A message that breaks the rules in a way that the layer below does not tell.
const BROKEN: Step = Step::Failed {
    ending: Ending::Malformed(Fault { what: Malformation::BadFrame, at: 0 }),
    after: Duration::ZERO,
};

/// The client asks for more work than it may.
const TOO_MUCH: Step = Step::Failed { ending: Ending::Decided(Decision::RateLimit), after: Duration::ZERO };

/// Requests that a client may give up in a row; browsers never come near.
const CREDIT: u32 = 400;

/// What a request stream may give at once besides the longest list of fields.
const AT_ONCE: usize = 128 << 10;

/// How long the last packets may take.
const FAREWELL: Duration = Duration::from_secs(1);

/// How long a connection without requests stays after it was told that it ends, so that the client hears of it.
const LAST_CALL: Duration = Duration::from_millis(250);

/// Longer than anything that is waited for.
const LONG: Duration = Duration::from_secs(24 * 3600);
