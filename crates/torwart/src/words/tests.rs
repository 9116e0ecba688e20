//! Both files of sentences are complete.

use super::{ENGLISH, GERMAN};
use std::collections::{BTreeMap, BTreeSet};

/// Every key (attributes behind a dot) with the blanks of its text.
fn keys(text: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let (mut message, mut current) = (String::new(), String::new());
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let key = line.split_once(" =").map(|(key, _)| key);
        match key {
            Some(key) if !key.starts_with(' ') => {
                key.clone_into(&mut message);
                message.clone_into(&mut current);
                assert!(!found.contains_key(&current), "{current} stands twice");
            }
            Some(key) if key.trim_start().starts_with('.') && !key.trim_start().contains(' ') => {
                current = format!("{message}{}", key.trim_start());
            }
            _ => {}
        }
        if current.is_empty() {
            continue;
        }
        let blanks = line.split("{ $").skip(1).map(|rest| rest.split([' ', '-']).next().unwrap_or_default());
        found.entry(current.clone()).or_default().extend(blanks.map(str::to_owned));
    }
    found
}

#[test]
fn both_languages_hold_the_same_keys_with_the_same_blanks() {
    assert_eq!(keys(ENGLISH), keys(GERMAN));
}

#[test]
fn every_key_that_is_used_has_a_sentence() {
    let mut used = BTreeSet::new();
    let mut folders = vec![std::path::PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/src"))];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("the sources are there") {
            let path = entry.expect("the sources are there").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let source = std::fs::read_to_string(&path).expect("sources are text");
            for call in ["say(lang, \"", "fill(lang, \"", "count(lang, \"", "say(\"", "fill(\"", "count(\""] {
                used.extend(
                    source.split(call).skip(1).filter_map(|rest| rest.split('"').next()).map(str::to_owned),
                );
            }
        }
    }
    let known = keys(ENGLISH);
    let missing: Vec<_> = used.iter().filter(|key| !key.contains('{') && !known.contains_key(*key)).collect();
    assert!(missing.is_empty(), "no sentence for {missing:?}");
}
