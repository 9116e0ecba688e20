//! What one core owns: its view of the plan, its links, its buffers, its timers, its counters. Nothing here is shared
//! with other cores but snapshots that are only read and the atomics in them.

use crate::cache;
use crate::clock::Moment;
use crate::compress::Coders;
use crate::guard::Parked;
use crate::outbox::Outbox;
use crate::pool::SWEEP;
use crate::shared::Shared;
use crate::spare::Spare;
use crate::view::View;
use crate::wheel::Wheel;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, SystemTime};
use tokio::sync::Notify;
use torwart_cause::Evidence;
use torwart_kernel::Pipe;
use torwart_record::{Recorder, RequestId, RequestIds, Timestamp};
use torwart_wire::Head;

/// One core of the data plane.
pub struct Core {
    /// What all cores share.
    pub shared: Arc<Shared>,
    /// The timers.
    pub wheel: Rc<Wheel>,
    /// Counts, logs and keeps records.
    pub recorder: Recorder,
    /// Client connections that are open on this core.
    pub connections: Cell<usize>,
    /// Told whenever a connection ends.
    pub left: Notify,
    /// The tasks of this core: one per connection.
    pub tasks: Tasks,
    /// Connections to authorisers.
    pub parked: Parked,
    view: RefCell<Rc<View>>,
    ids: RefCell<RequestIds>,
    desks: Spare<Box<Desk>>,
    upstream_desks: Spare<Box<UpstreamDesk>>,
    blank_desks: Spare<Box<UpstreamDesk>>,
    /// What compresses answers.
    pub coders: Rc<Coders>,
    /// Room for what leaves multiplexed connections in one write.
    pub packs: Spare<Vec<u8>>,
    date: RefCell<(Moment, Vec<u8>)>,
    /// For paths and targets under construction; never held across a wait.
    pub scratch: RefCell<Vec<u8>>,
    pipes: RefCell<Pipes>,
    clock: Cell<(Moment, Timestamp)>,
}

/// The pipes of a core: a few, because each may hold a megabyte of kernel memory.
#[derive(Default)]
struct Pipes {
    free: Vec<Pipe>,
    made: usize,
}

/// Starts the connections' tasks. Each of a client holds its place among the connections until it ends, and the core waits
/// for all places before it ends itself: that makes it their owner. One that moves a connection to an upstream ends with the
/// handle that lies with the upstream, and the core gives those up last.
pub struct Tasks;

impl Tasks {
    /// Starts a task on this core.
    pub fn spawn(&self, task: impl Future<Output = ()> + 'static) {
        // Boxed here, because the runtime moves what it is given half a dozen times.
        drop(tokio::task::spawn_local(Box::pin(task)));
    }
}

/// The buffers of one exchange's client side, and its evidence. Borrowed from the core while there is something to do.
#[derive(Default)]
pub struct Desk {
    /// The request.
    pub request: Head,
    /// What goes to the client. It has room only while it is used; see [`Desk::borrow_room`].
    pub out: Outbox,
    /// What was observed.
    pub evidence: Evidence,
}

/// The buffers of an attempt's upstream side: borrowed while something goes out or comes in, and otherwise blank, so
/// that many waiting exchanges share a few that are warm in the cache.
#[derive(Default)]
pub struct UpstreamDesk {
    /// The answer.
    pub response: Head,
    /// What goes to the upstream.
    pub out: Outbox,
}

impl Core {
    /// A core that begins with the current snapshot.
    pub fn new(shared: Arc<Shared>, recorder: Recorder) -> Rc<Self> {
        let view = RefCell::new(Rc::new(View::new(shared.snapshot.load_full(), None)));
        let ids = RefCell::new(RequestIds::new(RequestIds::seed_by_chance()));
        Rc::new(Self {
            shared,
            wheel: Wheel::new(),
            recorder,
            connections: Cell::new(0),
            left: Notify::new(),
            tasks: Tasks,
            parked: Parked::default(),
            view,
            ids,
            desks: Spare::new(FREE_KEPT),
            upstream_desks: Spare::new(FREE_KEPT),
            blank_desks: Spare::new(FREE_KEPT),
            coders: Rc::default(),
            packs: Spare::new(PACKS_KEPT),
            date: RefCell::new((Moment::now(), http_date())),
            scratch: RefCell::default(),
            pipes: RefCell::default(),
            clock: Cell::new((Moment::now(), Timestamp::from(SystemTime::now()))),
        })
    }

