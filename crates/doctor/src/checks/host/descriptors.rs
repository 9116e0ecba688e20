//! Does a process have as many files and connections open as it may?
//!
//! Proves it for the gateway's and the upstreams' processes on this host, by counting. An ordinary user may count only for
//! its own processes.

use super::bearing;
use crate::{Case, Checked};
use torwart_cause::finding::host::DESCRIPTORS_SPENT;
use torwart_cause::finding::{Finding, Where, said};

/// Counts.
pub async fn check(case: &Case) -> Checked {
    let bearing = bearing::find(case).await;
    if !bearing.is_here {
        return Checked::not_applicable();
    }
    let mut findings = Vec::new();
    let mut is_hidden = !bearing.host.is_root && bearing.processes().next().is_none();
    for (process, hop) in bearing.processes() {
        let Some(files) = process.files else {
            is_hidden = true;
            continue;
        };
        if files.open * 100 < files.limit * 95 {
            continue;
        }
        let fact = said("host-descriptors")
            .with("process", &process.name)
            .with("pid", process.pid)
            .with("open", files.open)
            .with("limit", files.limit);
        let command = format!("ls /proc/{0}/fd | wc -l; grep 'open files' /proc/{0}/limits", process.pid);
        let place = Where::hop(hop).name(format!("{} ({})", process.name, process.pid));
        findings.push(Finding::new(&DESCRIPTORS_SPENT, 95, place).proof_by(fact, command));
    }
    let checked = Checked::found(findings);
    if is_hidden && bearing.is_failing {
        let command = format!("sudo torwart doctor {}", case.question().url);
        return checked.and(Checked::could_not(said("host-needs-root"), Some(command)));
    }
    checked
}
