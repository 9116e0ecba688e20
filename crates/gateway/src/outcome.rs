//! What the evidence means: the only caller of `diagnose`, of the retry decision, and of the recorder.

use crate::clock::Moment;
use crate::exchange::Exchange;
use crate::per_core::Core;
use torwart_cause::{Cause, Ending, Evidence, Retry, Stage, Step, Verdict, attempt_cause, diagnose};
use torwart_dial::Stop;
use torwart_policy::retry::{self, Failed, Next};
use torwart_record::{Client, Protocol, Record, ServedBy};
use torwart_wire::{Known, Version};

/// After a failed attempt: may another one follow?
#[cold]
pub fn may_repeat(x: &mut Exchange<'_>) -> Result<(), Stop> {
    let view = std::rc::Rc::clone(&x.view);
    let Some(pool) = x.pool.and_then(|pool| view.pools.get(pool.0)) else { return Err(Stop) };
    let most = x.pool().map_or(1, |pool| pool.retry.attempts);
    let client = &x.desk.evidence.client;
    let Some(attempt) = x.desk.evidence.attempts.last() else { return Err(Stop) };
    let Some(cause) = attempt_cause(attempt) else { return Err(Stop) };
    if client.body.is_failed() || cause.retry() == Retry::Never {
        return Err(Stop);
    }
    let failed = Failed {
        cause,
        is_idempotent: retry::is_idempotent(x.desk.request.method()),
        is_replayable: x.body.is_kept(),
        attempts: u32::try_from(x.desk.evidence.attempts.len()).unwrap_or(u32::MAX),
        most,
        untried: pool.upstreams.len().saturating_sub(x.tried.upstreams()),
    };
    let next = retry::next(failed);
    if next == Next::Stop {
        return Err(Stop);
    }
    if retry::is_costly(cause) {
        let now = Moment::now().clock();
        if !pool.budget.borrow_mut().spend(now) {
            return Err(Stop);
        }
    }
    x.needs_fresh_link = next == Next::SameFresh;
    Ok(())
}

/// What the evidence says so far.
pub fn verdict(x: &Exchange<'_>) -> Verdict {
    if is_well(x) { Verdict::Well } else { diagnose(&x.desk.evidence) }
}

/// Makes the exchange's one record.
pub fn conclude(x: &mut Exchange<'_>) {
    x.is_recorded = true;
    let now = Moment::now();
    if let Some(pool) = x.pool.and_then(|pool| x.view.pools.get(pool.0)) {
        pool.budget.borrow_mut().earn();
    }
    let verdict = verdict(x);
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
        && x.served_by == ServedBy::Upstream
        && x.status.is_some_and(|status| status < 500)
        && !x.desk.evidence.client.body.is_failed()
        && !x.desk.evidence.client.answer.is_failed()
        && x.desk.evidence.attempts.last().is_some_and(|last| !last.body.is_failed())
}

/// `00-<trace id>-<span id>-<flags>` (W3C Trace Context).
fn trace_id(traceparent: &[u8]) -> &[u8] {
    match traceparent.get(..36) {
        Some([_, _, b'-', id @ .., b'-']) => id,
        _ => &[],
    }
}
