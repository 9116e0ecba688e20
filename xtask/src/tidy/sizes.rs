//! Rule `sizes`: a Rust file over 400 lines probably holds two things; one over 600 certainly does.

use super::Complaint;
use crate::tree::Tree;
use anyhow::Result;

pub(crate) fn check(tree: &Tree) -> Result<Vec<Complaint>> {
    let mut complaints = Vec::new();
    for file in tree.with_ending(".rs") {
        let lines = tree.text(file)?.map_or(0, |text| text.lines().count());
        complaints.extend(judge(file, lines));
    }
    Ok(complaints)
}

fn judge(file: &str, lines: usize) -> Option<Complaint> {
    if lines > HARD {
        let sentence = format!("{lines} lines, the limit is {HARD}: split it by the things it is about");
        return Some(Complaint::new(file, HARD + 1, sentence));
    }
    (lines > SOFT)
        .then(|| Complaint::remark(file, SOFT + 1, format!("{lines} lines: look for the second thing")))
}

const SOFT: usize = 400;
const HARD: usize = 600;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_files_are_remarked_and_very_long_ones_refused() {
        assert_eq!(judge("a.rs", 400), None);
        assert!(judge("a.rs", 401).unwrap().is_remark);
        assert!(!judge("a.rs", 601).unwrap().is_remark);
    }
}
