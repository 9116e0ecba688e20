//! The place an exchange has at its upstream: taken before an attempt, waited for where there is none, and given up when
//! the answer begins.
//!
//! A limit that finds itself counts requests that wait for their first byte; one the operator fixed counts them to their
//! end. Neither a client that sends its body slowly nor a request that takes far longer than others keeps a place from
//! the rest.

use crate::clock::Moment;
use crate::exchange::Exchange;
use crate::queue::{Called, Gate, Terms};
use crate::relay::Reply;
use crate::route::decided;
use crate::upstream::UpstreamState;
use crate::view::{PoolView, UpstreamView, View};
use std::rc::Rc;
use std::sync::Arc;
use torwart_cause::{By, Decision, Ending, Step};
use torwart_config::plan::{self, Balance, Concurrency};
use torwart_dial::Stop;
use torwart_policy::overload::priority::{self, Class};
use torwart_policy::overload::queue::Guest;

/// A place at an upstream; the next in the queue is called when it is dropped.
pub struct Place {
    view: Rc<View>,
    pool: usize,
    upstream: Rc<UpstreamView>,
    counts: Counts,
    /// When it does not count any more.
    overdue_at: Moment,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Counts {
    Yes,
    /// The client still sends, or the answer takes too long.
    No,
    /// The answer has begun.
    Over,
}

/// Whether the upstream may get this request at once.
#[inline]
pub fn is_free(x: &Exchange<'_>, upstream: &UpstreamView) -> bool {
    let Some((pool, view)) = pool_of(x) else { return true };
    view.gate.waiting() == 0 && has_room(&upstream.upstream.state, pool.concurrency)
}

/// Waits for a place at an upstream of the pool, not necessarily at the chosen one.
///
/// # Errors
/// Where there is none in time, or the client has gone.
pub async fn wait(x: &mut Exchange<'_>, chosen: Rc<UpstreamView>) -> Result<Rc<UpstreamView>, Stop> {
    let view = Rc::clone(&x.view);
    let Some((plan, pool)) = pool_in(&view, x) else { return Ok(chosen) };
    let now = Moment::now();
    if plan.concurrency == Concurrency::Off {
        return Ok(chosen);
    }
    if pool.gate.waiting() == 0
        && let Some((index, other)) = elsewhere(x, plan, pool, &chosen, now)
    {
        note_tried(x, pool, &chosen, index);
        return Ok(other);
    }
    for upstream in &pool.upstreams {
        upstream.upstream.state.load.turned_away(plan.concurrency, now.clock());
    }
    let per_second = pace(plan, pool, now);
    let may_stay = !x.desk.evidence.attempts.is_empty() || !is_strained(plan, pool, now);
    let guest = Guest { class: class(x), may_stay };
    let terms = Terms { plan: &plan.queue, guest, per_second };
    let call = |gate: &Gate, now: Moment| call_all(gate, plan, pool, now);
    let give_back = |called: Called| {
        if let Some(state) = called {
            state.load.subtract();
        }
    };
    match pool.gate.wait(x, &terms, call, give_back).await {
        Ok(called) => {
            let state = called.unwrap_or_else(|| Arc::clone(&chosen.upstream.state));
            state.load.subtract();
            if x.desk.evidence.attempts.is_empty() {
                x.desk.evidence.local.admit = Step::Done { took: now.elapsed() };
            }
            let is_it = |upstream: &Rc<UpstreamView>| Arc::ptr_eq(&upstream.upstream.state, &state);
            match pool.upstreams.iter().position(is_it) {
                Some(index) => {
                    note_tried(x, pool, &chosen, index);
                    Ok(pool.upstreams.get(index).map_or(chosen, Rc::clone))
                }
                // A core that has taken up a new plan already knows more upstreams than this exchange does.
                None => Ok(chosen),
            }
        }
        Err(ending) => {
            refuse(x, pool.gate.comeback(per_second, now), ending, now);
            Err(Stop)
        }
    }
}

/// The answer to the attempt has begun.
#[inline]
pub fn heard(x: &mut Exchange<'_>, reply: &Reply) {
    let attempt = x.desk.evidence.attempts.last();
    if let Some(place) = x.notes.as_ref().and_then(|notes| notes.route_place.as_ref()) {
        place.heard(attempt.map_or(std::time::Duration::ZERO, |attempt| took(&attempt.head)), reply.at);
    }
    if let (Some(place), Some(attempt)) = (&mut x.place, attempt) {
        place.heard(attempt, reply.response.status, reply.at);
    }
}

/// Says why there was no place, and when to come back.
fn refuse(x: &mut Exchange<'_>, comeback: std::time::Duration, ending: Option<Ending>, since: Moment) {
    let step = match ending {
        None => decided(Decision::UpstreamFull),
        Some(ending) => Step::Failed { ending, after: since.elapsed() },
    };
    x.notes().retry_after = Some(comeback);
    let is_first = x.desk.evidence.attempts.is_empty();
    let local = &mut x.desk.evidence.local;
    match ending {
        Some(Ending::Cancelled(By::Client)) => {
            x.keeps_client = false;
            local.admit = step;
        }
        Some(_) if is_first => local.admit = step,
        _ => local.pick = step,
    }
}

impl Place {
    /// The place of an attempt that begins now; its upstream counts it already.
    pub fn take(x: &Exchange<'_>, upstream: &Rc<UpstreamView>, now: Moment) -> Option<Self> {
        let (index, plan) = (x.pool?.0, x.pool()?.concurrency);
        let state = &upstream.upstream.state;
        let mut place = Self {
            view: Rc::clone(&x.view),
            pool: index,
            upstream: Rc::clone(upstream),
            counts: Counts::Yes,
            overdue_at: match plan {
                Concurrency::Adaptive { .. } => now + state.load.overdue_after(),
                Concurrency::Fixed(_) | Concurrency::Off => Moment::BEGIN,
            },
        };
        if !x.body.is_done() && plan.is_adaptive() {
            place.excuse();
        }
        Some(place)
    }

