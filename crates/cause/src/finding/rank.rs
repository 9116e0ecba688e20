//! Which finding is the verdict: best first, and roots before what follows from them.
//!
//! In this order: how bad it is or what follows from it, whether a root explains it, how sure we are, whether it is a root at all, how near to
//! the visitor the chain breaks. Confidence counts in bands, because a few percent are no difference.

use super::{Finding, Role, Severity};
use std::cmp::Reverse;

/// The findings, best first; those of one kind at one place have become one.
pub(super) fn ranked(findings: Vec<Finding>) -> Vec<Finding> {
    let mut merged: Vec<Finding> = Vec::with_capacity(findings.len());
    for finding in findings {
        match merged.iter_mut().find(|known| known.kind == finding.kind && known.place == finding.place) {
            Some(known) => join(known, finding),
            None => merged.push(finding),
        }
    }
    let key = |finding: &Finding| {
        (
            Reverse(weight(finding, &merged)),
            because_of(finding, &merged).is_some(),
            Reverse(band(finding.confidence)),
            finding.kind.role == Role::Symptom,
            finding.place.hop,
            Reverse(finding.confidence),
        )
    };
    let mut order: Vec<_> = merged.iter().map(key).enumerate().collect();
    order.sort_by_key(|(index, key)| (*key, *index));
    let order: Vec<usize> = order.into_iter().map(|(index, _)| index).collect();
    let mut merged: Vec<Option<Finding>> = merged.into_iter().map(Some).collect();
    order.into_iter().filter_map(|index| merged.get_mut(index)?.take()).collect()
}

/// How bad it is, or what follows from it.
fn weight(finding: &Finding, among: &[Finding]) -> Severity {
    let is_its_own =
        |other: &&Finding| because_of(other, among).is_some_and(|root| std::ptr::eq(root, finding));
    let follows = among.iter().filter(is_its_own).map(|symptom| symptom.severity).max();
    follows.map_or(finding.severity, |worst| worst.max(finding.severity))
}

/// The root among these that a symptom follows from: one that is as bad, or one that brings about the same causes.
pub(super) fn because_of<'f>(symptom: &Finding, among: &'f [Finding]) -> Option<&'f Finding> {
    if symptom.kind.role == Role::Root {
        return None;
    }
    let roots = || among.iter().filter(|root| root.kind.role == Role::Root && root.severity > Severity::Info);
    let shares_cause =
        |root: &&Finding| root.kind.explains.iter().any(|cause| symptom.kind.explains.contains(cause));
    // A symptom may follow from several: the worst one, at its own place, is the likeliest.
    let surest = |one: &&Finding| (one.severity, is_near(one, symptom), one.confidence);
    roots()
        .filter(|root| root.confidence >= LIKELY)
        .filter(shares_cause)
        .max_by_key(surest)
        .or_else(|| roots().filter(|root| root.severity >= symptom.severity).max_by_key(surest))
}

/// Whether both speak of one address; one of them may have a scheme before it.
fn is_near(root: &Finding, symptom: &Finding) -> bool {
    match (&root.place.address, &symptom.place.address) {
        (Some(one), Some(other)) => one.ends_with(other.as_str()) || other.ends_with(one.as_str()),
        _ => false,
    }
}

/// Adds what the other one knows.
fn join(known: &mut Finding, other: Finding) {
    known.severity = known.severity.max(other.severity);
    known.confidence = known.confidence.max(other.confidence);
    for proof in other.evidence {
        if !known.evidence.contains(&proof) {
            known.evidence.push(proof);
        }
    }
    for fix in other.fixes {
        if !known.fixes.contains(&fix) {
            known.fixes.push(fix);
        }
    }
    for machine in other.seen_from {
        if !known.seen_from.contains(&machine) {
            known.seen_from.push(machine);
        }
    }
}

/// Certain, likely, possible, a guess.
const fn band(confidence: u8) -> u8 {
    match confidence {
        90.. => 3,
        70.. => 2,
        LIKELY.. => 1,
        _ => 0,
    }
}

/// From here on a finding is more likely than not.
const LIKELY: u8 = 50;

#[cfg(test)]
mod tests {
    use super::super::{FindingKind, Hop, Where, said};
    use super::*;
    use crate::{Actor, Cause};

