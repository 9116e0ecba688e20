//! Rule `diagnosis`: causes are concluded in one place, so `diagnose` and `attempt_cause` have few callers.
//!
//! Tests may ask as often as they like. A new caller needs a line in `CALLERS`: which source of evidence it concludes.

use super::{Complaint, is_test_file, product_lines};
use crate::tree::Tree;
use anyhow::Result;

pub(crate) fn check(tree: &Tree) -> Result<Vec<Complaint>> {
    let mut complaints = Vec::new();
    for file in tree.with_ending(".rs").filter(|file| file.starts_with("crates/") && !is_test_file(file)) {
        let Some(text) = tree.text(file)? else { continue };
        complaints.extend(judge(file, &text));
    }
    Ok(complaints)
}

fn judge(file: &str, text: &str) -> Vec<Complaint> {
    if CALLERS.iter().any(|(caller, _)| file.starts_with(caller)) {
        return Vec::new();
    }
    product_lines(text)
        .filter(|(_, line)| FUNCTIONS.iter().any(|function| line.contains(function)))
        .map(|(number, _)| Complaint::new(file, number, "only the conclusion of an exchange asks `diagnose`"))
        .collect()
}

const FUNCTIONS: &[&str] = &["diagnose(", "attempt_cause("];

/// Who may conclude, and from which evidence.
const CALLERS: &[(&str, &str)] = &[
    ("crates/cause/", "defines it"),
    ("crates/acme/src/courier.rs", "evidence of dialling a CA"),
    ("crates/gateway/src/health/", "evidence of active checks, and of telling who stays down"),
    ("crates/gateway/src/outcome.rs", "evidence of live exchanges"),
    ("crates/doctor/src/observe/exchange.rs", "evidence of the doctor's requests"),
    ("crates/torwart/src/commands/check/probe.rs", "evidence of probes"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_are_concluded_in_one_place() {
        let text = "let verdict = diagnose(&evidence);\n";
        assert_eq!(judge("crates/gateway/src/outcome.rs", text), []);
        assert_eq!(judge("crates/gateway/src/relay.rs", text).len(), 1);
    }
}
