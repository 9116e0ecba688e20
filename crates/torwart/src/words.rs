//! The sentences of the binary, from `text/<lang>.ftl`.

use std::sync::LazyLock;
use torwart_report::{Arg, Lang, Words};

/// The sentence with this key.
pub(crate) fn say(lang: Lang, key: &str) -> String {
    WORDS.say(lang, key, &[])
}

/// The sentence with its blanks filled in.
pub(crate) fn fill(lang: Lang, key: &str, texts: &[(&str, &str)]) -> String {
    let args: Vec<_> = texts.iter().map(|(name, text)| (*name, Arg::Text(text))).collect();
    WORDS.say(lang, key, &args)
}

/// The sentence about a number, with the plural rules of the language.
pub(crate) fn count(lang: Lang, key: &str, number: u64) -> String {
    let number = u32::try_from(number).unwrap_or(u32::MAX);
    WORDS.say(lang, key, &[("count", Arg::Number(number))])
}

/// The attribute of a sentence.
pub(crate) fn attribute(lang: Lang, key: &str, name: &str) -> String {
    WORDS.attribute(lang, key, name, &[])
}

/// Whether there is such a sentence.
#[cfg(test)]
pub(crate) fn has(lang: Lang, key: &str) -> bool {
    WORDS.has(lang, key)
}

static WORDS: LazyLock<Words> = LazyLock::new(|| Words::read(ENGLISH, GERMAN));

const ENGLISH: &str = include_str!("../text/en.ftl");
const GERMAN: &str = include_str!("../text/de.ftl");

#[cfg(test)]
mod tests;
