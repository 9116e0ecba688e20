//! Where the name is an alias: does the alias lead somewhere?
//!
//! Proves: a name server gives the alias and says that its target does not exist; or following the aliases by hand
//! comes back to where it began.

use super::subject::{self, Subject, answered, answering, dig, shown};
use crate::{Case, Checked};
use std::net::SocketAddr;
use torwart_cause::finding::dns::{CNAME_LOOP, DANGLING_CNAME};
use torwart_cause::finding::{Finding, said};
use torwart_dial::dns::{Kind, Question, Reply};

pub async fn check(case: &Case) -> Checked {
    subject::each(case, one).await
}

async fn one(case: &Case, subject: &Subject) -> Checked {
    let servers = subject.names.servers(case).await;
    if !subject.is_unresolved() || servers.iter().any(|told| !told.addresses().is_empty()) {
        return Checked::fine();
    }
    for told in answering(&servers) {
        if let Some(finding) = told.replies().find_map(|reply| dangling(subject, told.server, reply)) {
            return Checked::found(vec![finding]);
        }
    }
    for told in answering(&servers).filter(|told| told.failed()) {
        if let Some(circle) = circle(case, subject, told.server).await {
            let finding = Finding::new(&CNAME_LOOP, 95, subject.place()).proof_by(
                said("dns-alias-circle").with("chain", circle),
                dig(told.server, subject.host(), Kind::Cname, ""),
            );
            return Checked::found(vec![finding]);
        }
    }
    Checked::fine()
}

fn dangling(subject: &Subject, server: SocketAddr, reply: &Reply) -> Option<Finding> {
    if reply.rcode != Reply::NO_SUCH_NAME {
        return None;
    }
    let (from, target) = reply.aliases(subject.host()).pop()?;
    let alias = said("dns-alias").with("server", shown(server)).with("name", &from).with("target", &target);
    let mut finding = Finding::new(&DANGLING_CNAME, 96, subject.place())
        .proof_by(alias, dig(server, &from, Kind::Cname, ""))
        .proof_by(answered(server, &target, reply), dig(server, &target, Kind::A, ""));
    if let Some((zone, _)) = reply.zone() {
        finding = finding.proof(said("dns-nearest-zone").with("name", &target).with("zone", zone));
    }
    Some(finding)
}

/// Follows the aliases one by one; the way, if it comes back to itself.
async fn circle(case: &Case, subject: &Subject, server: SocketAddr) -> Option<String> {
    let mut way = vec![subject.host().to_owned()];
    for _ in 0..LONGEST {
        let current = way.last()?.clone();
        let reply = subject.names.ask(case, server, Question::recursive(current.clone(), Kind::Cname)).await;
        let (_, target) = reply.as_ref().as_ref().ok()?.aliases(&current).into_iter().next()?;
        let is_circle = way.contains(&target);
        way.push(target);
        if is_circle {
            return Some(way.join(" → "));
        }
    }
    None
}

/// Longer chains of aliases than this are followed by nobody.
const LONGEST: usize = 10;
