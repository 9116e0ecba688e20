//! What an attempt teaches about its upstream: how long it took, whether it failed, and whether the upstream is left out
//! for a while because of that.
//!
//! The rules are in `torwart_policy::outlier`; what is learned is kept in [`UpstreamState`], for all cores.

use crate::clock::Moment;
use crate::exchange::Exchange;
use crate::upstream::InFlight;
use crate::view::UpstreamView;
use torwart_cause::{Cause, Retry, attempt_cause};
use torwart_policy::outlier;

/// The answer to an attempt has begun.
pub fn heard(upstream: &UpstreamView, in_flight: &mut InFlight<'_>, began: Moment, at: Moment) {
    in_flight.heard(at);
    let state = &upstream.upstream.state;
    state.succeed(at.since(began), at);
    if state.was_ejected() {
        recover(upstream, at);
    }
}

/// An attempt failed. Whatever is not the upstream's doing teaches nothing.
#[cold]
pub fn failed(x: &Exchange<'_>, upstream: &UpstreamView) {
    let Some(cause) = x.desk.evidence.attempts.last().and_then(attempt_cause) else { return };
    if x.desk.evidence.client.body.is_failed() || !outlier::is_upstreams_doing(cause) {
        return;
    }
    let now = Moment::now();
    let state = &upstream.upstream.state;
    let in_a_row = state.fail(now);
    if state.is_ejected(now) || !outlier::is_enough(cause, in_a_row) {
        return;
    }
    let ejections = state.ejections();
    state.eject(now + outlier::time(ejections), ejections.saturating_add(1), cause);
    upstream.up.set(false);
}

/// An upstream that had been left out answers. Where nothing could be reached, an answer ends that at once; one that
/// was merely worse than others waits until its time is over.
#[cold]
fn recover(upstream: &UpstreamView, now: Moment) {
    let state = &upstream.upstream.state;
    let was_unreachable = state.last_ejection().is_none_or(|cause: Cause| cause.retry() == Retry::Always);
    if was_unreachable || !state.is_ejected(now) {
        state.readmit(now);
        upstream.up.set(state.is_up(now));
    }
}
