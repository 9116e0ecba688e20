//! The conclusion drawn from evidence.

use crate::{Cause, Stage};

/// What the evidence says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing went wrong.
    Well,
    /// The evidence names a cause.
    Named {
        /// The cause.
        cause: Cause,
        /// How sure that is.
        certainty: Certainty,
        /// The stage whose step decided.
        deciding: Stage,
        /// Causes the evidence cannot exclude, likeliest first.
        alternatives: Vec<Cause>,
    },
    /// The evidence does not suffice.
    Open {
        /// What it could be, likeliest first.
        candidates: Vec<Cause>,
        /// The observation that would decide.
        missing: Observation,
    },
}

/// How sure a named cause is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Certainty {
    /// Other causes remain possible.
    Likely,
    /// The evidence allows nothing else.
    Certain,
}

/// An observation that is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Observation {
    /// How this stage ended.
    EndingOf(Stage),
    /// Whether the link was used before.
    LinkReuse,
    /// Whether any attempt was made.
    Attempts,
}

impl Verdict {
    /// The cause, if one is named.
    pub const fn cause(&self) -> Option<Cause> {
        match self {
            Self::Named { cause, .. } => Some(*cause),
            Self::Well | Self::Open { .. } => None,
        }
    }
}
