//! `explain`: everything known about a cause, for a terminal, as JSON or as Markdown.

use crate::{Lang, Page, terminal::Style};
use torwart_cause::Cause;

/// The form of an explanation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// For a terminal.
    Text(Style),
    /// For programs; the field `schema` names its version.
    Json,
    /// For pages.
    Markdown,
}

/// Explains one cause.
pub fn explain(cause: Cause, lang: Lang, format: Format) -> String {
    let _ = format;
    Page::of(cause, lang).title.to_owned()
}

/// An overview of all causes.
pub fn explain_all(lang: Lang, format: Format) -> String {
    let _ = (lang, format);
    String::new()
}

/// The causes whose ids are nearest to what was typed, best first, at most three.
pub fn nearest(id: &str) -> Vec<Cause> {
    let _ = id;
    Vec::new()
}
