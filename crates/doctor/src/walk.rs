//! The walk: all checks at once, each within the deadline.

use crate::check::{Check, Checked};
use crate::{Case, checks, verdict};
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::{Instant, timeout_at};
use torwart_cause::finding::{CheckMade, CheckState, Diagnosis, said};

/// Something to show while the walk is under way.
#[derive(Clone, Copy, Debug)]
pub enum Event<'e> {
    /// A check begins.
    Began(&'static str),
    /// A check has ended.
    Ended(&'e CheckMade),
}

/// Makes all checks, and ranks what they found. Runs on one thread of a runtime with I/O and time.
pub async fn walk(case: &Case, tell: impl FnMut(Event<'_>)) -> Diagnosis {
    walk_until(case, tell, std::future::pending()).await
}

/// As [`walk`], but gives what was found so far once `stop` is over.
pub async fn walk_until(
    case: &Case,
    mut tell: impl FnMut(Event<'_>),
    stop: impl Future<Output = ()>,
) -> Diagnosis {
    let mut stop = pin!(stop);
    let begun = Instant::now();
    let mut diagnosis = Diagnosis::default();
    let mut running = Vec::new();
    for check in checks::all() {
        if case.question().skip.iter().any(|name| name == check.name) {
            let state = CheckState::Skipped;
            let name = check.name.to_owned();
            diagnosis.checks.push(CheckMade { name, state, said: None, took: Duration::ZERO });
        } else {
            tell(Event::Began(check.name));
            running.push(Running { check, future: (check.run)(case) });
        }
    }
    let mut due = case.deadline();
    while !running.is_empty() {
        let next = poll_fn(|cx| match stop.as_mut().poll(cx) {
            Poll::Ready(()) => Poll::Ready(None),
            Poll::Pending => poll_any(&mut running, cx).map(Some),
        });
        let Ok(Some((check, checked))) = timeout_at(due, next).await else { break };
        note(&mut diagnosis, check, checked, begun, &mut tell);
        if !case.question().is_deep && verdict::is_plain(&diagnosis) {
            due = due.min(Instant::now() + PATIENCE);
        }
    }
    diagnosis.is_cut_short = !running.is_empty() && !verdict::is_plain(&diagnosis);
    for late in running {
        tell(Event::Ended(&unfinished(late.check, begun.elapsed())));
        diagnosis.checks.push(unfinished(late.check, begun.elapsed()));
    }
    diagnosis.took = begun.elapsed();
    verdict::conclude(case, &mut diagnosis);
    diagnosis
}

struct Running<'c> {
    check: Check,
    future: Pin<Box<dyn Future<Output = Checked> + 'c>>,
}

/// The next check that has ended. One that panics has a fault of its own and spoils no other.
fn poll_any(running: &mut Vec<Running<'_>>, cx: &mut Context<'_>) -> Poll<(Check, Checked)> {
    for index in 0..running.len() {
        let Some(one) = running.get_mut(index) else { break };
        let polled = catch_unwind(AssertUnwindSafe(|| one.future.as_mut().poll(cx)));
        let checked = match polled {
            Ok(Poll::Pending) => continue,
            Ok(Poll::Ready(checked)) => checked,
            Err(_) => Checked::could_not(said("walk-check-failed").with("check", one.check.name), None),
        };
        let ended = running.swap_remove(index);
        return Poll::Ready((ended.check, checked));
    }
    Poll::Pending
}

/// A check that the end of the walk came before.
fn unfinished(check: Check, took: Duration) -> CheckMade {
    CheckMade { name: check.name.to_owned(), state: CheckState::OutOfTime, said: None, took }
}

fn note(
    diagnosis: &mut Diagnosis,
    check: Check,
    checked: Checked,
    begun: Instant,
    tell: &mut impl FnMut(Event<'_>),
) {
    let state = match &checked {
        Checked { findings, .. } if !findings.is_empty() => CheckState::Found,
        Checked { not_checked, .. } if !not_checked.is_empty() => CheckState::CouldNot,
        Checked { applies: true, .. } => CheckState::Fine,
        Checked { .. } => CheckState::NotApplicable,
    };
    let made = CheckMade { name: check.name.to_owned(), state, said: checked.said, took: begun.elapsed() };
    tell(Event::Ended(&made));
    diagnosis.checks.push(made);
    diagnosis.findings.extend(checked.findings);
    for missing in checked.not_checked {
        if !diagnosis.not_checked.contains(&missing) {
            diagnosis.not_checked.push(missing);
        }
    }
}

/// How long other checks may still take once the fault is plain.
const PATIENCE: Duration = Duration::from_secs(2);
