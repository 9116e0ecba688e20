//! What is known of one stage.

use crate::Ending;
use std::time::Duration;

/// What is known of one stage of an exchange.
///
/// `NotReached` is not `Unknown`: a refused connection gives *not reached* for TLS, a log line that says nothing about
/// TLS gives *unknown*. So sparse sources and rich ones use the same reasoning.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Step {
    /// The exchange ended before this stage, or the stage does not apply to it.
    #[default]
    NotReached,
    /// The source does not say.
    Unknown,
    /// The stage ended well.
    Done {
        /// How long it took.
        took: Duration,
    },
    /// The stage failed.
    Failed {
        /// How it ended physically.
        ending: Ending,
        /// When, counted from the beginning of the stage.
        after: Duration,
    },
}

impl Step {
    /// The ending, if the stage failed.
    pub const fn ending(&self) -> Option<&Ending> {
        match self {
            Self::Failed { ending, .. } => Some(ending),
            Self::NotReached | Self::Unknown | Self::Done { .. } => None,
        }
    }

    /// Whether the stage ended well.
    pub const fn is_done(&self) -> bool {
        matches!(self, Self::Done { .. })
    }

    /// Whether the stage failed.
    pub const fn is_failed(&self) -> bool {
        matches!(self, Self::Failed { .. })
    }

    /// How long the stage took, if it was reached and observed.
    pub const fn duration(&self) -> Option<Duration> {
        match self {
            Self::Done { took } => Some(*took),
            Self::Failed { after, .. } => Some(*after),
            Self::NotReached | Self::Unknown => None,
        }
    }
}
