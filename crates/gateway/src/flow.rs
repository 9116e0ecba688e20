//! The whole path of one request; read this first.
//!
//! Every stage is a plain function in a file of its own, called here in the order in which things happen. A stage that
//! fails returns an empty [`Stop`]: the evidence says why, [`outcome`] reads it, [`answer`] tells the client. After the
//! response's head has gone out there is no `Stop` any more, so nothing can try to answer twice.

use crate::apart::apart;
use crate::client::Client;
use crate::clock::Moment;
use crate::exchange::Exchange;
use crate::per_core::{Core, Desk};
use crate::place::Place;
use crate::upstream::InFlight;
use crate::view::UpstreamView;
use crate::{
    admit, again, answer, cache, connect, files, guard, identity, learn, parse, pick, place, relay, route,
    script,
};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Poll;
use torwart_cause::{Ending, Step};
use torwart_dial::Stop;

/// What becomes of the client's connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum After {
    /// It waits for the next request, which may already lie on the desk.
    Next,
    /// It closes once the client has read what was sent.
    Linger,
    /// It closes in an orderly way.
    Close,
    /// It is cut: what was sent must not look whole.
    Cut,
}

/// Runs one exchange from its first bytes to its record.
pub async fn run(core: &Rc<Core>, client: &mut Client, desk: &mut Desk, started: Moment) -> After {
    let mut x = Exchange::begin(core, client, desk, started);
    if guarded(&mut x).await == Err(Stop) && x.status.is_none() {
        apart(answer::send(&mut x)).await;
    }
    let is_read = x.request.is_some() && x.body.is_done();
    let after = match (x.is_complete, x.keeps_client && is_read) {
        (false, _) => After::Cut,
        (true, true) => After::Next,
        (true, false) if is_read => After::Close,
        (true, false) => After::Linger,
    };
    x.finish();
    after
}

/// A panic in one exchange is that exchange's fault, not an outage.
async fn guarded(x: &mut Exchange<'_>) -> Result<(), Stop> {
    let result = {
        // In place: the future is large, and handing it on would copy it.
        let mut stages = pin!(stages(x));
        std::future::poll_fn(|cx| caught(|| stages.as_mut().poll(cx))).await
    };
    result.unwrap_or_else(|| {
        x.desk.evidence.client.answer = Step::Failed { ending: Ending::Panicked, after: x.elapsed() };
        x.keeps_client = false;
        Err(Stop)
    })
}

/// What comes of polling stages; ready with `None` where they panic.
#[inline]
pub fn caught<T>(poll: impl FnOnce() -> Poll<T>) -> Poll<Option<T>> {
    match catch_unwind(AssertUnwindSafe(poll)) {
        Ok(poll) => poll.map(Some),
        Err(_) => Poll::Ready(None),
    }
}

/// The stages of one exchange, a client's or one of the cache's own.
pub async fn stages(x: &mut Exchange<'_>) -> Result<(), Stop> {
    if let Some(text) = arrive(x).await? {
        apart(answer::prove(x, &text)).await;
        return Ok(());
    }
    // Those for whom the cache fetches were judged themselves.
    if !x.is_fetch() {
        identity::judge(x)?;
        if guard::judge(x)? == guard::Verdict::Asked
            && let Some(passed_back) = apart(guard::authorise(x)).await?
        {
            apart(answer::pass_back(x, &passed_back)).await;
            return Ok(());
        }
        if x.is_cached() && apart(cache::answer(x)).await? {
            return Ok(());
        }
    }
    if let Some(gate) = admit::enter(x)? {
        apart(admit::enter_route(x, gate)).await?;
    }
    if x.is_about_files() && apart(files::answer(x)).await? {
        return Ok(());
    }
    if answer::is_ours(x) {
        apart(answer::own(x)).await;
        return Ok(());
    }
    if x.is_about_scripts() {
        apart(script::prepare(x)).await?;
    }
    loop {
        let Ok(upstream) = pick::choose(x) else {
            apart(again::prepare(x)).await?;
            continue;
        };
        let upstream =
            if place::is_free(x, &upstream) { upstream } else { apart(place::wait(x, upstream)).await? };
        let tried = attempt(x, &upstream).await;
        x.place = None;
        match tried {
            Ok(Tried::Answered) => return Ok(()),
            // What its status says about the upstream was learned when the answer began.
            Ok(Tried::Declined) => {}
            Err(Stop) => {
                learn::failed(x, &upstream);
                apart(again::prepare(x)).await?;
            }
        }
    }
}

/// Reads the head and finds the route; gives the text where somebody asks for the proof that a CA wants.
pub async fn arrive(x: &mut Exchange<'_>) -> Result<Option<Arc<str>>, Stop> {
    parse::head(x).await?;
    #[cfg(test)]
    tests::panic_if_asked(x);
    if let Some(text) = identity::proof(x) {
        return Ok(Some(text));
    }
    guard::recognise(x);
    route::choose(x)?;
    Ok(None)
}

/// What became of an attempt that did not fail.
enum Tried {
    /// Its answer went to the client.
    Answered,
    /// Its answer says "not now", and another upstream is asked.
    Declined,
}

async fn attempt(x: &mut Exchange<'_>, upstream: &Rc<UpstreamView>) -> Result<Tried, Stop> {
    let begun = Moment::now();
    let mut in_flight = upstream.upstream.state.enter(begun);
    x.place = Place::take(x, upstream, begun);
    let mut outgoing = connect::link(x, Rc::clone(upstream)).await?;
    let talked = talk(x, &mut outgoing, &mut in_flight).await;
    if outgoing.link.stream.as_fastcgi().is_some() {
        script::keep_told(x, &outgoing);
        if script::was_silent(x) {
            apart(script::look_into_queue(x, &outgoing)).await;
        }
    }
    match talked? {
        relay::Link::Clean { at } => outgoing.park(x, at),
        relay::Link::Spent if x.attempt().body.is_failed() => learn::failed(x, upstream),
        relay::Link::Spent => {}
        relay::Link::Declined { at } => {
            if let Some(at) = at {
                outgoing.park(x, at);
            }
            x.needs_fresh_link = false;
            return Ok(Tried::Declined);
        }
    }
    Ok(Tried::Answered)
}

async fn talk(
    x: &mut Exchange<'_>,
    outgoing: &mut connect::Outgoing,
    in_flight: &mut InFlight<'_>,
) -> Result<relay::Link, Stop> {
    let reply = relay::ask(x, outgoing).await?;
    learn::heard(x, outgoing, in_flight, &reply);
    place::heard(x, &reply);
    relay::pass_on(x, outgoing, reply).await
}

#[cfg(test)]
mod tests;
