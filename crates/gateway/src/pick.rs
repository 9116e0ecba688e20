//! Which upstream gets the attempt: round robin over those not tried yet, rested ones first.
//!
//! An upstream whose connections failed just now is asked last, but it is asked: the last ones are never given up.

use crate::clock::Moment;
use crate::exchange::Exchange;
use crate::route::{DONE, decided};
use crate::view::{PoolView, UpstreamView};
use std::rc::Rc;
use torwart_cause::Decision;
use torwart_dial::Stop;

/// Chooses the upstream of the next attempt.
pub fn choose(x: &mut Exchange<'_>) -> Result<Rc<UpstreamView>, Stop> {
    let view = Rc::clone(&x.view);
    let Some(pool) = x.pool.and_then(|pool| view.pools.get(pool.0)) else {
        x.desk.evidence.local.pick = decided(Decision::Misconfigured);
        return Err(Stop);
    };
    let chosen = match pool.upstreams.as_slice() {
        [] => None,
        [_] => Some(0),
        _ => search(pool, x),
    };
    let Some((index, upstream)) = chosen.and_then(|index| Some((index, pool.upstreams.get(index)?))) else {
        x.desk.evidence.local.pick = decided(Decision::AllDown);
        return Err(Stop);
    };
    x.tried.add(index);
    x.desk.evidence.local.pick = DONE;
    Ok(Rc::clone(upstream))
}

fn search(pool: &PoolView, x: &Exchange<'_>) -> Option<usize> {
    let count = pool.upstreams.len();
    let first = pool.next.get() % count;
    pool.next.set(first + 1);
    let now = clock(x);
    let order = || (0..count).map(|step| (first + step) % count);
    let is_resting =
        |index: usize| pool.upstreams.get(index).is_some_and(|upstream| !upstream.upstream.state.is_up(now));
    let untried = |index: &usize| x.tried.times(*index) == 0;
    order()
        .find(|index| untried(index) && !is_resting(*index))
        .or_else(|| order().find(untried))
        .or_else(|| order().min_by_key(|index| x.tried.times(*index)))
}

/// The gateway's clock as of the request's beginning: fresh enough for the first attempt.
fn clock(x: &Exchange<'_>) -> Moment {
    if x.tried.upstreams() == 0 { x.started } else { Moment::now() }
}