    /// The current view; made anew when the plan has changed.
    pub fn view(&self) -> Rc<View> {
        let mut view = self.view.borrow_mut();
        if self.shared.generation.load(Ordering::Acquire) != view.snapshot.generation {
            self.renew(&mut view);
        }
        Rc::clone(&view)
    }

    #[cold]
    fn renew(&self, view: &mut Rc<View>) {
        *view = Rc::new(View::new(self.shared.snapshot.load_full(), Some(view)));
    }

    /// The wall clock's time of a moment.
    pub fn timestamp(&self, at: Moment) -> Timestamp {
        let (base, time) = self.clock.get();
        let passed = at.since(base);
        if passed < CLOCK_LASTS {
            return time.after(passed);
        }
        self.read_wall_clock()
    }

    #[cold]
    fn read_wall_clock(&self) -> Timestamp {
        let (base, time) = (Moment::now(), Timestamp::from(SystemTime::now()));
        self.clock.set((base, time));
        time
    }

    /// A new request id.
    pub fn new_id(&self) -> RequestId {
        self.ids.borrow_mut().next_id()
    }

    /// Buffers for an exchange.
    pub fn take_desk(&self) -> Box<Desk> {
        self.desks.take().unwrap_or_else(|| {
            Box::new(Desk {
                request: Head::with_capacity(REQUEST_BUFFER),
                out: Outbox::default(),
                evidence: Evidence::default(),
            })
        })
    }

    /// Takes buffers back.
    pub fn give_desk(&self, mut desk: Box<Desk>) {
        desk.request.clear();
        if desk.request.buffer.capacity() > REQUEST_BUFFER {
            desk.request.buffer.shrink(REQUEST_BUFFER);
        }
        desk.out.shrink(OUTBOX_KEPT);
        self.desks.give(desk);
    }

    /// Buffers for the upstream's side.
    pub fn take_upstream_desk(&self) -> Box<UpstreamDesk> {
        self.upstream_desks.take().unwrap_or_else(|| {
            Box::new(UpstreamDesk {
                response: Head::with_capacity(RESPONSE_BUFFER),
                out: Outbox::with_capacity(OUTBOX),
            })
        })
    }

    /// Takes them back.
    pub fn give_upstream_desk(&self, mut desk: Box<UpstreamDesk>) {
        desk.response.clear();
        if desk.response.buffer.capacity() > RESPONSE_BUFFER {
            desk.response.buffer.shrink(RESPONSE_BUFFER);
        }
        desk.out.shrink(OUTBOX_KEPT);
        self.upstream_desks.give(desk);
    }

    /// Lends a desk on which nothing lies to others, until [`Core::bring_desk`].
    pub fn lend_desk(&self, desk: &mut Box<UpstreamDesk>) {
        let blank = self.blank_desks.take().unwrap_or_default();
        self.upstream_desks.give(std::mem::replace(desk, blank));
    }

    /// Brings a desk in the place of a blank one.
    pub fn bring_desk(&self, desk: &mut Box<UpstreamDesk>) {
        if desk.response.buffer.capacity() == 0 {
            self.blank_desks.give(std::mem::replace(desk, self.take_upstream_desk()));
        }
    }

    /// Whether a pipe is to be had; makes one if need be. Without one, bodies are copied.
    pub fn has_pipe(&self) -> bool {
        let mut pipes = self.pipes.borrow_mut();
        if pipes.free.is_empty()
            && pipes.made < PIPES
            && let Ok(pipe) = Pipe::new()
        {
            pipes.made += 1;
            pipes.free.push(pipe);
        }
        !pipes.free.is_empty()
    }

