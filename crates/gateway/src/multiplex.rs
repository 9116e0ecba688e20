//! HTTP/2 connections to one upstream, on one core: every exchange gets a stream of one that has room.
//!
//! A new connection is made when none has room, one at a time and by a task of its own: the exchanges that need it wait
//! together, and one that leaves spoils nothing for the others. Where the upstream may choose (`protocol = "auto"`) and
//! chooses HTTP/1.1, links are made as usual. Dropping the handle of a connection ends it politely once its streams have
//! ended; so does a reload that takes the upstream away.

use crate::clock::Moment;
use crate::connect::{dial, given_up};
use crate::exchange::Exchange;
use crate::per_core::Core;
use crate::pool::{Keep, Link};
use crate::request_head::offered_upgrade;
use crate::view::{UpstreamView, View};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use torwart_cause::{Address, Attempt, Cause, Ending, Step, TlsFault, attempt_cause};
use torwart_config::plan::{self, Protocol};
use torwart_dial::http2::{self, Streams};
use torwart_dial::{Deadlines, Stop, Stream, Target, open};
use torwart_record::{LinkGuard, LinkState};

/// The connections to one upstream that carry many exchanges each.
pub struct Multiplex {
    protocol: Protocol,
    connections: RefCell<Vec<Connection>>,
    /// The connection that is being made.
    opening: RefCell<Option<Rc<Opening>>>,
    /// Until when the upstream is held to speak HTTP/1.1 only.
    http1_until: Cell<Option<Moment>>,
}

/// A connection.
struct Connection {
    streams: Streams,
    address: Address,
    guard: LinkGuard,
    /// Streams opened when it was looked at last, and since when it has been quiet.
    seen: u64,
    quiet_since: Moment,
}

/// A connection under way, and who waits for it.
#[derive(Default)]
struct Opening {
    outcome: RefCell<Option<Outcome>>,
    waiting: RefCell<Vec<Waker>>,
}

/// What became of it; each with how it went.
enum Outcome {
    /// It carries streams.
    Shared(Attempt),
    /// It speaks HTTP/1.1: a link for whoever takes it first.
    Single(Attempt, Option<Box<Link>>),
    /// It failed.
    Failed(Attempt),
}

impl Multiplex {
    /// For upstreams that are spoken to like this; `None` where every exchange has a link of its own.
    pub fn of(protocol: Protocol) -> Option<Self> {
        (protocol != Protocol::Http1).then(|| Self {
            protocol,
            connections: RefCell::default(),
            opening: RefCell::default(),
            http1_until: Cell::new(None),
        })
    }

    /// Lets go of connections that have ended, will end, or have been quiet for too long.
    pub fn sweep(&self, keep: Keep, now: Moment) {
        self.connections.borrow_mut().retain_mut(|connection| {
            let opened = connection.streams.opened();
            let is_active = connection.streams.active() > 0;
            if is_active || std::mem::replace(&mut connection.seen, opened) != opened {
                connection.quiet_since = now;
            }
            connection.guard.set(if is_active { LinkState::Active } else { LinkState::Idle });
            let is_kept = is_active || (keep.links > 0 && now.since(connection.quiet_since) < keep.time);
            is_kept && connection.streams.is_usable()
        });
    }

    /// A stream of a connection with room; where no further connection may be made, of the one with the fewest. `fresh`
    /// asks for the newest connection, because an older one has just failed.
    fn stream(&self, fresh: bool) -> Option<Link> {
        let mut connections = self.connections.borrow_mut();
        connections.retain_mut(|connection| connection.streams.is_usable());
        let is_full = connections.len() >= MOST_CONNECTIONS;
        let chosen = match connections.iter().rev().find(|connection| connection.streams.has_room()) {
            Some(_) if fresh && connections.len() < MOST_CONNECTIONS => return None,
            Some(connection) => connection,
            None if is_full => connections.iter().min_by_key(|connection| connection.streams.active())?,
            None => return None,
        };
        Some(chosen.link())
    }

    /// A stream of the connection that was made last.
    fn newest(&self) -> Option<Link> {
        let mut connections = self.connections.borrow_mut();
        let newest = connections.last_mut()?;
        newest.streams.is_usable().then(|| newest.link())
    }

    fn holds_http1(&self) -> bool {
        self.http1_until.get().is_some_and(|until| Moment::now() < until)
    }
}

