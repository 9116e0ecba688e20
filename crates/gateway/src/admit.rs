//! Whether the gateway takes the request on: not where its connection came above the limit, and where its route takes so
//! many at once, or has a waiting room, not before it is its turn.

use crate::clock::Moment;
use crate::exchange::Exchange;
use crate::gates::RouteGate;
use crate::place;
use crate::queue::Terms;
use crate::route::{DONE, decided};
use crate::waiting_room;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use torwart_cause::{By, Decision, Ending, Step};
use torwart_config::plan::Concurrency;
use torwart_dial::Stop;
use torwart_policy::overload::queue::Guest;

/// A place on a route that takes so many at once; the next is called when it is dropped.
pub struct RoutePlace(Arc<RouteGate>);

/// Admits the request, or says which gate it stands before. While draining, requests that already came in are still served; their connections close after.
pub fn enter(x: &mut Exchange<'_>) -> Result<Option<Arc<RouteGate>>, Stop> {
    if x.client.place.is_extra {
        x.keeps_client = false;
        x.desk.evidence.local.admit = decided(Decision::GatewayFull);
        return Err(Stop);
    }
    if x.core.shared.is_draining() {
        x.keeps_client = false;
    }
    x.desk.evidence.local.admit = DONE;
    let gate = x.route.and_then(|(_, route)| x.view.snapshot.gates.of_route(route));
    Ok(gate.map(Arc::clone))
}

/// Waits for a place on a route that has a gate.
pub async fn enter_route(x: &mut Exchange<'_>, gate: Arc<RouteGate>) -> Result<(), Stop> {
    waiting_room::enter(x, &gate)?;
    let (plan, standing) = (Arc::clone(&gate.plan), &gate.standing);
    if plan.at_once == Concurrency::Off {
        return Ok(());
    }
    let now = Moment::now();
    if standing.gate.waiting() > 0 || !gate.has_room() {
        standing.load.turned_away(plan.at_once, now.clock());
        let per_second = standing.load.throughput(plan.at_once);
        let guest = Guest { class: place::class(x), may_stay: !gate.is_strained(now) };
        let terms = Terms { plan: &plan.queue, guest, per_second };
        let called =
            standing.gate.wait(x, &terms, |_, now| gate.call(now), |_| standing.load.subtract()).await;
        if let Err(ending) = called {
            let step = match ending {
                None => decided(Decision::RouteFull),
                Some(ending) => Step::Failed { ending, after: now.elapsed() },
            };
            if ending == Some(Ending::Cancelled(By::Client)) {
                x.keeps_client = false;
            }
            x.notes().retry_after = Some(standing.gate.comeback(per_second, now));
            x.desk.evidence.local.admit = step;
            return Err(Stop);
        }
        standing.load.subtract();
        x.desk.evidence.local.admit = Step::Done { took: now.elapsed() };
    }
    standing.under_way.fetch_add(1, Ordering::Relaxed);
    x.notes().route_place = Some(RoutePlace(gate));
    Ok(())
}

impl RoutePlace {
    /// The answer has begun after so long; where the limit finds itself, this is what it learns from.
    pub fn heard(&self, took: std::time::Duration, now: Moment) {
        let RouteGate { plan, standing, .. } = &*self.0;
        let under_way = standing.under_way.load(Ordering::Relaxed);
        if standing.load.observe(plan.at_once, took, under_way, now.clock()) {
            self.0.call(now);
        }
    }
}

impl Drop for RoutePlace {
    fn drop(&mut self) {
        self.0.standing.under_way.fetch_sub(1, Ordering::Relaxed);
        if self.0.standing.gate.waiting() > 0 {
            self.0.call(Moment::now());
        }
    }
}
