//! A link to the chosen upstream: an idle one that is surely alive, or a fresh one.

use crate::apart::apart;
use crate::clock::Moment;
use crate::exchange::Exchange;
use crate::multiplex;
use crate::outcome;
use crate::per_core::UpstreamDesk;
use crate::pool::Link;
use crate::stated;
use crate::view::UpstreamView;
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;
use torwart_cause::{Address, Attempt, By, Deadline, Ending, Step};
use torwart_dial::{Deadlines, Stop, Target, open};
use torwart_policy::retry;
use torwart_record::LinkState;

/// The upstream's side of an attempt: its link, and the buffers for what goes out and comes back.
pub struct Outgoing {
    /// The upstream.
    pub upstream: Rc<UpstreamView>,
    /// The link.
    pub link: Link,
    /// What the upstream answers, and what goes to it.
    pub desk: Box<UpstreamDesk>,
    /// When the attempt began to send.
    pub began: Moment,
}

impl Outgoing {
    /// Puts the link back for the next request; a stream ends with its exchange.
    #[inline(always)]
    pub fn park(mut self, x: &mut Exchange<'_>, now: Moment) {
        let Some(pool) = x.pool.and_then(|pool| x.view.pools.get(pool.0)) else { return };
        x.desk.borrow_room(&mut self.desk);
        x.core.give_upstream_desk(self.desk);
        let Some(guard) = &mut self.link.guard else { return };
        guard.set(LinkState::Idle);
        self.upstream.idle.put(pool.keep, self.link, now);
    }
}

/// Gets a link and begins the attempt's evidence.
pub async fn link(x: &mut Exchange<'_>, upstream: Rc<UpstreamView>) -> Result<Outgoing, Stop> {
    let now = if x.desk.evidence.attempts.is_empty() { x.started } else { Moment::now() };
    let view = Rc::clone(&x.view);
    let Some((index, pool)) = x.pool.and_then(|pool| Some((pool.0, view.pools.get(pool.0)?))) else {
        return Err(Stop);
    };
    let label = &upstream.upstream.target.label;
    x.desk.evidence.attempts.push(Attempt { upstream: std::sync::Arc::clone(label), ..Attempt::default() });
    let is_repeatable = retry::is_idempotent(x.desk.request.method());
    if let Some(time) = x.deadlines.per_try {
        x.try_until = outcome::may_cut_short(x, pool).then(|| now + time);
    }
    let idle = if x.needs_fresh_link {
        None
    } else {
        upstream.idle.take(pool.keep, &upstream.upstream.state, is_repeatable, now)
    };
    let link = match idle {
        Some(mut link) => {
            if let Some(guard) = &mut link.guard {
                guard.set(LinkState::Active);
            }
            let attempt = x.attempt();
            attempt.is_reused = true;
            attempt.address = Some(link.address.clone());
            link
        }
        None if upstream.multiplex.is_some() => apart(multiplex::link(x, &upstream, index)).await?,
        None => apart(dial(x, &upstream.upstream.target, index)).await?,
    };
    Ok(Outgoing { upstream, link, desk: x.core.take_upstream_desk(), began: now })
}

/// A link of its own for this exchange.
pub async fn dial(x: &mut Exchange<'_>, target: &Target, pool: usize) -> Result<Link, Stop> {
    let view = Rc::clone(&x.view);
    let plan = &view.snapshot.plan.pools[pool].deadlines;
    let deadlines = Deadlines { resolve: plan.resolve, connect: plan.connect, handshake: plan.handshake };
    let stated = view.snapshot.plan.pools[pool]
        .proxy_protocol
        .map(|version| Target { prelude: Some(stated::header(x, version).into()), ..target.clone() });
    let target = stated.as_ref().unwrap_or(target);
    let mut guard = x.core.recorder.metrics().link(&view.snapshot.series, pool, LinkState::Connecting);
    let mut attempt = std::mem::take(x.attempt());
    let opened = {
        let shared = std::sync::Arc::clone(&x.core.shared);
        let mut opening = Box::pin(open(target, &shared.resolver, &deadlines, &mut attempt));
        std::future::poll_fn(|cx| {
            if let Poll::Ready(opened) = opening.as_mut().poll(cx) {
                return Poll::Ready(Ok(opened));
            }
            given_up(x, cx).map(Err)
        })
        .await
    };
    if let Err(ending) = opened {
        mark_given_up(&mut attempt, ending, x.elapsed());
    }
    *x.attempt() = attempt;
    let Ok(Ok(stream)) = opened else { return Err(Stop) };
    guard.set(LinkState::Active);
    if let Some(pool) = view.pools.get(pool) {
        pool.outage.is_over();
    }
    let address = x.attempt().address.clone().unwrap_or_else(|| Address::Unix("".into()));
    Ok(Link { stream, address, guard: Some(guard) })
}

