//! Is a process held back by the CPU quota of its control group?
//!
//! Proves it by watching for a second and a half: in how many of the quota's periods it ran out. An idle process uses no
//! periods and is never found; half of them spent means that most requests wait.

use super::bearing;
use crate::{Case, Checked};
use torwart_cause::finding::host::CPU_THROTTLED;
use torwart_cause::finding::{Finding, Where, said};

/// Watches.
pub async fn check(case: &Case) -> Checked {
    let bearing = bearing::find(case).await;
    if !bearing.is_here {
        return Checked::not_applicable();
    }
    let watched = bearing.host.watched().await;
    let held_back = bearing.processes().find_map(|(process, hop)| {
        let (_, share) =
            watched.throttled.iter().find(|(pid, share)| *pid == process.pid && *share >= HALF)?;
        Some((process, hop, *share))
    });
    let Some((process, hop, share)) = held_back else { return Checked::fine() };
    let fact =
        said("host-throttled").with("process", &process.name).with("pid", process.pid).with("share", share);
    let folder = process.cpu_groups.first().cloned().unwrap_or_default();
    let place = Where::hop(hop).name(format!("{} ({})", process.name, process.pid));
    let finding = Finding::new(&CPU_THROTTLED, 85, place);
    Checked::found(vec![
        finding.proof_by(fact, format!("grep -E 'nr_periods|nr_throttled' {folder}/cpu.stat")),
    ])
}

/// The share of spent periods, in percent, from which it matters.
const HALF: u64 = 50;
