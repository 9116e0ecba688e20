//! Applies the operator's header rules while a head is written: which present lines are dropped, which lines join.

use torwart_config::plan::{HeaderRule, HeaderRules};

use crate::template::{Values, render};

/// Whether a present line of this name is left out, because it is removed or replaced.
#[must_use]
pub fn drops(rules: &HeaderRules, name: &[u8]) -> bool {
    rules.remove.iter().any(|removed| removed.as_bytes().eq_ignore_ascii_case(name))
        || rules.set.iter().any(|rule| rule.name.as_bytes().eq_ignore_ascii_case(name))
}

/// The lines that join, in the order in which they are written.
pub fn joining(rules: &HeaderRules) -> impl Iterator<Item = &HeaderRule> {
    rules.set.iter().chain(&rules.add)
}

/// Appends the lines that join as HTTP/1.1 field lines. A line whose value is filled in to nothing is left out.
pub fn append(rules: &HeaderRules, values: &Values<'_>, out: &mut Vec<u8>) {
    for rule in joining(rules) {
        let start = out.len();
        out.extend_from_slice(rule.name.as_bytes());
        out.extend_from_slice(b": ");
        let value = out.len();
        render(&rule.value, values, out);
        if out.len() == value {
            out.truncate(start);
        } else {
            out.extend_from_slice(b"\r\n");
        }
    }
}
