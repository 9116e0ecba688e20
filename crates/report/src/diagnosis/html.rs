//! The report as one HTML file, for people who were not there: complete in itself, without scripts.
//!
//! It reads well on paper and in the dark, and aloud: the picture has its words, colours repeat what words say.

use super::phrase::{self, say};
use super::remedy::{self, Remedy};
use super::said::said;
use super::{Setting, picture};
use crate::finding::FindingPage;
use crate::html::escaped;
use crate::markup::{self, Block, Span};
use crate::terminal::Style;
use crate::{Arg, Lang, words};
use minijinja::{Environment, Value, context as values};
use torwart_cause::finding::{
    CheckState, Diagnosis, Finding, Hop, Outcome, Proof, Severity, Station, StationState,
};

/// The whole page.
pub(super) fn page(diagnosis: &Diagnosis, lang: Lang, setting: Setting<'_>) -> String {
    let mut environment = Environment::new();
    let rendered = environment
        .add_template("report.html", LAYOUT)
        .and_then(|()| environment.get_template("report.html")?.render(context(diagnosis, lang, setting)));
    rendered.unwrap_or_else(|error| error.to_string())
}

fn context(diagnosis: &Diagnosis, lang: Lang, setting: Setting<'_>) -> Value {
    let verdict = diagnosis.verdict();
    let labels = LABELS.map(|key| (key.replace('-', "_"), say(lang, key)));
    let labels: std::collections::BTreeMap<String, String> = labels.into_iter().collect();
    let summary = verdict.map_or_else(
        || {
            let key = if diagnosis.outcome == Outcome::Healthy {
                "doctor-healthy-more"
            } else {
                "doctor-unclear-more"
            };
            say(lang, key)
        },
        |finding| phrase::summary(finding, lang),
    );
    values! {
        lang => lang.tag(), style => STYLE.trim_end(), labels => labels,
        tone => tone(diagnosis),
        title => phrase::headline(diagnosis, lang),
        summary => inline(&summary),
        url => &diagnosis.url, seen_from => &diagnosis.seen_from, others => &diagnosis.others,
        at => setting.at, at_told => phrase::time(setting.at), version => setting.version,
        stations => stations(diagnosis, lang),
        picture => picture_in_words(diagnosis, lang),
        verdict => verdict.map(|finding| entry(finding, diagnosis, lang)),
        also => diagnosis.also_seen().iter().map(|one| entry(one, diagnosis, lang)).collect::<Vec<_>>(),
        notes => diagnosis.notes.iter().map(|note| said(note, lang)).collect::<Vec<_>>(),
        late => phrase::late(diagnosis, lang).as_deref().map(inline),
        missing => diagnosis.not_checked.iter().map(|one| {
            values! { why => inline(&said(&one.why, lang)), command => &one.command }
        }).collect::<Vec<_>>(),
        checks => diagnosis.checks.iter().filter(|one| one.state != CheckState::NotApplicable).map(|one| {
            values! {
                name => &one.name, state => one.state.id(),
                told => say(lang, &format!("doctor-check-{}", one.state.id().replace('_', "-"))),
                said => one.said.as_ref().map(|fact| said(fact, lang)),
            }
        }).collect::<Vec<_>>(),
        effort => phrase::effort(diagnosis, lang, Style::PLAIN),
        contacts => phrase::contacts(diagnosis, lang),
    }
}

fn entry(finding: &Finding, diagnosis: &Diagnosis, lang: Lang) -> Value {
    let page = FindingPage::of(finding.kind, lang);
    let remedies = remedy::remedies(finding, diagnosis, lang);
    let because_of = diagnosis.because_of(finding).map(|root| {
        let args = [("title", Arg::Text(FindingPage::of(root, lang).title))];
        words::say(lang, "doctor-because-of", &args)
    });
    values! {
        id => finding.kind.id, title => phrase::title(finding, lang), summary => inline(&phrase::summary(finding, lang)),
        severity => finding.severity.id(), severity_told => phrase::severity(finding.severity, lang),
        station => phrase::hop(finding.place.hop, lang), place => phrase::place(&finding.place),
        actor => phrase::actor(finding, lang), confidence => phrase::confidence(finding, lang),
        seen_from => &finding.seen_from, because_of => because_of,
        wrong => html(page.what_is_wrong),
        evidence => finding.evidence.iter().map(|one| proof(one, lang)).collect::<Vec<_>>(),
        remedies => remedies.iter().map(change).collect::<Vec<_>>(),
    }
}

fn proof(proof: &Proof, lang: Lang) -> Value {
    values! { fact => inline(&said(&proof.said, lang)), repeat => &proof.repeat }
}