/// Tells the upstreams of a core that its connections end, before its runtime does.
pub async fn farewell(core: &Core) {
    let view = core.view();
    let all = view.pools.iter().flat_map(|pool| &pool.upstreams).filter_map(|one| one.multiplex.as_ref());
    let mut is_over = true;
    for multiplex in all {
        is_over &= multiplex.connections.take().is_empty();
    }
    // Their tasks need a turn or two for it. Whoever does not take the farewell at once goes without.
    for _ in 0..if is_over { 0 } else { FAREWELL_TURNS } {
        tokio::task::yield_now().await;
    }
}

impl Connection {
    fn link(&self) -> Link {
        Link { stream: self.streams.open().into(), address: self.address.clone(), guard: None }
    }
}

/// A link for one exchange: a stream, or one of its own where the upstream speaks HTTP/1.1.
pub async fn link(x: &mut Exchange<'_>, upstream: &Rc<UpstreamView>, pool: usize) -> Result<Link, Stop> {
    let Some(multiplex) = &upstream.multiplex else { return Err(Stop) };
    // Over HTTP/1.1 every upgrade works; over HTTP/2 only what both sides have agreed on.
    let wants_upgrade = offered_upgrade(x).is_some();
    let mut is_fresh = x.needs_fresh_link && has_lost_connection(x);
    for _ in 0..ROUNDS {
        if let Some(http1) = &upstream.upstream.http1
            && (wants_upgrade || multiplex.holds_http1())
        {
            let target =
                Target { tls: Some(std::sync::Arc::clone(http1)), ..upstream.upstream.target.clone() };
            return dial(x, &target, pool).await;
        }
        if let Some(link) = multiplex.stream(is_fresh) {
            return Ok(reused(x, link));
        }
        is_fresh = false;
        let (opening, is_first) = begin(x, upstream, pool);
        if let Err(ending) = wait(x, &opening).await {
            x.attempt().connect = Step::Failed { ending, after: x.elapsed() };
            return Err(Stop);
        }
        let mut outcome = opening.outcome.borrow_mut();
        match outcome.as_mut() {
            Some(Outcome::Failed(attempt)) => {
                take_over(x.attempt(), attempt);
                return Err(Stop);
            }
            Some(Outcome::Shared(attempt)) if is_first => {
                if let Some(link) = multiplex.newest() {
                    take_over(x.attempt(), attempt);
                    return Ok(link);
                }
            }
            Some(Outcome::Single(attempt, link)) => {
                if let Some(link) = link.take() {
                    take_over(x.attempt(), attempt);
                    return Ok(*link);
                }
            }
            // Whoever waited along looks for a stream of it like everybody else.
            Some(Outcome::Shared(_)) | None => {}
        }
    }
    // Connections are used up as fast as they are made: the peer takes none of the streams.
    x.attempt().connect = Step::Failed { ending: Ending::QueueFull, after: x.elapsed() };
    Err(Stop)
}

/// Whether the attempt before this one lost its whole connection: a stream that failed alone says nothing about others.
fn has_lost_connection(x: &Exchange<'_>) -> bool {
    let before = x.desk.evidence.attempts.iter().rev().nth(1);
    let cause = before.and_then(attempt_cause);
    !matches!(cause, Some(Cause::StreamRefused | Cause::StreamReset))
}

fn reused(x: &mut Exchange<'_>, link: Link) -> Link {
    let attempt = x.attempt();
    attempt.is_reused = true;
    attempt.address = Some(link.address.clone());
    link
}

/// What was observed while the connection was made is what this attempt observed.
fn take_over(attempt: &mut Attempt, made: &Attempt) {
    attempt.address.clone_from(&made.address);
    attempt.resolve = made.resolve.clone();
    attempt.connect = made.connect.clone();
    attempt.handshake = made.handshake.clone();
    attempt.first_bytes.clone_from(&made.first_bytes);
}

/// The connection under way, or a new one; says whether it is new.
fn begin(x: &Exchange<'_>, upstream: &Rc<UpstreamView>, pool: usize) -> (Rc<Opening>, bool) {
    let opening = Rc::new(Opening::default());
    if let Some(multiplex) = &upstream.multiplex {
        let mut current = multiplex.opening.borrow_mut();
        if let Some(current) = &*current {
            return (Rc::clone(current), false);
        }
        *current = Some(Rc::clone(&opening));
    }
    let under_way = UnderWay { upstream: Rc::clone(upstream), opening: Rc::clone(&opening) };
    x.core.tasks.spawn(run(Rc::clone(x.core), Rc::clone(&x.view), under_way, pool));
    (opening, true)
}

/// Waits for a connection, for as long as the exchange may.
async fn wait(x: &mut Exchange<'_>, opening: &Opening) -> Result<(), Ending> {
    std::future::poll_fn(|cx: &mut Context<'_>| {
        if opening.outcome.borrow().is_some() {
            return Poll::Ready(Ok(()));
        }
        opening.waiting.borrow_mut().push(cx.waker().clone());
        given_up(x, cx).map(Err)
    })
    .await
}

