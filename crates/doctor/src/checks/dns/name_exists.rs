//! Do the site's and the upstreams' names exist, and do they have addresses?
//!
//! Proves: a name server says "no such name" or "no address", none says otherwise, and the system finds nothing either.
//! A short or inner name of an upstream may well be known where the gateway runs: then it is said, not judged.

use super::subject::{self, Subject, answered, answering, dig};
use crate::{Case, Checked};
use torwart_cause::finding::dns::{NAME_UNKNOWN, NO_ADDRESS, UPSTREAM_UNRESOLVABLE};
use torwart_cause::finding::{Finding, FindingKind, Severity, said};
use torwart_dial::dns::{Kind, Reply};

pub async fn check(case: &Case) -> Checked {
    subject::each(case, one).await
}

async fn one(case: &Case, subject: &Subject) -> Checked {
    let names = &subject.names;
    if !subject.is_unresolved() {
        let addresses = subject::listed(&names.addresses);
        return Checked::fine()
            .said(said("dns-leads-to").with("name", subject.host()).with("addresses", addresses));
    }
    let servers = names.servers(case).await;
    if servers.iter().any(|said| !said.addresses().is_empty()) {
        // Somebody knows it: that is a matter of who is asked.
        return Checked::fine();
    }
    let telling = answering(&servers).find(|said| said.knows_no_such_name() || said.knows_no_address());
    let Some(telling) = telling else {
        return Checked::fine();
    };
    let Some(reply) = telling
        .replies()
        .find(|reply| reply.rcode == Reply::NO_SUCH_NAME)
        .or_else(|| telling.replies().next())
    else {
        return Checked::fine();
    };
    if !reply.aliases(subject.host()).is_empty() {
        // It exists, and leads nowhere: the check of aliases says where it breaks.
        return Checked::fine();
    }
    if let Some(zone) = names.zone(case).await.as_ref()
        && zone.good().any(|server| !server.addresses().is_empty())
    {
        // The zone itself knows it: then a cache in between is at fault.
        return Checked::fine();
    }
    let exists = reply.rcode == Reply::NO_ERROR;
    let command = dig(telling.server, subject.host(), Kind::A, "");
    if subject.upstream.is_some() && subject.is_local() {
        let why = said("dns-unknown-here").with("name", subject.host());
        return Checked::could_not(why, Some(format!("getent hosts {}", subject.host())));
    }
    let (kind, confidence): (&'static FindingKind, u8) = match (&subject.upstream, exists) {
        (Some(_), _) => (&UPSTREAM_UNRESOLVABLE, 85),
        (None, false) => (&NAME_UNKNOWN, 96),
        (None, true) => (&NO_ADDRESS, 93),
    };
    // A site that answers well has its upstreams: the name is known there, if not here.
    let is_needless = subject.upstream.is_some() && case.front().await.has_good();
    let severity = if is_needless { Severity::Info } else { kind.severity };
    let mut finding = Finding::new(kind, confidence, subject.place())
        .severity(severity)
        .proof_by(answered(telling.server, subject.host(), reply), command);
    if exists {
        finding = finding.proof(said("dns-exists-without-address").with("name", subject.host()));
    }
    if let Some((zone, _)) = reply.zone() {
        let key = if zone == "." { "dns-no-such-top-level" } else { "dns-nearest-zone" };
        let command = dig(telling.server, zone, Kind::Soa, "");
        finding = finding.proof_by(said(key).with("name", subject.host()).with("zone", zone), command);
    }
    Checked::found(vec![finding])
}