fn change(remedy: &Remedy) -> Value {
    values! {
        product => &remedy.product,
        file => remedy.file.as_ref().map(|(path, line)| phrase::file(path, *line)),
        before => lines(remedy.before.as_ref()), after => lines(remedy.after.as_ref()),
        text => remedy.text.as_deref().map(html),
    }
}

fn lines(text: Option<&String>) -> Vec<String> {
    text.into_iter().flat_map(|text| text.lines()).map(str::to_owned).collect()
}

/// The stations for the drawing: where they stand, and how the link to each is.
fn stations(diagnosis: &Diagnosis, lang: Lang) -> Vec<Value> {
    let nodes = diagnosis.hops.iter().filter(|station| station.hop != Hop::Path).enumerate();
    nodes
        .map(|(index, station)| {
            let x = 80 + 160 * index;
            values! {
                x => x, link_from => x.saturating_sub(126), link_to => x.saturating_sub(34),
                link_mid => x.saturating_sub(80), is_first => index == 0,
                state => station.state.id(), link => picture::link_to(station, diagnosis).id(),
                label => phrase::hop(station.hop, lang),
                name => station.name.as_deref().map(shortened),
                sign => sign(station),
            }
        })
        .collect()
}

/// What the mark on a station shows.
const fn sign(station: &Station) -> &'static str {
    match station.state {
        StationState::Well => "m-5 0 4 4 7-8",
        StationState::Doubtful => "M0-6v7M0 6v.01",
        StationState::Broken => "m-5-5 10 10M5-5-5 5",
        StationState::Unknown => "M-3.5-3.5a3.5 3.5 0 1 1 3.5 4.5v2M0 6.5v.01",
    }
}

/// "You: well. Name: well. Gateway: the chain breaks here."
fn picture_in_words(diagnosis: &Diagnosis, lang: Lang) -> String {
    let told = |station: &Station| {
        let state = say(lang, &format!("doctor-state-{}", station.state.id()));
        format!("{}: {state}.", phrase::hop(station.hop, lang))
    };
    diagnosis.hops.iter().map(told).collect::<Vec<_>>().join(" ")
}

fn tone(diagnosis: &Diagnosis) -> &'static str {
    match (diagnosis.outcome, diagnosis.verdict().map(|finding| finding.severity)) {
        (Outcome::Healthy, _) => "good",
        (Outcome::Faulty, Some(Severity::Critical)) => "bad",
        _ => "doubtful",
    }
}

fn shortened(name: &str) -> String {
    let mut kept: String = name.chars().take(SHOWN).collect();
    if kept.len() < name.len() {
        kept.push('…');
    }
    kept
}

/// Our Markdown as HTML.
fn html(text: &str) -> Value {
    let mut html = String::new();
    let mut is_list = false;
    for block in markup::blocks(text) {
        let is_item = matches!(block, Block::Item(..));
        match (is_list, is_item) {
            (false, true) => html.push_str("<ul>"),
            (true, false) => html.push_str("</ul>"),
            _ => {}
        }
        is_list = is_item;
        match block {
            Block::Paragraph(text) => html.push_str(&format!("<p>{}</p>", marked_up(&text))),
            Block::Item(_, text) => html.push_str(&format!("<li>{}</li>", marked_up(&text))),
            Block::Code(code) => html.push_str(&format!("<pre><code>{}</code></pre>", escaped(&code))),
        }
    }
    if is_list {
        html.push_str("</ul>");
    }
    Value::from_safe_string(html)
}

/// One line of our Markdown as HTML.
fn inline(text: &str) -> Value {
    Value::from_safe_string(marked_up(text))
}

fn marked_up(text: &str) -> String {
    let span = |span: Span<'_>| match span {
        Span::Plain(text) => escaped(text),
        Span::Code(code) => format!("<code>{}</code>", escaped(code)),
        Span::Bold(text) => format!("<strong>{}</strong>", escaped(text)),
        Span::Link(text, to) if to.starts_with("https://") => {
            format!("<a href=\"{}\" rel=\"noreferrer\">{}</a>", escaped(to), escaped(text))
        }
        Span::Link(text, _) => escaped(text),
    };
    markup::spans(text).into_iter().map(span).collect()
}

const LAYOUT: &str = include_str!("../../layout/diagnosis.html");
const STYLE: &str = include_str!("../../layout/diagnosis.css");
/// More letters of a name than these touch the next station.
const SHOWN: usize = 20;

const LABELS: [&str; 14] = [
    "doctor-asked",
    "doctor-seen-from",
    "doctor-note",
    "doctor-station",
    "doctor-place",
    "label-actor",
    "doctor-confidence",
    "label-what-is-wrong",
    "label-how-we-know",
    "label-what-to-do",
    "doctor-also-seen",
    "doctor-not-checked",
    "doctor-checks",
    "doctor-report",
];
