//! What the gateway's logs tell.

mod trouble;

use crate::Case;
use std::path::PathBuf;
use std::time::Duration;
use torwart_cause::Cause;

pub use trouble::{Traffic, Trouble, What};

/// What the gateway's logs tell.
#[derive(Clone, Debug, Default)]
pub struct Logs {
    /// The files that were read.
    pub files: Vec<PathBuf>,
    /// Files that could not be read, and why.
    pub unreadable: Vec<(PathBuf, String)>,
    /// Logs that go elsewhere than to a file, as the configuration has it.
    pub elsewhere: Vec<String>,
    /// What went wrong, by cause and upstream, the most frequent of the last hour first.
    pub troubles: Vec<Trouble>,
    /// The requests of the access log.
    pub traffic: Option<Traffic>,
    /// Whether an error log, or a log with the causes of failures, is among the files.
    pub has_causes: bool,
}

/// Looks.
pub async fn observe(_case: &Case) -> Logs {
    Logs::default()
}

impl Logs {
    /// The troubles whose last time is no longer ago than this.
    pub fn since(&self, age: Duration) -> impl Iterator<Item = &Trouble> {
        self.troubles.iter().filter(move |trouble| trouble.last <= age)
    }

    /// The trouble with this cause, the most frequent first.
    pub fn of_cause(&self, cause: Cause) -> impl Iterator<Item = &Trouble> {
        self.troubles.iter().filter(move |trouble| trouble.what == What::Cause(cause))
    }
}
