//! The report for a ticket: Markdown that reads well as it is, too.

use super::phrase::{self, say};
use super::remedy::{self, Remedy};
use super::said::said;
use super::{Setting, picture};
use crate::finding::FindingPage;
use crate::terminal::Style;
use crate::{Arg, Lang, words};
use torwart_cause::finding::{Diagnosis, Finding, Outcome};

/// The whole page.
pub(super) fn page(diagnosis: &Diagnosis, lang: Lang, setting: Setting<'_>) -> String {
    let mut text = format!("# {}\n\n", escaped(&phrase::verdict(diagnosis, lang)));
    let drawn = picture::drawn(diagnosis, lang, Style { width: 100, ..Style::PLAIN });
    match diagnosis.verdict() {
        Some(finding) => {
            let summary = phrase::summary(finding, lang);
            text.push_str(&format!("`{}`\n\n{summary}\n", finding.kind.id));
            text.push_str(&fenced("text", &drawn));
            text.push_str(&facts(diagnosis, finding, lang));
            evidence(finding, lang, &mut text);
            remedies(diagnosis, finding, lang, setting, &mut text);
        }
        None => {
            let key = match diagnosis.outcome {
                Outcome::Healthy => "doctor-healthy-more",
                Outcome::Faulty | Outcome::Unclear => "doctor-unclear-more",
            };
            text.push_str(&format!("{}\n{}", say(lang, key), fenced("text", &drawn)));
        }
    }
    also_seen(diagnosis, lang, &mut text);
    let late = phrase::late(diagnosis, lang);
    if !diagnosis.not_checked.is_empty() || late.is_some() {
        text.push_str(&format!("\n## {}\n\n", say(lang, "doctor-not-checked")));
        text.extend(late.map(|late| format!("- {late}\n")));
        for missing in &diagnosis.not_checked {
            text.push_str(&format!("- {}\n", one_line(&said(&missing.why, lang))));
            command(missing.command.as_deref(), &mut text);
        }
    }
    text.push_str(&format!("\n---\n\n{}\n", footer(diagnosis, lang, setting)));
    text
}

fn facts(diagnosis: &Diagnosis, finding: &Finding, lang: Lang) -> String {
    let mut text = format!("\n- {}: <{}>\n", say(lang, "doctor-asked"), diagnosis.url);
    let mut fact = |key: &str, value: &str| text.push_str(&format!("- {}: {value}\n", say(lang, key)));
    fact("doctor-station", &phrase::hop(finding.place.hop, lang));
    if let Some(place) = phrase::place(&finding.place) {
        fact("doctor-place", &code(&place));
    }
    fact("label-actor", &phrase::actor(finding, lang));
    fact("doctor-confidence", &phrase::confidence(finding, lang));
    if !finding.seen_from.is_empty() {
        fact("doctor-seen-from", &escaped(&finding.seen_from.join(", ")));
    }
    for note in &diagnosis.notes {
        fact("doctor-note", &escaped(&one_line(&said(note, lang))));
    }
    text
}

fn evidence(finding: &Finding, lang: Lang, text: &mut String) {
    if finding.evidence.is_empty() {
        return;
    }
    text.push_str(&format!("\n## {}\n\n", say(lang, "label-how-we-know")));
    for proof in &finding.evidence {
        text.push_str(&format!("- {}\n", escaped(&one_line(&said(&proof.said, lang)))));
        command(proof.repeat.as_deref(), text);
    }
}

fn remedies(diagnosis: &Diagnosis, finding: &Finding, lang: Lang, setting: Setting<'_>, text: &mut String) {
    text.push_str(&format!("\n## {}\n", say(lang, "label-what-to-do")));
    for remedy in remedy::remedies(finding, diagnosis, lang) {
        text.push_str(&change(&remedy));
    }
    let command = format!("{} explain {}", setting.program, finding.kind.id);
    text.push_str(&format!("\n{}: {}\n", say(lang, "doctor-more"), code(&command)));
}

