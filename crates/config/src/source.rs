//! A file as text, and what checking it yields.

use std::{
    ops::Range,
    path::{Path, PathBuf},
};

use crate::{Complaint, Plan, Severity, complaint::Complaints, file, meaning};

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

/// A stretch of a source, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
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

impl Source {
    /// A source from the text of a file.
    #[must_use]
    pub fn new(path: &Path, text: String) -> Self {
        let folder = path.parent().unwrap_or(Path::new("")).to_path_buf();
        Self { name: path.display().to_string(), folder, text }
    }

    /// Line and column of the beginning of a place, counted from 1, columns in characters.
    #[must_use]
    pub fn line_and_column(&self, place: Place) -> (usize, usize) {
        let before = self.text.get(..place.start).unwrap_or(&self.text);
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let line = before.matches('\n').count() + 1;
        (line, before.get(line_start..).unwrap_or_default().chars().count() + 1)
    }
}

impl From<Range<usize>> for Place {
    fn from(range: Range<usize>) -> Self {
        Self { start: range.start, end: range.end }
    }
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
    let mut complaints = Complaints::default();
    let (root, is_whole) = file::read(&source.text, &mut complaints);
    // What half a file means is nobody's business.
    let plan = is_whole.then(|| meaning::plan(&root, &source.folder, exists, &mut complaints));
    let mut checked = Checked { plan, complaints: complaints.sorted() };
    if checked.is_bad() {
        checked.plan = None;
    }
    checked
}
