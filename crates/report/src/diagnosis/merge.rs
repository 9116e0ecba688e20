//! Several runs from several places become one diagnosis that says which place saw what.

use torwart_cause::finding::{
    CheckState, Diagnosis, Finding, Hop, Outcome, Said, Severity, Station, StationState, said,
};

/// The diagnosis of this run with that of another place.
pub fn merge(own: Diagnosis, other: Diagnosis) -> Diagnosis {
    let mut merged = own;
    // Places may contradict each other: each is heard, in the order in which they came.
    if merged.others.is_empty() {
        merged.notes.push(stands(&merged));
    }
    if other.others.is_empty() {
        add_new(&mut merged.notes, vec![stands(&other)]);
    }
    merged.findings = seen_from(merged.findings, &merged.seen_from);
    merged.findings.extend(seen_from(other.findings, &other.seen_from));
    merged.rank();
    merged.outcome = match (merged.outcome, other.outcome) {
        _ if !merged.is_healthy() => Outcome::Faulty,
        (Outcome::Healthy, Outcome::Healthy) => Outcome::Healthy,
        // One place gets no answer and the other one does, and nobody knows why.
        _ => Outcome::Unclear,
    };
    for check in other.checks {
        match merged.checks.iter_mut().find(|known| known.name == check.name) {
            Some(known) if weight(known.state) < weight(check.state) => *known = check,
            Some(_) => {}
            None => merged.checks.push(check),
        }
    }
    add_new(&mut merged.not_checked, other.not_checked);
    add_new(&mut merged.products, other.products);
    add_new(&mut merged.notes, other.notes);
    for contact in other.contacts {
        match merged.contacts.iter_mut().find(|known| known.host == contact.host) {
            Some(known) => {
                known.connections = known.connections.saturating_add(contact.connections);
                known.requests = known.requests.saturating_add(contact.requests);
            }
            None => merged.contacts.push(contact),
        }
    }
    add_new(&mut merged.others, vec![other.seen_from]);
    add_new(&mut merged.others, other.others);
    merged.is_cut_short |= other.is_cut_short;
    merged.hops = stations(&merged, &other.hops);
    merged
}

/// How it stands with the site, seen from one place.
fn stands(seen: &Diagnosis) -> Said {
    let key = match seen.outcome {
        Outcome::Healthy => "walk-place-healthy",
        Outcome::Faulty => "walk-place-faulty",
        Outcome::Unclear => "walk-place-unclear",
    };
    let id = seen.verdict().map(|finding| finding.kind.id).unwrap_or_default();
    said(key).with("place", &seen.seen_from).with("id", id)
}

/// Notes the place on findings that do not say yet where they were seen from.
fn seen_from(mut findings: Vec<Finding>, place: &str) -> Vec<Finding> {
    for finding in findings.iter_mut().filter(|finding| finding.seen_from.is_empty()) {
        finding.seen_from.push(place.to_owned());
    }
    findings
}

fn add_new<T: PartialEq>(known: &mut Vec<T>, others: Vec<T>) {
    for other in others {
        if !known.contains(&other) {
            known.push(other);
        }
    }
}

/// What a check that was made says weighs more than one that was not.
const fn weight(state: CheckState) -> u8 {
    match state {
        CheckState::Found => 3,
        CheckState::Fine => 2,
        CheckState::CouldNot | CheckState::OutOfTime => 1,
        CheckState::NotApplicable | CheckState::Skipped => 0,
    }
}

/// The chain as both places know it; it breaks where the common verdict says.
fn stations(merged: &Diagnosis, others: &[Station]) -> Vec<Station> {
    let breaks_at = merged.verdict().filter(|finding| finding.severity == Severity::Critical);
    let breaks_at = breaks_at.map(|finding| finding.place.hop);
    let known = |hop: Hop| {
        let of = |stations: &[Station]| stations.iter().find(|station| station.hop == hop).cloned();
        (of(&merged.hops), of(others))
    };
    let station = |hop| {
        let (own, other) = known(hop);
        let states = [&own, &other].map(|station| station.as_ref().map(|station| station.state));
        let has = |state| states.contains(&Some(state));
        let state = match breaks_at {
            Some(broken) if broken == hop => StationState::Broken,
            _ if has(StationState::Broken) || has(StationState::Doubtful) => StationState::Doubtful,
            _ if has(StationState::Well) => StationState::Well,
            _ => StationState::Unknown,
        };
        let name = own.and_then(|station| station.name).or_else(|| other.and_then(|station| station.name));
        Station { hop, name, state }
    };
    Hop::ALL.map(station).into()
}
