//! Is the packet filter's table of connections full?
//!
//! Proves it by the kernel's own numbers on this host. From 95 percent on, new connections are dropped now and then; from
//! 80 percent on it is a warning; below, nothing.

use super::bearing;
use crate::observe::host::kernel_log::KernelWord;
use crate::{Case, Checked};
use std::time::Duration;
use torwart_cause::finding::host::CONNTRACK_FULL;
use torwart_cause::finding::{Finding, Hop, Said, Severity, Where, said};

/// Looks.
pub async fn check(case: &Case) -> Checked {
    let bearing = bearing::find(case).await;
    let Some((count, most)) = bearing.host.conntrack.filter(|(_, most)| bearing.is_here && *most > 0) else {
        return Checked::not_applicable();
    };
    let lately = bearing.host.kernel_since(LATELY).find(|event| event.what == KernelWord::ConntrackFull);
    let severity = match count * 100 / most {
        95.. => Severity::Critical,
        _ if lately.is_some() && bearing.is_failing => Severity::Critical,
        80.. => Severity::Warning,
        _ => return Checked::fine(),
    };
    let fact = said("host-conntrack").with("count", count).with("limit", most);
    let command = "sysctl net.netfilter.nf_conntrack_count net.netfilter.nf_conntrack_max";
    let finding =
        Finding::new(&CONNTRACK_FULL, 93, Where::hop(Hop::Path)).severity(severity).proof_by(fact, command);
    Checked::found(vec![match lately {
        Some(event) => finding.proof_by(Said::Text(event.line.clone()), "dmesg -T | grep conntrack"),
        None => finding,
    }])
}

/// Longer ago than this, a full table is the past.
const LATELY: Duration = Duration::from_secs(600);
