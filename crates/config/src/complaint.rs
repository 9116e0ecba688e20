//! One thing wrong with a file: place, sentence and hint.

use crate::{Lang, Place, Source};

/// How much a complaint matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The plan works, but an operator should know.
    Warning,
    /// There is no plan.
    Error,
}

/// One thing wrong with a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    /// How much it matters.
    pub severity: Severity,
    /// Where.
    pub place: Place,
    /// Which sentence of the text files says it.
    pub id: &'static str,
    /// What the sentence fills in.
    pub args: Vec<(&'static str, String)>,
}

impl Complaint {
    /// The complaint in full: sentence, place, the line with a caret, hint.
    #[must_use]
    pub fn render(&self, source: &Source, language: Lang, color: bool) -> String {
        let _ = (source, language, color);
        String::new()
    }
}
