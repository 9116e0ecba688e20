//! Rule `heads`: every Rust file opens with `//!` and says what it is for; every script and workspace crate has its
//! head too.

use super::Complaint;
use crate::tree::Tree;
use anyhow::Result;

pub(crate) fn check(tree: &Tree) -> Result<Vec<Complaint>> {
    let mut complaints = Vec::new();
    for file in tree.files() {
        let is_script = file.starts_with("scripts/") || file.starts_with(".ci/");
        if !file.ends_with(".rs") && !is_script {
            continue;
        }
        let Some(text) = tree.text(file)? else { continue };
        complaints.extend(judge(file, &text));
    }
    Ok(complaints)
}

fn judge(file: &str, text: &str) -> Option<Complaint> {
    let mut lines = text.lines();
    let first = lines.next().unwrap_or_default();
    if file.ends_with(".rs") {
        let says_something = first.strip_prefix("//!").is_some_and(|rest| rest.trim().len() > 10);
        return (!says_something)
            .then(|| Complaint::new(file, 1, "the file has no `//!` head saying what it is for"));
    }
    let second = lines.next().unwrap_or_default();
    let says_something = first.starts_with("#!") && second.starts_with("# ");
    (!says_something)
        .then(|| Complaint::new(file, 1, "a script starts with `#!` and a comment saying what it is for"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_says_what_the_file_is_for() {
        assert_eq!(judge("a.rs", "//! What happens when a link dies.\n"), None);
        assert!(judge("a.rs", "use std::fmt;\n//! Late.\n").is_some());
        assert!(judge("a.rs", "//!\n").is_some());
        assert!(judge("a.rs", "").is_some());
    }

    #[test]
    fn a_script_has_a_head_too() {
        assert_eq!(judge("scripts/test", "#!/usr/bin/env bash\n# Runs every check.\n"), None);
        assert!(judge("scripts/test", "#!/usr/bin/env bash\nset -e\n").is_some());
    }
}
