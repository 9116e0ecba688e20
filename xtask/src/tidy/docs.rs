//! Rule `docs`: the generated pages are what the code and texts say today.

use super::Complaint;
use crate::docs::pages;
use crate::tree::Tree;
use anyhow::Result;

pub(crate) fn check(tree: &Tree) -> Result<Vec<Complaint>> {
    let mut complaints = Vec::new();
    for (file, expected) in pages()? {
        let path = tree.path(&file);
        let found = if path.is_file() { tree.text(&file)?.unwrap_or_default() } else { String::new() };
        if found != expected {
            let line =
                expected.lines().zip(found.lines()).take_while(|(expected, found)| expected == found).count();
            complaints.push(Complaint::new(&file, line + 1, "the page is stale: run `cargo xtask docs`"));
        }
    }
    Ok(complaints)
}
