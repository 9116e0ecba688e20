//! Site, route and pool of a request, and what the route says about deadlines and limits.

use crate::exchange::Exchange;
use crate::{grpc, parse};
use std::time::Duration;
use torwart_cause::{Decision, Ending, Fault, Malformation, Step};
use torwart_config::plan::Action;
use torwart_dial::Stop;
use torwart_policy::route::Selection;

/// Chooses the route, or says why there is none.
pub fn choose(x: &mut Exchange<'_>) -> Result<(), Stop> {
    let view = std::rc::Rc::clone(&x.view);
    let snapshot = &view.snapshot;
    let selection = {
        let mut scratch = x.core.scratch.borrow_mut();
        let head = &x.desk.request;
        snapshot.routes.select(&snapshot.plan, x.client.is_tls, head.authority(), head, &mut scratch)
    };
    let decision = match selection {
        Selection::Route { site, route } => {
            x.site = view.site_of(route.index);
            x.route = view.place_of(route.index).map(|place| (place, route.index.0));
            debug_assert!(x.route().is_some_and(|found| std::ptr::eq(found, route) && !site.name.is_empty()));
            x.deadlines = route.deadlines.clone();
            x.buffers = route.buffers.clone();
            let asked = grpc::timeout(&x.desk.request);
            let total = route.deadlines.total.into_iter().chain(asked).min();
            x.total_until = total.map(|total| x.started + total);
            x.pool = match route.action {
                Action::Forward(pool) => Some(pool),
                Action::Files | Action::Redirect(_) => None,
                Action::Deny => {
                    x.desk.evidence.local.route = DONE;
                    x.desk.evidence.local.guard = decided(Decision::Deny);
                    return Err(Stop);
                }
            };
            x.desk.evidence.local.route = DONE;
            return parse::limit_body(x, route.body_limit.bytes());
        }
        Selection::ToHttps { site } => {
            x.site = view.index_of(site);
            x.desk.evidence.local.route = DONE;
            return Ok(());
        }
        Selection::NoSite => Decision::NoRoute,
        Selection::NoRoute { site } => {
            x.site = view.index_of(site);
            Decision::NoRoute
        }
        Selection::Refused { site, fault: _ } => {
            x.site = view.index_of(site);
            x.keeps_client = false;
            let at = x.desk.request.method().len() as u64 + 1;
            let ending = Ending::Malformed(Fault { what: Malformation::BadTarget, at });
            x.desk.evidence.client.head = Step::Failed { ending, after: Duration::ZERO };
            return Err(Stop);
        }
    };
    x.desk.evidence.local.route = decided(decision);
    Err(Stop)
}

/// A decision took no time worth measuring.
pub const DONE: Step = Step::Done { took: Duration::ZERO };

/// The step of a stage that decided against the request.
pub const fn decided(decision: Decision) -> Step {
    Step::Failed { ending: Ending::Decided(decision), after: Duration::ZERO }
}
