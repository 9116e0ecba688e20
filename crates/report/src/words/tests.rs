//! Both files of sentences are complete and alike.

use super::*;
use std::collections::{BTreeMap, BTreeSet};

/// Every key and attribute of a file, with the arguments its text uses.
fn keys(text: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut message = String::new();
    let mut current = String::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        if let Some((key, _)) = line.split_once(" =").filter(|(key, _)| !key.starts_with(' ')) {
            message = key.to_owned();
            current = message.clone();
            assert!(!found.contains_key(&current), "{current} stands twice");
        } else if let Some((key, _)) = line.trim_start().strip_prefix('.').and_then(|l| l.split_once(" =")) {
            current = format!("{message}.{key}");
        }
        if current.is_empty() {
            continue;
        }
        let arguments = line.split('$').skip(1).map(|rest| {
            rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect::<String>()
        });
        found.entry(current.clone()).or_default().extend(arguments);
    }
    found
}

const TEXTS: [&str; 2] = [include_str!("../../text/en.ftl"), include_str!("../../text/de.ftl")];

#[test]
fn both_languages_hold_the_same_keys_with_the_same_arguments() {
    let [english, german] = TEXTS.map(keys);
    assert_eq!(english, german);
}

#[test]
fn every_file_is_read_without_fault() {
    for text in TEXTS {
        assert!(FluentResource::try_new(text.to_owned()).is_ok());
    }
}

#[test]
fn no_sentence_leaves_a_placeholder_unfilled() {
    let args = ["party", "at", "what", "number", "name", "stage"].map(|name| (name, Arg::Text("x")));
    let mut args = Vec::from(args);
    args.push(("count", Arg::Number(2)));
    for lang in Lang::ALL {
        for key in keys(TEXTS[lang as usize]).keys() {
            let said = match key.split_once('.') {
                Some((message, name)) => attribute(lang, message, name, &args),
                None => say(lang, key, &args),
            };
            assert!(!said.contains('{') && !said.is_empty() && said != *key, "{lang} {key}: {said}");
        }
    }
}
