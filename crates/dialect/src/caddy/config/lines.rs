//! Words put together to lines with blocks.

use super::tokens::{self, Token};
use crate::config::At;
use std::path::Path;
use std::sync::Arc;

/// A line of words, perhaps with a block behind it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Line {
    /// The words, without the brace that opens the block.
    pub(super) words: Vec<String>,
    /// The lines of its block.
    pub(super) block: Option<Vec<Line>>,
    /// Where it begins.
    pub(super) at: At,
}

impl Line {
    /// The first word.
    pub(super) fn name(&self) -> &str {
        self.words.first().map_or("", String::as_str)
    }

    /// The words behind the first one.
    pub(super) fn args(&self) -> &[String] {
        self.words.get(1..).unwrap_or_default()
    }

    /// A word behind the first one, or nothing as an empty text.
    pub(super) fn arg(&self, place: usize) -> &str {
        self.args().get(place).map_or("", String::as_str)
    }

    /// The lines of its block, none if it has none.
    pub(super) fn inner(&self) -> &[Line] {
        self.block.as_deref().unwrap_or_default()
    }

    /// The line as it stands in the file, without its block.
    pub(super) fn written(&self) -> String {
        self.words.join(" ")
    }
}

/// Reads the lines of a text, and says where a brace is missing or too many.
pub(super) fn read(text: &str, file: &Arc<Path>) -> (Vec<Line>, Option<(At, String)>) {
    let tokens = tokens::split(text);
    let mut layers: Vec<Vec<Line>> = vec![Vec::new()];
    let mut wrong = None;
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        let at = At::new(file, token.line);
        if is_brace(&token, "}") {
            let Some(block) = layers.pop().filter(|_| !layers.is_empty()) else {
                layers = vec![layers.pop().unwrap_or_default()];
                wrong.get_or_insert((at, "unexpected '}' because no matching opening brace".to_owned()));
                continue;
            };
            if let Some(line) = layers.last_mut().and_then(|layer| layer.last_mut()) {
                line.block = Some(block);
            }
            continue;
        }
        let mut line = Line { words: Vec::new(), block: None, at };
        let mut opens = is_brace(&token, "{");
        if !opens {
            line.words.push(token.text);
        }
        // A line that ends in a comma goes on: the addresses of a site may stand one below the other.
        while !opens
            && let Some(next) = tokens.next_if(|next| {
                (!next.is_first || line.words.last().is_some_and(|word| word.ends_with(',')))
                    && !is_brace(next, "}")
            })
        {
            match is_brace(&next, "{") {
                true => opens = true,
                false => line.words.push(next.text),
            }
        }
        if let Some(layer) = layers.last_mut() {
            layer.push(line);
        }
        if opens && layers.len() <= DEEPEST {
            layers.push(Vec::new());
        }
    }
    while layers.len() > 1 {
        let block = layers.pop().unwrap_or_default();
        if let Some(line) = layers.last_mut().and_then(|layer| layer.last_mut()) {
            wrong.get_or_insert((line.at.clone(), "unexpected end of file, a '}' is missing".to_owned()));
            line.block = Some(block);
        }
    }
    (layers.pop().unwrap_or_default(), wrong)
}

fn is_brace(token: &Token, brace: &str) -> bool {
    !token.is_quoted && token.text == brace
}

/// Levels of blocks that are read.
const DEEPEST: usize = 60;
