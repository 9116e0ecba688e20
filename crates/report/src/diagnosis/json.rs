//! The report for programs. Fields are only ever added; a change of meaning raises `schema`.
//!
//! The form is published as JSON Schema, made from the same types, and is read again by runs that merge it with their
//! own: `--follow-up`.

mod document;

use super::said::{said, sentence_of};
use super::{Setting, remedy};
use crate::Lang;
use document::{Asked, Document, Evidence, Found, Made, Missing, Remedied, Stop, Verdict, Whereabouts};
use std::fmt;
use std::time::Duration;
use torwart_cause::finding::{
    CheckMade, CheckState, Contact, Diagnosis, Finding, FindingKind, Fix, Hop, NotChecked, Outcome, Proof,
    Said, Severity, Station, StationState, Where,
};

/// A document that is no report of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// Not JSON, or not of this form.
    Form(String),
    /// Of a version this program does not know.
    Version(String),
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Form(why) => write!(f, "not a report in JSON: {why}"),
            Self::Version(found) => write!(f, "a report of the form {found:?}, not {SCHEMA:?}"),
        }
    }
}

impl std::error::Error for Unreadable {}

/// The JSON Schema (draft 2020-12) of the report in JSON.
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(Document).to_value()
}

/// The report in JSON.
pub(super) fn write(diagnosis: &Diagnosis, lang: Lang, setting: Setting<'_>) -> String {
    // Strings and numbers always have a JSON form.
    serde_json::to_string_pretty(&document(diagnosis, lang, setting)).unwrap_or_default() + "\n"
}

/// Reads a report again. Its sentences are told in `lang`, whatever language it was written in.
///
/// # Errors
/// The text is no report, or one of another version.
pub fn read(text: &str, lang: Lang) -> Result<Diagnosis, Unreadable> {
    let value: serde_json::Value =
        serde_json::from_str(text).map_err(|error| Unreadable::Form(error.to_string()))?;
    let version = value.get("schema").and_then(serde_json::Value::as_str).unwrap_or_default();
    if version != SCHEMA {
        return Err(Unreadable::Version(version.to_owned()));
    }
    let document: Document =
        serde_json::from_value(value).map_err(|error| Unreadable::Form(error.to_string()))?;
    Ok(diagnosis(document, lang))
}

fn document(diagnosis: &Diagnosis, lang: Lang, setting: Setting<'_>) -> Document {
    let verdict = diagnosis.verdict().map(|finding| Verdict {
        id: finding.kind.id.to_owned(),
        text: super::phrase::verdict(diagnosis, lang),
    });
    Document {
        schema: SCHEMA.to_owned(),
        version: setting.version.to_owned(),
        lang: lang.tag().to_owned(),
        at: setting.at.to_owned(),
        url: diagnosis.url.clone(),
        seen_from: diagnosis.seen_from.clone(),
        others: diagnosis.others.clone(),
        healthy: diagnosis.outcome == Outcome::Healthy,
        outcome: diagnosis.outcome.id().to_owned(),
        verdict,
        findings: diagnosis.findings.iter().map(|one| found(one, diagnosis, lang)).collect(),
        checks: diagnosis.checks.iter().map(|one| made(one, lang)).collect(),
        not_checked: diagnosis.not_checked.iter().map(|one| missing(one, lang)).collect(),
        hops: diagnosis.hops.iter().map(stop).collect(),
        products: diagnosis.products.clone(),
        notes: diagnosis.notes.iter().map(|note| evidence(note, None, lang)).collect(),
        contacts: diagnosis.contacts.iter().map(asked).collect(),
        took_ms: millis(diagnosis.took),
        cut_short: diagnosis.is_cut_short,
    }
}

fn found(finding: &Finding, diagnosis: &Diagnosis, lang: Lang) -> Found {
    Found {
        id: finding.kind.id.to_owned(),
        title: super::phrase::title(finding, lang),
        summary: super::phrase::summary(finding, lang),
        severity: finding.severity.id().to_owned(),
        who: finding.kind.who.id().to_owned(),
        component: finding.place.hop.id().to_owned(),
        place: Whereabouts {
            address: finding.place.address.clone(),
            file: finding.place.file.as_ref().map(|(path, _)| path.clone()),
            line: finding.place.file.as_ref().and_then(|(_, line)| line_number(*line)),
            name: finding.place.name.clone(),
        },
        confidence: finding.confidence,
        because_of: diagnosis.because_of(finding).map(|root| root.id.to_owned()),
        causes: finding.kind.explains.iter().map(|cause| cause.id().to_owned()).collect(),
        seen_from: finding.seen_from.clone(),
        evidence: finding
            .evidence
            .iter()
            .map(|proof| evidence(&proof.said, proof.repeat.as_ref(), lang))
            .collect(),
        fix: remedy::remedies(finding, diagnosis, lang).into_iter().map(remedied).collect(),
    }
}

fn remedied(remedy: remedy::Remedy) -> Remedied {
    Remedied {
        product: remedy.product,
        line: remedy.file.as_ref().and_then(|(_, line)| line_number(*line)),
        file: remedy.file.map(|(path, _)| path),
        before: remedy.before,
        after: remedy.after,
        text: remedy.text,
    }
}

