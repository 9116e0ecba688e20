//! What the evidence means: the only caller of `diagnose`, of the retry decision, and of the recorder.

use crate::clock::Moment;
use crate::exchange::Exchange;
use crate::guard;
use crate::per_core::Core;
use crate::view::PoolView;
use torwart_cause::{Cause, Ending, Evidence, Stage, Step, Verdict, attempt_cause, diagnose};
use torwart_config::plan::RetryRules;
use torwart_dial::Stop;
use torwart_policy::budget::Failure;
use torwart_policy::retry::{self, Failed, Next};
use torwart_record::{Client, Protocol, Record, ServedBy};
use torwart_wire::{Head, Known, Version};

/// After a failed attempt: may another one follow, and where?
#[cold]
pub fn may_repeat(x: &mut Exchange<'_>) -> Next {
    let view = std::rc::Rc::clone(&x.view);
    let Some(pool) = x.pool.and_then(|pool| view.pools.get(pool.0)) else { return Next::Stop };
    let Some(rules) = x.route().map(|route| &route.retry) else { return Next::Stop };
    let Some(attempt) = x.desk.evidence.attempts.last() else { return Next::Stop };
    let Some(cause) = attempt_cause(attempt) else { return Next::Stop };
    let is_lost_link = attempt.is_reused && attempt.received == 0 && LOST.contains(&cause);
    let price = retry::price(cause, is_lost_link);
    if price.is_some() {
        pool.budget.borrow_mut().failed();
    }
    if x.desk.evidence.client.body.is_failed() {
        return Next::Stop;
    }
    let next = retry::next(Failed {
        cause,
        is_idempotent: may_run_twice(x, rules),
        is_wanted: rules.on.names(cause),
        is_replayable: x.body.is_kept(),
        is_lost_link,
        attempts: attempts(x),
        most: rules.attempts,
        untried: untried(x, pool),
    });
    match price {
        Some(failure) if next != Next::Stop && !spend(pool, failure) => Next::Stop,
        _ => next,
    }
}

/// Whether this answer of the upstream, here whole, is put aside and another upstream asked: it says "not now", the
/// route wants that repeated, and somebody is left to ask. One that says when to come back is believed.
#[cold]
pub fn declines(x: &mut Exchange<'_>, status: u16, answer: &Head) -> bool {
    let view = std::rc::Rc::clone(&x.view);
    let Some(pool) = x.pool.and_then(|pool| view.pools.get(pool.0)) else { return false };
    let Some(rules) = x.route().map(|route| &route.retry) else { return false };
    if !rules.on.statuses.contains(&status) {
        return false;
    }
    pool.budget.borrow_mut().failed();
    may_run_twice(x, rules)
        && !x.desk.evidence.client.body.is_failed()
        && x.body.is_kept()
        && attempts(x) < rules.attempts
        && untried(x, pool) > 0
        && answer.find("retry-after").is_none()
        && spend(pool, Failure::Quick)
}

/// Whether the attempt under way may be given up for one at another upstream; whether the budget allows that is asked
/// when it comes to it.
#[cold]
pub fn may_cut_short(x: &Exchange<'_>, pool: &PoolView) -> bool {
    let Some(rules) = x.route().map(|route| &route.retry) else { return false };
    may_run_twice(x, rules) && attempts(x) < rules.attempts && untried(x, pool) > 0
}

/// Whether a second attempt may run beside the one under way; takes it out of the budget.
#[cold]
pub fn may_hedge(x: &Exchange<'_>) -> bool {
    let pool = x.pool.and_then(|pool| x.view.pools.get(pool.0));
    pool.is_some_and(|pool| may_cut_short(x, pool) && spend(pool, Failure::Late))
}

/// What is the matter with the last attempt, where the request could be sent again if an upstream came back.
#[cold]
pub fn absence(x: &Exchange<'_>) -> Result<Option<Cause>, Stop> {
    if x.desk.evidence.client.body.is_failed() || !x.body.is_kept() {
        return Err(Stop);
    }
    Ok(x.desk.evidence.attempts.last().and_then(attempt_cause))
}

fn may_run_twice(x: &Exchange<'_>, rules: &RetryRules) -> bool {
    let method = x.desk.request.method();
    retry::is_idempotent(method) || rules.methods.iter().any(|known| known.as_bytes() == method)
}

fn attempts(x: &Exchange<'_>) -> u32 {
    u32::try_from(x.desk.evidence.attempts.len()).unwrap_or(u32::MAX)
}

fn untried(x: &Exchange<'_>, pool: &PoolView) -> usize {
    pool.upstreams.len().saturating_sub(x.tried.upstreams())
}

fn spend(pool: &PoolView, failure: Failure) -> bool {
    pool.budget.borrow_mut().spend(failure, Moment::now().clock())
}

/// How a link ends that its upstream had given up before.
const LOST: [Cause; 3] = [Cause::SendCut, Cause::ClosedBeforeHead, Cause::ResetBeforeHead];

/// What the evidence says so far.
pub fn verdict(x: &Exchange<'_>) -> Verdict {
    if is_well(x) { Verdict::Well } else { diagnose(&x.desk.evidence) }
}

