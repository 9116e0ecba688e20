//! A second attempt beside the first, for requests that may be sent twice and whose answer is late.
//!
//! Both run in the task of the exchange. The first one is driven as always; the second one is only a link, the request
//! on it, and the wait for its first byte. Whichever is answered first goes on as the exchange's attempt, the other one is
//! dropped with its link. Both stand in the evidence, the one that decided last.

use super::ask::{Asking, FIRST_READ};
use crate::client::poll_fill;
use crate::clock::Moment;
use crate::connect::Outgoing;
use crate::exchange::Exchange;
use crate::per_core::UpstreamDesk;
use crate::pool::Link;
use crate::view::UpstreamView;
use crate::{outcome, pick, request_head};
use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::AsyncWrite;
use torwart_cause::{Address, Attempt, By, Deadline, Ending, Step};
use torwart_dial::{Stop, Stream, ending_of, open};
use torwart_record::{LinkGuard, LinkState};
use torwart_wire::Framing;
use torwart_wire::http1::Response;

/// Whether this attempt may get another one beside it.
pub fn is_possible(x: &Exchange<'_>, outgoing: &Outgoing) -> bool {
    torwart_policy::retry::is_idempotent(x.desk.request.method())
        && x.body.framing() == Framing::None
        && request_head::offered_upgrade(x).is_none()
        && speaks_plainly(&outgoing.upstream)
}

/// Asks as usual; with a second attempt beside the first where no head has come `after` the attempt began.
pub async fn ask(
    x: &mut Exchange<'_>,
    outgoing: &mut Outgoing,
    asking: &mut Asking,
    after: Duration,
) -> Result<Response, Stop> {
    let due = outgoing.began + after;
    if let Some(result) = alone_until(x, outgoing, asking, due).await {
        return result;
    }
    let Some(mut second) = Second::begin(x) else {
        return poll_fn(|cx| asking.poll(cx, x, outgoing)).await;
    };
    let upstream = Rc::clone(&second.upstream);
    let _in_flight = upstream.upstream.state.enter(second.began);
    let mut is_first_over = false;
    let end = poll_fn(|cx| {
        if !is_first_over {
            match asking.poll(cx, x, outgoing) {
                Poll::Ready(Ok(response)) => return Poll::Ready(End::First(response)),
                Poll::Ready(Err(Stop)) if is_given_up(x) => return Poll::Ready(End::GivenUp),
                Poll::Ready(Err(Stop)) => is_first_over = true,
                Poll::Pending => {}
            }
        }
        match second.poll(cx) {
            Poll::Ready(Ok(())) => return Poll::Ready(End::Second),
            Poll::Ready(Err(Stop)) if is_first_over => return Poll::Ready(End::Neither(None)),
            Poll::Ready(Err(Stop)) => return Poll::Ready(End::FirstGoesOn),
            Poll::Pending => {}
        }
        if is_first_over {
            if let Some(ending) = x.poll_leaving(cx) {
                return Poll::Ready(End::Neither(Some(ending)));
            }
            return asking.poll_end(cx, x).map(|ending| End::Neither(Some(ending)));
        }
        Poll::Pending
    })
    .await;
    match end {
        End::First(response) => {
            second.lose(x);
            Ok(response)
        }
        End::GivenUp => {
            second.lose(x);
            Err(Stop)
        }
        End::FirstGoesOn => {
            let at = x.desk.evidence.attempts.len().saturating_sub(1);
            x.desk.evidence.attempts.insert(at, second.attempt);
            poll_fn(|cx| asking.poll(cx, x, outgoing)).await
        }
        End::Second => {
            second.win(x, outgoing, asking, is_first_over);
            poll_fn(|cx| asking.poll(cx, x, outgoing)).await
        }
        End::Neither(ending) => {
            if let Some(ending) = ending {
                second.attempt.head = Step::Failed { ending, after: second.began.elapsed() };
            }
            x.desk.evidence.attempts.push(second.attempt);
            Err(Stop)
        }
    }
}

/// How the two end.
enum End {
    /// The first was answered, the second is not needed any more.
    First(Response),
    /// The exchange is over: its client has gone, or its time.
    GivenUp,
    /// The second failed, the first may still be answered.
    FirstGoesOn,
    /// The second was answered.
    Second,
    /// Both failed; with what the second's waiting ended, where that was no failure of its own.
    Neither(Option<Ending>),
}

/// Whether the attempt under way ended because the whole exchange does.
fn is_given_up(x: &mut Exchange<'_>) -> bool {
    matches!(
        x.attempt().head.ending(),
        Some(Ending::Cancelled(By::Client) | Ending::TimedOut(Deadline::Total | Deadline::Drain))
    )
}

/// The first attempt alone. `None` when the second one is due.
async fn alone_until(
    x: &mut Exchange<'_>,
    outgoing: &mut Outgoing,
    asking: &mut Asking,
    due: Moment,
) -> Option<Result<Response, Stop>> {
    poll_fn(|cx| {
        if let Poll::Ready(result) = asking.poll(cx, x, outgoing) {
            return Poll::Ready(Some(result));
        }
        // The deadlines of the first attempt are armed; the nearer one counts.
        if !asking.has_sent() || asking.ends_at(x) <= due {
            return Poll::Pending;
        }
        x.client.poll_deadline(cx, due).map(|()| None)
    })
    .await
}

/// The attempt beside the first one.
struct Second {
    upstream: Rc<UpstreamView>,
    attempt: Attempt,
    began: Moment,
    sent_at: Option<Moment>,
    desk: Box<UpstreamDesk>,
    state: State,
}

