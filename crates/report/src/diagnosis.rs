//! Reports about a diagnosis: on a terminal, as Markdown for a ticket, as one HTML file for people who were not there,
//! and as JSON, which a later run reads again.
//!
//! They say the same in the same order: the verdict, where the chain breaks, how we know, what to do, what else was
//! seen, what could not be told.

mod html;
mod json;
mod markdown;
mod merge;
mod phrase;
mod picture;
mod remedy;
mod said;
mod text;

pub use json::{Unreadable, read, schema};
pub use merge::merge;
pub use said::{said, sentence_of};
pub(crate) use text::blocks;

use crate::Lang;
use crate::terminal::Style;
use torwart_cause::finding::Diagnosis;

/// The form of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// For a terminal.
    Text(Style),
    /// One line with the verdict.
    Short(Style),
    /// For programs; the field `schema` names its version.
    Json,
    /// For a ticket.
    Markdown,
    /// One file for people who were not there.
    Html,
}

/// A report's circumstances, which only the program knows.
#[derive(Clone, Copy, Debug)]
pub struct Setting<'s> {
    /// What the tool is called here, so that the commands that are suggested work as they stand.
    pub program: &'s str,
    /// Its version.
    pub version: &'s str,
    /// When the run began (RFC 3339).
    pub at: &'s str,
}

/// The report in a language.
pub fn report(diagnosis: &Diagnosis, lang: Lang, form: Form, setting: Setting<'_>) -> String {
    match form {
        Form::Text(style) => text::page(diagnosis, lang, style, setting),
        Form::Short(style) => style.wrapped("", 2, &phrase::verdict_line(diagnosis, lang)),
        Form::Json => json::write(diagnosis, lang, setting),
        Form::Markdown => markdown::page(diagnosis, lang, setting),
        Form::Html => html::page(diagnosis, lang, setting),
    }
}

#[cfg(test)]
mod tests;
