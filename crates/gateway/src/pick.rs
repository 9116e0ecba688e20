//! Which upstream gets the attempt.
//!
//! The pool's rule chooses among those that are up and were not tried yet for this request; the last ones are never
//! given up, whatever is held against them. A pool of one upstream has no choice.

use crate::clock::Moment;
use crate::exchange::Exchange;
use crate::route::{DONE, decided};
use crate::view::UpstreamView;
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
        upstreams => {
            let now = clock(x);
            pool.balancing.choose(upstreams, x, now)
        }
    };
    let Some((index, upstream)) = chosen.and_then(|index| Some((index, pool.upstreams.get(index)?))) else {
        x.desk.evidence.local.pick = decided(Decision::AllDown);
        return Err(Stop);
    };
    x.tried.add(index);
    x.desk.evidence.local.pick = DONE;
    Ok(Rc::clone(upstream))
}

/// The gateway's clock as of the request's beginning: fresh enough for the first attempt.
fn clock(x: &Exchange<'_>) -> Moment {
    if x.tried.upstreams() == 0 { x.started } else { Moment::now() }
}
