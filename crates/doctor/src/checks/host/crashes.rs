//! Did a process the site depends on crash just now?
//!
//! Proves it by the kernel's own words, which only root may read on most hosts. What crashed long ago is no finding.

use super::bearing::{self, HOUR};
use crate::observe::host::kernel_log::KernelWord;
use crate::{Case, Checked};
use torwart_cause::finding::host::PROCESS_CRASHED;
use torwart_cause::finding::{Finding, Said, Where, said};

/// Looks.
pub async fn check(case: &Case) -> Checked {
    let bearing = bearing::find(case).await;
    if !bearing.is_here {
        return Checked::not_applicable();
    }
    let mut events: Vec<_> = bearing.host.kernel_since(HOUR).collect();
    events.sort_by_key(|event| event.age);
    let crash = events.into_iter().find_map(|event| {
        let KernelWord::Crash { process } = &event.what else { return None };
        let hop = bearing.hop_of(process)?;
        let severity = bearing.severity_of(event)?;
        let fact = said("host-crash").with("process", process).with("minutes", event.age.as_secs() / 60);
        let finding = Finding::new(&PROCESS_CRASHED, 90, Where::hop(hop).name(process)).severity(severity);
        Some(finding.proof(fact).proof_by(Said::Text(event.line.clone()), "dmesg -T | grep -i segfault"))
    });
    Checked::found(crash.into_iter().collect())
}
