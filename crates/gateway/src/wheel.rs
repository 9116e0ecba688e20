//! One timer wheel per core: every wait of the data plane is a deadline here, not a timer object of its own.
//!
//! A connection registers once and then only writes numbers: setting a later deadline than the one queued costs two
//! stores, because the slot is looked at again when it comes round. The driver sleeps until the next non-empty slot
//! and no longer. Slots are 10 ms wide, so a deadline is met at most that much late, never early.

use crate::clock::Moment;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

/// The width of a slot, in milliseconds.
const SLOT_MILLIS: u64 = 10;

/// Slots of the wheel; deadlines beyond its horizon wait in the last slot and are put on again.
const SLOTS: u64 = 1024;

/// No deadline.
const NEVER: u64 = u64::MAX;

/// The wheel of one core. Not shared between threads.
pub struct Wheel {
    inner: RefCell<Inner>,
    /// The slot the driver sleeps until.
    armed: Cell<u64>,
    driver: RefCell<Option<Waker>>,
}

struct Inner {
    slots: Vec<Vec<u32>>,
    occupied: [u64; (SLOTS / 64) as usize],
    entries: Vec<Entry>,
    free: Vec<u32>,
    /// The last slot that was worked off.
    turned_to: u64,
}

#[derive(Default)]
struct Entry {
    deadline: u64,
    /// The slot this entry stands in; [`NEVER`] if none. Older places in the wheel are void.
    queued_at: u64,
    waker: Option<Waker>,
}

/// One registered waiter; dropping it takes it off the wheel.
pub struct Timer {
    wheel: Rc<Wheel>,
    id: u32,
    deadline: Cell<u64>,
}

impl Wheel {
    /// A wheel that counts from now.
    pub fn new() -> Rc<Self> {
        Rc::new(Self {
            inner: RefCell::new(Inner {
                slots: (0..SLOTS).map(|_| Vec::new()).collect(),
                occupied: [0; (SLOTS / 64) as usize],
                entries: Vec::new(),
                free: Vec::new(),
                turned_to: slot_of(Moment::now()),
            }),
            armed: Cell::new(NEVER),
            driver: RefCell::new(None),
        })
    }

    /// Registers a waiter without a deadline.
    pub fn timer(self: &Rc<Self>) -> Timer {
        let mut inner = self.inner.borrow_mut();
        let fresh = Entry { deadline: NEVER, queued_at: NEVER, waker: None };
        let id = match inner.free.pop() {
            Some(id) => {
                inner.entries[id as usize] = fresh;
                id
            }
            None => {
                inner.entries.push(fresh);
                u32::try_from(inner.entries.len() - 1).expect("connections are limited far below 2^32")
            }
        };
        Timer { wheel: Rc::clone(self), id, deadline: Cell::new(NEVER) }
    }

    /// Wakes whoever is due, for as long as the core runs.
    pub async fn drive(self: Rc<Self>) {
        let sleep = tokio::time::sleep_until(tokio::time::Instant::now());
        tokio::pin!(sleep);
        loop {
            let next = self.turn(slot_of(Moment::now()));
            self.armed.set(next);
            let until = if next == NEVER { Moment::now() + FAR } else { begin_of(next) };
            sleep.as_mut().reset(until.instant().into());
            let mut is_first = true;
            std::future::poll_fn(|cx| {
                if std::mem::take(&mut is_first) {
                    *self.driver.borrow_mut() = Some(cx.waker().clone());
                } else if self.armed.get() != next {
                    return Poll::Ready(());
                }
                sleep.as_mut().poll(cx)
            })
            .await;
        }
    }

    /// Wakes everybody who waits, so that they look at what has changed around them.
    pub fn wake_all(&self) {
        let wakers: Vec<Waker> =
            self.inner.borrow().entries.iter().filter_map(|entry| entry.waker.clone()).collect();
        wakers.into_iter().for_each(Waker::wake);
    }

    /// Works off every slot up to `now`; returns the next non-empty one.
    fn turn(&self, now: u64) -> u64 {
        loop {
            let mut inner = self.inner.borrow_mut();
            let next = inner.next_occupied();
            if next > now {
                inner.turned_to = inner.turned_to.max(now);
                return next;
            }
            let mut due = inner.take_slot(next);
            let mut wakers = Vec::new();
            for id in due.drain(..) {
                if let Some(waker) = inner.look_at(id, next) {
                    wakers.push(waker);
                }
            }
            inner.give_back(next, due);
            drop(inner);
            wakers.into_iter().for_each(Waker::wake);
        }
    }

    fn put(&self, id: u32, deadline: u64) {
        let mut inner = self.inner.borrow_mut();
        let entry = &mut inner.entries[id as usize];
        entry.deadline = deadline;
        if deadline >= entry.queued_at {
            return;
        }
        let slot = inner.queue(id, deadline);
        drop(inner);
        if slot < self.armed.get() {
            self.armed.set(slot);
            if let Some(driver) = &*self.driver.borrow() {
                driver.wake_by_ref();
            }
        }
    }
}

/// The slot a moment falls into.
const fn slot_of(at: Moment) -> u64 {
    at.millis() / SLOT_MILLIS
}

/// When a slot begins.
fn begin_of(slot: u64) -> Moment {
    Moment::BEGIN + Duration::from_millis(slot.saturating_mul(SLOT_MILLIS))
}

