//! HAProxy's syntax: lines of words with quotes and escapes, gathered into sections.
//!
//! Variables of the environment stay as they are written, but those that the file itself sets. Of conditional blocks
//! (`.if`) the first branch is taken.

use crate::config::{At, Fact, NoteKind};
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

/// A line with its words.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Line {
    pub(super) words: Vec<String>,
    pub(super) at: At,
    /// As it stands in the file, without comment and indentation.
    pub(super) text: String,
}

impl Line {
    /// The remark that it speaks of TLS and does not switch it on.
    pub(super) fn without_ssl(&self) -> NoteKind {
        let mended = format!("{} ssl", self.text);
        NoteKind::SwitchMissing { directive: "ssl".to_owned(), needed_by: self.text.clone(), mended }
    }

    /// The word at this place, or nothing.
    pub(super) fn word(&self, place: usize) -> &str {
        self.words.get(place).map_or("", String::as_str)
    }

    /// The line begins with these words.
    pub(super) fn begins(&self, words: &[&str]) -> bool {
        self.words.len() >= words.len() && words.iter().zip(&self.words).all(|(want, have)| want == have)
    }

    /// The words from this place on.
    pub(super) fn rest(&self, place: usize) -> &[String] {
        self.words.get(place..).unwrap_or_default()
    }

    /// A fact from this line.
    pub(super) fn fact<T>(&self, value: T) -> Fact<T> {
        Fact::written(value, self.at.clone(), self.text.clone())
    }
}

/// A section with its lines.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Section {
    pub(super) head: Line,
    pub(super) lines: Vec<Line>,
}

impl Section {
    /// `global`, `defaults`, `frontend`, ...
    pub(super) fn kind(&self) -> &str {
        self.head.word(0)
    }

    /// The name; empty where there is none.
    pub(super) fn name(&self) -> &str {
        if self.head.word(1) == "from" { "" } else { self.head.word(1) }
    }

    /// The defaults it names (`from`).
    pub(super) fn from(&self) -> Option<&str> {
        let place = self.head.words.iter().position(|word| word == "from")?;
        self.head.words.get(place + 1).map(String::as_str)
    }
}

/// Reads a file into sections; what stands before the first section is given back apart.
pub(super) fn parse(file: &Arc<Path>, text: &str, sections: &mut Vec<Section>, stray: &mut Vec<Line>) {
    let mut variables: HashMap<String, String> = HashMap::new();
    let mut skipped: Option<u32> = None;
    let mut depth = 0u32;
    for (number, raw) in text.lines().enumerate() {
        let at = At::new(file, u32::try_from(number + 1).unwrap_or(u32::MAX));
        let (words, text) = split(raw.trim_start_matches('\u{feff}'), &variables);
        let line = Line { words, at, text };
        match line.word(0) {
            "" => continue,
            ".if" => depth += 1,
            ".elif" | ".else" if skipped.is_none() => skipped = Some(depth),
            ".endif" => {
                if skipped == Some(depth) {
                    skipped = None;
                }
                depth = depth.saturating_sub(1);
            }
            _ if skipped.is_some() => {}
            word if word.starts_with('.') => {}
            "setenv" | "presetenv" => {
                variables.insert(line.word(1).to_owned(), line.word(2).to_owned());
            }
            kind if SECTIONS.contains(&kind) => sections.push(Section { head: line, lines: Vec::new() }),
            _ => match sections.last_mut() {
                Some(section) => section.lines.push(line),
                None => stray.push(line),
            },
        }
    }
}

/// The words of a line, and the line without its comment.
fn split(raw: &str, variables: &HashMap<String, String>) -> (Vec<String>, String) {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut characters = raw.char_indices().peekable();
    let mut end = raw.len();
    while let Some((place, character)) = characters.next() {
        match character {
            '#' => {
                end = place;
                break;
            }
            ' ' | '\t' | '\r' => words.extend(word.take()),
            '\\' => {
                let own = word.get_or_insert_default();
                match characters.next() {
                    Some((_, 'n')) => own.push('\n'),
                    Some((_, 'r')) => own.push('\r'),
                    Some((_, 't')) => own.push('\t'),
                    Some((_, other)) => own.push(other),
                    None => {}
                }
            }
            '\'' => {
                let own = word.get_or_insert_default();
                own.extend(characters.by_ref().map(|(_, next)| next).take_while(|next| *next != '\''));
            }
            '"' => weak(&mut characters, word.get_or_insert_default(), variables),
            other => word.get_or_insert_default().push(other),
        }
    }
    words.extend(word);
    (words, raw.get(..end).unwrap_or(raw).trim().to_owned())
}

/// Between double quotes a backslash protects `"`, `\`, `$` and `#`, and variables are put in.
fn weak(
    characters: &mut std::iter::Peekable<std::str::CharIndices<'_>>,
    word: &mut String,
    variables: &HashMap<String, String>,
) {
    while let Some((_, next)) = characters.next() {
        match next {
            '"' => return,
            '\\' => match characters.next() {
                Some((_, plain @ ('"' | '\\' | '$' | '#' | '\''))) => word.push(plain),
                Some((_, other)) => word.extend(['\\', other]),
                None => return,
            },
            '$' => {
                let is_braced = characters.next_if(|(_, next)| *next == '{').is_some();
                let mut name = String::new();
                let is_name = |next: char| next.is_ascii_alphanumeric() || next == '_';
                while let Some((_, next)) = characters.next_if(|(_, next)| is_name(*next)) {
                    name.push(next);
                }
                if is_braced {
                    // A default may stand behind a dash: `${NAME-default}`.
                    let rest: String =
                        characters.by_ref().map(|(_, next)| next).take_while(|next| *next != '}').collect();
                    match (variables.get(&name), rest.strip_prefix('-')) {
                        (Some(value), _) => word.push_str(value),
                        (None, Some(default)) => word.push_str(default),
                        (None, None) => word.push_str(&format!("${{{name}}}")),
                    }
                } else {
                    match variables.get(&name) {
                        Some(value) => word.push_str(value),
                        None => word.push_str(&format!("${name}")),
                    }
                }
            }
            other => word.push(other),
        }
    }
}

/// The words that begin a section.
const SECTIONS: &[&str] = &[
    "acme",
    "backend",
    "cache",
    "crt-store",
    "defaults",
    "fcgi-app",
    "frontend",
    "global",
    "http-errors",
    "listen",
    "log-forward",
    "log-profile",
    "mailers",
    "peers",
    "program",
    "resolvers",
    "ring",
    "traces",
    "userlist",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn check(raw: &str, expected: &[&str]) {
        let variables = HashMap::from([("PORT".to_owned(), "80".to_owned())]);
        assert_eq!(split(raw, &variables).0, expected, "{raw}");
    }

    #[test]
    fn words_quotes_and_escapes_are_read_as_the_product_does() {
        check("  server a 1.2.3.4:80 # x", &["server", "a", "1.2.3.4:80"]);
        check(r"http-request set-header X a\ b", &["http-request", "set-header", "X", "a b"]);
        check(r#"a "b c" 'd "e"'f"#, &["a", "b c", "d \"e\"f"]);
        check(r#"bind "*:${PORT}" "$HOST" "${N-3}""#, &["bind", "*:80", "$HOST", "3"]);
        check(r"a \#b", &["a", "#b"]);
        check("a \"b", &["a", "b"]);
        check("", &[]);
    }
}