    /// The request has gone out whole: from now on it is the upstream that is waited for.
    pub fn sent(&mut self) {
        if self.counts == Counts::No {
            self.counts = Counts::Yes;
            self.state().load.add();
        }
    }

    /// When it stops to count, if it does.
    pub fn overdue_at(&self) -> Option<Moment> {
        (self.counts == Counts::Yes && self.overdue_at > Moment::BEGIN).then_some(self.overdue_at)
    }

    /// It does not count any more.
    #[cold]
    pub fn excuse(&mut self) {
        if self.counts == Counts::Yes {
            self.counts = Counts::No;
            self.state().load.subtract();
            self.call_next();
        }
    }

    /// The answer has begun.
    pub fn heard(&mut self, attempt: &torwart_cause::Attempt, status: u16, now: Moment) {
        let before = std::mem::replace(&mut self.counts, Counts::Over);
        let state = self.state();
        if before == Counts::No {
            state.load.add();
        }
        let Some(plan) = self.plan().map(|pool| pool.concurrency) else { return };
        let mut has_room = plan.is_adaptive();
        // An upstream that is in a hurry to say no is not a fast one.
        if status < 500 && status != 429 {
            let mut took = took(&attempt.head);
            if !attempt.is_reused {
                took += self::took(&attempt.connect);
            }
            has_room |= state.load.observe(plan, took, under_way(state, plan), now.clock());
        }
        if has_room {
            self.call_next();
        }
    }

    fn state(&self) -> &UpstreamState {
        &self.upstream.upstream.state
    }

    fn plan(&self) -> Option<&plan::Pool> {
        self.view.snapshot.plan.pools.get(self.pool)
    }

