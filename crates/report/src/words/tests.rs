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
fn the_doctors_sentences_are_the_same_in_both_languages() {
    let [english, german] = Lang::ALL.map(gathered::doctor_sentences);
    let areas = |files: &[(&'static str, &str)]| files.iter().map(|(area, _)| *area).collect::<Vec<_>>();
    assert_eq!(areas(english), areas(german));
    let mut all = BTreeSet::new();
    let mut wrong = Vec::new();
    for ((area, english), (_, german)) in english.iter().zip(german) {
        for text in [english, german] {
            if let Err((_, errors)) = FluentResource::try_new((*text).to_owned()) {
                wrong.push(format!("{area}: {errors:?}"));
            }
        }
        let (english, german) = (keys(english), keys(german));
        for key in english.keys().chain(german.keys()) {
            if english.get(key) != german.get(key) {
                let (english, german) = (english.get(key), german.get(key));
                wrong.push(format!("{area} {key}: English has {english:?}, German {german:?}"));
            }
        }
        wrong.extend(
            english.keys().filter(|key| !all.insert((*key).clone())).map(|key| format!("{key} stands twice")),
        );
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_sentence_leaves_a_placeholder_unfilled() {
    let names = ["party", "at", "what", "number", "name", "stage"];
    let of_reports = ["url", "products", "took", "contacts", "title", "version", "place", "checks", "places"];
    let args = names.into_iter().chain(of_reports).map(|name| (name, Arg::Text("x")));
    let mut args: Vec<_> = args.collect();
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
