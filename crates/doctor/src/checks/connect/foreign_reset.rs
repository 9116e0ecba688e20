//! Does somebody nearer than the host reset the connection in its name?
//!
//! With a limited life a packet comes only so far. If the reset for this port comes from a shorter distance than the answer
//! of another port of the same host, a box on the way sends it. With the right to raw sockets the life that the answers'
//! packets have left tells the same, also of the last router. That proves a filter; the opposite proves nothing.

use super::judged::{Failed, Judgement, cases_of};
use crate::{Case, Checked};
use std::net::SocketAddr;
use torwart_cause::finding::connect::FIREWALL_RESET;
use torwart_cause::finding::{Finding, Hop, said};

/// Makes the check.
pub async fn check(case: &Case) -> Checked {
    let failed = cases_of(case, Judgement::ForeignReset).await;
    Checked::found(failed.iter().filter_map(finding).collect())
}

fn finding(failed: &Failed) -> Option<Finding> {
    let around = failed.attempted.around.as_deref()?;
    let (host, port) = failed.host_and_port();
    let finding = failed.finding(&FIREWALL_RESET, 90, Hop::Path);
    if let Some(lives) = around.lives.filter(|lives| lives.reset.distance() < lives.other.distance()) {
        let told = said("connect-reset-life")
            .with("address", &failed.attempted.far)
            .with("life", lives.reset.life)
            .with("other", SocketAddr::new(failed.attempted.address()?.ip(), lives.other.port))
            .with("far", lives.other.life);
        return Some(
            finding
                .proof_by(told, format!("tcpdump -vni any 'tcp[tcpflags] & tcp-rst != 0 and host {host}'")),
        );
    }
    let trace = around.trace.as_ref()?;
    let other = around.answering_ports().next()?;
    let nearer = said("connect-reset-distance")
        .with("address", &failed.attempted.far)
        .with("hops", trace.distance()?)
        .with("other", &other.far)
        .with("far", around.other_trace.as_ref()?.distance()?);
    let finding = finding.proof_by(nearer, format!("traceroute -n -T -p {port} {host}"));
    Some(match trace.last_router() {
        Some((hop, router)) => {
            finding.proof(said("connect-last-router").with("router", router).with("hop", hop))
        }
        None => finding,
    })
}
