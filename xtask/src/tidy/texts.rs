//! Rule `texts`: what a person reads exists in English and German, with the same parts.
//!
//! Every file in a folder `en`, or called `en.<ending>`, has its German twin and the other way round. Twins of messages
//! (`.ftl`, `.toml`) hold the same keys, twins of pages (`.md`) as many headings of each level. Every cause and every
//! finding has its page. The README has its twin `README.de.md`.

use super::Complaint;
use crate::tree::Tree;
use anyhow::Result;
use std::collections::{BTreeMap, BTreeSet};
use torwart_cause::Cause;
use torwart_cause::finding::FindingKind;

pub(crate) fn check(tree: &Tree) -> Result<Vec<Complaint>> {
    let mut complaints = Vec::new();
    let files: BTreeSet<&str> = tree.files().collect();
    for file in &files {
        let Some((twin, is_english)) = twin(file) else { continue };
        if !files.contains(twin.as_str()) {
            complaints.push(Complaint::new(file, 1, format!("its twin `{twin}` is missing")));
        } else if is_english {
            let (Some(english), Some(german)) = (tree.text(file)?, tree.text(&twin)?) else { continue };
            complaints.extend(compare(file, &english, &twin, &german));
        }
    }
    complaints.extend(check_causes(&files));
    complaints.extend(check_findings(&files));
    Ok(complaints)
}

/// Every cause has an English page (the German one follows as its twin), and no page is about something else.
fn check_causes(files: &BTreeSet<&str>) -> Vec<Complaint> {
    let expected: BTreeMap<String, Cause> =
        Cause::ALL.iter().map(|cause| (format!("{CAUSE_PAGES}{}.md", cause.id()), *cause)).collect();
    let missing = expected
        .iter()
        .filter(|(page, _)| !files.contains(page.as_str()))
        .map(|(page, cause)| Complaint::new(page, 1, format!("the cause `{}` has no page", cause.id())));
    let homeless = files
        .iter()
        .filter(|file| {
            let name = file.strip_prefix(CAUSE_PAGES).unwrap_or("/");
            !name.contains('/') && file.ends_with(".md") && !expected.contains_key(**file)
        })
        .map(|file| Complaint::new(file, 1, "there is no such cause"));
    missing.chain(homeless).collect()
}

/// Every finding has an English page, and no page is about something else.
fn check_findings(files: &BTreeSet<&str>) -> Vec<Complaint> {
    let page = |kind: &FindingKind| format!("{FINDING_PAGES}{}.md", kind.id);
    let expected: BTreeSet<String> = FindingKind::all().map(page).collect();
    let missing = expected.iter().filter(|page| !files.contains(page.as_str()));
    let missing = missing.map(|page| Complaint::new(page, 1, "this finding has no page"));
    let homeless = files.iter().filter(|file| file.starts_with(FINDING_PAGES) && !expected.contains(**file));
    let homeless = homeless.map(|file| Complaint::new(file, 1, "there is no such finding"));
    missing.chain(homeless).collect()
}

/// The path of the same text in the other language, and whether this one is the English.
fn twin(file: &str) -> Option<(String, bool)> {
    match file {
        "README.md" => return Some(("README.de.md".to_owned(), true)),
        "README.de.md" => return Some(("README.md".to_owned(), false)),
        _ => {}
    }
    let is_text = file.contains("/text/") || file.starts_with("docs/");
    for (own, other, is_english) in [("en", "de", true), ("de", "en", false)] {
        let (folder, name) = (format!("/{own}/"), format!("/{own}."));
        if is_text && file.contains(&folder) {
            return Some((file.replacen(&folder, &format!("/{other}/"), 1), is_english));
        }
        if is_text && file.rsplit('/').next().is_some_and(|last| last.starts_with(&name[1..])) {
            return Some((file.replacen(&name, &format!("/{other}."), 1), is_english));
        }
    }
    None
}

fn compare(english_file: &str, english: &str, german_file: &str, german: &str) -> Vec<Complaint> {
    let ending = english_file.rsplit('.').next().unwrap_or_default();
    match ending {
        "ftl" => compare_keys(english_file, &fluent_keys(english), german_file, &fluent_keys(german)),
        "toml" => compare_keys(english_file, &toml_keys(english), german_file, &toml_keys(german)),
        "md" => {
            let (expected, found) = (headings(english), headings(german));
            let sentence = format!("headings by level {found:?}, but {english_file} has {expected:?}");
            if expected == found { Vec::new() } else { vec![Complaint::new(german_file, 1, sentence)] }
        }
        _ => Vec::new(),
    }
}

type Keys = BTreeMap<String, usize>;

