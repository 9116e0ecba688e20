//! Rule `paths`: no file of the project names a place on somebody's machine.

use super::Complaint;
use crate::tree::Tree;
use anyhow::Result;

pub(crate) fn check(tree: &Tree) -> Result<Vec<Complaint>> {
    let mut complaints = Vec::new();
    for file in tree.files() {
        let Some(text) = tree.text(file)? else { continue };
        complaints.extend(judge(file, &text));
    }
    Ok(complaints)
}

fn judge(file: &str, text: &str) -> Vec<Complaint> {
    text.lines()
        .enumerate()
        .filter_map(|(index, line)| {
            let place = PLACES.iter().find(|place| names_place(line, place))?;
            Some(Complaint::new(file, index + 1, format!("`{place}` is a place on one machine")))
        })
        .collect()
}

/// Whether the place starts a path in this line, and is not the middle of a longer one such as a URL's.
fn names_place(line: &str, place: &str) -> bool {
    line.match_indices(place).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + place.len()..].chars().next();
        let starts = before.is_none_or(|c| c.is_whitespace() || "\"'`=(:<[,".contains(c));
        starts && after.is_some_and(|c| c.is_alphanumeric() || c == '.')
    })
}

const PLACES: &[&str] = &[
    concat!("/", "work/"),
    concat!("/", "root/"),
    concat!("/", "home/"),
    concat!("/", "farm/"),
    concat!("/", "Users/"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_on_a_machine_is_found_and_a_route_is_not() {
        assert_eq!(judge("a", &format!("cd {}somebody", PLACES[2])).len(), 1);
        assert_eq!(judge("a", &format!("\"{}main\"", PLACES[0])).len(), 1);
        assert_eq!(judge("a", &format!("https://shop.example{}page", PLACES[0])).len(), 0);
    }
}
