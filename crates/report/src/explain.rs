//! `explain`: everything known about a cause or a finding, for a terminal, as JSON or as Markdown.

mod finding;

pub(crate) use finding::{by_area, markdown as finding_markdown, table as finding_table};
pub use finding::{explain_finding, explain_findings, is_known_product, nearest_findings};

use crate::terminal::{Style, Tone};
use crate::{Lang, Page, sentence, words};
use serde::Serialize;
use torwart_cause::{Cause, ErrorType, Stage};

/// The form of an explanation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// For a terminal.
    Text(Style),
    /// For programs; the field `schema` names its version.
    Json,
    /// For pages.
    Markdown,
}

/// Explains one cause.
pub fn explain(cause: Cause, lang: Lang, format: Format) -> String {
    match format {
        Format::Text(style) => text(cause, lang, style),
        Format::Json => json(&Explanation { schema: SCHEMA, cause: Entry::of(cause, lang) }),
        Format::Markdown => markdown(cause, lang, "#", &|other| format!("{}.md", other.id())),
    }
}

/// An overview of all causes, by stage.
pub fn explain_all(lang: Lang, format: Format) -> String {
    match format {
        Format::Text(style) => overview(lang, style),
        Format::Json => {
            let causes = Cause::ALL.iter().map(|cause| Entry::of(*cause, lang)).collect();
            json(&Overview { schema: SCHEMA, causes })
        }
        Format::Markdown => table(lang, &|cause| format!("{}.md", cause.id())),
    }
}

/// The causes whose ids are nearest to what was typed, best first, at most three.
///
/// ```
/// use torwart_cause::Cause;
/// assert_eq!(torwart_report::nearest("conect_refused").first(), Some(&Cause::ConnectRefused));
/// ```
pub fn nearest(id: &str) -> Vec<Cause> {
    let typed: String = id.trim().to_lowercase().replace([' ', '-'], "_").chars().take(LONGEST_ID).collect();
    let mut ranked: Vec<(usize, Cause)> = Cause::ALL
        .iter()
        .filter_map(|cause| {
            let steps = distance(&typed, cause.id());
            // A part that stands whole in an id is a better hint than a likeness of letters.
            let is_part = typed.len() > 2 && cause.id().contains(&typed);
            let is_like = steps * 3 <= cause.id().len().max(typed.len());
            (is_part || is_like).then_some((if is_part { 0 } else { steps }, *cause))
        })
        .collect();
    ranked.sort();
    ranked.into_iter().take(3).map(|(_, cause)| cause).collect()
}

/// The page with its facts, below headings of this level; `link` says where another cause is found.
pub(crate) fn markdown(cause: Cause, lang: Lang, level: &str, link: &dyn Fn(Cause) -> String) -> String {
    let page = Page::of(cause, lang);
    let say = |key| words::say(lang, key, &[]);
    let mut text = format!("{level} {}\n\n`{}`\n\n{}\n\n", page.title, cause.id(), page.summary);
    for (key, value) in facts(cause, lang) {
        text.push_str(&format!("- {}: {value}\n", say(key)));
    }
    for (key, part) in sections(&page) {
        text.push_str(&format!("\n{level}# {}\n\n{part}\n", say(key)));
    }
    let links: Vec<String> = page
        .see_also
        .iter()
        .map(|other| format!("[{}]({})", Page::of(*other, lang).title, link(*other)))
        .collect();
    text.push_str(&format!("\n{level}# {}\n\n{}\n", say("label-see-also"), links.join(" · ")));
    text
}

/// All causes as a Markdown table, by stage.
pub(crate) fn table(lang: Lang, link: &dyn Fn(Cause) -> String) -> String {
    let say = |key| words::say(lang, key, &[]);
    let heads = ["label-stage", "label-cause", "label-status", "label-error-type", "label-actor"].map(say);
    let mut text = format!("| {} |\n| --- | --- | --- | --- | --- |\n", heads.join(" | "));
    for (stage, causes) in by_stage() {
        for cause in causes {
            text.push_str(&format!(
                "| {} | [`{}`]({}): {} | {} | {} | {} |\n",
                sentence::stage(stage, lang),
                cause.id(),
                link(cause),
                Page::of(cause, lang).title,
                cause.status().map_or("–".to_owned(), |status| status.to_string()),
                cause.error_type().map_or("–", ErrorType::name),
                sentence::actor(cause.actor(), lang),
            ));
        }
    }
    text
}

fn text(cause: Cause, lang: Lang, style: Style) -> String {
    let page = Page::of(cause, lang);
    let say = |key| words::say(lang, key, &[]);
    let strong = |text: &str| style.paint(Tone::Strong, &style.text(text));
    let mut text = format!("{}  {}\n", strong(page.title), style.paint(Tone::Code, cause.id()));
    text.push_str(&style.wrapped("", 0, page.summary));
    text.push('\n');
    let facts = facts(cause, lang);
    let widest = facts.iter().map(|(key, _)| say(key).chars().count()).max().unwrap_or(0);
    for (key, value) in facts {
        let label = format!("  {:widest$}  ", style.text(&say(key)));
        text.push_str(&style.wrapped(&style.paint(Tone::Faint, &label), widest + 4, &value));
    }
    for (key, part) in sections(&page) {
        text.push_str(&format!("\n{}\n{}", strong(&say(key)), paragraphs(part, style)));
    }
    let others: Vec<&str> = page.see_also.iter().map(|other| other.id()).collect();
    text.push_str(&format!("\n{}\n", strong(&say("label-see-also"))));
    text.push_str(&style.wrapped("  ", 2, &others.join(", ")));
    text
}

