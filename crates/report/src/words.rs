//! The sentences of the interface, one Fluent file per language.
//!
//! Both files hold the same keys with the same arguments; a test says so. A missing key shows as its name, which no
//! released text does.

use crate::Lang;
use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use std::sync::LazyLock;
use unic_langid::LanguageIdentifier;

/// One argument of a sentence.
pub(crate) enum Arg<'a> {
    /// A word or name.
    Text(&'a str),
    /// A number, with the plural rules and digits of the language.
    Number(u32),
}

/// The sentence with this key.
pub(crate) fn say(lang: Lang, key: &str, args: &[(&str, Arg<'_>)]) -> String {
    format(lang, key, None, args)
}

/// The attribute of the sentence with this key.
pub(crate) fn attribute(lang: Lang, key: &str, attribute: &str, args: &[(&str, Arg<'_>)]) -> String {
    format(lang, key, Some(attribute), args)
}

/// Whether there is such a sentence.
pub(crate) fn has(lang: Lang, key: &str) -> bool {
    bundle(lang).has_message(key)
}

fn format(lang: Lang, key: &str, attribute: Option<&str>, args: &[(&str, Arg<'_>)]) -> String {
    let bundle = bundle(lang);
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

fn bundle(lang: Lang) -> &'static FluentBundle<FluentResource> {
    match lang {
        Lang::En => &ENGLISH,
        Lang::De => &GERMAN,
    }
}

static ENGLISH: LazyLock<FluentBundle<FluentResource>> =
    LazyLock::new(|| read(Lang::En, include_str!("../text/en.ftl")));
static GERMAN: LazyLock<FluentBundle<FluentResource>> =
    LazyLock::new(|| read(Lang::De, include_str!("../text/de.ftl")));

fn read(lang: Lang, text: &str) -> FluentBundle<FluentResource> {
    let language: LanguageIdentifier = lang.tag().parse().unwrap_or_default();
    let mut bundle = FluentBundle::new_concurrent(vec![language]);
    // Isolation marks are for mixed writing directions; in a log line they are invisible rubbish.
    bundle.set_use_isolating(false);
    let resource = FluentResource::try_new(text.to_owned()).unwrap_or_else(|(partial, _)| partial);
    bundle.add_resource_overriding(resource);
    bundle
}

#[cfg(test)]
mod tests;
