//! Does nothing at all answer, neither the port nor the host nor a box before it?
//!
//! Then a filter that drops everything, a host that is off behind a router that does not say so, and a missing way back look
//! alike from here. The trace says how far packets come; the rest must be asked elsewhere, and the finding says what.

use super::judged::{Failed, Judgement, cases_of};
use crate::{Case, Checked};
use torwart_cause::finding::connect::SILENT;
use torwart_cause::finding::{Finding, Hop, said};

/// Makes the check.
pub async fn check(case: &Case) -> Checked {
    let failed = cases_of(case, Judgement::Silent).await;
    let mut findings: Vec<Finding> = failed.iter().map(finding).collect();
    if !findings.is_empty() && case.controls().await.iter().any(|one| one.reached().is_some()) {
        // Silence could be this machine's own; here it is not.
        findings.iter_mut().for_each(|finding| finding.confidence += 10);
    }
    Checked::found(findings)
}

fn finding(failed: &Failed) -> Finding {
    let (host, port) = failed.host_and_port();
    let finding = failed
        .finding(&SILENT, 65, Hop::Path)
        .proof_by(super::silent(failed), format!("nc -vz -w 5 {host} {port}"));
    let Some(around) = failed.attempted.around.as_deref() else { return finding };
    let mut finding = finding;
    if !around.ports.is_empty() {
        let ports = around.ports.iter().filter_map(|other| other.address());
        let ports: Vec<String> = ports.map(|address| address.port().to_string()).collect();
        finding = finding.proof(said("connect-other-ports-silent").with("ports", ports.join(", ")));
    }
    if around.ping.is_some() {
        finding = finding.proof_by(said("connect-ping-silent"), format!("ping -c 3 {host}"));
    }
    let finding = super::whereabouts(finding, failed, around);
    finding.proof_by(
        said("connect-silent-ask-there").with("port", port),
        format!("tcpdump -ni any tcp port {port}"),
    )
}
