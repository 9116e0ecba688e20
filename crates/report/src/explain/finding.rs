//! Explaining a finding: its page, with the section for one product first where one is asked for.

use super::{Format, SCHEMA, distance, json};
use crate::diagnosis::blocks;
use crate::finding::{FindingPage, is_same_product};
use crate::terminal::{Style, Tone};
use crate::{Lang, sentence, words};
use serde::Serialize;
use torwart_cause::finding::{FindingKind, Role};

/// Explains one finding. With a product, only the advice for that one is shown, where there is any.
pub fn explain_finding(
    kind: &'static FindingKind,
    lang: Lang,
    format: Format,
    product: Option<&str>,
) -> String {
    match format {
        Format::Text(style) => text(kind, lang, style, product),
        Format::Json => json(&Explanation { schema: SCHEMA, finding: Entry::of(kind, lang, product) }),
        Format::Markdown => markdown(kind, lang, "#", product, &|other| format!("{}.md", other.id)),
    }
}

/// An overview of all findings, by area.
pub fn explain_findings(lang: Lang, format: Format) -> String {
    match format {
        Format::Text(style) => overview(lang, style),
        Format::Json => {
            let findings = FindingKind::all().map(|kind| Entry::of(kind, lang, None)).collect();
            json(&Overview { schema: SCHEMA, findings })
        }
        Format::Markdown => table(lang, &|kind| format!("{}.md", kind.id)),
    }
}

/// The findings whose ids are nearest to what was typed, best first, at most three.
pub fn nearest_findings(id: &str) -> Vec<&'static FindingKind> {
    let typed: String = id.trim().to_lowercase().replace([' ', '-'], "_").chars().take(LONGEST_ID).collect();
    let mut ranked: Vec<(usize, &'static FindingKind)> = FindingKind::all()
        .filter_map(|kind| {
            let what = kind.id.split_once('.').map_or(kind.id, |(_, what)| what);
            let steps = distance(&typed, kind.id).min(distance(&typed, what));
            let is_part = typed.len() > 2 && kind.id.contains(&typed);
            let is_like = steps * 3 <= what.len().max(typed.len());
            (is_part || is_like).then_some((if is_part { 0 } else { steps }, kind))
        })
        .collect();
    ranked.sort_by_key(|(steps, kind)| (*steps, kind.id));
    ranked.into_iter().take(3).map(|(_, kind)| kind).collect()
}

/// The page with its facts, below headings of this level; `link` says where another finding is found.
pub(crate) fn markdown(
    kind: &'static FindingKind,
    lang: Lang,
    level: &str,
    product: Option<&str>,
    link: &dyn Fn(&FindingKind) -> String,
) -> String {
    let page = FindingPage::of(kind, lang);
    let say = |key| words::say(lang, key, &[]);
    let mut text = format!("{level} {}\n\n`{}`\n\n{}\n\n", page.title, kind.id, page.summary);
    for (key, value) in facts(kind, lang) {
        text.push_str(&format!("- {}: {value}\n", say(key)));
    }
    let parts = [("label-what-is-wrong", page.what_is_wrong), ("label-how-we-know", page.how_we_know)];
    for (key, part) in parts {
        text.push_str(&format!("\n{level}# {}\n\n{part}\n", say(key)));
    }
    text.push_str(&format!("\n{level}# {}\n", say("label-what-to-do")));
    if !page.what_to_do.is_empty() {
        text.push_str(&format!("\n{}\n", page.what_to_do));
    }
    for (name, section) in chosen(&page, product) {
        text.push_str(&format!("\n{level}## {name}\n\n{section}\n"));
    }
    let links: Vec<String> = page
        .see_also
        .iter()
        .map(|other| format!("[{}]({})", FindingPage::of(other, lang).title, link(other)))
        .collect();
    if !links.is_empty() {
        text.push_str(&format!("\n{level}# {}\n\n{}\n", say("label-see-also"), links.join(" · ")));
    }
    text
}

/// All findings as a Markdown table, by area.
pub(crate) fn table(lang: Lang, link: &dyn Fn(&FindingKind) -> String) -> String {
    let say = |key: &str| words::say(lang, key, &[]);
    let heads = ["label-finding", "label-severity", "label-actor"].map(say);
    let mut text = format!("| {} |\n| --- | --- | --- |\n", heads.join(" | "));
    for kind in by_area() {
        text.push_str(&format!(
            "| [`{}`]({}): {} | {} | {} |\n",
            kind.id,
            link(kind),
            FindingPage::of(kind, lang).title,
            say(&format!("doctor-severity-{}", kind.severity.id())),
            sentence::actor(kind.who, lang),
        ));
    }
    text
}

/// All kinds, those of one area together.
pub(crate) fn by_area() -> Vec<&'static FindingKind> {
    let mut areas: Vec<&str> = Vec::new();
    for kind in FindingKind::all() {
        if !areas.contains(&area(kind)) {
            areas.push(area(kind));
        }
    }
    let of = |wanted: &'static str| FindingKind::all().filter(move |kind| area(kind) == wanted);
    areas.into_iter().flat_map(of).collect()
}

fn area(kind: &FindingKind) -> &'static str {
    kind.id.split('.').next().unwrap_or(kind.id)
}

/// The sections to show: that of the product, or all.
fn chosen(page: &FindingPage, product: Option<&str>) -> Vec<(&'static str, &'static str)> {
    let wanted = product.and_then(|name| page.product(name));
    wanted.map_or_else(|| page.products.clone(), |section| vec![section])
}

