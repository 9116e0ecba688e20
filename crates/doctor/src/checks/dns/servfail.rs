//! Do name servers fail for the name, and is it because its signatures do not hold?
//!
//! Proves: a server says SERVFAIL twice; where the same server answers once told not to check signatures (CD), the
//! signatures are the reason. Without that, SERVFAIL is only a sign: dead and lame servers of the zone look the same.

use super::subject::{self, Subject, answered, dig, shown};
use crate::{Case, Checked};
use torwart_cause::finding::dns::{DNSSEC_BOGUS, SERVFAIL};
use torwart_cause::finding::{Finding, Severity, said};
use torwart_dial::dns::{Kind, Question, Reply};

pub async fn check(case: &Case) -> Checked {
    subject::each(case, one).await
}

async fn one(case: &Case, subject: &Subject) -> Checked {
    let names = &subject.names;
    let host = subject.host();
    let mut findings: Vec<Finding> = Vec::new();
    for told in names.servers(case).await.iter().filter(|told| told.failed()) {
        // The second time with signatures: one failure may pass.
        let again = names.ask(case, told.server, Question::recursive(host, Kind::A).signed()).await;
        let Ok(again) = again.as_ref() else { continue };
        if again.rcode != Reply::FAILED {
            continue;
        }
        let unchecked = names.ask(case, told.server, Question::recursive(host, Kind::A).unchecked()).await;
        let severity = if subject.is_unresolved() { Severity::Critical } else { Severity::Warning };
        let plain = dig(told.server, host, Kind::A, "");
        let finding = match unchecked.as_ref() {
            Ok(reply) if reply.rcode == Reply::NO_ERROR => {
                let is_explained = again.explanations.iter().any(|(code, _)| SIGNATURE_ERRORS.contains(code));
                let holds = said("dns-works-unchecked").with("server", shown(told.server)).with("name", host);
                Finding::new(&DNSSEC_BOGUS, if is_explained { 98 } else { 93 }, subject.place())
                    .proof_by(answered(told.server, host, again), plain)
                    .proof_by(holds, dig(told.server, host, Kind::A, "+cd"))
            }
            _ => Finding::new(&SERVFAIL, 75, subject.place())
                .severity(severity)
                .proof_by(answered(told.server, host, again), plain),
        };
        match findings.iter_mut().find(|known| known.kind == finding.kind) {
            Some(known) => known.evidence.extend(finding.evidence),
            None => findings.push(finding),
        }
    }
    Checked::found(findings)
}

/// Extended errors that speak of signatures (RFC 8914 §4.7 to §4.13).
const SIGNATURE_ERRORS: [u16; 8] = [5, 6, 7, 8, 9, 10, 11, 12];
