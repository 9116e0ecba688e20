//! Is there a way to the address, and does it end there?
//!
//! Either this machine's own table has no route, or a router says that it has none, or that packets have been passed on too
//! often: they go round in circles. Each is a proof, and the box that says so is where to look.

use super::judged::{Failed, Judgement, failed};
use crate::observe::reach::Outcome;
use crate::{Case, Checked};
use torwart_cause::finding::connect::{NO_ROUTE, ROUTING_LOOP};
use torwart_cause::finding::{Finding, Hop, said};

/// Makes the check.
pub async fn check(case: &Case) -> Checked {
    let failed = failed(case).await;
    let mine = failed.iter().filter(|one| matches!(one.judgement, Judgement::NoRoute | Judgement::Loop));
    Checked::found(mine.map(finding).collect())
}

fn finding(failed: &Failed) -> Finding {
    let (host, _) = failed.host_and_port();
    let far = &failed.attempted.far;
    match failed.attempted.outcome {
        Outcome::Loop(message) => {
            let from = message.from.map(|from| from.to_string()).unwrap_or_default();
            let told = said("connect-loop").with("from", &from).with("message", message).with("address", far);
            let finding = failed.finding(&ROUTING_LOOP, 95, Hop::Path);
            let mut finding = finding.proof_by(told, format!("traceroute -n -m 40 {host}"));
            finding.place.name = Some(from);
            finding
        }
        Outcome::NoRoute(Some(message)) => {
            let from = message.from.map(|from| from.to_string()).unwrap_or_default();
            let told =
                said("connect-no-route").with("from", &from).with("message", message).with("address", far);
            let mut finding = failed
                .finding(&NO_ROUTE, 93, Hop::Path)
                .proof_by(told, format!("traceroute -n {host}"))
                .proof_by(
                    said("connect-ask-router-route").with("from", &from),
                    format!("ip route get {host}"),
                );
            finding.place.name = Some(from);
            finding
        }
        _ => failed
            .finding(&NO_ROUTE, 97, Hop::Path)
            .proof_by(said("connect-no-route-here").with("address", far), format!("ip route get {host}")),
    }
}
