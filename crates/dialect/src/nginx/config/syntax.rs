//! nginx's syntax: words, quotes, comments, blocks; one [`Directive`] for each, with its line.
//!
//! Follows the product's own reader: quotes count only at the beginning of a word, `${` begins no block, a backslash
//! protects the next character. Where the product would stop with an error, a complaint is kept and reading goes on.

use crate::config::At;
use std::path::Path;
use std::sync::Arc;

/// A directive with its words, and its block if it has one.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Directive {
    pub(super) name: String,
    pub(super) args: Vec<String>,
    pub(super) block: Option<Vec<Directive>>,
    pub(super) at: At,
}

impl Directive {
    /// The word at this place, or nothing.
    pub(super) fn arg(&self, place: usize) -> &str {
        self.args.get(place).map_or("", String::as_str)
    }

    /// What stands in the block.
    pub(super) fn inner(&self) -> &[Directive] {
        self.block.as_deref().unwrap_or_default()
    }

    /// The directive as one would write it.
    pub(super) fn written(&self) -> String {
        let mut text = self.name.clone();
        for arg in &self.args {
            text.push(' ');
            if arg.is_empty() || arg.contains([' ', '\t', '\n', ';', '{', '}', '#']) && !arg.contains("${") {
                text.push('"');
                text.push_str(&arg.replace('"', "\\\""));
                text.push('"');
            } else {
                text.push_str(arg);
            }
        }
        text.push_str(if self.block.is_some() { " {" } else { ";" });
        text
    }
}

/// What the product would refuse, and where.
pub(super) type Refusal = (At, String);

/// Reads a file; includes are directives here like any other.
pub(super) fn parse(file: &Arc<Path>, text: &str) -> (Vec<Directive>, Vec<Refusal>) {
    let mut reader = Reader { file, rest: text, line: 1, refusals: Vec::new() };
    let mut directives = Vec::new();
    loop {
        directives.append(&mut reader.block(0));
        if reader.rest.is_empty() {
            return (directives, reader.refusals);
        }
    }
}

struct Reader<'a> {
    file: &'a Arc<Path>,
    rest: &'a str,
    line: u32,
    refusals: Vec<Refusal>,
}

enum Token {
    Word(String),
    Semicolon,
    Open,
    Close,
    End,
}

impl Reader<'_> {
    /// Reads directives up to the closing brace of this block, or the end.
    fn block(&mut self, depth: u32) -> Vec<Directive> {
        let mut directives = Vec::new();
        let mut words: Vec<String> = Vec::new();
        let mut line = self.line;
        loop {
            let token = self.token();
            if words.is_empty() {
                line = self.line;
            }
            match token {
                Token::Word(word) => words.push(word),
                Token::Semicolon => match directive(self.file, line, &mut words, None) {
                    Some(directive) => directives.push(directive),
                    None => self.refuse("unexpected \";\""),
                },
                Token::Open => {
                    let is_code = words.first().is_some_and(|name| name.ends_with("_by_lua_block"));
                    let inner = if is_code {
                        self.skip_code();
                        Vec::new()
                    } else if depth < DEEPEST {
                        self.block(depth + 1)
                    } else {
                        self.refuse("blocks are nested too deeply");
                        self.rest = "";
                        Vec::new()
                    };
                    match directive(self.file, line, &mut words, Some(inner)) {
                        Some(directive) => directives.push(directive),
                        None => self.refuse("unexpected \"{\""),
                    }
                }
                Token::Close => {
                    if !words.is_empty() || depth == 0 {
                        self.refuse("unexpected \"}\"");
                        directives.extend(directive(self.file, line, &mut words, None));
                    }
                    return directives;
                }
                Token::End => {
                    if !words.is_empty() {
                        self.refuse("unexpected end of file, expecting \";\" or \"}\"");
                        directives.extend(directive(self.file, line, &mut words, None));
                    } else if depth > 0 && !self.has_refused_end() {
                        self.refuse("unexpected end of file, expecting \"}\"");
                    }
                    return directives;
                }
            }
        }
    }

    fn token(&mut self) -> Token {
        loop {
            let Some(first) = self.next() else { return Token::End };
            match first {
                ' ' | '\t' | '\r' | '\n' | '\u{feff}' => {}
                '#' => {
                    let end = self.rest.find('\n').unwrap_or(self.rest.len());
                    self.rest = self.rest.get(end..).unwrap_or_default();
                }
                ';' => return Token::Semicolon,
                '{' => return Token::Open,
                '}' => return Token::Close,
                '"' | '\'' => return Token::Word(self.quoted(first)),
                _ => return Token::Word(self.bare(first)),
            }
        }
    }

    fn quoted(&mut self, quote: char) -> String {
        let mut word = String::new();
        while let Some(next) = self.next() {
            if next == quote {
                if self.rest.starts_with(|c: char| !c.is_ascii_whitespace() && !matches!(c, ';' | '{' | ')'))
                {
                    let wrong = self.rest.chars().next().unwrap_or_default();
                    self.refuse(&format!("unexpected \"{wrong}\""));
                }
                return word;
            }
            if next == '\\' { self.escape(&mut word) } else { word.push(next) }
        }
        word
    }

    fn bare(&mut self, first: char) -> String {
        let mut word = String::new();
        let mut previous = first;
        if first == '\\' {
            self.escape(&mut word)
        } else {
            word.push(first)
        }
        while let Some(next) = self.rest.chars().next() {
            if next.is_ascii_whitespace() || next == ';' || next == '{' && previous != '$' {
                break;
            }
            self.next();
            if next == '\\' {
                self.escape(&mut word)
            } else {
                word.push(next)
            }
            previous = next;
        }
        word
    }

    /// After a backslash: quotes and backslashes lose it, `t`, `r`, `n` change, everything else keeps it.
    fn escape(&mut self, word: &mut String) {
        match self.next() {
            Some(plain @ ('"' | '\'' | '\\')) => word.push(plain),
            Some('t') => word.push('\t'),
            Some('r') => word.push('\r'),
            Some('n') => word.push('\n'),
            Some(other) => word.extend(['\\', other]),
            None => word.push('\\'),
        }
    }

    /// Passes over a block of Lua, counting the braces that are neither in texts nor in comments.
    fn skip_code(&mut self) {
        let mut depth = 1u32;
        while depth > 0 {
            if self.rest.starts_with("--[[") || self.rest.starts_with("[[") {
                self.skip_to("]]");
                continue;
            }
            if self.rest.starts_with("--") {
                self.skip_to("\n");
                continue;
            }
            match self.next() {
                Some('{') => depth = depth.saturating_add(1),
                Some('}') => depth -= 1,
                Some(quote @ ('"' | '\'')) => self.skip_quoted(quote),
                Some(_) => {}
                None => return self.refuse("unexpected end of file, expecting \"}\""),
            }
        }
    }

    fn skip_to(&mut self, end: &str) {
        let length = self.rest.find(end).map_or(self.rest.len(), |place| place + end.len());
        let (skipped, rest) = self.rest.split_at_checked(length).unwrap_or((self.rest, ""));
        let lines = skipped.matches('\n').count();
        self.line = self.line.saturating_add(u32::try_from(lines).unwrap_or(u32::MAX));
        self.rest = rest;
    }

    fn skip_quoted(&mut self, quote: char) {
        while let Some(next) = self.next() {
            match next {
                '\\' => {
                    self.next();
                }
                '\n' => return,
                _ if next == quote => return,
                _ => {}
            }
        }
    }

    fn next(&mut self) -> Option<char> {
        let mut rest = self.rest.chars();
        let next = rest.next()?;
        self.rest = rest.as_str();
        if next == '\n' {
            self.line = self.line.saturating_add(1);
        }
        Some(next)
    }

    fn refuse(&mut self, what: &str) {
        self.refusals.push((At::new(self.file, self.line), what.to_owned()));
    }

    fn has_refused_end(&self) -> bool {
        self.refusals.last().is_some_and(|(_, what)| what.starts_with("unexpected end of file"))
    }
}

