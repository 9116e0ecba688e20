//! Does anything accept connections on the port? A reset within one round trip, without any ICMP message, says no.
//!
//! It proves that the packet got an answer in the host's name. That a filter resets in its name cannot be told apart
//! without a look at the packet, unless it stands nearer than the host (see `foreign_reset`), so the command to run over
//! there is always given.

use super::judged::{Failed, Judgement, cases_of};
use crate::{Case, Checked};
use torwart_cause::finding::connect::REFUSED_NOTHING_LISTENS;
use torwart_cause::finding::{Finding, Hop, said};

/// Makes the check.
pub async fn check(case: &Case) -> Checked {
    let failed = cases_of(case, Judgement::NothingListens).await;
    Checked::found(failed.iter().map(finding).collect())
}

fn finding(failed: &Failed) -> Finding {
    let (host, port) = failed.host_and_port();
    let refused =
        said("connect-refused").with("address", &failed.attempted.far).with("millis", failed.millis());
    let mut finding = failed
        .finding(&REFUSED_NOTHING_LISTENS, 90, Hop::Upstream)
        .proof_by(refused, format!("nc -vz -w 3 {host} {port}"));
    let around = failed.attempted.around.as_deref();
    for open in around.iter().flat_map(|around| around.accepting_ports()) {
        finding = finding.proof(said("connect-other-port-accepts").with("address", &open.far));
    }
    finding.proof_by(said("connect-reset-or-filter"), format!("ss -ltnp 'sport = :{port}'"))
}
