//! What is no TOML at all.

use crate::complaint::Complaints;

/// Complains about a fault the TOML parser found. Its messages exist in English only, so the usual ones are told in
/// sentences of our own; the others are cited.
pub(super) fn complain(text: &str, fault: &toml::de::Error, complaints: &mut Complaints) {
    let place = fault.span().unwrap_or(text.len()..text.len()).into();
    let message = fault.message();
    let known = KNOWN.iter().find(|(beginning, _)| message.starts_with(beginning)).map(|(_, id)| *id);
    complaints.error(place, known.unwrap_or("toml_syntax")).text("message", message);
}

/// How the parser's message begins, and our sentence for it.
const KNOWN: [(&str, &str); 6] = [
    ("string values must be quoted", "toml_quotes"),
    ("duplicate key", "toml_duplicate"),
    ("missing assignment", "toml_assignment"),
    ("missing value", "toml_value"),
    ("unclosed", "toml_unclosed"),
    ("missing newline", "toml_newline"),
];