fn evidence(fact: &Said, repeat: Option<&String>, lang: Lang) -> Evidence {
    let (key, values) = match fact {
        Said::Key { key, args } => {
            let values = args.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
            (Some((*key).to_owned()), values)
        }
        Said::Text(_) => (None, std::collections::BTreeMap::new()),
    };
    Evidence { fact: said(fact, lang), repeat: repeat.cloned(), key, values }
}

fn made(check: &CheckMade, lang: Lang) -> Made {
    Made {
        name: check.name.clone(),
        state: check.state.id().to_owned(),
        said: check.said.as_ref().map(|fact| said(fact, lang)),
        took_ms: millis(check.took),
    }
}

fn missing(missing: &NotChecked, lang: Lang) -> Missing {
    let why = evidence(&missing.why, None, lang);
    Missing { why: why.fact, command: missing.command.clone(), key: why.key, values: why.values }
}

fn stop(station: &Station) -> Stop {
    Stop {
        hop: station.hop.id().to_owned(),
        name: station.name.clone(),
        state: station.state.id().to_owned(),
    }
}

fn asked(contact: &Contact) -> Asked {
    Asked { host: contact.host.clone(), connections: contact.connections, requests: contact.requests }
}

fn diagnosis(document: Document, lang: Lang) -> Diagnosis {
    let outcomes = [Outcome::Healthy, Outcome::Faulty, Outcome::Unclear];
    Diagnosis {
        url: document.url,
        seen_from: document.seen_from,
        outcome: named(&outcomes, Outcome::id, &document.outcome).unwrap_or_default(),
        // A finding this version does not know cannot be shown: the newer program is the one to merge with.
        findings: document.findings.into_iter().filter_map(|one| finding(one, lang)).collect(),
        checks: document.checks.into_iter().filter_map(check).collect(),
        not_checked: document
            .not_checked
            .into_iter()
            .map(|one| NotChecked { why: retold(one.key, &one.values, one.why, lang), command: one.command })
            .collect(),
        hops: document.hops.into_iter().filter_map(station).collect(),
        products: document.products,
        contacts: document
            .contacts
            .into_iter()
            .map(|one| Contact { host: one.host, connections: one.connections, requests: one.requests })
            .collect(),
        notes: document.notes.into_iter().map(|one| retold(one.key, &one.values, one.fact, lang)).collect(),
        others: document.others,
        took: Duration::from_millis(document.took_ms),
        is_cut_short: document.cut_short,
    }
}

fn finding(found: Found, lang: Lang) -> Option<Finding> {
    let kind = FindingKind::from_id(&found.id)?;
    let severities = [Severity::Info, Severity::Warning, Severity::Critical];
    let hop = named(&Hop::ALL, Hop::id, &found.component)?;
    let file = found.place.file.map(|path| (path, found.place.line.unwrap_or(0)));
    let place = Where { hop, address: found.place.address, file, name: found.place.name };
    let mut finding = Finding::new(kind, found.confidence, place);
    finding.severity = named(&severities, Severity::id, &found.severity)?;
    finding.seen_from = found.seen_from;
    finding.evidence = found
        .evidence
        .into_iter()
        .map(|one| Proof { said: retold(one.key, &one.values, one.fact, lang), repeat: one.repeat })
        .collect();
    // Advice is in our own pages; only the exact lines are news.
    let exact = |one: Remedied| {
        let file = one.file.map(|path| (path, one.line.unwrap_or(0)));
        let after = one.after.unwrap_or_default();
        let is_exact = one.text.is_none() && (one.before.is_some() || !after.is_empty());
        is_exact.then_some(Fix { product: one.product, file, before: one.before, after })
    };
    finding.fixes = found.fix.into_iter().filter_map(exact).collect();
    Some(finding)
}

fn check(made: Made) -> Option<CheckMade> {
    Some(CheckMade {
        name: made.name,
        state: named(&CheckState::ALL, CheckState::id, &made.state)?,
        said: made.said.map(Said::Text),
        took: Duration::from_millis(made.took_ms),
    })
}

fn station(stop: Stop) -> Option<Station> {
    let hop = named(&Hop::ALL, Hop::id, &stop.hop)?;
    let state = named(&StationState::ALL, StationState::id, &stop.state)?;
    Some(Station { hop, name: stop.name, state })
}

/// The sentence in the reader's language where we have it, else as it was written.
fn retold(
    key: Option<String>,
    values: &std::collections::BTreeMap<String, String>,
    text: String,
    lang: Lang,
) -> Said {
    let values: Vec<(&str, &str)> =
        values.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let known = key.filter(|key| crate::words::doctor().has(lang, key));
    Said::Text(known.map_or(text, |key| sentence_of(&key, &values, lang)))
}

fn named<T: Copy>(all: &[T], id: fn(T) -> &'static str, wanted: &str) -> Option<T> {
    all.iter().copied().find(|one| id(*one) == wanted)
}

/// 0 stands for the whole file.
const fn line_number(line: u32) -> Option<u32> {
    if line == 0 { None } else { Some(line) }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// The version of the form.
const SCHEMA: &str = "torwart.doctor/1";
