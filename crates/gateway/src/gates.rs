//! The queues of pools and routes, by the snapshot they belong to; those that are the same after a reload go on.

use crate::clock::Moment;
use crate::queue::Gate;
use crate::snapshot::BuildProblem;
use crate::waiting_room::{Rooms, read_key};
use aws_lc_rs::hmac;
use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use torwart_config::Plan;
use torwart_config::plan;
use torwart_policy::overload::load::Load;

/// All queues of a plan.
#[derive(Default)]
pub struct Gates {
    pools: Vec<(Arc<str>, Arc<Gate>)>,
    /// By the route's number; routes that have their limit from one place share a queue.
    routes: Vec<Option<Arc<RouteGate>>>,
}

/// What a route does under load, and what is under way.
pub struct RouteGate {
    /// What the plan says.
    pub plan: Arc<plan::Overload>,
    /// With what the tickets of its waiting room are signed, where the operator has a secret.
    pub room_key: Option<hmac::Key>,
    /// What outlives a reload.
    pub standing: Arc<Standing>,
    /// Who is in, and who waits outside; outlives a reload too.
    pub rooms: Arc<Rooms>,
}

/// How full a route is.
#[derive(Default)]
pub struct Standing {
    /// Requests under way.
    pub under_way: AtomicU32,
    /// The limit.
    pub load: Load,
    /// Who waits.
    pub gate: Gate,
}

impl Gates {
    /// The queues of a plan; `before` are those of the plan it replaces.
    pub fn build(plan: &Plan, before: Option<&Self>, problems: &mut Vec<BuildProblem>) -> Self {
        let pools = plan.pools.iter().map(|pool| {
            let known = before.and_then(|before| before.pools.iter().find(|(name, _)| *name == pool.name));
            let gate = known.map_or_else(Arc::default, |(_, gate)| Arc::clone(gate));
            (Arc::clone(&pool.name), gate)
        });
        let mut gates = Self { pools: pools.collect(), routes: Vec::new() };
        gates.routes.resize_with(plan.routes, || None);
        let mut made: Vec<Arc<RouteGate>> = Vec::new();
        for (_, route) in plan.all_routes() {
            let Some(overload) = &route.overload else { continue };
            let same = made.iter().find(|gate| Arc::ptr_eq(&gate.plan, overload)).cloned();
            let gate = same.unwrap_or_else(|| {
                let gate = Arc::new(RouteGate::new(overload, &made, before, problems));
                made.push(Arc::clone(&gate));
                gate
            });
            if let Some(place) = gates.routes.get_mut(route.index.0) {
                *place = Some(gate);
            }
        }
        gates
    }

    /// The queue of a pool.
    pub fn of_pool(&self, pool: usize) -> Option<&Arc<Gate>> {
        self.pools.get(pool).map(|(_, gate)| gate)
    }

    /// What a route does under load.
    #[inline]
    pub fn of_route(&self, route: usize) -> Option<&Arc<RouteGate>> {
        self.routes.get(route)?.as_ref()
    }
}

impl RouteGate {
    fn new(
        plan: &Arc<plan::Overload>,
        made: &[Arc<Self>],
        before: Option<&Gates>,
        problems: &mut Vec<BuildProblem>,
    ) -> Self {
        let known = || made.iter().chain(before.into_iter().flat_map(|gates| gates.routes.iter().flatten()));
        let standing = known().find(|gate| gate.plan.name == plan.name);
        let room_of = |gate: &Self| gate.plan.room.as_ref().map(|room| Arc::clone(&room.name));
        let name = plan.room.as_ref().map(|room| &room.name);
        let rooms = known().find(|gate| name.is_some() && room_of(gate).as_ref() == name);
        let room_key = plan.room.as_ref().and_then(|room| room.secret.as_ref()).and_then(|file| {
            let told = |problem| BuildProblem::CookieSecret { file: file.clone(), problem };
            read_key(file).map_err(|problem| problems.push(told(problem))).ok()
        });
        Self {
            plan: Arc::clone(plan),
            room_key,
            standing: standing.map(|gate| Arc::clone(&gate.standing)).unwrap_or_default(),
            rooms: rooms.map(|gate| Arc::clone(&gate.rooms)).unwrap_or_default(),
        }
    }

    /// Whether there is room for one more.
    pub fn has_room(&self) -> bool {
        let under_way = self.standing.under_way.load(std::sync::atomic::Ordering::Relaxed);
        self.standing.load.has_room(self.plan.at_once, under_way)
    }

    /// Whether it is known that there is as much to do as can be done.
    pub fn is_strained(&self, now: Moment) -> bool {
        self.standing.load.is_strained(self.plan.at_once, now.clock())
    }

    /// Calls those who wait, as far as there is room.
    #[cold]
    pub fn call(&self, now: Moment) {
        let is_strained = self.is_strained(now);
        self.standing.gate.call(&self.plan.queue, is_strained, now, || {
            self.has_room().then(|| {
                self.standing.load.add();
                None
            })
        });
    }
}
