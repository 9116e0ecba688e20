//! One thing wrong with a file: place, sentence and hint.
//!
//! A complaint names its sentence and what the sentence fills in; the words stand in `text/en` and `text/de`
//! under `complaint.<id>` and, where there is one, `complaint.<id>.hint`.

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use crate::{Lang, Place, Source, text};

/// How much a complaint matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The plan works, but an operator should know.
    Warning,
    /// There is no plan.
    Error,
}

/// One thing wrong with a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    /// How much it matters.
    pub severity: Severity,
    /// Where.
    pub place: Place,
    /// The other place it is about, such as the first of two equal names.
    pub other: Option<Place>,
    /// Which sentence of the text files says it.
    pub id: &'static str,
    /// What the sentence fills in.
    pub args: Vec<(&'static str, Arg)>,
}

/// What a sentence fills in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Arg {
    /// As it is.
    Text(String),
    /// A word of the text files.
    Word(String),
}

impl Complaint {
    /// What is wrong.
    #[must_use]
    pub fn sentence(&self, lang: Lang) -> String {
        self.fill(&format!("complaint.{}", self.id), lang).unwrap_or_else(|| self.id.to_owned())
    }

    /// What to do.
    #[must_use]
    pub fn hint(&self, lang: Lang) -> Option<String> {
        self.fill(&format!("complaint.{}.hint", self.id), lang)
    }

    /// The complaint in full: sentence, place, the line with a caret, hint.
    #[must_use]
    pub fn render(&self, source: &Source, lang: Lang, color: bool) -> String {
        let level = match self.severity {
            Severity::Warning => Level::WARNING.with_name(word("word.warning", lang)),
            Severity::Error => Level::ERROR.with_name(word("word.error", lang)),
        };
        let mut snippet = Snippet::source(source.text.as_str())
            .path(source.name.as_str())
            .annotation(AnnotationKind::Primary.span(shown(self.place, &source.text)));
        if let Some(other) = self.other {
            let label = word("word.first_here", lang);
            snippet =
                snippet.annotation(AnnotationKind::Context.span(shown(other, &source.text)).label(label));
        }
        let sentence = self.sentence(lang);
        let mut group: Group<'_> = level.primary_title(sentence.as_str()).element(snippet);
        let hint = self.hint(lang);
        if let Some(hint) = &hint {
            group = group.element(Level::HELP.with_name(word("word.hint", lang)).message(hint.as_str()));
        }
        let renderer = if color { Renderer::styled() } else { Renderer::plain() };
        renderer.render(&[group])
    }

    /// Fills in one placeholder after the other, so that what is filled in is never taken for one.
    fn fill(&self, key: &str, lang: Lang) -> Option<String> {
        let mut rest = text::find(key, lang)?;
        let mut sentence = String::new();
        while let Some((before, (name, after))) =
            rest.split_once('<').and_then(|(before, tail)| Some((before, tail.split_once('>')?)))
        {
            sentence.push_str(before);
            match self.args.iter().find(|(known, _)| *known == name) {
                Some((_, Arg::Text(text))) => sentence.push_str(text),
                Some((_, Arg::Word(key))) => sentence.push_str(word(key, lang)),
                None => sentence.push_str(name),
            }
            rest = after;
        }
        sentence.push_str(rest);
        Some(sentence)
    }
}

/// Complaints as they are collected.
#[derive(Debug, Default)]
pub(crate) struct Complaints(Vec<Complaint>);

impl Complaints {
    /// Something the gateway cannot run with.
    pub(crate) fn error(&mut self, place: Place, id: &'static str) -> &mut Complaint {
        self.add(Severity::Error, place, id)
    }

    /// Something an operator should know.
    pub(crate) fn warn(&mut self, place: Place, id: &'static str) -> &mut Complaint {
        self.add(Severity::Warning, place, id)
    }

    /// Adds those of `others` that stand on lines nothing was said about yet.
    pub(crate) fn join_other_lines(&mut self, others: Self, text: &str) {
        let line = |place: Place| text.bytes().take(place.start).filter(|byte| *byte == b'\n').count();
        let taken: Vec<usize> = self.0.iter().map(|complaint| line(complaint.place)).collect();
        self.0.extend(others.0.into_iter().filter(|complaint| !taken.contains(&line(complaint.place))));
    }

    /// All of them, in order of place.
    pub(crate) fn sorted(mut self) -> Vec<Complaint> {
        self.0.sort_by_key(|complaint| (complaint.place, complaint.severity));
        // What a site says wrong is met again at each of its routes.
        self.0.dedup();
        self.0
    }

    fn add(&mut self, severity: Severity, place: Place, id: &'static str) -> &mut Complaint {
        self.0.push(Complaint { severity, place, other: None, id, args: Vec::new() });
        let last = self.0.len() - 1;
        &mut self.0[last]
    }
}

impl Complaint {
    /// Fills in a text.
    pub(crate) fn text(&mut self, name: &'static str, text: impl Into<String>) -> &mut Self {
        self.args.push((name, Arg::Text(clean(&text.into()))));
        self
    }

    /// Fills in a text of ours, such as a list of all keys, which may be long.
    pub(crate) fn long_text(&mut self, name: &'static str, text: impl Into<String>) -> &mut Self {
        self.args.push((name, Arg::Text(text.into())));
        self
    }

    /// Fills in a word of the text files.
    pub(crate) fn word(&mut self, name: &'static str, key: impl Into<String>) -> &mut Self {
        self.args.push((name, Arg::Word(key.into())));
        self
    }

    /// Points to the other place it is about.
    pub(crate) fn and(&mut self, other: Place) -> &mut Self {
        self.other = Some(other);
        self
    }
}

fn word(key: &str, lang: Lang) -> &'static str {
    text::find(key, lang).unwrap_or_default()
}

/// Cites at most a line's worth and nothing a terminal would obey.
fn clean(text: &str) -> String {
    let mut cited: String =
        text.chars().take(LONGEST_CITATION).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    if text.chars().nth(LONGEST_CITATION).is_some() {
        cited.push('…');
    }
    cited
}

/// A place that lies within the text, on character borders, on one line and not empty where that is possible.
fn shown(place: Place, text: &str) -> std::ops::Range<usize> {
    let start = text.floor_char_boundary(place.start.min(text.len()));
    let line_end = text.get(start..).and_then(|rest| rest.find('\n')).map_or(text.len(), |at| start + at);
    let end = text.ceil_char_boundary(place.end.min(text.len())).min(line_end);
    start..end.max(start)
}

const LONGEST_CITATION: usize = 80;
