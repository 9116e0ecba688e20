//! Was a process killed for want of memory just now, or is there nearly none left?
//!
//! Proves it by the kernel's own words, which only root may read on most hosts, and by its counter growing while we watch.
//! Kills of long ago, and of processes the site does not depend on, are no finding.

use super::bearing::{self, Bearing, HOUR};
use crate::observe::host::kernel_log::KernelWord;
use crate::{Case, Checked};
use torwart_cause::finding::host::{MEMORY_SHORT, OUT_OF_MEMORY};
use torwart_cause::finding::{Finding, Hop, Severity, Where, said};

/// Looks.
pub async fn check(case: &Case) -> Checked {
    let bearing = bearing::find(case).await;
    if !bearing.is_here {
        return Checked::not_applicable();
    }
    let mut findings: Vec<Finding> = kill(&bearing).into_iter().collect();
    if findings.is_empty() && bearing.is_failing {
        let grown = bearing.host.watched().await.growth.memory_kills;
        if grown > 0 {
            let fact = said("host-kills-growing").with("kills", grown);
            let finding = Finding::new(&OUT_OF_MEMORY, 80, Where::hop(Hop::Upstream));
            findings.push(finding.proof_by(fact, "grep oom_kill /proc/vmstat"));
        }
    }
    if let Some(memory) = bearing.host.memory.filter(|memory| memory.is_short()) {
        let fact = said("host-memory-short")
            .with("available", memory.available / 1024)
            .with("total", memory.total / 1024);
        let finding = Finding::new(&MEMORY_SHORT, 85, Where::hop(Hop::Upstream)).proof_by(fact, "free -m");
        findings.push(finding);
    }
    Checked::found(findings)
}

/// The last kill of a process that matters. While an upstream is not there at all, any kill may have been its.
fn kill(bearing: &Bearing) -> Option<Finding> {
    let mut kills: Vec<_> = bearing
        .host
        .kernel_since(HOUR)
        .filter_map(|event| match &event.what {
            KernelWord::MemoryKill { process } => Some((event, process)),
            _ => None,
        })
        .collect();
    kills.sort_by_key(|(event, _)| event.age);
    let of_ours = kills.iter().find_map(|(event, name)| Some((*event, *name, bearing.hop_of(name)?, 95)));
    let lost = || {
        let is_upstream_here = bearing.processes().any(|(_, hop)| hop == Hop::Upstream);
        let (event, name) = kills.first()?;
        (bearing.is_failing && !is_upstream_here).then_some((*event, *name, Hop::Upstream, 75))
    };
    let (event, name, hop, sure) = of_ours.or_else(lost)?;
    let severity: Severity = bearing.severity_of(event)?;
    let fact = said("host-memory-kill").with("process", name).with("minutes", event.age.as_secs() / 60);
    let finding = Finding::new(&OUT_OF_MEMORY, sure, Where::hop(hop).name(name)).severity(severity);
    let line = torwart_cause::finding::Said::Text(event.line.clone());
    Some(finding.proof(fact).proof_by(line, "dmesg -T | grep -i 'killed process'"))
}
