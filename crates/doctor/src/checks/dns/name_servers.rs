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
use torwart_dial::dns::{FailureKind, Kind, Question, Reply};

pub async fn check(case: &Case) -> Checked {
    let Some(subject) = subject::all(case).await.into_iter().next() else { return Checked::not_applicable() };
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
    let resolves = !subject.is_unresolved();
    let all_fail = own.iter().all(|told| told.failure().is_some() || told.has_code(Reply::REFUSED));
    // What resolves all the same does so by other means, such as the hosts file.
    let severity = if all_fail && !resolves { Severity::Critical } else { Severity::Warning };
    let mut findings = Vec::new();
    for (kind, is_so) in TROUBLES {
        let troubled: Vec<_> = own.iter().copied().filter(|told| is_so(told)).collect();
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
    (&TCP_BLOCKED, |told| told.failure().is_some_and(|failure| failure.kind == FailureKind::OnlyCut)),
    (&RESOLVER_REFUSES, |told| told.has_code(Reply::REFUSED)),
];

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
        let fact = match (told.failure(), told.replies().next()) {
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
