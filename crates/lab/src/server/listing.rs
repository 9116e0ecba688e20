//! The list of all faults, as a page, as text or as JSON, in English or German.

use super::Target;
use crate::reception::Request;
use std::fmt::Write;

/// Media type and content of the list for this request.
pub(super) fn page(request: &Request, targets: &[Target]) -> (&'static str, String) {
    let is_german = request.field("accept-language").any(prefers_german);
    let accepts = |wanted: &str| request.field("accept").any(|value| value.contains(wanted));
    if accepts("text/html") {
        return ("text/html; charset=utf-8", html(targets, is_german));
    }
    if accepts("application/json") {
        return ("application/json", json(targets));
    }
    ("text/plain; charset=utf-8", text(targets, is_german))
}

/// The list as text, one fault a line, for terminals.
fn text(targets: &[Target], is_german: bool) -> String {
    let mut page = String::new();
    let width = targets.iter().map(|target| target.fault.name.len()).max().unwrap_or_default();
    let mut family = None;
    for Target { fault, url } in targets {
        if family.replace(fault.family) != Some(fault.family) {
            // Writing to a string cannot fail.
            let _ = writeln!(page, "\n[{}]", fault.family.id());
        }
        let said = if is_german { &fault.de } else { &fault.en };
        let _ = writeln!(page, "  {:width$}  {said}\n  {:width$}  {url}", fault.name, "");
    }
    page
}

fn html(targets: &[Target], is_german: bool) -> String {
    let mut rows = String::new();
    for Target { fault, url } in targets {
        let said = if is_german { &fault.de } else { &fault.en };
        let expected = &fault.expected;
        let cause = expected.cause.map_or("–", torwart_cause::Cause::id);
        // Names and texts are the catalogue's own; only the texts can hold what HTML would take for markup.
        let _ = write!(
            rows,
            "<tr><td>{}<td><a href=\"{url}\">{}</a><td>{}<td>{}<td><code>{cause}</code>",
            fault.family.id(),
            fault.name,
            said.replace('&', "&amp;").replace('<', "&lt;"),
            expected.status,
        );
    }
    let template = if is_german { PAGE_DE } else { PAGE_EN };
    template.replace("{{rows}}", &rows)
}

fn json(targets: &[Target]) -> String {
    let faults: Vec<_> = targets
        .iter()
        .map(|Target { fault, url }| {
            serde_json::json!({
                "name": fault.name,
                "family": fault.family.id(),
                "url": url,
                "en": fault.en,
                "de": fault.de,
                "status": fault.expected.status,
                "cause": fault.expected.cause.map(torwart_cause::Cause::id),
                "complete": fault.expected.is_complete,
            })
        })
        .collect();
    serde_json::json!({ "schema": 1, "faults": faults }).to_string()
}

/// Whether German comes before English in an `Accept-Language` value.
pub(crate) fn prefers_german(value: &str) -> bool {
    let value = value.to_ascii_lowercase();
    match (value.find("de"), value.find("en")) {
        (Some(german), Some(english)) => german < english,
        (german, _) => german.is_some(),
    }
}

const PAGE_EN: &str = include_str!("../../text/en/faults.html");
const PAGE_DE: &str = include_str!("../../text/de/faults.html");