/// A connection under way. Should its task end before there is an outcome, those who wait are told.
struct UnderWay {
    upstream: Rc<UpstreamView>,
    opening: Rc<Opening>,
}

impl UnderWay {
    fn conclude(&self, outcome: Outcome) {
        if let Some(multiplex) = &self.upstream.multiplex {
            multiplex.opening.take();
        }
        *self.opening.outcome.borrow_mut() = Some(outcome);
        self.opening.waiting.take().into_iter().for_each(Waker::wake);
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        if self.opening.outcome.borrow().is_none() {
            let connect = Step::Failed { ending: Ending::Panicked, after: Duration::ZERO };
            self.conclude(Outcome::Failed(Attempt { connect, ..Attempt::default() }));
        }
    }
}

/// Makes a connection and moves it until it ends.
async fn run(core: Rc<Core>, view: Rc<View>, under_way: UnderWay, pool: usize) {
    let Some(driver) = make(&core, &view, &under_way, pool).await else { return };
    // The connection lives as long as its handle, which lies with the upstream: nothing here may hold that.
    drop((under_way, view, core));
    driver.await;
}

async fn make(core: &Rc<Core>, view: &View, under_way: &UnderWay, pool: usize) -> Option<http2::Driver> {
    let upstream = &under_way.upstream;
    let (multiplex, plan) = (upstream.multiplex.as_ref()?, view.snapshot.plan.pools.get(pool)?);
    let mut guard = core.recorder.metrics().link(&view.snapshot.series, pool, LinkState::Connecting);
    let mut attempt = Attempt::default();
    let links = &plan.deadlines;
    let deadlines = Deadlines { resolve: links.resolve, connect: links.connect, handshake: links.handshake };
    let opened = open(&upstream.upstream.target, &core.shared.resolver, &deadlines, &mut attempt).await;
    let stream = opened.ok().filter(|stream| is_as_wanted(stream, multiplex.protocol, &mut attempt));
    let Some(stream) = stream else {
        under_way.conclude(Outcome::Failed(attempt));
        return None;
    };
    guard.set(LinkState::Active);
    let address = attempt.address.clone().unwrap_or_else(|| Address::Unix("".into()));
    if multiplex.protocol == Protocol::Auto && !speaks_http2(&stream) {
        multiplex.http1_until.set(Some(Moment::now() + HTTP1_HOLDS));
        let link = Box::new(Link { stream, address, guard: Some(guard) });
        under_way.conclude(Outcome::Single(attempt, Some(link)));
        return None;
    }
    let begun = http2::begin(stream, &options(&plan.limits)).await;
    let Ok((streams, driver)) = begun else {
        attempt.connect = Step::Failed { ending: Ending::ResourcesSpent, after: Duration::ZERO };
        under_way.conclude(Outcome::Failed(attempt));
        return None;
    };
    let connection = Connection { streams, address, guard, seen: 0, quiet_since: Moment::now() };
    multiplex.connections.borrow_mut().push(connection);
    under_way.conclude(Outcome::Shared(attempt));
    Some(driver)
}

/// Whether the handshake led to a protocol that may be spoken.
fn is_as_wanted(stream: &Stream, protocol: Protocol, attempt: &mut Attempt) -> bool {
    let is_wanted = protocol != Protocol::Http2 || !stream.is_tls() || speaks_http2(stream);
    if !is_wanted {
        // The upstream went on without choosing the one protocol it was offered.
        let after = attempt.handshake.duration().unwrap_or_default();
        attempt.handshake = Step::Failed { ending: Ending::Tls(TlsFault::NoAgreement), after };
    }
    is_wanted
}

fn speaks_http2(stream: &Stream) -> bool {
    stream.tls_session().is_some_and(|session| session.alpn_protocol() == Some(http2::ALPN))
}

fn options(limits: &plan::ResponseLimits) -> http2::Options {
    http2::Options { head_bytes: limits.head.as_usize(), fields: limits.fields, silence: http2::SILENCE }
}

/// Connections per upstream and core; beyond them, exchanges wait in line for a stream.
const MOST_CONNECTIONS: usize = 16;

/// Turns of the runtime for a farewell.
const FAREWELL_TURNS: u32 = 8;

/// How often an exchange looks for a stream: the connection it waited for may have been filled by others.
const ROUNDS: u32 = 64;

/// For how long an upstream that chose HTTP/1.1 is not asked again whether it speaks HTTP/2.
const HTTP1_HOLDS: Duration = Duration::from_secs(60);
