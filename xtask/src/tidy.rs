//! The house rules: each lives in its own file, reads the tree and returns complaints.
//!
//! A complaint names file and line, says what is wrong and what to do instead. Remarks are printed but do not fail.

mod diagnosis;
mod docs;
mod examples;
mod heads;
mod invariants;
mod layers;
mod names;
mod paths;
mod purity;
mod sizes;
mod texts;
mod unsafety;

use crate::say;
use crate::tree::Tree;
use anyhow::Result;

/// One thing wrong with one file.
#[derive(Debug, PartialEq, Eq)]
struct Complaint {
    file: String,
    line: usize,
    sentence: String,
    is_remark: bool,
}

impl Complaint {
    fn new(file: &str, line: usize, sentence: impl Into<String>) -> Self {
        Self { file: file.to_owned(), line, sentence: sentence.into(), is_remark: false }
    }

    fn remark(file: &str, line: usize, sentence: impl Into<String>) -> Self {
        Self { is_remark: true, ..Self::new(file, line, sentence) }
    }
}

/// A rule's name and its check.
type Rule = (&'static str, fn(&Tree) -> Result<Vec<Complaint>>);

const RULES: &[Rule] = &[
    ("layers", layers::check),
    ("sizes", sizes::check),
    ("heads", heads::check),
    ("names", names::check),
    ("purity", purity::check),
    ("diagnosis", diagnosis::check),
    ("unsafety", unsafety::check),
    ("paths", paths::check),
    ("texts", texts::check),
    ("docs", docs::check),
    ("examples", examples::check),
    ("invariants", invariants::check),
];

/// Runs every rule and prints what it finds; true where nothing must be changed.
pub(crate) fn run() -> Result<bool> {
    let tree = Tree::read()?;
    let (mut faults, mut remarks) = (0, 0);
    for (name, check) in RULES {
        for complaint in check(&tree)? {
            let word = if complaint.is_remark { "remark" } else { "error" };
            let Complaint { file, line, sentence, .. } = &complaint;
            say(&format!("{file}:{line}: {word}[{name}]: {sentence}"));
            if complaint.is_remark {
                remarks += 1;
            } else {
                faults += 1;
            }
        }
    }
    say(&format!("tidy: {} rules, {faults} errors, {remarks} remarks", RULES.len()));
    Ok(faults == 0)
}

/// The lines of a Rust file that are product code: numbered from 1, without comments and without the test module at
/// its end. Good enough for text rules; it does not understand block comments or strings.
fn product_lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines()
        .enumerate()
        .take_while(|(_, line)| !line.starts_with("#[cfg(test)]"))
        .map(|(index, line)| (index + 1, line.split("//").next().unwrap_or_default()))
}

/// Whether a file holds nothing but tests.
fn is_test_file(file: &str) -> bool {
    file.ends_with("/tests.rs") || file.contains("/tests/") || file.contains("/benches/")
}
