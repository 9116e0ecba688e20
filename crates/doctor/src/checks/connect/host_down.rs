//! Is the host there at all? The last router, or this machine in its own network, asks who has the address.
//!
//! If nobody answers, it says "host unreachable" after about three seconds. That proves that the address is nobody's at the
//! moment: the machine is off, the interface down, or the address wrong.

use super::judged::{Failed, Judgement, cases_of};
use crate::observe::reach::Outcome;
use crate::{Case, Checked};
use torwart_cause::finding::connect::HOST_DOWN;
use torwart_cause::finding::{Finding, Hop, said};

/// Makes the check.
pub async fn check(case: &Case) -> Checked {
    let failed = cases_of(case, Judgement::HostDown).await;
    Checked::found(failed.iter().map(finding).collect())
}

fn finding(failed: &Failed) -> Finding {
    let (host, port) = failed.host_and_port();
    let message = match failed.attempted.outcome {
        Outcome::HostDown(message) => message.filter(|message| !message.is_ours),
        _ => None,
    };
    let finding = failed.finding(&HOST_DOWN, 95, Hop::Upstream);
    let told = said(if message.is_some() { "connect-host-down" } else { "connect-host-down-here" });
    let told = told.with("address", &failed.attempted.far).with("millis", failed.millis());
    match message.and_then(|message| Some((message, message.from?))) {
        Some((message, from)) => finding
            .proof_by(told.with("from", from).with("message", message), format!("nc -vz -w 5 {host} {port}"))
            .proof_by(said("connect-ask-router").with("from", from), format!("ip neigh show {host}")),
        None => finding.proof_by(told.with("from", "").with("message", ""), format!("ip neigh show {host}")),
    }
}
