//! What does the gateway's log tell of failed requests?
//!
//! Each cause in the tails becomes evidence: what happened, how often, since when, with file and line of the last time. A log
//! that names the fault itself (crashed workers, connections used up, upstreams left out) makes it a finding of its own. On
//! a site that answers well, what is over is information.

use crate::observe::logs::{Logs, Trouble, What};
use crate::{Case, Checked};
use std::time::Duration;
use torwart_cause::Cause;
use torwart_cause::finding::gateway::{CONNECTIONS_SPENT, LOG_ERRORS, UPSTREAMS_EJECTED, WORKER_CRASHED};
use torwart_cause::finding::{Finding, FindingKind, Hop, Said, Severity, Where, said};

/// Reads.
pub async fn check(case: &Case) -> Checked {
    let logs = case.logs().await;
    if logs.files.is_empty() {
        return unread(case, &logs).await;
    }
    let is_failing = case.front().await.worst().is_some();
    let mut findings = Vec::new();
    for (kind, what) in NAMED {
        let trouble = logs.since(DAY).find(|trouble| trouble.what == *what);
        findings.extend(trouble.map(|trouble| named(kind, trouble, is_failing)));
    }
    let others: Vec<&Trouble> =
        logs.since(DAY).filter(|it| NAMED.iter().all(|(_, what)| it.what != *what)).collect();
    findings.extend(errors(&others, is_failing));
    let read = said("gateway-log-read").with("files", logs.files.len()).with("troubles", logs.troubles.len());
    Checked::found(findings).said(read)
}

/// No log could be read: say which, and how to.
async fn unread(case: &Case, logs: &Logs) -> Checked {
    let mut checked = Checked::not_applicable();
    for (path, why) in &logs.unreadable {
        let fact = said("gateway-log-unreadable").with("file", path.display()).with("why", why);
        checked = checked.and(Checked::could_not(fact, Some(format!("sudo tail -n 100 {}", path.display()))));
    }
    let gateway = case.gateway().await;
    if let Some(target) = logs.elsewhere.first().filter(|_| !gateway.pids.is_empty()) {
        let product = gateway.product().map(|product| product.id()).unwrap_or_default();
        let fact = said("gateway-log-elsewhere").with("target", target);
        let command = format!(
            "journalctl -u {product} --since -1h > gateway.log; torwart doctor --log gateway.log ..."
        );
        checked = checked.and(Checked::could_not(fact, Some(command)));
    }
    checked
}

fn named(kind: &'static FindingKind, trouble: &Trouble, is_failing: bool) -> Finding {
    let severity = match (is_failing, trouble.last <= LATELY) {
        (true, true) => kind.severity,
        (false, true) => kind.severity.min(Severity::Warning),
        (_, false) => Severity::Info,
    };
    let finding = Finding::new(kind, 90, place(trouble)).severity(severity);
    with_evidence(finding, trouble)
}

/// All other causes together, the most frequent first.
fn errors(troubles: &[&Trouble], is_failing: bool) -> Option<Finding> {
    let first = troubles.first()?;
    let is_now = troubles.iter().any(|it| it.last <= LATELY && (is_failing || it.in_hour >= MANY));
    let severity = if is_now { Severity::Warning } else { Severity::Info };
    let finding = Finding::new(&LOG_ERRORS, 80, place(first)).severity(severity);
    Some(troubles.iter().take(MOST).fold(finding, |finding, trouble| with_evidence(finding, trouble)))
}

fn with_evidence(finding: Finding, trouble: &Trouble) -> Finding {
    let (file, line) = (&trouble.place.0, trouble.place.1);
    let what = match trouble.what {
        What::Cause(cause) => cause.id(),
        What::Failed => "failed",
        What::WorkerCrashed => "worker_crashed",
        What::ConnectionsSpent => "connections_spent",
    };
    let counted = said("gateway-log-counted")
        .with("what", what)
        .with("upstream", trouble.upstream.as_deref().unwrap_or("-"))
        .with("hour", trouble.in_hour)
        .with("day", trouble.in_day)
        .with("first", ago(trouble.first))
        .with("last", ago(trouble.last));
    let command = match line {
        0 => format!("tail -n 200 {}", file.display()),
        line => format!("sed -n {line}p {}", file.display()),
    };
    let finding = finding.proof(counted).proof_by(Said::Text(trouble.line.clone()), command);
    match &trouble.meaning {
        Some(meaning) => finding.proof(meaning.clone()),
        None => finding,
    }
}

fn place(trouble: &Trouble) -> Where {
    let place = Where::hop(Hop::Gateway).file(trouble.place.0.display(), trouble.place.1);
    match &trouble.upstream {
        Some(upstream) => place.address(upstream),
        None => place,
    }
}

/// How long ago, for people: seconds, minutes or hours.
fn ago(age: Duration) -> String {
    match age.as_secs() {
        0..=119 => format!("{} s", age.as_secs()),
        120..=7199 => format!("{} min", age.as_secs() / 60),
        7200..=172_799 => format!("{} h", age.as_secs() / 3600),
        seconds => format!("{} d", seconds / 86_400),
    }
}

/// What a log names as a fault of its own.
const NAMED: &[(&FindingKind, What)] = &[
    (&WORKER_CRASHED, What::WorkerCrashed),
    (&CONNECTIONS_SPENT, What::ConnectionsSpent),
    (&UPSTREAMS_EJECTED, What::Cause(Cause::UpstreamsDown)),
];
/// Longer ago than this is over.
const LATELY: Duration = Duration::from_secs(900);
/// What is older than a day says nothing about today.
const DAY: Duration = Duration::from_secs(86_400);
/// So many failures in an hour are worth a warning although the site answers just now.
const MANY: u32 = 3;
/// So many causes are shown.
const MOST: usize = 5;

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;
    use torwart_dialect::Product;

    fn trouble(last: u64, in_hour: u32) -> Trouble {
        Trouble {
            what: What::Cause(Cause::ConnectRefused),
            flags: None,
            meaning: None,
            upstream: Some("127.0.0.1:3000".to_owned()),
            in_hour,
            in_day: in_hour,
            total: in_hour,
            first: Duration::from_secs(last),
            last: Duration::from_secs(last),
            place: (PathBuf::from("/var/log/nginx/error.log"), 7),
            line: "connect() failed (111: Connection refused)".to_owned(),
            status: Some(502),
            product: Product::Nginx,
        }
    }

    #[test]
    fn what_is_over_is_information() {
        let severity =
            |trouble: &Trouble, is_failing| errors(&[trouble], is_failing).expect("a finding").severity;
        assert_eq!(severity(&trouble(10, 1), true), Severity::Warning);
        assert_eq!(severity(&trouble(10, 1), false), Severity::Info);
        assert_eq!(severity(&trouble(10, 5), false), Severity::Warning);
        assert_eq!(severity(&trouble(3000, 50), false), Severity::Info);
    }

    #[test]
    fn evidence_names_the_line() {
        let trouble = trouble(10, 1);
        let finding = errors(&[&trouble], true).expect("a finding");
        assert_eq!(finding.place.file, Some(("/var/log/nginx/error.log".to_owned(), 7)));
        let commands: Vec<_> = finding.evidence.iter().filter_map(|proof| proof.repeat.as_deref()).collect();
        assert_eq!(commands, ["sed -n 7p /var/log/nginx/error.log"]);
    }

    #[test]
    fn ages_are_short() {
        let shown = |seconds| ago(Duration::from_secs(seconds));
        assert_eq!([shown(5), shown(600), shown(8000), shown(200_000)], ["5 s", "10 min", "2 h", "2 d"]);
    }
}