type Opening = Pin<Box<dyn Future<Output = (Attempt, Result<Stream, Stop>)>>>;

enum State {
    Opening(Opening, Option<LinkGuard>),
    Asking(Link),
    Over,
}

impl Second {
    /// Begins it at another upstream, where there is one and the budget allows it.
    fn begin(x: &mut Exchange<'_>) -> Option<Self> {
        if !outcome::may_hedge(x) {
            return None;
        }
        let view = Rc::clone(&x.view);
        let (index, pool) = x.pool.and_then(|pool| Some((pool.0, view.pools.get(pool.0)?)))?;
        let upstream = pick::choose(x).ok()?;
        if !speaks_plainly(&upstream) {
            return None;
        }
        let now = Moment::now();
        let target = &upstream.upstream.target;
        let mut attempt = Attempt { upstream: std::sync::Arc::clone(&target.label), ..Attempt::default() };
        let state = match upstream.idle.take(pool.keep, &upstream.upstream.state, true, now) {
            Some(mut link) => {
                if let Some(guard) = &mut link.guard {
                    guard.set(LinkState::Active);
                }
                attempt.is_reused = true;
                attempt.address = Some(link.address.clone());
                State::Asking(link)
            }
            None => {
                let metrics = x.core.recorder.metrics();
                let guard = metrics.link(&view.snapshot.series, index, LinkState::Connecting);
                let deadlines = view.snapshot.plan.pools.get(index)?.deadlines.clone();
                let shared = std::sync::Arc::clone(&x.core.shared);
                let target = target.clone();
                let mut opened =
                    Attempt { upstream: std::sync::Arc::clone(&target.label), ..Attempt::default() };
                let opening = async move {
                    let stream = open(&target, &shared.resolver, &deadlines, &mut opened).await;
                    (opened, stream)
                };
                State::Opening(Box::pin(opening), Some(guard))
            }
        };
        let mut desk = x.core.take_upstream_desk();
        request_head::write(x, &upstream.upstream.authority, desk.out.bytes());
        Some(Self { upstream, attempt, began: now, sent_at: None, desk, state })
    }

    /// Ready once its answer has begun, or it failed.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Stop>> {
        loop {
            let link = match &mut self.state {
                State::Over => return Poll::Ready(Err(Stop)),
                State::Asking(link) => link,
                State::Opening(opening, guard) => {
                    let (attempt, opened) = ready!(opening.as_mut().poll(cx));
                    self.attempt = attempt;
                    let mut guard = guard.take();
                    let Ok(stream) = opened else {
                        self.state = State::Over;
                        return Poll::Ready(Err(Stop));
                    };
                    if let Some(guard) = &mut guard {
                        guard.set(LinkState::Active);
                    }
                    let address = self.attempt.address.clone().unwrap_or_else(|| Address::Unix("".into()));
                    self.state = State::Asking(Link { stream, address, guard });
                    continue;
                }
            };
            let stream = &mut link.stream;
            while !self.desk.out.is_empty() {
                match ready!(self.desk.out.poll_send(cx, stream, &[])) {
                    Ok(sent) => self.attempt.sent += sent.all as u64,
                    Err(error) => {
                        let ending = ending_of(&error, Deadline::Send);
                        self.attempt.send = Step::Failed { ending, after: self.began.elapsed() };
                        return Poll::Ready(Err(Stop));
                    }
                }
            }
            if stream.needs_flush() {
                // Should it fail, reading says so.
                let _ = ready!(Pin::new(&mut *stream).poll_flush(cx));
            }
            if self.sent_at.is_none() {
                let now = Moment::now();
                self.sent_at = Some(now);
                self.attempt.send = Step::Done { took: now.since(self.began) };
            }
            let read = ready!(poll_fill(stream, cx, &mut self.desk.response.buffer, FIRST_READ));
            let ending = match read {
                Ok(0) => Ending::Closed,
                Ok(read) => {
                    self.attempt.received += read as u64;
                    return Poll::Ready(Ok(()));
                }
                Err(error) => ending_of(&error, Deadline::FirstByte),
            };
            self.attempt.head = Step::Failed { ending, after: self.began.elapsed() };
            return Poll::Ready(Err(Stop));
        }
    }

    /// It was not needed: it stands before the one that was.
    fn lose(mut self, x: &mut Exchange<'_>) {
        self.attempt.head = lost(self.began);
        let at = x.desk.evidence.attempts.len().saturating_sub(1);
        x.desk.evidence.attempts.insert(at, self.attempt);
    }

    /// It becomes the exchange's attempt.
    fn win(self, x: &mut Exchange<'_>, outgoing: &mut Outgoing, asking: &mut Asking, is_first_over: bool) {
        let State::Asking(link) = self.state else { return };
        if !is_first_over {
            x.attempt().head = lost(outgoing.began);
        }
        x.desk.evidence.attempts.push(self.attempt);
        let winner = Outgoing { upstream: self.upstream, link, desk: self.desk, began: self.began };
        drop(std::mem::replace(outgoing, winner));
        asking.goes_on_at(self.sent_at.unwrap_or(self.began));
    }
}

/// The step of an attempt that was given up for a faster one.
fn lost(began: Moment) -> Step {
    Step::Failed { ending: Ending::Cancelled(By::Faster), after: began.elapsed() }
}

/// Whether every request has a link of its own that carries nothing else first.
fn speaks_plainly(upstream: &UpstreamView) -> bool {
    let target = &upstream.upstream.target;
    upstream.multiplex.is_none() && !target.is_fastcgi && target.prelude.is_none()
}