fn change(remedy: &Remedy) -> String {
    let file = remedy.file.as_ref().map(|(path, line)| code(&phrase::file(path, *line)));
    let head: Vec<String> = [remedy.product.clone(), file].into_iter().flatten().collect();
    let mut text = String::from("\n");
    if !head.is_empty() {
        text.push_str(&format!("### {}\n", head.join(" ")));
    }
    let lines = |mark: &str, part: &Option<String>| -> String {
        part.iter().flat_map(|part| part.lines()).map(|line| format!("{mark} {line}\n")).collect()
    };
    let diff = lines("-", &remedy.before) + &lines("+", &remedy.after);
    text.push_str(&fenced("diff", &diff));
    if let Some(advice) = &remedy.text {
        let gap = if head.is_empty() { "" } else { "\n" };
        text.push_str(&format!("{gap}{}\n", without_page_links(advice)));
    }
    text
}

fn also_seen(diagnosis: &Diagnosis, lang: Lang, text: &mut String) {
    let also = diagnosis.also_seen();
    if also.is_empty() {
        return;
    }
    text.push_str(&format!("\n## {}\n\n", say(lang, "doctor-also-seen")));
    for finding in also {
        let title = phrase::title(finding, lang);
        let place =
            phrase::place(&finding.place).map(|place| format!(" ({})", code(&place))).unwrap_or_default();
        let severity = phrase::severity(finding.severity, lang);
        text.push_str(&format!("- **{severity}**: {title}{place}, `{}`\n", finding.kind.id));
        if let Some(root) = diagnosis.because_of(finding) {
            let args = [("title", Arg::Text(FindingPage::of(root, lang).title))];
            text.push_str(&format!("  {}\n", words::say(lang, "doctor-because-of", &args)));
        }
        for proof in &finding.evidence {
            text.push_str(&format!("  - {}\n", escaped(&one_line(&said(&proof.said, lang)))));
        }
    }
}

fn footer(diagnosis: &Diagnosis, lang: Lang, setting: Setting<'_>) -> String {
    let contacts = phrase::contacts(diagnosis, lang).join("; ");
    let effort = phrase::effort(diagnosis, lang, Style::PLAIN);
    let places = phrase::places(diagnosis, lang).map(|places| format!(" {places}")).unwrap_or_default();
    let told = words::say(lang, "doctor-contacts", &[("contacts", Arg::Text(&contacts))]);
    let told = if contacts.is_empty() { String::new() } else { format!(" {told}") };
    let origin = words::say(
        lang,
        "doctor-origin",
        &[
            ("version", Arg::Text(setting.version)),
            ("place", Arg::Text(&diagnosis.seen_from)),
            ("at", Arg::Text(&phrase::time(setting.at))),
        ],
    );
    escaped(&format!("{effort}{told}{places} {origin}"))
}

/// A block of code; nothing where there is none.
fn fenced(kind: &str, code: &str) -> String {
    if code.trim().is_empty() {
        return String::new();
    }
    let fence = if code.contains("```") { "````" } else { "```" };
    format!("\n{fence}{kind}\n{}\n{fence}\n", code.trim_end())
}

fn command(command: Option<&str>, text: &mut String) {
    if let Some(command) = command {
        let lines: String = command.lines().map(|line| format!("  {line}\n")).collect();
        text.push_str(&format!("\n  ```sh\n{lines}  ```\n\n"));
    }
}

/// A code span that holds what it is given.
fn code(text: &str) -> String {
    if text.contains('`') { format!("`` {text} ``") } else { format!("`{text}`") }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Raw facts may hold what Markdown or HTML would take for its own; code spans of our sentences stay.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for (index, part) in text.split('`').enumerate() {
        if index > 0 {
            safe.push('`');
        }
        if index % 2 == 1 {
            safe.push_str(part);
            continue;
        }
        for c in part.chars() {
            match c {
                '<' => safe.push_str("&lt;"),
                '*' | '|' | '[' | ']' | '\\' => safe.extend(['\\', c]),
                _ => safe.push(c),
            }
        }
    }
    safe
}

/// Links between our own pages lead nowhere in a ticket: their text stays.
fn without_page_links(advice: &str) -> String {
    let mut text = String::with_capacity(advice.len());
    let mut rest = advice;
    while let Some((before, tail)) = rest.split_once("](") {
        let link = before.rsplit_once('[').zip(tail.split_once(')'));
        match link {
            Some(((lead, name), (to, after))) if to.ends_with(".md") => {
                text.push_str(&format!("{lead}{name}"));
                rest = after;
            }
            _ => {
                text.push_str(&format!("{before}]("));
                rest = tail;
            }
        }
    }
    text + rest
}
