//! A check: one question about the case, and what came of it.

use crate::Case;
use std::pin::Pin;
use torwart_cause::finding::{Finding, Said};

pub use torwart_cause::finding::NotChecked;

/// One check. Its name is that of its file, and serves `--skip`.
#[derive(Clone, Copy)]
pub struct Check {
    /// The name.
    pub name: &'static str,
    /// How it is made.
    pub run: Run,
}

/// Makes a check.
pub type Run = for<'c> fn(&'c Case) -> Pin<Box<dyn Future<Output = Checked> + 'c>>;

/// What came of a check.
#[derive(Clone, Debug, Default)]
pub struct Checked {
    /// What is wrong.
    pub findings: Vec<Finding>,
    /// What could not be told.
    pub not_checked: Vec<NotChecked>,
    /// What was seen, for the list of checks.
    pub said: Option<Said>,
    /// Whether there was anything to check.
    pub applies: bool,
}

impl Check {
    /// A check and how it is made.
    pub const fn new(name: &'static str, run: Run) -> Self {
        Self { name, run }
    }
}

impl std::fmt::Debug for Check {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Check").field(&self.name).finish()
    }
}

impl Checked {
    /// All is well.
    pub fn fine() -> Self {
        Self { applies: true, ..Self::default() }
    }

    /// These things are wrong; none, and all is well.
    pub fn found(findings: Vec<Finding>) -> Self {
        Self { findings, applies: true, ..Self::default() }
    }

    /// There was nothing to check.
    pub fn not_applicable() -> Self {
        Self::default()
    }

    /// It cannot be told from here.
    pub fn could_not(why: Said, command: Option<String>) -> Self {
        Self { not_checked: vec![NotChecked { why, command }], applies: true, ..Self::default() }
    }

    /// With what was seen.
    #[must_use]
    pub fn said(self, said: Said) -> Self {
        Self { said: Some(said), ..self }
    }

    /// Both.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.findings.extend(other.findings);
        self.not_checked.extend(other.not_checked);
        self.said = self.said.or(other.said);
        self.applies |= other.applies;
        self
    }
}
