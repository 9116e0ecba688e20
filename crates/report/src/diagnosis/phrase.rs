//! What every form of a report says alike: the verdict in one line, places, confidence, counts.

use super::said::duration;
use crate::finding::FindingPage;
use crate::terminal::Style;
use crate::{Arg, Lang, sentence, words};
use torwart_cause::finding::{CheckState, Diagnosis, Finding, Hop, Outcome, Severity, Where};

/// A label.
pub(super) fn say(lang: Lang, key: &str) -> String {
    words::say(lang, key, &[])
}

/// The verdict in one line: "Fault: Nothing listens ... (10.0.0.11:3000) [connect.refused_nothing_listens]".
pub(super) fn verdict_line(diagnosis: &Diagnosis, lang: Lang) -> String {
    let id = diagnosis.verdict().map(|finding| format!(" [{}]", finding.kind.id));
    verdict(diagnosis, lang) + &id.unwrap_or_default()
}

/// The verdict without its id.
pub(super) fn verdict(diagnosis: &Diagnosis, lang: Lang) -> String {
    let place = diagnosis.verdict().and_then(|finding| place(&finding.place));
    headline(diagnosis, lang) + &place.map(|place| format!(" ({place})")).unwrap_or_default()
}

/// The verdict without place and id.
pub(super) fn headline(diagnosis: &Diagnosis, lang: Lang) -> String {
    let Some(finding) = diagnosis.verdict() else {
        let url = [("url", Arg::Text(&diagnosis.url))];
        return match diagnosis.outcome {
            Outcome::Healthy => words::say(lang, "doctor-verdict-healthy", &url),
            Outcome::Faulty | Outcome::Unclear => words::say(lang, "doctor-verdict-unclear", &url),
        };
    };
    format!("{}: {}", severity(finding.severity, lang), title(finding, lang))
}

/// What it is, in a few words.
pub(super) fn title(finding: &Finding, lang: Lang) -> String {
    as_met(FindingPage::of(finding.kind, lang).title, finding, lang)
}

/// What it is, in a sentence.
pub(super) fn summary(finding: &Finding, lang: Lang) -> String {
    as_met(FindingPage::of(finding.kind, lang).summary, finding, lang)
}

/// Pages about ways and ports speak of the upstream; what a visitor cannot reach is the gateway.
fn as_met(text: &str, finding: &Finding, lang: Lang) -> String {
    let area = finding.kind.id.split('.').next().unwrap_or_default();
    let is_about_the_way = ["connect", "network", "firewall"].contains(&area);
    // A page that speaks of the gateway as well means the upstream even so.
    let speaks_of_gateway = FindingPage::of(finding.kind, lang).title.to_lowercase().contains("gateway");
    if finding.place.hop != Hop::Gateway || !is_about_the_way || speaks_of_gateway {
        return text.to_owned();
    }
    let words = say(lang, "doctor-front-words");
    let pairs = words.split('|').filter_map(|pair| pair.split_once('='));
    pairs.fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}

/// How bad: "Fault", "Weak point", "Note".
pub(super) fn severity(severity: Severity, lang: Lang) -> String {
    say(lang, &format!("doctor-severity-{}", severity.id()))
}

/// A station's name.
pub(super) fn hop(hop: Hop, lang: Lang) -> String {
    say(lang, &format!("doctor-hop-{}", hop.id()))
}

/// Where a finding is, in the raw words of the set-up; nothing where only the station is known.
pub(super) fn place(place: &Where) -> Option<String> {
    let file = place.file.as_ref().map(|(path, line)| file(path, *line));
    let parts: Vec<String> = [place.name.clone(), place.address.clone(), file]
        .into_iter()
        .flatten()
        .filter(|part| !part.is_empty())
        .collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// `nginx.conf:12`, or the file alone.
pub(super) fn file(path: &str, line: u32) -> String {
    if line == 0 { path.to_owned() } else { format!("{path}:{line}") }
}

/// "95 %", as the language writes it.
pub(super) fn confidence(finding: &Finding, lang: Lang) -> String {
    words::say(lang, "doctor-percent", &[("number", Arg::Number(finding.confidence.into()))])
}

/// Who must act.
pub(super) fn actor(finding: &Finding, lang: Lang) -> String {
    sentence::actor(finding.kind.who, lang)
}

/// "2026-11-21 03:00:00 UTC" for `2026-11-21T03:00:00Z`.
pub(super) fn time(at: &str) -> String {
    at.replacen('T', " ", 1).replace('Z', " UTC")
}

/// How much was looked at, and how long it took.
pub(super) fn effort(diagnosis: &Diagnosis, lang: Lang, style: Style) -> String {
    let is_made =
        |state| !matches!(state, CheckState::NotApplicable | CheckState::Skipped | CheckState::OutOfTime);
    let made = diagnosis.checks.iter().filter(|check| is_made(check.state)).count();
    let took = duration(diagnosis.took, lang, style);
    let count = Arg::Number(u32::try_from(made).unwrap_or(u32::MAX));
    let key = if diagnosis.is_cut_short { "doctor-effort-cut" } else { "doctor-effort" };
    words::say(lang, key, &[("count", count), ("took", Arg::Text(&took))])
}

/// All places that have looked; nothing where there is only this one.
pub(super) fn places(diagnosis: &Diagnosis, lang: Lang) -> Option<String> {
    let places = std::iter::once(&diagnosis.seen_from).chain(&diagnosis.others);
    let places = places.map(String::as_str).collect::<Vec<_>>().join(", ");
    let is_several = !diagnosis.others.is_empty();
    is_several.then(|| words::say(lang, "doctor-merged", &[("places", Arg::Text(&places))]))
}

/// The checks that the end of the run came before; nothing where the verdict was plain without them.
pub(super) fn late(diagnosis: &Diagnosis, lang: Lang) -> Option<String> {
    let late = diagnosis.checks.iter().filter(|check| check.state == CheckState::OutOfTime);
    let names: Vec<String> = late.map(|check| format!("`{}`", check.name)).collect();
    let is_told = diagnosis.is_cut_short && !names.is_empty();
    is_told.then(|| words::say(lang, "doctor-late", &[("checks", Arg::Text(&names.join(", ")))]))
}

/// Whom the run has bothered: "shop.example: 3 connections, 5 requests".
pub(super) fn contacts(diagnosis: &Diagnosis, lang: Lang) -> Vec<String> {
    let count = |key, number| words::say(lang, key, &[("count", Arg::Number(number))]);
    let contact = |contact: &torwart_cause::finding::Contact| {
        let connections = count("doctor-connections", contact.connections);
        let requests = count("doctor-requests", contact.requests);
        format!("{}: {connections}, {requests}", contact.host)
    };
    diagnosis.contacts.iter().map(contact).collect()
}
