//! Do the name servers that this machine is set up with answer, and in time?
//!
//! Proves: each is asked by itself, the question sent three times; slowness is the median of three answers about the same
//! name, so that the search for a name nobody asked for today is not held against it.

use super::subject::{self, Subject, answered, dig, failed, listed, shown};
use crate::observe::names::{By, ServerSaid};
use crate::{Case, Checked};
use std::time::Duration;
use torwart_cause::finding::dns::{RESOLVER_DEAD, RESOLVER_REFUSES, RESOLVER_SLOW, TCP_BLOCKED};
use torwart_cause::finding::{Finding, FindingKind, Hop, Severity, Where, said};
use torwart_dial::dns::{Failure, FailureKind, Kind, Question, Reply};

pub async fn check(case: &Case) -> Checked {
    // A name that does not resolve tells most about those who should resolve it.
    let mut subjects = subject::all(case).await;
    let unresolved = subjects.iter().position(|subject| subject.is_unresolved() && !subject.is_elsewhere());
    if subjects.is_empty() {
        return Checked::not_applicable();
    }
    let subject = subjects.swap_remove(unresolved.unwrap_or_default());
    let servers = subject.names.servers(case).await;
    let (own, given): (Vec<_>, Vec<_>) = servers.iter().partition(|told| told.by == By::System);
    if servers.is_empty() {
        return Checked::not_applicable();
    }
    let mut checked = Checked::fine();
    for told in given {
        if let Some(failure) = told.failure() {
            let command = dig(told.server, subject.host(), Kind::A, "");
            checked = checked.and(Checked::could_not(failed(told.server, failure), Some(command)));
        }
    }
    let all_fail = own.iter().all(|told| TROUBLES.iter().any(|(_, is_so)| is_so(told)));
    let mut findings = Vec::new();
    for (kind, is_so) in TROUBLES {
        let troubled: Vec<_> = own.iter().copied().filter(|told| is_so(told)).collect();
        // What resolves all the same does so by other means, such as the hosts file. Only a silent server in front of
        // others costs time: one that refuses, or to which there is no way, is passed over at once.
        let is_first = own.first().is_some_and(|told| is_so(told) && costs_time(told));
        let severity = match all_fail {
            true if subject.is_unresolved() => Severity::Critical,
            false if is_first => Severity::Warning,
            true | false => Severity::Info,
        };
        if !troubled.is_empty() {
            findings.push(trouble(kind, &subject, &troubled, own.len(), severity));
        }
    }
    for told in own {
        if let Some(finding) = slow(case, &subject, told).await {
            findings.push(finding);
        }
    }
    let asked: Vec<_> = servers.iter().map(|told| shown(told.server)).collect();
    checked.and(Checked::found(findings).said(said("dns-servers-asked").with("servers", listed(&asked))))
}

type Trouble = (&'static FindingKind, fn(&ServerSaid) -> bool);

const TROUBLES: [Trouble; 3] = [
    (&RESOLVER_DEAD, |told| told.failure().is_some_and(|failure| is_dead(failure.kind))),
    (&TCP_BLOCKED, |told| only_cut(told).is_some()),
    (&RESOLVER_REFUSES, |told| told.has_code(Reply::REFUSED)),
];

/// How an answer that was cut over UDP failed to come over TCP.
fn only_cut(told: &ServerSaid) -> Option<Failure> {
    let failures = [&told.v4, &told.v6].into_iter().filter_map(|reply| reply.as_ref().as_ref().err());
    failures.copied().find(|failure| failure.kind == FailureKind::OnlyCut)
}

/// Whether one waits for its answer in vain.
fn costs_time(told: &ServerSaid) -> bool {
    let is_late = |kind| matches!(kind, FailureKind::TimedOut | FailureKind::OnlyCut | FailureKind::Garbled);
    told.failure().or_else(|| only_cut(told)).is_some_and(|failure| is_late(failure.kind))
}

const fn is_dead(kind: FailureKind) -> bool {
    matches!(
        kind,
        FailureKind::TimedOut | FailureKind::Refused | FailureKind::Unreachable | FailureKind::Garbled
    )
}

fn trouble(
    kind: &'static FindingKind,
    subject: &Subject,
    troubled: &[&ServerSaid],
    of: usize,
    severity: Severity,
) -> Finding {
    let addresses: Vec<_> = troubled.iter().map(|told| shown(told.server)).collect();
    let place = Where::hop(Hop::Dns).address(listed(&addresses)).file(RESOLV_CONF, 0);
    let mut finding = Finding::new(kind, 92, place).severity(severity);
    for told in troubled {
        let command = dig(told.server, subject.host(), Kind::A, "");
        let fact = match (told.failure().or_else(|| only_cut(told)), told.replies().next()) {
            (Some(failure), _) => failed(told.server, failure),
            (None, Some(reply)) => answered(told.server, subject.host(), reply),
            (None, None) => continue,
        };
        finding = finding.proof_by(fact, command);
    }
    finding.proof(said("dns-servers-of-machine").with("failing", troubled.len()).with("count", of))
}

async fn slow(case: &Case, subject: &Subject, told: &ServerSaid) -> Option<Finding> {
    let first = told.took().filter(|took| *took >= SLOW && told.failure().is_none())?;
    let mut samples = vec![first];
    for question in [
        Question::recursive(subject.host(), Kind::A).signed(),
        Question::recursive(subject.host(), Kind::Aaaa).signed(),
        Question::recursive(subject.host(), Kind::A).unchecked(),
    ] {
        match subject.names.ask(case, told.server, question).await.as_ref() {
            Ok(reply) => samples.push(reply.took),
            Err(failure) => samples.push(failure.after),
        }
    }
    samples.sort_unstable();
    let median = *samples.get(samples.len() / 2)?;
    if median < SLOW {
        return None;
    }
    let times: Vec<_> = samples.iter().map(|took| took.as_millis()).collect();
    let fact = said("dns-server-slow").with("server", shown(told.server)).with("times", listed(&times));
    let place = Where::hop(Hop::Dns).address(shown(told.server)).file(RESOLV_CONF, 0);
    let command = format!("{} | grep 'Query time'", dig(told.server, subject.host(), Kind::A, ""));
    Some(Finding::new(&RESOLVER_SLOW, 85, place).proof_by(fact, command))
}

/// A name server in the same network answers within milliseconds, one across the ocean within 300.
const SLOW: Duration = Duration::from_millis(800);

const RESOLV_CONF: &str = "/etc/resolv.conf";
