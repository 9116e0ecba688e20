//! Does this machine forbid the connection itself? The call failed with "permission denied" before any packet left.
//!
//! A proof that a rule of this machine (a prohibiting route, a security module, a filter for this user or service) stands
//! before the network. What the gateway's own user may do can differ from what this user may.

use super::judged::{Failed, Judgement, cases_of};
use crate::observe::reach::Outcome;
use crate::{Case, Checked};
use torwart_cause::finding::connect::DENIED_HERE;
use torwart_cause::finding::{Finding, Hop, said};

/// Makes the check.
pub async fn check(case: &Case) -> Checked {
    let failed = cases_of(case, Judgement::DeniedHere).await;
    Checked::found(failed.iter().map(finding).collect())
}

fn finding(failed: &Failed) -> Finding {
    let number = match failed.attempted.outcome {
        Outcome::DeniedHere(number) => number,
        _ => 0,
    };
    let (host, _) = failed.host_and_port();
    let denied = said("connect-denied-here").with("address", &failed.attempted.far).with("number", number);
    failed
        .finding(&DENIED_HERE, 90, Hop::Path)
        .proof_by(denied, format!("ip route get {host}"))
        .proof_by(said("connect-denied-look"), "ausearch -m avc -ts recent; journalctl -k | grep -i denied")
}