fn text(kind: &'static FindingKind, lang: Lang, style: Style, product: Option<&str>) -> String {
    let page = FindingPage::of(kind, lang);
    let say = |key: &str| style.text(&words::say(lang, key, &[]));
    let strong = |text: &str| style.paint(Tone::Strong, &style.text(text));
    let mut text = format!("{}  {}\n", strong(page.title), style.paint(Tone::Code, kind.id));
    text.push_str(&style.wrapped("", 0, page.summary));
    text.push('\n');
    let facts = facts(kind, lang);
    let widest = facts.iter().map(|(key, _)| say(key).chars().count()).max().unwrap_or(0);
    for (key, value) in facts {
        let label = style.paint(Tone::Faint, &format!("{:widest$}", say(key)));
        let value = style.wrapped(&" ".repeat(widest + 4), widest + 4, &value);
        text.push_str(&format!("  {label}  {}", value.trim_start()));
    }
    let parts = [("label-what-is-wrong", page.what_is_wrong), ("label-how-we-know", page.how_we_know)];
    for (key, part) in parts {
        text.push_str(&format!("\n{}\n{}", strong(&say(key)), blocks(part, 2, style)));
    }
    text.push_str(&format!("\n{}\n{}", strong(&say("label-what-to-do")), blocks(page.what_to_do, 2, style)));
    for (name, section) in chosen(&page, product) {
        text.push_str(&format!("\n  {}\n{}", strong(name), blocks(section, 4, style)));
    }
    let others: Vec<&str> = page.see_also.iter().map(|other| other.id).collect();
    if !others.is_empty() {
        text.push_str(&format!("\n{}\n", strong(&say("label-see-also"))));
        text.push_str(&style.wrapped("  ", 2, &others.join(", ")));
    }
    text
}

fn overview(lang: Lang, style: Style) -> String {
    let say = |key: &str| words::say(lang, key, &[]);
    let mut text = format!("{}\n", style.paint(Tone::Strong, &style.text(&say("findings-overview-title"))));
    let widest = FindingKind::all().map(|kind| kind.id.len()).max().unwrap_or(0);
    let mut last = "";
    for kind in by_area() {
        if area(kind) != last {
            last = area(kind);
            text.push_str(&format!("\n{}\n", style.paint(Tone::Strong, last)));
        }
        let lead = format!("  {:widest$}  ", kind.id);
        text.push_str(&style.wrapped(&lead, widest + 4, FindingPage::of(kind, lang).title));
    }
    text + "\n" + &style.wrapped("", 0, &say("findings-overview-hint"))
}

/// What the table of findings says, as label key and value.
fn facts(kind: &FindingKind, lang: Lang) -> [(&'static str, String); 4] {
    let say = |key: &str| words::say(lang, key, &[]);
    let role = match kind.role {
        Role::Root => "finding-role-root",
        Role::Symptom => "finding-role-symptom",
    };
    let causes: Vec<String> = kind.explains.iter().map(|cause| format!("`{}`", cause.id())).collect();
    let causes = if causes.is_empty() { "–".to_owned() } else { causes.join(", ") };
    [
        ("label-severity", say(&format!("finding-severity-{}", kind.severity.id()))),
        ("label-actor", sentence::actor(kind.who, lang)),
        ("label-role", say(role)),
        ("label-causes", causes),
    ]
}

#[derive(Serialize)]
struct Explanation {
    schema: &'static str,
    #[serde(flatten)]
    finding: Entry,
}

#[derive(Serialize)]
struct Overview {
    schema: &'static str,
    findings: Vec<Entry>,
}

#[derive(Serialize)]
struct Entry {
    id: &'static str,
    lang: &'static str,
    title: &'static str,
    summary: &'static str,
    severity: &'static str,
    who: &'static str,
    role: &'static str,
    causes: Vec<&'static str>,
    sections: Sections,
    products: Vec<Product>,
    see_also: Vec<&'static str>,
}

#[derive(Serialize)]
struct Sections {
    what_is_wrong: &'static str,
    how_we_know: &'static str,
    what_to_do: &'static str,
}

#[derive(Serialize)]
struct Product {
    product: &'static str,
    what_to_do: &'static str,
}

impl Entry {
    fn of(kind: &'static FindingKind, lang: Lang, product: Option<&str>) -> Self {
        let page = FindingPage::of(kind, lang);
        let products = chosen(&page, product);
        Self {
            id: kind.id,
            lang: lang.tag(),
            title: page.title,
            summary: page.summary,
            severity: kind.severity.id(),
            who: kind.who.id(),
            role: match kind.role {
                Role::Root => "root",
                Role::Symptom => "symptom",
            },
            causes: kind.explains.iter().map(|cause| cause.id()).collect(),
            sections: Sections {
                what_is_wrong: page.what_is_wrong,
                how_we_know: page.how_we_know,
                what_to_do: page.what_to_do,
            },
            products: products
                .into_iter()
                .map(|(product, what_to_do)| Product { product, what_to_do })
                .collect(),
            see_also: page.see_also.iter().map(|other| other.id).collect(),
        }
    }
}

/// Whether some page has a section for a product of this name.
pub fn is_known_product(name: &str) -> bool {
    let has = |kind: &FindingKind| {
        FindingPage::of(kind, Lang::En).products.iter().any(|(known, _)| is_same_product(known, name))
    };
    FindingKind::all().any(has)
}

/// More than any id has; the rest of what was typed does not matter.
const LONGEST_ID: usize = 64;