impl Inner {
    /// Puts an entry on the wheel, at most one horizon ahead.
    fn queue(&mut self, id: u32, deadline: u64) -> u64 {
        let slot = deadline.clamp(self.turned_to + 1, self.turned_to + SLOTS - 1);
        let index = slot % SLOTS;
        self.slots[index as usize].push(id);
        self.occupied[(index / 64) as usize] |= 1 << (index % 64);
        self.entries[id as usize].queued_at = slot;
        slot
    }

    fn next_occupied(&self) -> u64 {
        let start = self.turned_to + 1;
        let mut distance = 0;
        while distance < SLOTS {
            let index = (start + distance) % SLOTS;
            let rest = self.occupied[(index / 64) as usize] >> (index % 64);
            if rest == 0 {
                distance += 64 - index % 64;
            } else {
                let found = distance + u64::from(rest.trailing_zeros());
                return if found < SLOTS { start + found } else { NEVER };
            }
        }
        NEVER
    }

    fn take_slot(&mut self, slot: u64) -> Vec<u32> {
        let index = slot % SLOTS;
        self.turned_to = slot;
        self.occupied[(index / 64) as usize] &= !(1 << (index % 64));
        std::mem::take(&mut self.slots[index as usize])
    }

    /// Keeps the slot's allocation for its next turn.
    fn give_back(&mut self, slot: u64, emptied: Vec<u32>) {
        let place = &mut self.slots[(slot % SLOTS) as usize];
        if place.is_empty() && place.capacity() < emptied.capacity() {
            *place = emptied;
        }
    }

    fn look_at(&mut self, id: u32, slot: u64) -> Option<Waker> {
        let entry = self.entries.get_mut(id as usize)?;
        if entry.queued_at != slot {
            return None;
        }
        entry.queued_at = NEVER;
        let deadline = entry.deadline;
        if deadline <= slot {
            return entry.waker.clone();
        }
        if deadline != NEVER {
            self.queue(id, deadline);
        }
        None
    }
}

impl Timer {
    /// Sets the deadline; the task last given to [`Timer::poll`] is woken when it passes.
    pub fn set(&self, at: Moment) {
        // One slot later than the one `at` falls into: late by at most a slot, never early.
        let deadline = slot_of(at) + 1;
        if self.deadline.replace(deadline) != deadline {
            self.wheel.put(self.id, deadline);
        }
    }

    /// Ready when the deadline has passed.
    pub fn poll(&self, cx: &Context<'_>) -> Poll<()> {
        let mut inner = self.wheel.inner.borrow_mut();
        let turned_to = inner.turned_to;
        let entry = &mut inner.entries[self.id as usize];
        if entry.deadline <= turned_to {
            return Poll::Ready(());
        }
        match &mut entry.waker {
            Some(waker) if waker.will_wake(cx.waker()) => {}
            waker => *waker = Some(cx.waker().clone()),
        }
        Poll::Pending
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        let mut inner = self.wheel.inner.borrow_mut();
        inner.entries[self.id as usize] = Entry { deadline: NEVER, queued_at: NEVER, waker: None };
        inner.free.push(self.id);
    }
}

/// How long the driver sleeps when nobody waits.
const FAR: Duration = Duration::from_secs(365 * 24 * 3600);

#[cfg(test)]
mod tests {
    use super::*;

    fn run(test: impl AsyncFnOnce(Rc<Wheel>)) {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_time().build_local(Default::default());
        runtime.expect("a runtime").block_on(async {
            let wheel = Wheel::new();
            let driver = tokio::task::spawn_local(Rc::clone(&wheel).drive());
            test(wheel).await;
            driver.abort();
        });
    }

    async fn wait(timer: &Timer) {
        std::future::poll_fn(|cx| timer.poll(cx)).await;
    }

    #[test]
    fn a_deadline_is_met_and_never_early() {
        run(async |wheel| {
            let timer = wheel.timer();
            let at = Moment::now() + Duration::from_millis(35);
            timer.set(at);
            wait(&timer).await;
            assert!(Moment::now() >= at);
        });
    }

    #[test]
    fn an_earlier_deadline_replaces_a_later_one() {
        run(async |wheel| {
            let timer = wheel.timer();
            let begin = Moment::now();
            timer.set(begin + Duration::from_secs(60));
            timer.set(begin + Duration::from_millis(20));
            wait(&timer).await;
            assert!(begin.elapsed() < Duration::from_secs(30));
        });
    }

    #[test]
    fn a_later_deadline_replaces_an_earlier_one() {
        run(async |wheel| {
            let timer = wheel.timer();
            let begin = Moment::now();
            timer.set(begin + Duration::from_millis(20));
            timer.set(begin + Duration::from_millis(90));
            wait(&timer).await;
            assert!(begin.elapsed() >= Duration::from_millis(90));
        });
    }

    #[test]
    fn a_freed_place_does_not_wake_its_next_owner() {
        run(async |wheel| {
            let first = wheel.timer();
            first.set(Moment::now() + Duration::from_millis(10));
            drop(first);
            let second = wheel.timer();
            let at = Moment::now() + Duration::from_millis(60);
            second.set(at);
            wait(&second).await;
            assert!(Moment::now() >= at);
        });
    }

    #[test]
    fn deadlines_beyond_the_horizon_wait_for_their_turn() {
        let wheel = Wheel::new();
        let timer = wheel.timer();
        let at = Moment::now() + Duration::from_secs(60);
        timer.set(at);
        let mut now = slot_of(Moment::now());
        while now <= slot_of(at) {
            let next = wheel.turn(now);
            assert!(next > now && next < NEVER, "{now} {next}");
            now = next;
        }
        assert_eq!(now, slot_of(at) + 1);
    }
}
