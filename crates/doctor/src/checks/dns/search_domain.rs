//! Does a name resolve only because a search list completes it?
//!
//! Proves: as a complete name it does not exist, the system finds it all the same, and one of the completed forms has
//! these addresses. Programs with resolvers of their own (nginx's `resolver`, Kong, Envoy) do not complete names.

use super::subject::{self, Subject, are_disjoint, dig, listed, shown};
use crate::{Case, Checked};
use torwart_cause::finding::dns::SEARCH_DOMAIN;
use torwart_cause::finding::{Finding, Severity, said};
use torwart_dial::dns::{Kind, Question, Reply};
use torwart_dialect::config::Resolves;

pub async fn check(case: &Case) -> Checked {
    subject::each(case, one).await
}

async fn one(case: &Case, subject: &Subject) -> Checked {
    let names = &subject.names;
    let servers = names.servers(case).await;
    let is_foreign = |told: &&crate::observe::names::ServerSaid| told.knows_no_such_name();
    let Some(told) = servers.iter().find(is_foreign) else { return Checked::not_applicable() };
    if subject.is_unresolved()
        || !names.hosts.is_empty()
        || servers.iter().any(|told| !told.addresses().is_empty())
    {
        return Checked::not_applicable();
    }
    for form in names.setup.forms(subject.host()).into_iter().filter(|form| form != subject.host()) {
        let reply = names.ask(case, told.server, Question::recursive(form.clone(), Kind::A)).await;
        let found = reply.as_ref().as_ref().map(Reply::addresses).unwrap_or_default();
        if found.is_empty() || are_disjoint(&found, &names.addresses) {
            continue;
        }
        let (severity, confidence) = weight(case, subject).await;
        let absolute =
            said("dns-not-absolute").with("server", shown(told.server)).with("name", subject.host());
        let completed = said("dns-completed")
            .with("name", subject.host())
            .with("full", &form)
            .with("addresses", listed(&found));
        let finding = Finding::new(&SEARCH_DOMAIN, confidence, subject.place())
            .severity(severity)
            .proof_by(absolute, dig(told.server, subject.host(), Kind::A, ""))
            .proof_by(completed, dig(told.server, &form, Kind::A, ""));
        return Checked::found(vec![finding]);
    }
    Checked::not_applicable()
}

/// Whether the gateway would complete the name as this machine does.
async fn weight(case: &Case, subject: &Subject) -> (Severity, u8) {
    let Some(upstream) = &subject.upstream else { return (Severity::Info, 90) };
    let gateway = case.gateway().await;
    let resolves = gateway.route_to(&upstream.address).map(|(_, config)| config.resolves.clone());
    match resolves {
        // It asks name servers by itself, for the name as it stands.
        Some(Resolves::AtRunTime { resolver: Some(_) }) => (Severity::Critical, 95),
        _ => (Severity::Info, 90),
    }
}
