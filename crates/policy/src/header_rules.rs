//! Applies the operator's header rules while a head is written: which present lines are dropped, which lines join.

use torwart_config::plan::{HeaderRule, HeaderRules};
use torwart_wire::Head;

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
    joining(rules).for_each(|rule| append_line(rule, values, out));
}

/// Appends the lines that join where the message `head` has none of their name.
pub fn append_fallback(rules: &HeaderRules, head: &Head, values: &Values<'_>, out: &mut Vec<u8>) {
    let missing = rules.fallback.iter().filter(|rule| head.find(&rule.name).is_none());
    missing.for_each(|rule| append_line(rule, values, out));
}

fn append_line(rule: &HeaderRule, values: &Values<'_>, out: &mut Vec<u8>) {
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
