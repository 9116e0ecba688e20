//! Rule `invariants`: every invariant listed in ARCHITECTURE.md names guards that exist.
//!
//! The list is the numbered one under the heading `## Invariants`. Behind the word `Guards:` an item names a file in
//! backticks and then, also in backticks, what in that file guards it: a function in a Rust file (a test, or a rule of
//! `tidy`), a lint or setting in another file. A file may have several guards, an item several files.

use super::Complaint;
use crate::tree::Tree;
use anyhow::{Context as _, Result};

pub(crate) fn check(tree: &Tree) -> Result<Vec<Complaint>> {
    let text = tree.text(PAGE)?.with_context(|| format!("{PAGE} is not text"))?;
    let items = items(&text);
    if items.is_empty() {
        return Ok(vec![Complaint::new(PAGE, 1, "there is no numbered list under `## Invariants`")]);
    }
    let mut complaints = Vec::new();
    for (line, item) in items {
        let guards = guards(&item);
        if guards.is_empty() {
            complaints.push(Complaint::new(PAGE, line, "the invariant names no guard"));
        }
        for (file, guard) in guards {
            if !tree.path(&file).is_file() {
                complaints.push(Complaint::new(
                    PAGE,
                    line,
                    format!("the guard's file `{file}` does not exist"),
                ));
            } else if !stands_in(&guard, &file, &tree.text(&file)?.unwrap_or_default()) {
                complaints.push(Complaint::new(PAGE, line, format!("`{file}` has no `{guard}`")));
            }
        }
    }
    Ok(complaints)
}

/// The numbered items of the list, each with the line on which it starts and its text in one piece.
fn items(page: &str) -> Vec<(usize, String)> {
    let mut items: Vec<(usize, String)> = Vec::new();
    let mut is_inside = false;
    for (index, line) in page.lines().enumerate() {
        if line.starts_with("## ") {
            is_inside = line == "## Invariants";
        } else if is_inside {
            let starts = line.split_once(". ").is_some_and(|(number, _)| number.parse::<u32>().is_ok());
            if starts {
                items.push((index + 1, line.to_owned()));
            } else if let Some((_, item)) = items.last_mut().filter(|_| line.starts_with(' ')) {
                item.push(' ');
                item.push_str(line.trim());
            }
        }
    }
    items
}

/// Pairs of file and guard named behind `Guards:`.
fn guards(item: &str) -> Vec<(String, String)> {
    let Some((_, list)) = item.split_once("Guards:") else { return Vec::new() };
    let mut file = String::new();
    let mut pairs = Vec::new();
    for word in list.split('`').skip(1).step_by(2) {
        if word.contains('/') || word.ends_with(".toml") {
            word.clone_into(&mut file);
        } else {
            pairs.push((file.clone(), word.to_owned()));
        }
    }
    pairs
}

fn stands_in(guard: &str, file: &str, text: &str) -> bool {
    if file.ends_with(".rs") { text.contains(&format!("fn {guard}(")) } else { text.contains(guard) }
}

const PAGE: &str = "ARCHITECTURE.md";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_and_guards_are_read_across_lines() {
        let page = "## Invariants\n\nWords.\n\n1. One record. Guards: `a/b.rs` `dropped_once`,\n   `panics_once`; `clippy.toml` `exit`.\n\
                    2. Two.\n\n## Else\n1. No.\n";
        let items = items(page);
        assert_eq!(items.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [5, 7]);
        let pair = |file: &str, guard: &str| (file.to_owned(), guard.to_owned());
        let expected =
            [pair("a/b.rs", "dropped_once"), pair("a/b.rs", "panics_once"), pair("clippy.toml", "exit")];
        assert_eq!(guards(&items[0].1), expected);
        assert_eq!(guards(&items[1].1), []);
    }

    #[test]
    fn a_guard_in_code_is_a_function() {
        assert!(stands_in("holds", "a.rs", "#[test]\nfn holds() {}"));
        assert!(!stands_in("holds", "a.rs", "// holds"));
    }
}
