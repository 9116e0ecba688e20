//! The words of a Caddyfile: quotes, backticks, heredocs, comments, and lines that are continued.

/// A word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    /// The text without its quotes.
    pub(super) text: String,
    /// The line on which it begins, from 1.
    pub(super) line: u32,
    /// The first word of its line.
    pub(super) is_first: bool,
    /// It stood in quotes, so that braces in it mean nothing.
    pub(super) is_quoted: bool,
}

/// Splits a text into its words.
pub(super) fn split(text: &str) -> Vec<Token> {
    let text = with_defaults(text.trim_start_matches('\u{feff}'));
    Splitter { rest: &text, line: 1, is_first: true, tokens: Vec::new() }.run()
}

/// Puts the default of `{$NAME:default}` in its place.
fn with_defaults(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(place) = rest.find("{$") {
        let (before, after) = rest.split_at(place);
        out.push_str(before);
        let Some(end) = after.find('}') else {
            rest = after;
            break;
        };
        let (variable, left) = after.split_at(end + 1);
        match variable.trim_end_matches('}').split_once(':').filter(|_| !variable.contains('\n')) {
            Some((_, default)) => out.push_str(default),
            None => out.push_str(variable),
        }
        rest = left;
    }
    out.push_str(rest);
    out
}

struct Splitter<'a> {
    rest: &'a str,
    line: u32,
    is_first: bool,
    tokens: Vec<Token>,
}

impl Splitter<'_> {
    fn run(mut self) -> Vec<Token> {
        while let Some(letter) = self.rest.chars().next() {
            match letter {
                '\n' => {
                    self.advance(1);
                    self.is_first = true;
                }
                letter if letter.is_whitespace() => self.advance(letter.len_utf8()),
                '#' => self.advance(self.rest.find('\n').unwrap_or(self.rest.len())),
                '\\' if self.rest.starts_with("\\\n") => self.advance(2),
                '\\' if self.rest.starts_with("\\\r\n") => self.advance(3),
                '"' | '`' => self.quoted(letter),
                '<' if self.rest.starts_with("<<") => self.heredoc(),
                _ => self.plain(),
            }
        }
        self.tokens
    }

    /// Steps over bytes, counting lines.
    fn advance(&mut self, length: usize) {
        let (taken, rest) = self.rest.split_at(length.min(self.rest.len()));
        self.line += u32::try_from(taken.matches('\n').count()).unwrap_or(0);
        self.rest = rest;
    }

    fn push(&mut self, text: String, line: u32, is_quoted: bool) {
        self.tokens.push(Token { text, line, is_first: self.is_first, is_quoted });
        self.is_first = false;
    }

    fn plain(&mut self) {
        let length = self.rest.find(char::is_whitespace).unwrap_or(self.rest.len());
        let text = self.rest.get(..length).unwrap_or_default().to_owned();
        let line = self.line;
        self.advance(length);
        self.push(text, line, false);
    }

    fn quoted(&mut self, quote: char) {
        let line = self.line;
        let mut text = String::new();
        let mut letters = self.rest.char_indices().skip(1).peekable();
        let mut end = self.rest.len();
        while let Some((place, letter)) = letters.next() {
            if letter == '\\' && quote == '"' && letters.peek().is_some_and(|(_, next)| *next == '"') {
                text.extend(letters.next().map(|(_, next)| next));
            } else if letter == quote {
                end = place + 1;
                break;
            } else {
                text.push(letter);
            }
        }
        self.advance(end);
        self.push(text, line, true);
    }

    /// `<<MARK`, lines, `MARK`.
    fn heredoc(&mut self) {
        let line = self.line;
        let head = self.rest.lines().next().unwrap_or_default();
        let mark = head.get(2..).unwrap_or_default().trim();
        if mark.is_empty() || mark.contains(char::is_whitespace) {
            return self.plain();
        }
        let mut length = head.len();
        let mut text = Vec::new();
        for inner in self.rest.split_inclusive('\n').skip(1) {
            if inner.trim_start().starts_with(mark) {
                let indent = inner.len() - inner.trim_start().len();
                self.advance(length + 1 + indent + mark.len());
                return self.push(text.concat(), line, true);
            }
            text.push(inner);
            length += inner.len();
        }
        self.plain();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn words(text: &str) -> Vec<(String, u32, bool)> {
        split(text).into_iter().map(|token| (token.text, token.line, token.is_first)).collect()
    }

    #[test]
    fn quotes_comments_and_continued_lines() {
        let found = words("a \"b \\\" c\" `d\\` # not e\nf \\\n  g\n\n{$PORT:80}");
        let expected = [
            ("a", 1, true),
            ("b \" c", 1, false),
            ("d\\", 1, false),
            ("f", 2, true),
            ("g", 3, false),
            ("80", 5, true),
        ];
        assert_eq!(found, expected.map(|(text, line, first)| (text.to_owned(), line, first)));
    }

    #[test]
    fn a_heredoc_is_one_word() {
        let found = words("respond <<END\n  hello {\n  END 200\nnext");
        assert_eq!(found[1], ("  hello {\n".to_owned(), 1, false));
        assert_eq!(found[2], ("200".to_owned(), 3, false));
        assert_eq!(found[3], ("next".to_owned(), 4, true));
    }

    proptest! {
        #[test]
        fn any_text_has_words(text in "\\PC*", close in "[a{}<\"`\\\\\n $:#<]*") {
            let _ = split(&text);
            let _ = split(&close);
        }
    }
}
