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
use crate::upstream::InFlight;
use crate::view::UpstreamView;
use crate::{
    admit, answer, connect, files, guard, identity, learn, outcome, parse, pick, relay, route, script,
};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::rc::Rc;
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
        let mut stages = pin!(stages(x));
        std::future::poll_fn(|cx| match catch_unwind(AssertUnwindSafe(|| stages.as_mut().poll(cx))) {
            Ok(poll) => poll.map(Some),
            Err(_) => Poll::Ready(None),
        })
        .await
    };
    result.unwrap_or_else(|| {
        x.desk.evidence.client.answer = Step::Failed { ending: Ending::Panicked, after: x.elapsed() };
        x.keeps_client = false;
        Err(Stop)
    })
}

async fn stages(x: &mut Exchange<'_>) -> Result<(), Stop> {
    parse::head(x).await?;
    #[cfg(test)]
    tests::panic_if_asked(x);
    if let Some(text) = identity::proof(x) {
        apart(answer::prove(x, &text)).await;
        return Ok(());
    }
    guard::recognise(x);
    route::choose(x)?;
    identity::judge(x)?;
    if guard::judge(x)? == guard::Verdict::Asked
        && let Some(passed_back) = apart(guard::authorise(x)).await?
    {
        apart(answer::pass_back(x, &passed_back)).await;
        return Ok(());
    }
    admit::enter(x)?;
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
        let upstream = pick::choose(x)?;
        match attempt(x, &upstream).await {
            Ok(()) => return Ok(()),
            Err(Stop) => {
                learn::failed(x, &upstream);
                outcome::may_repeat(x)?;
            }
        }
    }
}

async fn attempt(x: &mut Exchange<'_>, upstream: &Rc<UpstreamView>) -> Result<(), Stop> {
    let entered = if x.desk.evidence.attempts.is_empty() { x.started } else { Moment::now() };
    let mut in_flight = upstream.upstream.state.enter(entered);
    let mut outgoing = connect::link(x, Rc::clone(upstream)).await?;
    let talked = talk(x, &mut outgoing, &mut in_flight).await;
    if outgoing.link.stream.as_fastcgi().is_some() {
        script::keep_told(x, &outgoing);
        if script::was_silent(x) {
            apart(script::look_into_queue(x, &outgoing)).await;
        }
    }
    if let relay::Link::Clean { at } = talked? {
        outgoing.park(x, at);
    }
    Ok(())
}

async fn talk(
    x: &mut Exchange<'_>,
    outgoing: &mut connect::Outgoing,
    in_flight: &mut InFlight<'_>,
) -> Result<relay::Link, Stop> {
    let reply = relay::ask(x, outgoing).await?;
    learn::heard(&outgoing.upstream, in_flight, outgoing.began, reply.at);
    relay::pass_on(x, outgoing, reply).await
}

#[cfg(test)]
mod tests;
