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

/// All findings on one Markdown page: a table by area, then every page under its anchor.
pub fn finding_page(lang: Lang) -> String {
    let say = |key| words::say(lang, key, &[]);
    let here = |kind: &FindingKind| format!("#{}", kind.id);
    let table = explain::finding_table(lang, &here);
    let mut text = format!("# {}\n\n{}\n\n{table}", say("findings-title"), say("findings-intro"));
    for kind in explain::by_area() {
        text.push_str(&format!("\n<a id=\"{}\"></a>\n\n", kind.id));
        text.push_str(&explain::finding_markdown(kind, lang, "##", None, &here));
    }
    text
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
            let page = finding_page(lang);
            for kind in FindingKind::all() {
                assert_eq!(page.matches(&format!("<a id=\"{}\">", kind.id)).count(), 1, "{lang} {}", kind.id);
            }
        }
    }
}
