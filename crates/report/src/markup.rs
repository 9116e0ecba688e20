//! The little Markdown our own pages are written in: paragraphs, lists, code blocks, code spans, bold, links.
//!
//! Only texts of this program are read, so what is not understood stays as it is.

/// A piece of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Block {
    /// Running text, on one line.
    Paragraph(String),
    /// An item of a list, with the mark it has.
    Item(String, String),
    /// Lines of code.
    Code(String),
}

/// A piece of running text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Span<'a> {
    /// As it is.
    Plain(&'a str),
    /// To be typed.
    Code(&'a str),
    /// Weighty.
    Bold(&'a str),
    /// A link: its text and where it leads.
    Link(&'a str, &'a str),
}

/// The pieces of a text.
pub(crate) fn blocks(text: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut is_open = false;
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let bare = line.trim();
        if bare.starts_with("```") {
            let indent = line.len() - line.trim_start().len();
            let code: Vec<&str> = lines
                .by_ref()
                .take_while(|line| !line.trim_start().starts_with("```"))
                .map(|line| line.get(indent..).unwrap_or_else(|| line.trim_start()))
                .collect();
            blocks.push(Block::Code(code.join("\n")));
            is_open = false;
        } else if bare.is_empty() {
            is_open = false;
        } else if let Some((mark, item)) = item(bare) {
            blocks.push(Block::Item(mark.to_owned(), item.to_owned()));
            is_open = true;
        } else if let Some(Block::Paragraph(text) | Block::Item(_, text)) =
            blocks.last_mut().filter(|_| is_open)
        {
            text.push(' ');
            text.push_str(bare);
        } else {
            blocks.push(Block::Paragraph(bare.to_owned()));
            is_open = true;
        }
    }
    blocks
}

/// The pieces of running text.
pub(crate) fn spans(text: &str) -> Vec<Span<'_>> {
    let mut spans = Vec::new();
    let mut rest = text;
    let mut from = 0;
    while let Some(at) = rest.get(from..).and_then(|tail| tail.find(['`', '*', '['])).map(|at| from + at) {
        let (before, tail) = rest.split_at(at);
        let Some((span, after)) = marked(tail) else {
            from = at + 1;
            continue;
        };
        if !before.is_empty() {
            spans.push(Span::Plain(before));
        }
        spans.push(span);
        (rest, from) = (after, 0);
    }
    if !rest.is_empty() {
        spans.push(Span::Plain(rest));
    }
    spans
}

/// Running text without links and bold, for a terminal; code keeps its marks.
pub(crate) fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for span in spans(text) {
        match span {
            Span::Plain(text) | Span::Bold(text) => plain.push_str(text),
            Span::Code(code) => plain.push_str(&format!("`{code}`")),
            Span::Link(text, to) if to.ends_with(".md") => plain.push_str(text),
            Span::Link(text, to) => plain.push_str(&format!("{text} ({to})")),
        }
    }
    plain
}

fn item(line: &str) -> Option<(&str, &str)> {
    if let Some(item) = line.strip_prefix("- ").or_else(|| line.strip_prefix("* ")) {
        return Some(("-", item));
    }
    let (mark, item) = line.split_once(' ')?;
    let number = mark.strip_suffix('.')?;
    let is_number =
        !number.is_empty() && number.len() < 3 && number.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then_some((mark, item))
}

/// The span that starts here, and what follows it.
fn marked(text: &str) -> Option<(Span<'_>, &str)> {
    if let Some(rest) = text.strip_prefix("**") {
        let (bold, after) = rest.split_once("**").filter(|(bold, _)| !bold.is_empty())?;
        return Some((Span::Bold(bold), after));
    }
    if let Some(rest) = text.strip_prefix('`') {
        let (code, after) = rest.split_once('`')?;
        return Some((Span::Code(code), after));
    }
    let (name, rest) = text.strip_prefix('[')?.split_once("](")?;
    let (to, after) = rest.split_once(')')?;
    (!name.contains(['[', ']'])).then_some((Span::Link(name, to), after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_told_apart() {
        let text = "One\ntwo.\n\n- an item\n  goes on\n- another\n\n1. first\n\n  ```nginx\n  a;\n    b;\n  ```\nEnd.";
        let item = |mark: &str, text: &str| Block::Item(mark.into(), text.into());
        assert_eq!(
            blocks(text),
            [
                Block::Paragraph("One two.".into()),
                item("-", "an item goes on"),
                item("-", "another"),
                item("1.", "first"),
                Block::Code("a;\n  b;".into()),
                Block::Paragraph("End.".into()),
            ]
        );
    }

    #[test]
    fn spans_are_told_apart_and_strays_stay() {
        let text = "**Do** `a * b` as [the page](x.y.md) or [this](https://a) says, 2 * 3 [not]";
        assert_eq!(plain(text), "Do `a * b` as the page or this (https://a) says, 2 * 3 [not]");
        assert_eq!(spans("`a`"), [Span::Code("a")]);
        assert_eq!(spans("a ` b"), [Span::Plain("a ` b")]);
        assert_eq!(spans("****"), [Span::Plain("****")]);
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics(text in "[`*\\[\\]()ä\n -]{0,40}") {
            let _ = (blocks(&text), plain(&text));
        }
    }
}
