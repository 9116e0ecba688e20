//! Does the server accept on 127.0.0.1 only, while the gateway asks at another address of the same machine?
//!
//! Told from this machine's own socket table, so only where the upstream stands here. In a container the same mistake shows as
//! "nothing listens" from outside; the page of that finding says how to look there.

use super::judged::{Failed, Judgement, cases_of};
use crate::observe::host::Host;
use crate::{Case, Checked};
use std::net::SocketAddr;
use torwart_cause::finding::connect::LOOPBACK_ONLY;
use torwart_cause::finding::{Finding, Hop, said};

/// Makes the check.
pub async fn check(case: &Case) -> Checked {
    let mut findings = Vec::new();
    for failed in cases_of(case, Judgement::NothingListens).await {
        let Some(address) = failed.attempted.address() else { continue };
        if address.ip().is_loopback() || !Host::owns(address.ip()) {
            continue;
        }
        let host = case.host().await;
        let listener = host.on_port(address.port()).find(|row| row.local.ip().is_loopback());
        findings.extend(listener.map(|row| finding(&failed, row.local)));
    }
    Checked::found(findings)
}

fn finding(failed: &Failed, listens: SocketAddr) -> Finding {
    let (host, port) = failed.host_and_port();
    let refused =
        said("connect-refused").with("address", &failed.attempted.far).with("millis", failed.millis());
    failed
        .finding(&LOOPBACK_ONLY, 97, Hop::Upstream)
        .proof_by(refused, format!("nc -vz -w 3 {host} {port}"))
        .proof_by(said("connect-listens-on").with("address", listens), format!("ss -ltnp 'sport = :{port}'"))
}