fn directive(
    file: &Arc<Path>,
    line: u32,
    words: &mut Vec<String>,
    block: Option<Vec<Directive>>,
) -> Option<Directive> {
    let mut words = std::mem::take(words).into_iter();
    let name = words.next()?;
    Some(Directive { name, args: words.collect(), block, at: At::new(file, line) })
}

/// Blocks in blocks we follow; the product's own need five.
const DEEPEST: u32 = 40;

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        fn show(directives: &[Directive], out: &mut String) {
            for directive in directives {
                out.push_str(&format!("{}:{}", directive.at.line, directive.name));
                for arg in &directive.args {
                    out.push_str(&format!("|{arg}"));
                }
                if directive.block.is_some() {
                    out.push('{');
                    show(directive.inner(), out);
                    out.push('}');
                }
                out.push(';');
            }
        }
        let (directives, refusals) = parse(&Arc::from(Path::new("a")), text);
        let mut out = String::new();
        show(&directives, &mut out);
        for (at, what) in refusals {
            out.push_str(&format!(" !{}:{what}", at.line));
        }
        assert_eq!(out, expected, "{text}");
    }

    #[test]
    fn words_quotes_and_comments_are_read_as_the_product_does() {
        check("a b;\nc 'd e' \"f\\\"g\"; # x;\n", "1:a|b;2:c|d e|f\"g;");
        check("a ${b}c;", "1:a|${b}c;");
        check("a b'c;", "1:a|b'c;");
        check("a b#c;", "1:a|b#c;");
        check("location ~ \\.php$ { x; }", "1:location|~|\\.php${1:x;};");
        check("a \"\";", "1:a|;");
        check("a_by_lua_block {\n b = '}' -- }\n c = [[ } ]] }\nd;", "1:a_by_lua_block{};4:d;");
        check("content_by_lua_block { if a then { b; } }\nc;", "1:content_by_lua_block{};2:c;");
    }

    #[test]
    fn what_the_product_refuses_is_kept_with_its_line() {
        check("a {\n b c\n}\nd;", "1:a{2:b|c;};4:d; !3:unexpected \"}\"");
        check("a;\n}\nb;", "1:a;3:b; !2:unexpected \"}\"");
        check("a {\n b;\n", "1:a{2:b;}; !3:unexpected end of file, expecting \"}\"");
        check("a", "1:a; !1:unexpected end of file, expecting \";\" or \"}\"");
        check("a 'b'c;", "1:a|b|c; !1:unexpected \"c\"");
        check(";", " !1:unexpected \";\"");
    }
}
