//! Does a filter refuse the connection, and which box is it?
//!
//! No host answers a TCP segment with ICMP port-unreachable or "prohibited" on its own: such a message is a filter's, and
//! its sender is the box where the rule stands. This is a proof.

use super::judged::{Failed, Judgement, cases_of};
use crate::observe::reach::Outcome;
use crate::{Case, Checked};
use torwart_cause::finding::connect::FIREWALL_REJECT;
use torwart_cause::finding::{Finding, Hop, said};

/// Makes the check.
pub async fn check(case: &Case) -> Checked {
    let failed = cases_of(case, Judgement::Rejected).await;
    Checked::found(failed.iter().filter_map(finding).collect())
}

fn finding(failed: &Failed) -> Option<Finding> {
    let Outcome::Rejected(message) = failed.attempted.outcome else { return None };
    let (host, port) = failed.host_and_port();
    let from = message.from.map_or_else(|| "?".to_owned(), |from| from.to_string());
    let is_host_itself = message.from == failed.attempted.address().map(|address| address.ip());
    let rejected = said("connect-rejected")
        .with("address", &failed.attempted.far)
        .with("message", message)
        .with("from", &from)
        .with("millis", failed.millis());
    let filter = if message.is_v6 { "icmp6" } else { "icmp" };
    let watch = format!("tcpdump -ni any '{filter} or tcp port {port}' & nc -vz -w 3 {host} {port}");
    let whose = if is_host_itself { "connect-rejected-by-host" } else { "connect-rejected-by-router" };
    let mut finding = failed
        .finding(&FIREWALL_REJECT, 97, Hop::Path)
        .proof_by(rejected, watch)
        .proof_by(said(whose).with("from", &from), "nft list ruleset  # iptables-save");
    finding.place.name = Some(from);
    Some(super::allow(finding, failed))
}
