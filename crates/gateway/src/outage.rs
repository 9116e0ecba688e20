//! A pool none of whose upstreams can be reached: its requests wait for one to come back, as after a restart.
//!
//! Each core knows for itself whether its pools are there. While one is gone, one of those who wait looks again and again
//! whether an upstream accepts a connection; when one does, all go on. Whoever waits holds nothing but its client.

use crate::apart::apart;
use crate::clock::Moment;
use crate::exchange::Exchange;
use crate::place;
use crate::view::{PoolView, UpstreamView};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use torwart_cause::{Attempt, Cause};
use torwart_dial::{Deadlines, Stop, open};
use torwart_policy::patience::{self, Absence};

/// Whether a pool can be reached, as far as one core knows.
#[derive(Default)]
pub struct Outage {
    standing: Cell<Standing>,
    /// Whether somebody looks for an upstream that is back.
    is_watched: Cell<bool>,
    tickets: Cell<u64>,
    waiting: RefCell<HashMap<u64, Option<Waker>>>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Standing {
    /// No connection was ever made.
    #[default]
    Unknown,
    /// The last connection was made.
    There,
    /// None could be made since this moment.
    Gone(Moment),
}

impl Outage {
    /// A connection was made: whoever waits goes on.
    pub fn is_over(&self) {
        if self.standing.replace(Standing::There) != Standing::There {
            self.wake();
        }
    }

    /// No upstream could be reached. Since when; `None` if none ever could.
    fn begins(&self, now: Moment) -> Option<Moment> {
        match self.standing.get() {
            Standing::Unknown => None,
            Standing::There => {
                self.standing.set(Standing::Gone(now));
                Some(now)
            }
            Standing::Gone(since) => Some(since),
        }
    }

    fn wake(&self) {
        for waker in self.waiting.borrow_mut().values_mut().filter_map(Option::take) {
            waker.wake();
        }
    }
}

/// After an attempt that may not be repeated: waits until an upstream is back, if that is what failed. `Stop` means
/// that the request is answered as things stand.
pub async fn wait(x: &mut Exchange<'_>, cause: Option<Cause>) -> Result<(), Stop> {
    let view = Rc::clone(&x.view);
    let Some((index, pool)) = x.pool.and_then(|pool| Some((pool.0, view.pools.get(pool.0)?))) else {
        return Err(Stop);
    };
    let Some(wait) = x.route().and_then(|route| route.retry.wait) else { return Err(Stop) };
    let now = Moment::now();
    let since = pool.outage.begins(now);
    let gone_for = since.map(|since| now.since(since));
    let absence = Absence { cause, gone_for, wait, waiting: pool.outage.waiting.borrow().len() };
    let Some(left) = patience::wait(absence) else {
        if let Some(gone_for) = gone_for.filter(|gone_for| *gone_for >= wait) {
            x.notes().retry_after = Some(patience::come_back_in(gone_for));
        }
        return Err(Stop);
    };
    apart(stay(x, pool, index, since.unwrap_or(now), now + left)).await
}

async fn stay(
    x: &mut Exchange<'_>,
    pool: &PoolView,
    index: usize,
    since: Moment,
    until: Moment,
) -> Result<(), Stop> {
    let outage = &pool.outage;
    let own = Place::take(outage);
    let plan = x.view.snapshot.plan.pools.get(index);
    let deadlines = plan.map(|pool| pool.deadlines.clone()).unwrap_or_default();
    let mut watch =
        Watch { look: None, next: Moment::now() + patience::pause_between_looks(Duration::ZERO), at: 0 };
    let is_back = std::future::poll_fn(|cx| {
        let is_over = outage.standing.get() != Standing::Gone(since);
        if is_over && pool.upstreams.iter().any(|upstream| place::is_free(x, upstream)) {
            return Poll::Ready(true);
        }
        if x.poll_leaving(cx).is_some() {
            x.keeps_client = false;
            return Poll::Ready(false);
        }
        let mut wakes_at = x.nearest_end().map_or(until, |end| end.min(until));
        if wakes_at <= Moment::now() {
            return Poll::Ready(is_over);
        }
        if is_over {
            wakes_at = wakes_at.min(Moment::now() + FOR_ROOM);
        } else if own.watches() {
            if watch.poll(cx, x, &pool.upstreams, &deadlines, since).is_ready() {
                outage.is_over();
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            if watch.look.is_none() {
                wakes_at = wakes_at.min(watch.next);
            }
        } else {
            own.listen(cx);
        }
        if x.client.poll_deadline(cx, wakes_at).is_ready() {
            cx.waker().wake_by_ref();
        }
        Poll::Pending
    })
    .await;
    if !is_back {
        x.notes().retry_after = Some(patience::come_back_in(Moment::now().since(since)));
        return Err(Stop);
    }
    // All are worth an attempt again, on links made after the outage.
    x.tried = crate::exchange::Tried::default();
    x.needs_fresh_link = true;
    Ok(())
}

/// An upstream that comes back is not run over: whoever waited goes on as soon as it has room, and looks so often.
const FOR_ROOM: Duration = Duration::from_millis(5);

/// Somebody who waits; counted until this is dropped.
struct Place<'o> {
    outage: &'o Outage,
    ticket: u64,
    watches: Cell<bool>,
}

impl<'o> Place<'o> {
    fn take(outage: &'o Outage) -> Self {
        let ticket = outage.tickets.get();
        outage.tickets.set(ticket.wrapping_add(1));
        outage.waiting.borrow_mut().insert(ticket, None);
        Self { outage, ticket, watches: Cell::new(false) }
    }

    /// Whether this one looks after the upstreams; the first to ask does.
    fn watches(&self) -> bool {
        if !self.watches.get() && !self.outage.is_watched.replace(true) {
            self.watches.set(true);
        }
        self.watches.get()
    }

    fn listen(&self, cx: &Context<'_>) {
        self.outage.waiting.borrow_mut().insert(self.ticket, Some(cx.waker().clone()));
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.outage.waiting.borrow_mut().remove(&self.ticket);
        if self.watches.get() {
            // Somebody else takes over.
            self.outage.is_watched.set(false);
            self.outage.wake();
        }
    }
}

/// Looks whether one of the upstreams is back, one after the other.
struct Watch {
    look: Option<Pin<Box<dyn Future<Output = bool>>>>,
    next: Moment,
    /// Which upstream is looked at next.
    at: usize,
}

impl Watch {
    /// Ready once one accepted a connection.
    fn poll(
        &mut self,
        cx: &mut Context<'_>,
        x: &Exchange<'_>,
        upstreams: &[Rc<UpstreamView>],
        deadlines: &Deadlines,
        since: Moment,
    ) -> Poll<()> {
        loop {
            let now = Moment::now();
            let Some(look) = &mut self.look else {
                let count = upstreams.len().max(1);
                let Some(upstream) = upstreams.get(self.at % count).filter(|_| now >= self.next) else {
                    return Poll::Pending;
                };
                self.at = self.at.wrapping_add(1);
                let target = upstream.upstream.target.clone();
                let shared = Arc::clone(&x.core.shared);
                let deadlines = deadlines.clone();
                self.look = Some(Box::pin(async move {
                    let mut seen = Attempt::default();
                    open(&target, &shared.resolver, &deadlines, &mut seen).await.is_ok()
                }));
                continue;
            };
            match look.as_mut().poll(cx) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(true) => return Poll::Ready(()),
                Poll::Ready(false) => {
                    self.look = None;
                    self.next = now + patience::pause_between_looks(now.since(since));
                }
            }
        }
    }
}
