//! What is no TOML at all.

use crate::complaint::Complaints;

/// Complains about a fault the TOML parser found. Its messages exist in English only, so the usual ones are told in
/// sentences of our own; the others are cited.
pub(super) fn complain(text: &str, fault: &toml::de::Error, complaints: &mut Complaints) {
    let range = fault.span().unwrap_or(text.len()..text.len());
    let message = fault.message();
    let known = KNOWN.iter().find(|(beginning, _)| message.starts_with(beginning)).map(|(_, id)| *id);
    let id = match known.unwrap_or("toml_syntax") {
        "toml_quotes" if range.is_empty() => "toml_value",
        id => id,
    };
    complaints.error(range.into(), id).text("message", message);
}

/// How the parser's message begins, and our sentence for it.
const KNOWN: [(&str, &str); 15] = [
    ("string values must be quoted", "toml_quotes"),
    ("duplicate key", "toml_duplicate"),
    ("key with no value", "toml_assignment"),
    ("missing assignment", "toml_assignment"),
    ("missing value", "toml_value"),
    ("unclosed", "toml_unclosed"),
    ("invalid basic string", "toml_unclosed"),
    ("invalid literal string", "toml_unclosed"),
    ("missing opening quote", "toml_unclosed"),
    ("missing comma", "toml_comma"),
    ("extra comma", "toml_comma"),
    ("missing escaped value", "toml_escape"),
    ("unexpected key or value, expected newline", "toml_newline"),
    ("unquoted keys cannot be empty", "toml_key"),
    ("invalid unquoted key", "toml_key"),
];