    static REFUSED: FindingKind = kind("a.refused", Severity::Critical, Role::Root, &[Cause::ConnectRefused]);
    static EXPIRED: FindingKind = kind("a.expired", Severity::Critical, Role::Root, &[Cause::TlsExpired]);
    static BAD_ANSWER: FindingKind =
        kind("a.bad_answer", Severity::Critical, Role::Symptom, &[Cause::ConnectRefused]);
    static MISMATCH: FindingKind = kind("a.mismatch", Severity::Warning, Role::Root, &[Cause::StaleLink]);
    static NOTE: FindingKind = kind("a.note", Severity::Info, Role::Root, &[Cause::ConnectRefused]);

    const fn kind(
        id: &'static str,
        severity: Severity,
        role: Role,
        explains: &'static [Cause],
    ) -> FindingKind {
        FindingKind { id, severity, who: Actor::Upstream, role, explains }
    }

    fn ids(findings: Vec<Finding>) -> Vec<&'static str> {
        ranked(findings).iter().map(|finding| finding.kind.id).collect()
    }

    fn at(kind: &'static FindingKind, confidence: u8, hop: Hop) -> Finding {
        Finding::new(kind, confidence, Where::hop(hop))
    }

    #[test]
    fn a_root_goes_before_what_follows_from_it() {
        let symptom = at(&BAD_ANSWER, 100, Hop::Gateway);
        let root = at(&REFUSED, 90, Hop::Upstream);
        assert_eq!(ids(vec![symptom.clone(), root.clone()]), ["a.refused", "a.bad_answer"]);
        assert_eq!(because_of(&symptom, &[root]).map(|root| root.kind.id), Some("a.refused"));
    }

    #[test]
    fn a_symptom_without_root_is_the_verdict_before_warnings_and_notes() {
        let found = vec![
            at(&NOTE, 100, Hop::You),
            at(&MISMATCH, 100, Hop::Gateway),
            at(&BAD_ANSWER, 60, Hop::Gateway),
        ];
        assert_eq!(ids(found), ["a.bad_answer", "a.mismatch", "a.note"]);
    }

    #[test]
    fn of_several_roots_the_worst_at_the_same_place_explains() {
        let symptom = Finding::new(&BAD_ANSWER, 100, Where::hop(Hop::Gateway).address("http://10.0.0.1:80"));
        let weak = at(&REFUSED, 100, Hop::Dns).severity(Severity::Warning);
        let other = Finding::new(&REFUSED, 95, Where::hop(Hop::Upstream).address("10.0.0.2:80"));
        let same = Finding::new(&REFUSED, 90, Where::hop(Hop::Upstream).address("10.0.0.1:80"));
        let among = [weak, other, same];
        let root = because_of(&symptom, &among).expect("one of them");
        assert_eq!(root.place.address.as_deref(), Some("10.0.0.1:80"));
    }

    #[test]
    fn a_weak_point_that_explains_a_failure_is_its_verdict() {
        let root = Finding::new(&REFUSED, 90, Where::hop(Hop::Upstream)).severity(Severity::Warning);
        assert_eq!(ids(vec![at(&BAD_ANSWER, 100, Hop::Gateway), root]), ["a.refused", "a.bad_answer"]);
    }

    #[test]
    fn among_equals_the_chain_breaks_where_it_is_nearest() {
        let found = vec![at(&REFUSED, 99, Hop::Upstream), at(&EXPIRED, 92, Hop::Gateway)];
        assert_eq!(ids(found), ["a.expired", "a.refused"]);
        let found = vec![at(&REFUSED, 99, Hop::Upstream), at(&EXPIRED, 60, Hop::Gateway)];
        assert_eq!(ids(found), ["a.refused", "a.expired"]);
    }

    #[test]
    fn what_is_said_twice_is_one_finding_with_all_evidence() {
        let one = at(&REFUSED, 80, Hop::Upstream).proof(said("a"));
        let two = at(&REFUSED, 95, Hop::Upstream).proof(said("a")).proof(said("b"));
        let found = ranked(vec![one, two, at(&REFUSED, 95, Hop::Path)]);
        assert_eq!(found.len(), 2);
        let joined = found.iter().find(|finding| finding.place.hop == Hop::Upstream).expect("it is there");
        assert_eq!((joined.confidence, joined.evidence.len()), (95, 2));
    }
}
