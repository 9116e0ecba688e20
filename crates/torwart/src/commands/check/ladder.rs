//! The ladder of deadlines of a route: every wait of an exchange, in the order in which it can happen.

use crate::Console;
use std::time::Duration;
use torwart_cause::Deadline;
use torwart_config::Plan;
use torwart_config::plan::{Action, Pool, Route, Scheme};
use torwart_report::sentence;

/// The deadlines of one or several routes, and the longest wait they add up to.
#[derive(Debug)]
pub(super) struct Ladder {
    /// The routes, each with its site.
    pub(super) routes: Vec<(String, String)>,
    /// The steps in order.
    pub(super) steps: Vec<Step>,
    /// How long a client may wait for the head of an answer at most; none where nothing is forwarded.
    pub(super) longest: Option<Longest>,
}

/// One deadline.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Step {
    /// What is waited for.
    pub(super) wait: Wait,
    /// The key in the file.
    pub(super) key: &'static str,
    /// The deadline; none where there is none.
    pub(super) within: Option<Duration>,
}

/// What is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wait {
    /// What a named deadline waits for.
    Named(Deadline),
    /// The next request on a connection.
    NextRequest,
}

/// The longest wait for the head of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Longest {
    /// Most attempts.
    pub(super) attempts: u32,
    /// Longest time of one.
    pub(super) each: Duration,
    /// All in all.
    pub(super) all: Duration,
    /// Whether the total deadline comes before the attempts are used up.
    pub(super) is_cut: bool,
}

impl Step {
    /// What is waited for, in words.
    pub(super) fn told(&self, console: &Console) -> String {
        match self.wait {
            Wait::Named(deadline) => sentence::deadline(deadline, console.lang),
            Wait::NextRequest => console.say("check-next-request"),
        }
    }
}

/// The ladders of all routes; routes with the same one share it.
pub(super) fn of(plan: &Plan) -> Vec<Ladder> {
    let mut ladders: Vec<Ladder> = Vec::new();
    for (site, route) in plan.all_routes() {
        let pool = match &route.action {
            Action::Forward(pool) => Some(plan.pool(*pool)),
            Action::Files | Action::Redirect(_) | Action::Deny => None,
        };
        let Some(pool) = pool else { continue };
        let name = (site.name.to_string(), route.name.to_string());
        let (steps, longest) = (steps(plan, route, pool), longest(route, pool));
        match ladders.iter_mut().find(|ladder| ladder.steps == steps && ladder.longest == Some(longest)) {
            Some(ladder) => ladder.routes.push(name),
            None => ladders.push(Ladder { routes: vec![name], steps, longest: Some(longest) }),
        }
    }
    ladders
}

fn steps(plan: &Plan, route: &Route, pool: &Pool) -> Vec<Step> {
    let (client, link, exchange) = (&plan.deadlines, &pool.deadlines, &route.deadlines);
    let step = |deadline, key, within| Step { wait: Wait::Named(deadline), key, within };
    let mut steps = Vec::new();
    if plan.listeners.iter().any(|listener| listener.tls) {
        steps.push(step(Deadline::ClientHandshake, "client.deadline.handshake", Some(client.handshake)));
    }
    steps.push(step(Deadline::ClientHead, "client.deadline.head", Some(client.head)));
    steps.push(step(Deadline::ClientBody, "client.deadline.body", Some(client.body)));
    steps.push(step(Deadline::Resolve, "deadline.resolve", Some(link.resolve)));
    steps.push(step(Deadline::Connect, "deadline.connect", Some(link.connect)));
    if uses_tls(pool) {
        steps.push(step(Deadline::Handshake, "deadline.handshake", Some(link.handshake)));
    }
    steps.push(step(Deadline::Send, "deadline.send", Some(exchange.send)));
    steps.push(step(Deadline::FirstByte, "deadline.first_byte", Some(exchange.first_byte)));
    steps.push(step(Deadline::BetweenBytes, "deadline.between_bytes", Some(exchange.between_bytes)));
    steps.push(step(Deadline::Total, "deadline.total", exchange.total));
    steps.push(step(Deadline::ClientWrite, "client.deadline.send", Some(client.send)));
    let keep_alive = Some(client.keep_alive);
    steps.push(Step { wait: Wait::NextRequest, key: "client.deadline.keep_alive", within: keep_alive });
    steps
}

/// Sending is left out: its deadline runs between bytes, so it has no longest time.
fn longest(route: &Route, pool: &Pool) -> Longest {
    let link = &pool.deadlines;
    let handshake = if uses_tls(pool) { link.handshake } else { Duration::ZERO };
    let each = link.resolve + link.connect + handshake + route.deadlines.first_byte;
    let attempts = each.saturating_mul(route.retry.attempts);
    let total = route.deadlines.total.filter(|total| *total < attempts);
    Longest { attempts: route.retry.attempts, each, all: total.unwrap_or(attempts), is_cut: total.is_some() }
}

fn uses_tls(pool: &Pool) -> bool {
    pool.upstreams.iter().any(|upstream| upstream.scheme == Scheme::Https)
}
