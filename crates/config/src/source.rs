//! A file as text, and what checking it yields.

use std::{
    num::NonZeroUsize,
    path::{Path, PathBuf},
};

use crate::{Complaint, Plan, Severity, plan::ListenAddress};

/// A configuration as text, with what is needed to read and cite it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The name shown in complaints.
    pub name: String,
    /// The folder relative paths start from.
    pub folder: PathBuf,
    /// The text.
    pub text: String,
}

/// A stretch of a source.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// First byte.
    pub start: usize,
    /// Byte after the last.
    pub end: usize,
}

/// What checking a source yields.
#[derive(Clone, Debug)]
pub struct Checked {
    /// The plan, if no complaint is an error.
    pub plan: Option<Plan>,
    /// All complaints, in order of place.
    pub complaints: Vec<Complaint>,
}

impl Checked {
    /// Whether a complaint is an error.
    #[must_use]
    pub fn is_bad(&self) -> bool {
        self.complaints.iter().any(|complaint| complaint.severity == Severity::Error)
    }
}

/// Checks a source; `exists` says whether a file it names is there.
#[must_use]
pub fn check(source: &Source, exists: &dyn Fn(&Path) -> bool) -> Checked {
    let _ = (source, exists);
    Checked { plan: None, complaints: Vec::new() }
}

impl Plan {
    /// The plan of `serve --listen ADDR --to URL`: one site for every host, one pool, checked like a file.
    ///
    /// # Errors
    /// The complaints, with the source they cite.
    pub fn for_upstreams(
        listen: &ListenAddress,
        upstreams: &[&str],
        workers: Option<NonZeroUsize>,
    ) -> Result<Self, (Source, Vec<Complaint>)> {
        let _ = (listen, upstreams, workers);
        Err((Source { name: String::new(), folder: PathBuf::new(), text: String::new() }, Vec::new()))
    }
}
