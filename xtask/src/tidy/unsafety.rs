//! Rule `unsafety`: `unsafe` stands in the crate `kernel` only, and every other crate takes the workspace's lints,
//! which forbid it.

use super::{Complaint, product_lines};
use crate::tree::Tree;
use anyhow::Result;

pub(crate) fn check(tree: &Tree) -> Result<Vec<Complaint>> {
    let mut complaints = Vec::new();
    for file in tree.files().filter(|file| !file.starts_with(HOME)) {
        let Some(text) = tree.text(file)? else { continue };
        if file.ends_with(".rs") {
            complaints.extend(judge_code(file, &text));
        } else if file.ends_with("/Cargo.toml") && !file.starts_with("fuzz/") {
            complaints.extend(judge_manifest(file, &text));
        }
    }
    Ok(complaints)
}

fn judge_code(file: &str, text: &str) -> Vec<Complaint> {
    product_lines(text)
        .filter(|(_, line)| FORMS.iter().any(|form| line.contains(form)))
        .map(|(number, _)| {
            Complaint::new(file, number, "unsafe code belongs into the crate `kernel`, with its reason")
        })
        .collect()
}

fn judge_manifest(file: &str, text: &str) -> Option<Complaint> {
    let takes_lints =
        text.split("[lints]").nth(1).is_some_and(|rest| rest.trim_start().starts_with("workspace = true"));
    (!takes_lints).then(|| Complaint::new(file, 1, "the crate does not take the workspace's lints"))
}

const HOME: &str = "crates/kernel/";
const FORMS: &[&str] = &[
    concat!("unsafe", " {"),
    concat!("unsafe", " fn"),
    concat!("unsafe", " impl"),
    concat!("unsafe", " extern"),
    concat!("#[", "unsafe("),
    concat!("allow(", "unsafe_code"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unsafe_code_is_found_but_not_in_comments() {
        let text = format!("// {}\nfn f() {{ {} }} }}\n", FORMS[0], FORMS[0]);
        let complaints = judge_code("crates/wire/src/lib.rs", &text);
        assert_eq!(complaints.iter().map(|complaint| complaint.line).collect::<Vec<_>>(), [2]);
    }

    #[test]
    fn a_crate_without_the_lints_is_told_so() {
        assert!(judge_manifest("crates/x/Cargo.toml", "[package]\n").is_some());
        assert_eq!(judge_manifest("crates/x/Cargo.toml", "[lints]\nworkspace = true\n"), None);
    }
}
