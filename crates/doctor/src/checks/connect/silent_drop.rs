//! Does a filter throw the packets away without a word, and where?
//!
//! The port stays silent while the host is alive: another port answers, ping comes back, or, in our own network, its
//! neighbourhood knows it (else the kernel would report it gone). The trace says after which hop the silence begins. A full
//! accept queue on the host looks the same from here; `accept_queue` waits longer for that.

use super::judged::{Failed, Judgement, cases_of};
use crate::observe::reach::{Surroundings, Way};
use crate::{Case, Checked};
use torwart_cause::finding::connect::FIREWALL_DROP;
use torwart_cause::finding::{Finding, Hop, said};

/// Makes the check.
pub async fn check(case: &Case) -> Checked {
    let failed = cases_of(case, Judgement::Dropped).await;
    Checked::found(failed.iter().filter_map(finding).collect())
}

fn finding(failed: &Failed) -> Option<Finding> {
    let around = failed.attempted.around.as_deref()?;
    let (host, port) = failed.host_and_port();
    // Another port of the same host answering is the stronger evidence.
    let confidence = if around.answering_ports().next().is_some() { 88 } else { 78 };
    let silent = super::silent(failed);
    let mut finding = failed
        .finding(&FIREWALL_DROP, confidence, Hop::Path)
        .proof_by(silent, format!("nc -vz -w 5 {host} {port}"));
    finding = alive(finding, around);
    finding = super::whereabouts(finding, failed, around);
    let queue = said("connect-filter-or-queue").with("port", port);
    Some(super::allow(finding.proof_by(queue, format!("ss -ltn 'sport = :{port}'")), failed))
}

/// How we know that the host is alive.
fn alive(mut finding: Finding, around: &Surroundings) -> Finding {
    for other in around.answering_ports().take(2) {
        finding = finding.proof(said("connect-other-port-answers").with("address", &other.far));
    }
    if let Some(ping) = around.ping.as_ref().filter(|ping| !ping.times.is_empty()) {
        let told = said("connect-ping-answers").with("back", ping.times.len()).with("sent", ping.sent);
        return finding.proof(told);
    }
    if around.way == Way::OnLink && around.answering_ports().next().is_none() {
        return finding.proof_by(said("connect-neighbour-known"), "ip neigh");
    }
    finding
}
