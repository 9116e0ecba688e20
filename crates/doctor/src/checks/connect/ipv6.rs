//! Does the upstream's name lead to IPv6 addresses that do not work, while IPv4 does?
//!
//! Gateways differ in what they do then: HAProxy prefers IPv6 and fails, nginx takes both as peers and fails every other time
//! until it counts one as down. Proven by one attempt per address. A machine without IPv6, and the site's own name, are no
//! business of this check: the latter is the name servers'.

use super::judged::{Failed, Judgement, cases_of};
use crate::observe::reach::Outcome;
use crate::{Case, Checked, Place, Source};
use torwart_cause::finding::connect::{IPV6_BROKEN, LOCALHOST_ONE_FAMILY};
use torwart_cause::finding::{Finding, Fix, Hop, Severity, said};

/// Makes the check.
pub async fn check(case: &Case) -> Checked {
    let failed = cases_of(case, Judgement::FamilyBroken).await;
    let upstreams = failed.iter().filter(|one| !one.target.is_site());
    Checked::found(upstreams.filter_map(finding).collect())
}

fn finding(failed: &Failed) -> Option<Finding> {
    let address = failed.attempted.address()?;
    let Place::Name { host, port } = &failed.target.address.place else { return None };
    let works = failed.target.reach.connected()?;
    let is_loopback = address.ip().is_loopback();
    let kind = if is_loopback { &LOCALHOST_ONE_FAMILY } else { &IPV6_BROKEN };
    let key = match failed.attempted.outcome {
        Outcome::Reset => "connect-family-refused",
        Outcome::NoSource | Outcome::NoRoute(None) => "connect-family-no-route",
        Outcome::Silent => "connect-family-silent",
        _ => "connect-family-fails",
    };
    let told = said(key).with("address", address).with("works", &works.far).with("name", host);
    let mut finding = failed
        .finding(kind, 92, Hop::Upstream)
        .proof_by(told, format!("curl -6 -sI http://{host}:{port}/; curl -4 -sI http://{host}:{port}/"));
    // Without a route of its own this machine says nothing about others.
    let is_only_here = matches!(failed.attempted.outcome, Outcome::NoSource | Outcome::NoRoute(None));
    if is_only_here && failed.target.source == Some(Source::Argument) {
        finding = finding.severity(Severity::Info);
    }
    let Some(Source::Config { file, line }) = &failed.target.source else { return Some(finding) };
    let four = works.address()?.ip();
    let after = format!("{four}:{port}");
    let fix = Fix {
        product: None,
        file: Some((file.clone(), *line)),
        before: Some(format!("{host}:{port}")),
        after,
    };
    Some(if is_loopback { finding.fix(fix) } else { finding })
}
