//! The queue before upstreams, or before a route: exchanges wait here for a place, on whichever core they run.
//!
//! The order and who is sent away is decided by `torwart_policy`. Cores share a queue behind a lock that is only taken
//! while somebody waits. Whoever is called gets a place kept for him; whoever leaves while he waits is out of the queue
//! at once, so nothing is done for those who have gone.

use crate::clock::Moment;
use crate::exchange::Exchange;
use crate::upstream::UpstreamState;
use std::future::poll_fn;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use torwart_cause::{By, Deadline, Ending};
use torwart_config::plan;
use torwart_policy::overload::comeback::Timetable;
use torwart_policy::overload::queue::{Entry, Guest, Place, Queue};

/// A queue, shared by all cores; outlives a reload.
#[derive(Default)]
pub struct Gate {
    /// How many wait, to be seen without the lock.
    waiting: AtomicUsize,
    line: Mutex<Queue<Arc<Slot>>>,
    timetable: Timetable,
}

/// What somebody is called to: one of the upstreams, or just in.
pub type Called = Option<Arc<UpstreamState>>;

/// What somebody who waits is told.
#[derive(Default)]
struct Slot(Mutex<Said>);

enum Said {
    Nothing(Option<Waker>),
    Come(Called),
    GoAway,
}

impl Default for Said {
    fn default() -> Self {
        Self::Nothing(None)
    }
}

/// Somebody in the queue; out of it when dropped.
struct Waiting<'g, F: Fn(&Gate, Moment), G: Fn(Called)> {
    gate: &'g Gate,
    slot: Arc<Slot>,
    place: Place,
    call: F,
    give_back: G,
}

/// Who waits, and how it goes on before him.
pub struct Terms<'t> {
    /// What the plan says.
    pub plan: &'t plan::Queue,
    /// Who he is.
    pub guest: Guest,
    /// How many get a place per second, as far as that is known.
    pub per_second: Option<f64>,
}

impl Gate {
    /// How many wait.
    #[inline]
    pub fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    /// When somebody who is sent away should come back.
    pub fn comeback(&self, per_second: Option<f64>, now: Moment) -> Duration {
        self.timetable.next(per_second, now.clock())
    }

    /// Calls as many as `offer` has places for; what it gives is a place kept. Where there is too much to do, those who
    /// would come too late are sent away.
    #[cold]
    pub fn call(
        &self,
        plan: &plan::Queue,
        is_strained: bool,
        now: Moment,
        mut offer: impl FnMut() -> Option<Called>,
    ) {
        let mut line = self.line();
        while is_strained && let Some(slot) = line.expired(plan, now.clock()) {
            slot.say(Said::GoAway);
        }
        while !line.is_empty()
            && let Some(called) = offer()
            && let Some(slot) = line.take(plan, now.clock())
        {
            slot.say(Said::Come(called));
        }
        self.waiting.store(line.len(), Ordering::Relaxed);
    }

    /// Waits for a place. `call` looks for free places, `give_back` gives up one that was kept in vain.
    ///
    /// # Errors
    /// Why there is none: nothing where it would take too long, and otherwise how the waiting ended.
    pub async fn wait(
        &self,
        x: &mut Exchange<'_>,
        terms: &Terms<'_>,
        call: impl Fn(&Self, Moment),
        give_back: impl Fn(Called),
    ) -> Result<Called, Option<Ending>> {
        let now = Moment::now();
        let slot = Arc::new(Slot::default());
        let waiting = {
            let mut line = self.line();
            let (own, clock) = (Arc::clone(&slot), now.clock());
            let place = match line.enter(own, terms.guest, terms.plan, terms.per_second, clock) {
                Entry::Waits(place) => place,
                Entry::Displaces(place, other) => {
                    other.say(Said::GoAway);
                    place
                }
                Entry::Refused => return Err(None),
            };
            self.waiting.store(line.len(), Ordering::Relaxed);
            Waiting { gate: self, slot, place, call, give_back }
        };
        // A place may have become free since it was looked for.
        (waiting.call)(self, now);
        let until = now + terms.plan.time;
        let mut looks_at = now + LOOKS_EVERY;
        poll_fn(|cx| {
            if let Poll::Ready(said) = waiting.slot.poll(cx) {
                return Poll::Ready(said.ok_or(Some(Ending::TimedOut(Deadline::Queue))));
            }
            if let Some(ending) = x.poll_leaving(cx) {
                return Poll::Ready(Err(Some(ending)));
            }
            let end = x.nearest_end().filter(|end| *end < until);
            loop {
                let wakes_at = end.unwrap_or(until).min(looks_at);
                if x.client.poll_deadline(cx, wakes_at).is_pending() {
                    return Poll::Pending;
                }
                if wakes_at != looks_at {
                    let ending = end.map_or(Ending::TimedOut(Deadline::Queue), |_| x.end_reached());
                    if ending == Ending::Cancelled(By::Client) {
                        x.keeps_client = false;
                    }
                    return Poll::Ready(Err(Some(ending)));
                }
                let now = Moment::now();
                looks_at = now + LOOKS_EVERY;
                (waiting.call)(self, now);
                if let Poll::Ready(said) = waiting.slot.poll(cx) {
                    return Poll::Ready(said.ok_or(Some(Ending::TimedOut(Deadline::Queue))));
                }
            }
        })
        .await
    }

    fn line(&self) -> MutexGuard<'_, Queue<Arc<Slot>>> {
        // Nothing that can panic happens under the lock.
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<F: Fn(&Gate, Moment), G: Fn(Called)> Drop for Waiting<'_, F, G> {
    fn drop(&mut self) {
        {
            let mut line = self.gate.line();
            line.leave(self.place);
            self.gate.waiting.store(line.len(), Ordering::Relaxed);
        }
        // Called, and gone before he heard of it.
        if let Said::Come(called) = std::mem::take(&mut *self.slot.lock()) {
            (self.give_back)(called);
            (self.call)(self.gate, Moment::now());
        }
    }
}

impl Slot {
    fn say(&self, said: Said) {
        let before = std::mem::replace(&mut *self.lock(), said);
        if let Said::Nothing(Some(waker)) = before {
            waker.wake();
        }
    }

    /// What was said, once something was; `None` means to go away.
    fn poll(&self, cx: &Context<'_>) -> Poll<Option<Called>> {
        let mut said = self.lock();
        match std::mem::take(&mut *said) {
            Said::Come(called) => Poll::Ready(Some(called)),
            Said::GoAway => Poll::Ready(None),
            Said::Nothing(_) => {
                *said = Said::Nothing(Some(cx.waker().clone()));
                Poll::Pending
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Said> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place that became free in the moment somebody lined up is found by this at the latest.
const LOOKS_EVERY: Duration = Duration::from_millis(100);