/// Paragraphs and list items of a page's Markdown, broken and indented.
fn paragraphs(part: &str, style: Style) -> String {
    let mut text = String::new();
    for line in part.lines() {
        text.push_str(&match line.strip_prefix("- ") {
            Some(item) => style.wrapped("  - ", 4, item),
            None if line.is_empty() => "\n".to_owned(),
            None => style.wrapped("  ", 2, line),
        });
    }
    text
}

fn overview(lang: Lang, style: Style) -> String {
    let say = |key| words::say(lang, key, &[]);
    let strong = |text: &str| style.paint(Tone::Strong, &style.text(text));
    let mut text = format!("{}\n", strong(&say("overview-title")));
    for (stage, causes) in by_stage() {
        text.push_str(&format!("\n{}\n", strong(&sentence::stage(stage, lang))));
        let rows: Vec<[String; 3]> = causes
            .into_iter()
            .map(|cause| {
                let status = cause.status().map_or("-".to_owned(), |status| status.to_string());
                [
                    format!("  {:WIDEST_ID$}", cause.id()),
                    format!("{status:3}"),
                    Page::of(cause, lang).title.to_owned(),
                ]
            })
            .collect();
        text.push_str(&style.table(&rows));
    }
    text + "\n" + &style.wrapped("", 0, &say("overview-hint"))
}

/// What the table of causes says, as label key and value.
fn facts(cause: Cause, lang: Lang) -> [(&'static str, String); 5] {
    let say = |key| words::say(lang, key, &[]);
    [
        ("label-stage", sentence::stage(cause.stage(), lang)),
        ("label-status", cause.status().map_or(say("label-no-answer"), |status| status.to_string())),
        ("label-error-type", cause.error_type().map_or(say("label-none"), |error| format!("`{error}`"))),
        ("label-retry", sentence::retry(cause.retry(), lang)),
        ("label-actor", sentence::actor(cause.actor(), lang)),
    ]
}

fn sections(page: &Page) -> [(&'static str, &'static str); 3] {
    [
        ("label-what-happened", page.what_happened),
        ("label-how-to-tell", page.how_to_tell),
        ("label-what-to-do", page.what_to_do),
    ]
}

fn by_stage() -> impl Iterator<Item = (Stage, Vec<Cause>)> {
    Stage::ALL.into_iter().filter_map(|stage| {
        let causes: Vec<Cause> = Cause::ALL.iter().copied().filter(|cause| cause.stage() == stage).collect();
        (!causes.is_empty()).then_some((stage, causes))
    })
}

/// How many letters must be put in, left out or changed (Levenshtein).
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (line, c) in one.chars().enumerate() {
        let mut diagonal = line;
        let mut left = line + 1;
        for (cell, d) in row.iter_mut().skip(1).zip(&other) {
            let best = (diagonal + usize::from(c != *d)).min(left + 1).min(*cell + 1);
            diagonal = std::mem::replace(cell, best);
            left = best;
        }
        if let Some(first) = row.first_mut() {
            *first = line + 1;
        }
    }
    row.last().copied().unwrap_or(0)
}

fn json(value: &impl Serialize) -> String {
    // Strings and numbers always have a JSON form.
    serde_json::to_string_pretty(value).unwrap_or_default() + "\n"
}

#[derive(Serialize)]
struct Explanation {
    schema: &'static str,
    #[serde(flatten)]
    cause: Entry,
}

#[derive(Serialize)]
struct Overview {
    schema: &'static str,
    causes: Vec<Entry>,
}

#[derive(Serialize)]
struct Entry {
    id: &'static str,
    lang: &'static str,
    title: &'static str,
    summary: &'static str,
    stage: &'static str,
    error_type: Option<&'static str>,
    status: Option<u16>,
    retry: &'static str,
    actor: &'static str,
    sections: Sections,
    see_also: Vec<&'static str>,
}

#[derive(Serialize)]
struct Sections {
    what_happened: &'static str,
    how_to_tell: &'static str,
    what_to_do: &'static str,
}

impl Entry {
    fn of(cause: Cause, lang: Lang) -> Self {
        let page = Page::of(cause, lang);
        Self {
            id: cause.id(),
            lang: lang.tag(),
            title: page.title,
            summary: page.summary,
            stage: cause.stage().id(),
            error_type: cause.error_type().map(ErrorType::name),
            status: cause.status(),
            retry: cause.retry().id(),
            actor: cause.actor().id(),
            sections: Sections {
                what_happened: page.what_happened,
                how_to_tell: page.how_to_tell,
                what_to_do: page.what_to_do,
            },
            see_also: page.see_also.iter().map(|other| other.id()).collect(),
        }
    }
}

/// The version of the JSON form; a change that breaks readers changes the number.
const SCHEMA: &str = "torwart.explain/1";
/// Columns for ids in the overview.
const WIDEST_ID: usize = 26;
/// More than any id has; the rest of what was typed does not matter.
const LONGEST_ID: usize = 64;

#[cfg(test)]
mod tests;
