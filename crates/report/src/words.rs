//! Sentences from Fluent files, one file per language.
//!
//! Both files hold the same keys with the same arguments; a test says so. A missing key shows as its name, which no
//! released text does. This crate's own sentences are read here; the binary reads its files by the same [`Words`].

use crate::{Lang, gathered};
use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use std::sync::LazyLock;
use unic_langid::LanguageIdentifier;

/// One argument of a sentence.
#[derive(Clone, Copy, Debug)]
pub enum Arg<'a> {
    /// A word or name.
    Text(&'a str),
    /// A number, with the plural rules and digits of the language.
    Number(u32),
}

/// The sentences of a crate in every language.
pub struct Words {
    english: FluentBundle<FluentResource>,
    german: FluentBundle<FluentResource>,
}

impl Words {
    /// Reads the files of both languages. What is no sentence in them is left out.
    pub fn read(english: &str, german: &str) -> Self {
        Self::gather(&[("", english)], &[("", german)])
    }

    /// Reads several files of each language, given by name and text.
    pub fn gather(english: &[(&str, &str)], german: &[(&str, &str)]) -> Self {
        Self { english: bundle(Lang::En, english), german: bundle(Lang::De, german) }
    }

    /// The sentence with this key.
    pub fn say(&self, lang: Lang, key: &str, args: &[(&str, Arg<'_>)]) -> String {
        self.format(lang, key, None, args)
    }

    /// The attribute of the sentence with this key.
    pub fn attribute(&self, lang: Lang, key: &str, attribute: &str, args: &[(&str, Arg<'_>)]) -> String {
        self.format(lang, key, Some(attribute), args)
    }

    /// Whether there is such a sentence.
    pub fn has(&self, lang: Lang, key: &str) -> bool {
        self.of(lang).has_message(key)
    }

    fn format(&self, lang: Lang, key: &str, attribute: Option<&str>, args: &[(&str, Arg<'_>)]) -> String {
        let bundle = self.of(lang);
        let pattern = bundle.get_message(key).and_then(|message| match attribute {
            Some(name) => message.get_attribute(name).map(|attribute| attribute.value()),
            None => message.value(),
        });
        let Some(pattern) = pattern else { return key.to_owned() };
        let mut values = FluentArgs::with_capacity(args.len());
        for (name, arg) in args {
            match arg {
                Arg::Text(text) => values.set(*name, *text),
                Arg::Number(number) => values.set(*name, FluentValue::from(*number)),
            }
        }
        bundle.format_pattern(pattern, Some(&values), &mut Vec::new()).into_owned()
    }

    const fn of(&self, lang: Lang) -> &FluentBundle<FluentResource> {
        match lang {
            Lang::En => &self.english,
            Lang::De => &self.german,
        }
    }
}

impl std::fmt::Debug for Words {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Words").finish_non_exhaustive()
    }
}

/// This crate's sentence with this key.
pub(crate) fn say(lang: Lang, key: &str, args: &[(&str, Arg<'_>)]) -> String {
    OWN.say(lang, key, args)
}

/// The attribute of this crate's sentence with this key.
pub(crate) fn attribute(lang: Lang, key: &str, attribute: &str, args: &[(&str, Arg<'_>)]) -> String {
    OWN.attribute(lang, key, attribute, args)
}

/// Whether this crate has such a sentence.
pub(crate) fn has(lang: Lang, key: &str) -> bool {
    OWN.has(lang, key)
}

/// The sentences of the doctor's findings and checks.
pub(crate) fn doctor() -> &'static Words {
    &DOCTOR
}

static DOCTOR: LazyLock<Words> = LazyLock::new(|| {
    Words::gather(gathered::doctor_sentences(Lang::En), gathered::doctor_sentences(Lang::De))
});

static OWN: LazyLock<Words> =
    LazyLock::new(|| Words::read(include_str!("../text/en.ftl"), include_str!("../text/de.ftl")));

fn bundle(lang: Lang, files: &[(&str, &str)]) -> FluentBundle<FluentResource> {
    let language: LanguageIdentifier = lang.tag().parse().unwrap_or_default();
    let mut bundle = FluentBundle::new_concurrent(vec![language]);
    // Isolation marks are for mixed writing directions; in a log line they are invisible rubbish.
    bundle.set_use_isolating(false);
    for (_, text) in files {
        let resource = FluentResource::try_new((*text).to_owned()).unwrap_or_else(|(partial, _)| partial);
        bundle.add_resource_overriding(resource);
    }
    bundle
}

#[cfg(test)]
mod tests;