/// Makes the exchange's one record.
pub fn conclude(x: &mut Exchange<'_>) {
    x.is_recorded = true;
    let now = Moment::now();
    let verdict = verdict(x);
    // What the cache answered earns nobody a retry.
    let is_upstreams = !matches!(x.served_by, ServedBy::Cache | ServedBy::Stale);
    if let Some(pool) = x.pool.filter(|_| is_upstreams).and_then(|pool| x.view.pools.get(pool.0)) {
        let mut budget = pool.budget.borrow_mut();
        budget.earn();
        if verdict == Verdict::Well {
            budget.succeeded();
        }
    }
    let attempts = &x.desk.evidence.attempts;
    let mut few = [None; 4];
    let many: Vec<Option<Cause>>;
    let causes: &[Option<Cause>] = if verdict == Verdict::Well && attempts.len() == 1 {
        &[]
    } else if attempts.len() <= few.len() {
        for (cause, attempt) in few.iter_mut().zip(attempts) {
            *cause = attempt_cause(attempt);
        }
        &few[..attempts.len()]
    } else {
        many = attempts.iter().map(attempt_cause).collect();
        &many
    };
    let head = &x.desk.request;
    let path = head.path();
    let record = Record {
        at: x.core.timestamp(x.started),
        id: x.id,
        client: x.visitor(),
        method: head.method(),
        host: torwart_policy::route::host_of(head.authority()),
        path,
        query: head.path_and_query().get(path.len() + 1..).filter(|query| !query.is_empty()),
        protocol: match x.request.map(|request| request.version) {
            Some(Version::Http11) => x.client.protocol().unwrap_or(Protocol::Http11),
            Some(Version::Http10) => Protocol::Http10,
            None => Protocol::Unknown,
        },
        status: x.status,
        served_by: x.served_by,
        is_complete: x.is_complete,
        series: &x.view.snapshot.series,
        route: x.route.map(|(_, index)| index),
        pool: x.pool.map(|pool| pool.0),
        verdict: &verdict,
        duration: now.since(x.started),
        sent: x.sent,
        received: x.received,
        user_agent: head.get(Known::UserAgent).unwrap_or_default(),
        referer: head.get(Known::Referer).unwrap_or_default(),
        trace_id: trace_id(head.get(Known::TraceParent).unwrap_or_default()),
        crawler: guard::recorded_crawler(x, verdict != Verdict::Well),
        evidence: &x.desk.evidence,
        attempt_causes: causes,
    };
    x.core.recorder.record(&record, now.clock());
}

/// Makes the record of a client whose TLS handshake failed: there was no request, but there was an exchange to be had.
pub fn record_handshake(core: &Core, client: Client, ending: Ending, begun: Moment) {
    let mut evidence = Evidence::default();
    evidence.client.handshake = Step::Failed { ending, after: begun.elapsed() };
    record_unread(core, client, Protocol::Unknown, &evidence, begun);
}

/// Makes the record of a request whose head never reached the engine, because the protocol's own layer refused it.
#[cold]
pub fn record_unread(core: &Core, client: Client, protocol: Protocol, evidence: &Evidence, begun: Moment) {
    let now = Moment::now();
    let verdict = diagnose(evidence);
    let view = core.view();
    let record = Record {
        at: core.timestamp(begun),
        id: core.new_id(),
        client,
        method: &[],
        host: &[],
        path: &[],
        query: None,
        protocol,
        status: None,
        served_by: ServedBy::Answer,
        is_complete: false,
        series: &view.snapshot.series,
        route: None,
        pool: None,
        verdict: &verdict,
        duration: now.since(begun),
        sent: 0,
        received: 0,
        user_agent: &[],
        referer: &[],
        trace_id: &[],
        crawler: None,
        evidence,
        attempt_causes: &[],
    };
    core.recorder.record(&record, now.clock());
}

/// The cause and the stage that decided, for an answer that has to be made.
pub fn cause(x: &Exchange<'_>) -> (Cause, Stage) {
    match diagnose(&x.desk.evidence) {
        Verdict::Named { cause, deciding, .. } => (cause, deciding),
        // A stage stopped without evidence: a fault of this program.
        Verdict::Well | Verdict::Open { .. } => (Cause::GatewayBug, Stage::Body),
    }
}

/// The usual case, seen without reasoning: one attempt, its answer passed on whole, no error status.
fn is_well(x: &Exchange<'_>) -> bool {
    x.is_complete
        && x.status.is_some_and(|status| status < 500)
        && !x.desk.evidence.client.body.is_failed()
        && !x.desk.evidence.client.answer.is_failed()
        && match x.served_by {
            ServedBy::Upstream => x.desk.evidence.attempts.last().is_some_and(|last| !last.body.is_failed()),
            ServedBy::Cache => x.desk.evidence.attempts.is_empty(),
            ServedBy::Stale | ServedBy::Answer | ServedBy::Files => false,
        }
}

/// `00-<trace id>-<span id>-<flags>` (W3C Trace Context).
fn trace_id(traceparent: &[u8]) -> &[u8] {
    match traceparent.get(..36) {
        Some([_, _, b'-', id @ .., b'-']) => id,
        _ => &[],
    }
}