    /// A pipe for one passage.
    pub fn take_pipe(&self) -> Option<Pipe> {
        self.pipes.borrow_mut().free.pop()
    }

    /// Takes a pipe back; one that still holds bytes of a broken passage is closed.
    pub fn give_pipe(&self, pipe: Pipe) {
        let mut pipes = self.pipes.borrow_mut();
        if pipe.is_empty() {
            pipes.free.push(pipe);
        } else {
            pipes.made -= 1;
        }
    }

    /// Appends the current date as HTTP writes it (RFC 9110 §5.6.7), exact to the second.
    pub fn write_date(&self, now: Moment, out: &mut Vec<u8>) {
        let mut date = self.date.borrow_mut();
        if now.since(date.0) >= DATE_LASTS {
            *date = (now, http_date());
        }
        out.extend_from_slice(&date.1);
    }

    /// Looks after idle links and waiting log lines, for as long as the core runs.
    pub async fn keep_house(self: Rc<Self>) {
        let mut tick = tokio::time::interval(HOUSE);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut swept = Moment::now();
        let mut trimmed = swept;
        loop {
            tick.tick().await;
            let now = Moment::now();
            self.recorder.tick(now.clock());
            if now.since(swept) < SWEEP {
                continue;
            }
            swept = now;
            cache::look_after(&self);
            self.parked.sweep(now);
            if now.since(trimmed) >= TRIM {
                trimmed = now;
                self.desks.trim();
                self.upstream_desks.trim();
                self.blank_desks.trim();
                self.packs.trim();
                self.coders.trim();
            }
            let view = self.view();
            for (pool, plan) in view.pools.iter().zip(&view.snapshot.plan.pools) {
                let queued = pool.gate.waiting();
                pool.upstreams.iter().for_each(|upstream| upstream.show(plan.concurrency, queued, now));
                for upstream in pool.upstreams.iter().filter(|upstream| !upstream.idle.is_empty()) {
                    upstream.idle.sweep(pool.keep, &upstream.upstream.state, now);
                }
                pool.upstreams.iter().filter_map(|upstream| upstream.multiplex.as_ref()).for_each(
                    |multiplex| {
                        multiplex.sweep(pool.keep, now);
                    },
                );
            }
        }
    }
}

impl Desk {
    /// Exchanges the room of the two outboxes where both are empty: once the request has gone out, the answer takes its
    /// place.
    pub fn borrow_room(&mut self, other: &mut UpstreamDesk) {
        if self.out.is_empty() && other.out.is_empty() {
            std::mem::swap(&mut self.out, &mut other.out);
        }
    }
}

impl UpstreamDesk {
    /// Whether nothing lies on it.
    pub fn is_clear(&self) -> bool {
        self.response.buffer.unread().is_empty() && self.out.is_empty()
    }
}

fn http_date() -> Vec<u8> {
    Timestamp::from(SystemTime::now()).http_date().into_bytes()
}

/// A POST of 16 KiB with its head fits, so that it takes one read.
pub const REQUEST_BUFFER: usize = 32 << 10;

/// The head, a held answer of 16 KiB, and some room.
const RESPONSE_BUFFER: usize = 32 << 10;

/// A usual head fits without growing.
const OUTBOX: usize = 4 << 10;

const OUTBOX_KEPT: usize = 16 << 10;

/// Free buffers kept per core and kind: 256 of them are 8 MiB.
const FREE_KEPT: usize = 256;

/// A connection needs one for the length of a turn, or while its client reads slowly.
const PACKS_KEPT: usize = 16;

/// How long the wall clock is reckoned from one reading.
const CLOCK_LASTS: Duration = Duration::from_secs(1);

const DATE_LASTS: Duration = Duration::from_millis(500);

/// Pipes per core, 1 MiB each: further large bodies are copied.
const PIPES: usize = 16;

/// Buffers that were not needed for this long are surplus.
const TRIM: Duration = Duration::from_secs(2);

/// Log lines wait at most this long.
const HOUSE: Duration = Duration::from_millis(100);
