//! Rule `layers`: crates depend only on crates of lower floors, in tests too.
//!
//! The floors are those of ARCHITECTURE.md. Crates on one floor never see each other, so that composition happens in
//! the binary alone. An exception needs an entry with its reason in `EXCEPTIONS`.

use super::Complaint;
use crate::tree::Tree;
use anyhow::{Context as _, Result};
use toml::{Table, Value};

pub(crate) fn check(tree: &Tree) -> Result<Vec<Complaint>> {
    let mut complaints = Vec::new();
    for file in tree.with_ending("Cargo.toml") {
        let Some(folder) = file.strip_suffix("/Cargo.toml").and_then(|path| path.strip_prefix("crates/"))
        else {
            continue;
        };
        let text = tree.text(file)?.with_context(|| format!("{file} is not text"))?;
        complaints
            .extend(check_manifest(file, folder, &text).with_context(|| format!("cannot parse {file}"))?);
    }
    Ok(complaints)
}

fn check_manifest(file: &str, folder: &str, text: &str) -> Result<Vec<Complaint>> {
    let manifest: Table = text.parse()?;
    let mut complaints = Vec::new();
    let Some(own_floor) = floor(folder) else {
        complaints.push(Complaint::new(
            file,
            1,
            format!("`{folder}` stands on no floor: add it to the floors"),
        ));
        return Ok(complaints);
    };
    if package_name(&manifest) != Some(package_of(folder).as_str()) {
        complaints.push(Complaint::new(
            file,
            1,
            format!("the package is not called `{}`", package_of(folder)),
        ));
    }
    for name in dependencies(&manifest) {
        let Some(other) = folder_of(&name) else { continue };
        let is_excepted = EXCEPTIONS.iter().any(|(from, to, _)| (*from, *to) == (folder, other));
        if floor(other).is_some_and(|floor| floor < own_floor) || is_excepted {
            continue;
        }
        let line =
            text.lines().position(|line| line.trim_start().starts_with(&name)).map_or(1, |index| index + 1);
        let sentence = match floor(other) {
            Some(floor) => format!(
                "`{folder}` (floor {own_floor}) sees `{other}` (floor {floor}): dependencies go only downwards; \
                 move what both need to a lower floor, or compose them in the binary"
            ),
            None => format!("`{other}` stands on no floor"),
        };
        complaints.push(Complaint::new(file, line, sentence));
    }
    Ok(complaints)
}

/// The names of all dependencies: normal, for tests, for build scripts, and those of a target.
fn dependencies(manifest: &Table) -> Vec<String> {
    let targets = manifest.get("target").and_then(Value::as_table);
    let tables =
        std::iter::once(manifest).chain(targets.into_iter().flatten().filter_map(|(_, t)| t.as_table()));
    tables
        .flat_map(|table| {
            ["dependencies", "dev-dependencies", "build-dependencies"].map(|kind| table.get(kind))
        })
        .filter_map(|kind| kind.and_then(Value::as_table))
        .flat_map(|names| names.keys().cloned())
        .collect()
}

fn package_name(manifest: &Table) -> Option<&str> {
    manifest.get("package")?.get("name")?.as_str()
}

fn package_of(folder: &str) -> String {
    if folder == BINARY { folder.to_owned() } else { format!("{BINARY}-{folder}") }
}

/// The folder of one of our own packages.
fn folder_of(package: &str) -> Option<&str> {
    if package == BINARY { Some(BINARY) } else { package.strip_prefix(BINARY)?.strip_prefix('-') }
}

fn floor(folder: &str) -> Option<usize> {
    FLOORS.iter().position(|crates| crates.contains(&folder))
}

const BINARY: &str = "torwart";

/// From the ground up.
const FLOORS: &[&[&str]] = &[
    &["cause"],
    &["wire", "config", "dialect", "kernel"],
    &["policy", "record", "dial", "lab"],
    &["report"],
    &["acme", "gateway", "doctor", "logs", "pcap", "load", "monitor", "fleet"],
    &["web"],
    &[BINARY],
];

/// Dependencies that break the rule: from, to, why.
const EXCEPTIONS: &[(&str, &str, &str)] = &[];

#[cfg(test)]
mod tests {
    use super::*;

    fn sentences(folder: &str, dependencies: &str) -> Vec<(usize, String)> {
        let text = format!("[package]\nname = \"{}\"\n{dependencies}", package_of(folder));
        let complaints = check_manifest("Cargo.toml", folder, &text).unwrap();
        complaints.into_iter().map(|complaint| (complaint.line, complaint.sentence)).collect()
    }

    #[test]
    fn a_lower_floor_may_be_seen() {
        assert_eq!(sentences("gateway", "[dependencies]\ntorwart-wire.workspace = true\ntokio = \"1\""), []);
    }

    #[test]
    fn the_same_floor_and_a_higher_one_may_not_be_seen() {
        let found =
            sentences("gateway", "[dependencies]\ntorwart-doctor.workspace = true\ntorwart-web = \"1\"");
        assert_eq!(found.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [4, 5]);
        assert!(found[0].1.contains("`doctor` (floor 4)"));
    }

    #[test]
    fn tests_obey_the_floors_too() {
        assert_eq!(sentences("wire", "[dev-dependencies]\ntorwart-lab.workspace = true").len(), 1);
        let target = "[target.'cfg(unix)'.dependencies]\ntorwart-lab.workspace = true";
        assert_eq!(sentences("wire", target).len(), 1);
    }

    #[test]
    fn a_crate_without_a_floor_is_told_so() {
        assert!(sentences("balcony", "")[0].1.contains("no floor"));
    }
}
