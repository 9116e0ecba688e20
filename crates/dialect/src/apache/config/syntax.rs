//! Apache's syntax: a directive for each line, sections in angle brackets, quotes and continued lines.

use crate::config::{At, Fact};
use std::path::Path;
use std::sync::Arc;

/// A directive with its words, and what stands in it if it is a section.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Directive {
    /// The name in lower case.
    pub(super) name: String,
    pub(super) args: Vec<String>,
    pub(super) block: Option<Vec<Directive>>,
    pub(super) at: At,
    /// As it stands in the file.
    pub(super) text: String,
}

impl Directive {
    /// The word at this place, or nothing.
    pub(super) fn arg(&self, place: usize) -> &str {
        self.args.get(place).map_or("", String::as_str)
    }

    /// What stands in the section.
    pub(super) fn inner(&self) -> &[Directive] {
        self.block.as_deref().unwrap_or_default()
    }

    /// A fact from this line.
    pub(super) fn fact<T>(&self, value: T) -> Fact<T> {
        Fact::written(value, self.at.clone(), self.text.clone())
    }
}

/// What the product would refuse, and where.
pub(super) type Refusal = (At, String);

/// Reads a file; includes and conditions are directives here like any other.
pub(super) fn parse(file: &Arc<Path>, text: &str) -> (Vec<Directive>, Vec<Refusal>) {
    let mut refusals = Vec::new();
    let mut open: Vec<Directive> = Vec::new();
    let mut root: Vec<Directive> = Vec::new();
    for (line, text) in joined(text) {
        let at = At::new(file, line);
        if let Some(closing) = text.strip_prefix("</") {
            close(closing.trim_end_matches('>').trim(), &at, &mut open, &mut root, &mut refusals);
            continue;
        }
        let is_section = text.starts_with('<');
        if is_section && !text.ends_with('>') {
            refusals.push((at.clone(), format!("{text}> directive missing closing '>'")));
        }
        let inside = text.trim_start_matches('<');
        let inside = if is_section { inside.strip_suffix('>').unwrap_or(inside) } else { inside };
        let mut words = words(inside).into_iter();
        let Some(name) = words.next() else { continue };
        let block = is_section.then(Vec::new);
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let directive = Directive { name: name.to_ascii_lowercase(), args: words.collect(), block, at, text };
        if is_section && open.len() < DEEPEST {
            open.push(directive);
        } else {
            put(directive, &mut open, &mut root);
        }
    }
    while let Some(section) = open.pop() {
        refusals.push((section.at.clone(), format!("<{}> was not closed.", shown_name(&section))));
        put(section, &mut open, &mut root);
    }
    (root, refusals)
}

fn close(
    name: &str,
    at: &At,
    open: &mut Vec<Directive>,
    root: &mut Vec<Directive>,
    refusals: &mut Vec<Refusal>,
) {
    let lower = name.to_ascii_lowercase();
    if !open.iter().any(|section| section.name == lower) {
        refusals.push((at.clone(), format!("</{name}> without matching <{name}> section")));
        return;
    }
    while let Some(section) = open.pop() {
        let fits = section.name == lower;
        if !fits {
            let what = format!("Expected </{}> but saw </{name}>", shown_name(&section));
            refusals.push((at.clone(), what));
        }
        put(section, open, root);
        if fits {
            return;
        }
    }
}

fn put(directive: Directive, open: &mut [Directive], root: &mut Vec<Directive>) {
    match open.last_mut().and_then(|section| section.block.as_mut()) {
        Some(block) => block.push(directive),
        None => root.push(directive),
    }
}

fn shown_name(section: &Directive) -> String {
    let text = section.text.trim_start_matches('<');
    text.split_whitespace().next().unwrap_or_default().trim_end_matches('>').to_owned()
}

/// Lines without comments; those that end in a backslash go on in the next.
fn joined(text: &str) -> Vec<(u32, String)> {
    let mut lines = Vec::new();
    let mut begun: Option<(u32, String)> = None;
    for (number, raw) in text.lines().enumerate() {
        let number = u32::try_from(number + 1).unwrap_or(u32::MAX);
        let raw = raw.trim_start_matches('\u{feff}');
        let (part, goes_on) = match raw.strip_suffix('\\') {
            Some(part) if !part.ends_with('\\') => (part, true),
            _ => (raw, false),
        };
        let (first, mut whole) = begun.take().unwrap_or((number, String::new()));
        whole.push_str(part);
        if goes_on {
            begun = Some((first, whole));
            continue;
        }
        lines.push((first, whole));
    }
    lines.extend(begun);
    let trimmed = lines.into_iter().map(|(number, line)| (number, line.trim().to_owned()));
    trimmed.filter(|(_, line)| !line.is_empty() && !line.starts_with('#')).collect()
}

/// Words, with quotes of both kinds; in quotes a backslash protects the quote.
pub(super) fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut characters = text.chars().peekable();
    loop {
        while characters.next_if(|next| next.is_whitespace()).is_some() {}
        let Some(first) = characters.next() else { return words };
        let mut word = String::new();
        if first == '"' || first == '\'' {
            while let Some(next) = characters.next() {
                match next {
                    '\\' if characters.peek() == Some(&first) => word.extend(characters.next()),
                    '\\' if characters.peek() == Some(&'\\') => word.extend(characters.next()),
                    _ if next == first => break,
                    _ => word.push(next),
                }
            }
        } else {
            word.push(first);
            while let Some(next) = characters.next_if(|next| !next.is_whitespace()) {
                word.push(next);
            }
        }
        words.push(word);
    }
}

/// Sections in sections we follow.
const DEEPEST: usize = 40;

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
    fn lines_sections_and_quotes_are_read_as_the_product_does() {
        check("A b \"c d\" 'e \"f\"'\n# x\nB \\\n  c", "1:a|b|c d|e \"f\";3:b|c;");
        check("<VirtualHost *:80>\nServerName a\n</VirtualHost>", "1:virtualhost|*:80{2:servername|a;};");
        check("LogFormat \"%h \\\"%r\\\"\" x", "1:logformat|%h \"%r\"|x;");
        check("A b # c", "1:a|b|#|c;");
    }

    #[test]
    fn what_the_product_refuses_is_kept_with_its_line() {
        check("<A>\nb", "1:a{2:b;}; !1:<A> was not closed.");
        check("</A>\nb", "2:b; !1:</A> without matching <A> section");
        check("<A>\n<B>\n</A>", "1:a{2:b{};}; !3:Expected </B> but saw </A>");
    }
}
