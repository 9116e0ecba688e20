//! Rule `examples`: every whole configuration shown in a page is one that the gateway would run on.
//!
//! A block of `toml` is whole where it has a table `[listen]`; fragments are left alone.

use super::Complaint;
use crate::tree::Tree;
use anyhow::Result;
use std::path::Path;
use torwart_config::{Lang, Source};

pub(crate) fn check(tree: &Tree) -> Result<Vec<Complaint>> {
    let mut complaints = Vec::new();
    for file in tree.with_ending(".md") {
        let Some(text) = tree.text(file)? else { continue };
        for (line, example) in whole_configurations(&text) {
            complaints.extend(judge(file, line, example));
        }
    }
    Ok(complaints)
}

/// The blocks, each with the number of its first line.
fn whole_configurations(page: &str) -> Vec<(usize, String)> {
    let mut blocks = Vec::new();
    let mut block: Option<(usize, String)> = None;
    for (index, line) in page.lines().enumerate() {
        match &mut block {
            None if line == "```toml" => block = Some((index + 2, String::new())),
            None => {}
            Some(_) if line == "```" => blocks.extend(block.take()),
            Some((_, text)) => {
                text.push_str(line);
                text.push('\n');
            }
        }
    }
    blocks.retain(|(_, text)| text.contains("[listen]"));
    blocks
}

fn judge(file: &str, first_line: usize, example: String) -> Vec<Complaint> {
    let source = Source::new(Path::new(file), example);
    let checked = torwart_config::check(&source, &|_| true);
    checked
        .complaints
        .iter()
        .map(|complaint| {
            let (line, _) = source.line_and_column(complaint.place);
            Complaint::new(file, first_line + line - 1, complaint.sentence(Lang::En))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_key_in_an_example_is_found_at_its_line() {
        let page = "# Page\n```toml\n[listen]\nhttp = \"0.0.0.0:80\"\n[site.\"a.example\"]\nupstraems = \"http://b\"\n```\n";
        let examples = whole_configurations(page);
        assert_eq!(examples.len(), 1);
        let complaints = judge("page.md", examples[0].0, examples[0].1.clone());
        assert!(complaints.iter().any(|complaint| complaint.line == 6), "{complaints:?}");
    }

    #[test]
    fn fragments_are_left_alone() {
        assert_eq!(whole_configurations("```toml\npath = \"/api/\"\n```\n"), []);
    }
}
