//! The page about a finding: one Markdown file per finding and language, with fixed headings.
//!
//! What to do comes in two parts: what holds for everybody, and a section for each product that has a key for it.

use crate::{Lang, gathered, words};
use torwart_cause::finding::FindingKind;

/// The parts of a page, in Markdown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FindingPage {
    /// The heading.
    pub title: &'static str,
    /// One sentence on what it is.
    pub summary: &'static str,
    /// What is wrong.
    pub what_is_wrong: &'static str,
    /// How we know, and how to see it.
    pub how_we_know: &'static str,
    /// What to do, whatever the product.
    pub what_to_do: &'static str,
    /// What to do, by product.
    pub products: Vec<(&'static str, &'static str)>,
    /// Related findings.
    pub see_also: Vec<&'static FindingKind>,
}

impl FindingPage {
    /// The page about a finding. A finding without a page shows its id, which no release does.
    pub fn of(kind: &FindingKind, lang: Lang) -> Self {
        Self::parsed(gathered::finding_page(kind.id, lang).unwrap_or_default(), kind.id, lang)
    }

    fn parsed(text: &'static str, id: &'static str, lang: Lang) -> Self {
        let [wrong, know, todo, see] = headings(lang);
        let (title, rest) = text.trim_start_matches("# ").split_once('\n').unwrap_or((text, ""));
        let (summary, rest) = cut(rest, &wrong);
        let (what_is_wrong, rest) = cut(rest, &know);
        let (how_we_know, rest) = cut(rest, &todo);
        let (todo, links) = cut(rest, &see);
        let (what_to_do, products) = by_product(todo);
        Self {
            title: if title.is_empty() { id } else { title.trim() },
            summary,
            what_is_wrong,
            how_we_know,
            what_to_do,
            products,
            see_also: linked(links).collect(),
        }
    }

    /// The section of a product; case, blanks and dashes do not matter.
    pub fn product(&self, name: &str) -> Option<(&'static str, &'static str)> {
        self.products.iter().copied().find(|(product, _)| is_same_product(product, name))
    }
}

/// Whether two spellings mean one product: `php-fpm` and `PHP FPM`, `k8s` and `Kubernetes ingress`.
pub(crate) fn is_same_product(one: &str, other: &str) -> bool {
    let bare = |name: &str| -> String {
        name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase()
    };
    let bare = |name: &str| match bare(name).as_str() {
        "httpd" | "apache2" | "apachehttpd" => "apache".to_owned(),
        "node" => "nodejs".to_owned(),
        "alb" | "aws" | "elb" => "awsalb".to_owned(),
        "k8s" | "kubernetes" | "ingress" | "ingressnginx" => "kubernetesingress".to_owned(),
        "fpm" | "php" => "phpfpm".to_owned(),
        other => other.to_owned(),
    };
    bare(one) == bare(other)
}

/// The second-level headings of a page, in order; the last one may be missing.
pub(crate) fn headings(lang: Lang) -> [String; 4] {
    ["label-what-is-wrong", "label-how-we-know", "label-what-to-do", "label-see-also"]
        .map(|key| format!("## {}", words::say(lang, key, &[])))
}

fn cut(text: &'static str, heading: &str) -> (&'static str, &'static str) {
    let (before, after) = text.split_once(heading).unwrap_or((text, ""));
    (before.trim(), after)
}

/// What stands before the first third-level heading, and the sections behind it.
fn by_product(text: &'static str) -> (&'static str, Vec<(&'static str, &'static str)>) {
    let mut parts = split_at_headings(text).into_iter();
    let general = parts.next().unwrap_or_default().trim();
    let sections = parts.filter_map(|part| {
        let (name, section) = part.trim_start_matches("### ").split_once('\n')?;
        Some((name.trim(), section.trim()))
    });
    (general, sections.collect())
}

/// Cuts before every line that starts a third-level heading and is not code.
fn split_at_headings(text: &'static str) -> Vec<&'static str> {
    let mut parts = Vec::new();
    let (mut rest, mut at, mut is_code) = (text, 0, false);
    for line in text.split_inclusive('\n') {
        is_code ^= line.trim_start().starts_with("```");
        if !is_code && line.starts_with("### ") {
            let (before, after) = rest.split_at(at);
            parts.push(before);
            (rest, at) = (after, 0);
        }
        at += line.len();
    }
    parts.push(rest);
    parts
}

/// The findings linked as `(id.md)`.
fn linked(text: &'static str) -> impl Iterator<Item = &'static FindingKind> {
    text.split("](").skip(1).filter_map(|rest| FindingKind::from_id(rest.split_once(".md)")?.0))
}

#[cfg(test)]
mod tests;
