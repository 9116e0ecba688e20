//! The page about a cause: one Markdown file per cause and language, with fixed headings.

use crate::Lang;
use torwart_cause::Cause;

/// The parts of a page, in Markdown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The heading.
    pub title: &'static str,
    /// One sentence.
    pub summary: &'static str,
}

impl Page {
    /// The page about a cause.
    pub fn of(cause: Cause, lang: Lang) -> Self {
        let _ = lang;
        Self { title: cause.id(), summary: "" }
    }
}