/// While connecting: has the total deadline passed, or the client gone?
#[cold]
pub fn given_up(x: &mut Exchange<'_>, cx: &mut std::task::Context<'_>) -> Poll<Ending> {
    if let Some(ending) = x.poll_leaving(cx) {
        return Poll::Ready(ending);
    }
    let Some(until) = x.nearest_end() else {
        return x.client.poll_deadline(cx, Moment::now() + FOREVER).map(|()| Ending::Cancelled(By::Client));
    };
    if x.client.poll_deadline(cx, until).is_ready() {
        return Poll::Ready(x.end_reached());
    }
    Poll::Pending
}

/// The first step that did not end well is the one that was under way.
#[cold]
fn mark_given_up(attempt: &mut Attempt, ending: Ending, after: Duration) {
    let is_tls = attempt.connect.is_done();
    let step = if attempt.address.is_none() {
        &mut attempt.resolve
    } else if is_tls {
        &mut attempt.handshake
    } else {
        &mut attempt.connect
    };
    *step = Step::Failed { ending, after };
}

impl Exchange<'_> {
    /// The earliest moment at which the exchange ends whatever happens.
    pub fn nearest_end(&self) -> Option<Moment> {
        let end = match (self.total_until, self.leaves_at) {
            (Some(total), Some(leaving)) => Some(total.min(leaving)),
            (total, leaving) => total.or(leaving),
        };
        match self.try_until {
            Some(_) => self.end_of_try(end),
            None => end,
        }
    }

    /// An attempt is cut short only as long as the request can be sent again.
    #[cold]
    fn end_of_try(&self, end: Option<Moment>) -> Option<Moment> {
        let own = self.try_until.filter(|_| self.body.is_kept());
        own.into_iter().chain(end).min()
    }

    /// Which end was reached when [`Exchange::nearest_end`] has passed.
    #[cold]
    pub fn end_reached(&self) -> Ending {
        let now = Moment::now();
        if self.leaves_at.is_some_and(|at| at <= now) {
            Ending::Cancelled(By::Client)
        } else if self.try_until.is_some_and(|at| at <= now) && self.total_until.is_none_or(|at| at > now) {
            Ending::TimedOut(Deadline::PerTry)
        } else {
            Ending::TimedOut(Deadline::Total)
        }
    }

    /// Bytes of the answer moved: a client that ended its side is still there.
    pub fn put_off_leaving(&mut self) {
        if self.leaves_at.is_some() {
            self.leaves_at = Some(Moment::now() + GRACE_IN_BODY);
        }
    }

    /// Looks whether the client went away. Bytes of a next request are kept for it.
    ///
    /// A FIN alone may also mean that the client only stopped sending (RFC 9293 §3.6), so it is given a short grace;
    /// a reset is certain.
    pub fn poll_leaving(&mut self, cx: &mut std::task::Context<'_>) -> Option<Ending> {
        while self.leaves_at.is_none()
            && !self.client.stream.is_unwatched()
            && self.body.is_done()
            && !self.desk.request.buffer.spare().is_empty()
        {
            let buffer = &mut self.desk.request.buffer;
            match crate::client::poll_fill(&mut self.client.stream, cx, buffer, usize::MAX) {
                Poll::Pending => return None,
                Poll::Ready(Ok(0)) => {
                    let grace = if self.status.is_none() { GRACE_BEFORE_ANSWER } else { GRACE_IN_BODY };
                    self.leaves_at = Some(Moment::now() + grace);
                    self.keeps_client = false;
                }
                Poll::Ready(Ok(_)) => {}
                Poll::Ready(Err(_)) => return Some(Ending::Cancelled(By::Client)),
            }
        }
        None
    }
}

/// Longer than any attempt takes: its own deadlines end it.
const FOREVER: Duration = Duration::from_secs(24 * 3600);

/// How long the answer may take to begin for a client that ended its side.
const GRACE_BEFORE_ANSWER: Duration = Duration::from_millis(500);

/// How long the body may pause for such a client.
const GRACE_IN_BODY: Duration = Duration::from_secs(5);
