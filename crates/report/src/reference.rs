//! The reference pages of all causes and findings, for the documentation. They are generated; nobody edits them.

use crate::{Lang, explain, words};
use torwart_cause::Cause;
use torwart_cause::finding::FindingKind;

/// All causes on one Markdown page: a table by stage, then every page under its anchor.
pub fn cause_page(lang: Lang) -> String {
    let say = |key| words::say(lang, key, &[]);
    let here = |cause: Cause| format!("#{}", cause.id());
    let table = explain::table(lang, &here);
    let mut text = format!("# {}\n\n{}\n\n{table}", say("reference-title"), say("reference-intro"));
    for &cause in Cause::ALL {
        // Own anchors: those made from headings differ from one Markdown renderer to the next.
        text.push_str(&format!("\n<a id=\"{}\"></a>\n\n", cause.id()));
        text.push_str(&explain::markdown(cause, lang, "##", &here));
    }
    text
}

/// The pages of all findings: the index, and one for each area. Names are those of the files, below `docs/<lang>/`.
pub fn finding_pages(lang: Lang) -> Vec<(String, String)> {
    let say = |key| words::say(lang, key, &[]);
    let table = explain::finding_table(lang, &|kind| format!("findings/{}", place(kind)));
    let index = format!("# {}\n\n{}\n\n{table}", say("findings-title"), say("findings-intro"));
    let mut pages = vec![("findings.md".to_owned(), index)];
    for area in explain::by_area().chunk_by(|one, other| area(one) == area(other)) {
        let name = area.first().map_or("", |kind| self::area(kind));
        let mut text =
            format!("# {}: {name}\n\n[{}](../findings.md)\n", say("findings-title"), say("findings-all"));
        for kind in area {
            text.push_str(&format!("\n<a id=\"{}\"></a>\n\n", kind.id));
            text.push_str(&explain::finding_markdown(kind, lang, "##", None, &|kind| place(kind)));
        }
        pages.push((format!("findings/{name}.md"), text));
    }
    pages
}

/// Where a finding is told about: `tls.md#tls.expired`.
fn place(kind: &FindingKind) -> String {
    format!("{}.md#{}", area(kind), kind.id)
}

fn area(kind: &FindingKind) -> &'static str {
    kind.id.split('.').next().unwrap_or(kind.id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_link_has_its_anchor() {
        for lang in Lang::ALL {
            let page = cause_page(lang);
            for link in page.split("](#").skip(1).filter_map(|rest| rest.split(')').next()) {
                assert_eq!(page.matches(&format!("<a id=\"{link}\">")).count(), 1, "{lang} {link}");
            }
            assert_eq!(page.matches("<a id=").count(), Cause::ALL.len());
        }
    }

    #[test]
    fn every_finding_has_its_anchor() {
        for lang in Lang::ALL {
            let pages = finding_pages(lang);
            for kind in FindingKind::all() {
                let name = format!("findings/{}.md", area(kind));
                let page = pages.iter().find(|(file, _)| *file == name).map(|(_, text)| text.as_str());
                let anchors = page.unwrap_or_default().matches(&format!("<a id=\"{}\">", kind.id)).count();
                assert_eq!(anchors, 1, "{lang} {}", kind.id);
                assert!(pages[0].1.contains(&format!("(findings/{})", place(kind))), "{lang} {}", kind.id);
            }
        }
    }
}
