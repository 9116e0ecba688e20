//! Rule `names`: a file is named by the thing it is about, and a folder's file stands beside it (no `mod.rs`).

use super::Complaint;
use crate::tree::Tree;
use anyhow::Result;

pub(crate) fn check(tree: &Tree) -> Result<Vec<Complaint>> {
    Ok(tree.with_ending(".rs").filter_map(judge).collect())
}

fn judge(file: &str) -> Option<Complaint> {
    if file.ends_with("/mod.rs") {
        let sentence = "name it after its folder and put it beside the folder: `foo.rs` and `foo/`";
        return Some(Complaint::new(file, 1, sentence));
    }
    let word = file.strip_suffix(".rs")?.split('/').find(|part| SHAPELESS.contains(part))?;
    let sentence = format!("`{word}` says nothing: a homeless function belongs to the type it is about");
    Some(Complaint::new(file, 1, sentence))
}

const SHAPELESS: &[&str] = &["util", "utils", "common", "helper", "helpers", "misc", "type", "types", "core"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapeless_names_are_refused_as_file_and_as_folder() {
        assert_eq!(judge("crates/wire/src/http1.rs"), None);
        assert!(judge("crates/wire/src/http1/mod.rs").is_some());
        assert!(judge("crates/wire/src/util.rs").is_some());
        assert!(judge("crates/wire/src/helpers/text.rs").is_some());
        assert_eq!(judge("crates/wire/src/error_type.rs"), None);
    }
}
