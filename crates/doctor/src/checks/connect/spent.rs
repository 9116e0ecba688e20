//! Has this machine a source port and a descriptor left for one more connection?
//!
//! "Cannot assign requested address" without a wished source means that every port toward that destination is taken: what
//! stops us stops the gateway here too. Descriptors are counted per process, so that ours are spent says nothing about the
//! gateway's.

use super::judged::{Failed, Judgement, cases_of};
use crate::observe::reach::Outcome;
use crate::{Case, Checked};
use torwart_cause::finding::host::PORTS_SPENT;
use torwart_cause::finding::{Finding, Hop, Where, said};

/// Makes the check.
pub async fn check(case: &Case) -> Checked {
    let mut checked = Checked::fine();
    let failed = cases_of(case, Judgement::Spent).await;
    for one in &failed {
        if one.attempted.outcome == Outcome::PortsSpent {
            checked.findings.push(finding(case, one).await);
        } else {
            let why = said("connect-own-descriptors-spent");
            let command = "cat /proc/sys/fs/file-nr; prlimit --nofile --pid $(pidof -s nginx)";
            checked = checked.and(Checked::could_not(why, Some(command.to_owned())));
        }
    }
    checked
}

async fn finding(case: &Case, failed: &Failed) -> Finding {
    let (host, _) = failed.host_and_port();
    let spent = said("connect-ports-spent").with("address", &failed.attempted.far);
    // The host's own count of sockets speaks of the same place, and both become one finding.
    let place = Where::hop(Hop::Gateway).address(&failed.attempted.far);
    let finding = Finding::new(&PORTS_SPENT, 95, place)
        .severity(failed.severity)
        .proof_by(spent, format!("ss -tan dst {host} | awk '{{print $1}}' | sort | uniq -c"));
    match case.host().await.ports {
        Some((first, last)) => finding.proof_by(
            said("connect-port-range").with("first", first).with("last", last),
            "cat /proc/sys/net/ipv4/ip_local_port_range",
        ),
        None => finding,
    }
}
