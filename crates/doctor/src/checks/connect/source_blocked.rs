//! Is only this source address blocked? The same attempt is made from every other address of this machine.
//!
//! One that is answered while the usual one is not proves a rule by source address: an allow list without the gateway, or a
//! ban (fail2ban) of the address that all visitors share.

use super::judged::{Failed, Judgement, cases_of};
use crate::{Case, Checked};
use torwart_cause::finding::connect::FIREWALL_SOURCE;
use torwart_cause::finding::{Finding, Hop, said};

/// Makes the check.
pub async fn check(case: &Case) -> Checked {
    let failed = cases_of(case, Judgement::SourceBlocked).await;
    Checked::found(failed.iter().filter_map(finding).collect())
}

fn finding(failed: &Failed) -> Option<Finding> {
    let around = failed.attempted.around.as_deref()?;
    let working = around.working_source()?.local?;
    let (host, port) = failed.host_and_port();
    let usual = failed.attempted.local.map_or_else(|| "?".to_owned(), |local| local.to_string());
    let fails = said("connect-source-fails").with("source", &usual).with("address", &failed.attempted.far);
    let works = said("connect-source-works").with("source", working).with("address", &failed.attempted.far);
    let mut finding = failed
        .finding(&FIREWALL_SOURCE, 95, Hop::Path)
        .proof_by(fails, format!("nc -vz -w 3 -s {usual} {host} {port}"))
        .proof_by(works, format!("nc -vz -w 3 -s {working} {host} {port}"));
    finding.place.name = Some(usual);
    Some(super::allow(finding, failed))
}
