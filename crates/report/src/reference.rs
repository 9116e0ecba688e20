//! The reference page of all causes, for the documentation. It is generated; nobody edits it.

use crate::{Lang, explain, words};
use torwart_cause::Cause;

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
}
