//! The page about a cause: one Markdown file per cause and language, with fixed headings.
//!
//! The files are part of the program, so that `explain` works where there is no documentation and no network.

mod files;

use crate::{Lang, words};
use torwart_cause::Cause;

/// The parts of a page, in Markdown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The heading.
    pub title: &'static str,
    /// One sentence on what it is.
    pub summary: &'static str,
    /// What happened.
    pub what_happened: &'static str,
    /// How to tell that it is this and nothing else.
    pub how_to_tell: &'static str,
    /// What to do, and who does it.
    pub what_to_do: &'static str,
    /// Related causes.
    pub see_also: Vec<Cause>,
}

impl Page {
    /// The page about a cause.
    pub fn of(cause: Cause, lang: Lang) -> Self {
        let text = files::text(cause, lang);
        let [happened, tell, todo, see] = headings(lang);
        let (title, rest) = text.trim_start_matches("# ").split_once('\n').unwrap_or((text, ""));
        let (summary, rest) = cut(rest, &happened);
        let (what_happened, rest) = cut(rest, &tell);
        let (how_to_tell, rest) = cut(rest, &todo);
        let (what_to_do, links) = cut(rest, &see);
        Self { title, summary, what_happened, how_to_tell, what_to_do, see_also: linked(links).collect() }
    }
}

/// The second-level headings of a page, in order.
fn headings(lang: Lang) -> [String; 4] {
    ["label-what-happened", "label-how-to-tell", "label-what-to-do", "label-see-also"]
        .map(|key| format!("## {}", words::say(lang, key, &[])))
}

fn cut(text: &'static str, heading: &str) -> (&'static str, &'static str) {
    let (before, after) = text.split_once(heading).unwrap_or((text, ""));
    (before.trim(), after)
}

/// The causes linked as `(id.md)`.
fn linked(text: &'static str) -> impl Iterator<Item = Cause> {
    text.split("](").skip(1).filter_map(|rest| Cause::from_id(rest.split_once(".md)")?.0))
}

#[cfg(test)]
mod tests;