fn compare_keys(english_file: &str, english: &Keys, german_file: &str, german: &Keys) -> Vec<Complaint> {
    let missing =
        |file: &str, key: &str| Complaint::new(file, 1, format!("the text `{key}` is missing here"));
    let in_german =
        english.keys().filter(|key| !german.contains_key(*key)).map(|key| missing(german_file, key));
    let in_english =
        german.keys().filter(|key| !english.contains_key(*key)).map(|key| missing(english_file, key));
    in_german.chain(in_english).collect()
}

/// Message ids and, joined to them by a dot, their attributes.
fn fluent_keys(text: &str) -> Keys {
    let mut keys = Keys::new();
    let mut message = String::new();
    for (index, line) in text.lines().enumerate() {
        let Some((key, _)) = line.split_once('=') else { continue };
        let key = key.trim_end();
        let is_name = |name: &str| {
            !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '-' || c == '_')
        };
        if is_name(key) {
            key.clone_into(&mut message);
            keys.insert(message.clone(), index + 1);
        } else if let Some(attribute) = key.trim_start().strip_prefix('.').filter(|name| is_name(name)) {
            keys.insert(format!("{message}.{attribute}"), index + 1);
        }
    }
    keys
}

fn toml_keys(text: &str) -> Keys {
    fn walk(prefix: &str, table: &toml::Table, keys: &mut Keys) {
        for (name, value) in table {
            let key = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
            match value {
                toml::Value::Table(inner) => walk(&key, inner, keys),
                _ => {
                    keys.insert(key, 1);
                }
            }
        }
    }
    let mut keys = Keys::new();
    if let Ok(table) = text.parse::<toml::Table>() {
        walk("", &table, &mut keys);
    }
    keys
}

/// How many headings of level 1, 2 and 3 a page has, outside of code blocks.
fn headings(text: &str) -> [usize; 3] {
    let mut counts = [0; 3];
    let mut is_code = false;
    for line in text.lines() {
        if line.starts_with("```") {
            is_code = !is_code;
        }
        let level = line.bytes().take_while(|byte| *byte == b'#').count();
        if !is_code && (1..=3).contains(&level) && line[level..].starts_with(' ') {
            counts[level - 1] += 1;
        }
    }
    counts
}

const CAUSE_PAGES: &str = "crates/report/text/en/";
const FINDING_PAGES: &str = "crates/report/text/en/finding/";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twins_are_found_in_both_directions() {
        assert_eq!(twin("docs/en/causes.md"), Some(("docs/de/causes.md".to_owned(), true)));
        assert_eq!(twin("crates/web/text/de.ftl"), Some(("crates/web/text/en.ftl".to_owned(), false)));
        assert_eq!(twin("README.md"), Some(("README.de.md".to_owned(), true)));
        assert_eq!(twin("crates/wire/src/en/x.rs"), None);
    }

    #[test]
    fn a_message_missing_in_one_language_is_named() {
        let found = compare(
            "en.ftl",
            "hello = Hello\n  .title = Hi\nbye = Bye\n",
            "de.ftl",
            "hello = Hallo\nab = x\n",
        );
        let sentences: Vec<_> = found.iter().map(|c| (c.file.as_str(), c.sentence.as_str())).collect();
        assert_eq!(
            sentences,
            [
                ("de.ftl", "the text `bye` is missing here"),
                ("de.ftl", "the text `hello.title` is missing here"),
                ("en.ftl", "the text `ab` is missing here"),
            ]
        );
    }

    #[test]
    fn pages_have_the_same_headings() {
        assert_eq!(compare("en/a.md", "# A\n## B\n```\n# no\n```\n", "de/a.md", "# A\n## B\n"), []);
        assert_eq!(compare("en/a.md", "# A\n## B\n", "de/a.md", "# A\n").len(), 1);
    }

    #[test]
    fn a_cause_without_page_is_named() {
        assert_eq!(check_causes(&BTreeSet::new()).len(), Cause::ALL.len());
        let stray = format!("{CAUSE_PAGES}weather.md");
        assert_eq!(check_causes(&BTreeSet::from([stray.as_str()])).len(), Cause::ALL.len() + 1);
    }

    #[test]
    fn a_finding_without_page_is_named() {
        assert_eq!(check_findings(&BTreeSet::new()).len(), FindingKind::all().count());
        let stray = format!("{FINDING_PAGES}weather.rain.md");
        let found = check_findings(&BTreeSet::from([stray.as_str()]));
        assert_eq!(found.len(), FindingKind::all().count() + 1);
        assert_eq!(check_causes(&BTreeSet::from([stray.as_str()])).len(), Cause::ALL.len());
    }
}