    #[inline]
    fn call_next(&self) {
        let Some(pool) = self.view.pools.get(self.pool) else { return };
        if pool.gate.waiting() > 0
            && let Some(plan) = self.plan()
        {
            call_all(&pool.gate, plan, pool, Moment::now());
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if self.counts == Counts::No {
            self.state().load.add();
        }
        self.call_next();
    }
}

/// Offers the places of all upstreams that are up, or of all where none is.
#[cold]
fn call_all(gate: &Gate, plan: &plan::Pool, pool: &PoolView, now: Moment) {
    let is_none_up = !pool.upstreams.iter().any(|upstream| upstream.upstream.state.is_up(now));
    gate.call(&plan.queue, is_strained(plan, pool, now), now, || {
        let states = pool.upstreams.iter().map(|upstream| &upstream.upstream.state);
        let free = states
            .filter(|state| has_room(state, plan.concurrency) && (is_none_up || state.is_up(now)))
            .min_by_key(|state| state.load.counted(under_way(state, plan.concurrency)))?;
        free.load.add();
        Some(Some(Arc::clone(free)))
    });
}

/// Another upstream of the pool that has room.
fn elsewhere(
    x: &Exchange<'_>,
    plan: &plan::Pool,
    pool: &PoolView,
    chosen: &Rc<UpstreamView>,
    now: Moment,
) -> Option<(usize, Rc<UpstreamView>)> {
    let state = &chosen.upstream.state;
    let position = || pool.upstreams.iter().position(|upstream| Rc::ptr_eq(upstream, chosen));
    if has_room(state, plan.concurrency) {
        return Some((position()?, Rc::clone(chosen)));
    }
    if matches!(plan.balance, Balance::Cookie(_)) {
        // Elsewhere the visitor's session would be lost, so the upstream he belongs to takes some more.
        let limit = state.load.limit(plan.concurrency)?;
        let is_bearable = state.load.counted(under_way(state, plan.concurrency)) < limit.saturating_mul(2);
        return (plan.concurrency.is_adaptive() && is_bearable).then_some((position()?, Rc::clone(chosen)));
    }
    let others = pool.upstreams.iter().enumerate().filter(|(index, upstream)| {
        let state = &upstream.upstream.state;
        x.tried.times(*index) == 0 && state.is_up(now) && has_room(state, plan.concurrency)
    });
    others
        .min_by_key(|(_, upstream)| under_way(&upstream.upstream.state, plan.concurrency))
        .map(|(index, upstream)| (index, Rc::clone(upstream)))
}

fn note_tried(x: &mut Exchange<'_>, pool: &PoolView, chosen: &Rc<UpstreamView>, index: usize) {
    if !pool.upstreams.get(index).is_some_and(|upstream| Rc::ptr_eq(upstream, chosen)) {
        if let Some(passed_over) = pool.upstreams.iter().position(|upstream| Rc::ptr_eq(upstream, chosen)) {
            x.tried.take_back(passed_over);
        }
        x.tried.add(index);
    }
}

/// Whether every upstream that is up has as much as it can do.
fn is_strained(plan: &plan::Pool, pool: &PoolView, now: Moment) -> bool {
    let mut up =
        pool.upstreams.iter().map(|upstream| &upstream.upstream.state).filter(|state| state.is_up(now));
    up.all(|state| state.load.is_strained(plan.concurrency, now.clock()))
}

/// How many requests the pool answers per second when it is full.
fn pace(plan: &plan::Pool, pool: &PoolView, now: Moment) -> Option<f64> {
    let mut sum = None;
    for upstream in &pool.upstreams {
        let state = &upstream.upstream.state;
        if !state.is_up(now) {
            continue;
        }
        match state.load.throughput(plan.concurrency) {
            Some(pace) => sum = Some(sum.unwrap_or(0.0) + pace),
            None => return None,
        }
    }
    sum
}

/// The class of a request; only asked for where there is a queue.
#[cold]
pub fn class(x: &Exchange<'_>) -> Class {
    let rules = x.route().and_then(|route| route.overload.clone());
    match rules {
        Some(rules) => priority::class_of(&rules.priorities, &x.desk.request),
        None => priority::class_of(&plan::Priorities::default(), &x.desk.request),
    }
}

#[inline]
fn has_room(state: &UpstreamState, plan: Concurrency) -> bool {
    state.load.has_room(plan, under_way(state, plan))
}

/// What counts: requests that wait for their answer, and with a fixed limit also those whose answer is under way.
#[inline]
pub fn under_way(state: &UpstreamState, plan: Concurrency) -> u32 {
    if plan.is_adaptive() { state.awaited() } else { state.in_flight() }
}

fn took(step: &Step) -> std::time::Duration {
    match step {
        Step::Done { took } => *took,
        _ => std::time::Duration::ZERO,
    }
}

#[inline]
fn pool_of<'x>(x: &'x Exchange<'_>) -> Option<(&'x plan::Pool, &'x PoolView)> {
    pool_in(&x.view, x)
}

#[inline]
fn pool_in<'v>(view: &'v View, x: &Exchange<'_>) -> Option<(&'v plan::Pool, &'v PoolView)> {
    let index = x.pool?.0;
    Some((view.snapshot.plan.pools.get(index)?, view.pools.get(index)?))
}
