//! The words of this crate in every language, read from `text/en` and `text/de`.
//!
//! A file is a list of `key = text` lines; an indented line goes on with the text before it, `#` begins a remark.
//! `<name>` in a text is filled in by whoever uses it.

use std::{collections::HashMap, sync::LazyLock};

use crate::Lang;

/// The text of a key.
pub(crate) fn find(key: &str, lang: Lang) -> Option<&'static str> {
    all(lang).get(key).map(String::as_str)
}

/// All texts of a language.
pub(crate) fn all(lang: Lang) -> &'static HashMap<&'static str, String> {
    match lang {
        Lang::En => &ENGLISH,
        Lang::De => &GERMAN,
    }
}

static ENGLISH: LazyLock<HashMap<&'static str, String>> = LazyLock::new(|| read(&FILES_EN));
static GERMAN: LazyLock<HashMap<&'static str, String>> = LazyLock::new(|| read(&FILES_DE));

const FILES_EN: [&str; 2] =
    [include_str!("../text/en/complaints.txt"), include_str!("../text/en/reference.txt")];
const FILES_DE: [&str; 2] =
    [include_str!("../text/de/complaints.txt"), include_str!("../text/de/reference.txt")];

fn read(files: &[&'static str]) -> HashMap<&'static str, String> {
    let mut texts: HashMap<&'static str, String> = HashMap::new();
    let mut current = "";
    for line in files.iter().flat_map(|file| file.lines()) {
        if line.starts_with('#') || line.trim().is_empty() {
            continue;
        }
        if line.starts_with(' ') {
            if let Some(text) = texts.get_mut(current) {
                text.push(' ');
                text.push_str(line.trim());
            }
        } else if let Some((key, text)) = line.split_once('=') {
            current = key.trim();
            texts.insert(current, text.trim().to_owned());
        }
    }
    texts
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn both_languages_have_the_same_keys_and_placeholders() {
        let keys = |lang| all(lang).keys().copied().collect::<BTreeSet<_>>();
        assert_eq!(keys(Lang::En), keys(Lang::De));
        for key in all(Lang::En).keys() {
            let placeholders = |lang| {
                let text = find(key, lang).expect("both languages have the key");
                text.split('<')
                    .skip(1)
                    .filter_map(|rest| rest.split_once('>'))
                    .map(|(name, _)| name)
                    .collect::<BTreeSet<_>>()
            };
            assert_eq!(placeholders(Lang::En), placeholders(Lang::De), "{key}");
        }
    }

    #[test]
    fn no_key_stands_twice_and_no_text_is_empty() {
        for files in [FILES_EN, FILES_DE] {
            let lines = files
                .into_iter()
                .flat_map(str::lines)
                .filter(|line| !line.starts_with([' ', '#']) && !line.is_empty());
            let mut seen = BTreeSet::new();
            for line in lines {
                let (key, text) = line.split_once('=').expect("a line is `key = text`");
                assert!(seen.insert(key.trim()), "{key} stands twice");
                assert!(!text.trim().is_empty(), "{key} is empty");
            }
        }
    }
}
