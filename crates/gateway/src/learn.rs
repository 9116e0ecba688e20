//! What an attempt teaches about its upstream: how long it took, whether it failed, and whether the upstream is left out
//! for a while because of that.
//!
//! The rules are in `torwart_policy::outlier`; what is learned is kept in `UpstreamState`, for all cores.

use crate::clock::Moment;
use crate::connect::Outgoing;
use crate::exchange::Exchange;
use crate::relay::Reply;
use crate::upstream::InFlight;
use crate::view::{PoolView, UpstreamView};
use torwart_cause::{Cause, attempt_cause};
use torwart_policy::outlier::{self, Answered, Others};

/// The answer to an attempt has begun.
pub fn heard(x: &Exchange<'_>, outgoing: &Outgoing, in_flight: &mut InFlight<'_>, reply: &Reply) {
    in_flight.heard(reply.at);
    let (upstream, status) = (&*outgoing.upstream, reply.response.status);
    if status >= 500 && outlier::answered(status) != Answered::Well {
        answered_badly(x, upstream, outlier::answered(status));
        return;
    }
    let state = &upstream.upstream.state;
    // Who is alone is compared with nobody.
    if !upstream.is_alone.get() || state.failures() != 0 {
        state.succeed(reply.at.since(in_flight.since()), reply.at);
    }
    if state.is_doubted() {
        recover(x, upstream, reply.at);
    }
}

/// An attempt failed. Whatever is not the upstream's doing teaches nothing.
#[cold]
pub fn failed(x: &Exchange<'_>, upstream: &UpstreamView) {
    let Some(cause) = x.desk.evidence.attempts.last().and_then(attempt_cause) else { return };
    if x.desk.evidence.client.body.is_failed() || !outlier::is_upstreams_doing(cause) {
        return;
    }
    let in_a_row = upstream.upstream.state.fail(Moment::now());
    judge(x, upstream, cause, in_a_row);
}

/// The upstream answered with a 5xx.
#[cold]
fn answered_badly(x: &Exchange<'_>, upstream: &UpstreamView, answered: Answered) {
    let (state, now) = (&upstream.upstream.state, Moment::now());
    let in_a_row = match answered {
        Answered::Unable => state.fail(now),
        // One page may fail without anybody's being ill: it counts against others only.
        Answered::Well | Answered::Failed => state.fail_once(now),
    };
    judge(x, upstream, Cause::UpstreamSaidSo, in_a_row);
}

/// Leaves the upstream out if the rules say so.
fn judge(x: &Exchange<'_>, upstream: &UpstreamView, cause: Cause, in_a_row: u32) {
    let (Some(plan), Some(pool)) = (x.pool(), x.pool.and_then(|pool| x.view.pools.get(pool.0))) else {
        return;
    };
    let (state, now) = (&upstream.upstream.state, Moment::now());
    let own = state.counts();
    let Some(rules) = plan.ejection.as_ref().filter(|_| !state.is_ejected(now)) else { return };
    if !outlier::is_due(rules, cause, in_a_row, own, others(pool, upstream, now)) {
        return;
    }
    let before = outlier::forgiven(state.ejections(), now.since(state.ejected_until()));
    // The clock's last digits are as good as chance here.
    let time = outlier::time(rules, cause, before, now.nanos() >> 8);
    state.eject(now + time, before.saturating_add(1), cause);
    upstream.up.set(state.is_up(now));
    if upstream.is_alone.get() {
        return;
    }
    upstream.up.ejected(cause);
    let (pool, label) = (&*plan.name, &*upstream.upstream.target.label);
    let seconds = time.as_secs_f64();
    tracing::warn!(
        pool,
        upstream = label,
        cause = cause.id(),
        seconds,
        "an upstream is left out for a while"
    );
}

fn others(pool: &PoolView, upstream: &UpstreamView, now: Moment) -> Others {
    let mut others = Others::default();
    for other in pool.upstreams.iter().filter(|other| !std::ptr::eq(&***other, upstream)) {
        let state = &other.upstream.state;
        others.count += 1;
        if state.is_up(now) {
            let counts = state.counts();
            others.has_up = true;
            others.counts.successes += counts.successes;
            others.counts.failed += counts.failed;
        } else if state.down_cause(now).is_some_and(|cause| !outlier::is_unreachable(cause)) {
            others.ejected += 1;
        }
    }
    others
}

/// An upstream that was left out answers. Where it could not be reached, an answer ends that at once; one that was
/// merely worse than others waits until its time is over.
#[cold]
fn recover(x: &Exchange<'_>, upstream: &UpstreamView, now: Moment) {
    let state = &upstream.upstream.state;
    let was_unreachable = state.last_ejection().is_none_or(outlier::is_unreachable);
    if !was_unreachable && state.is_ejected(now) {
        return;
    }
    state.readmit(now);
    upstream.up.set(state.is_up(now));
    if let (false, Some(pool)) = (upstream.is_alone.get(), x.pool()) {
        let (pool, label) = (&*pool.name, &*upstream.upstream.target.label);
        tracing::info!(pool, upstream = label, "an upstream is used again");
    }
}
