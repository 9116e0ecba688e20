//! Every cause has its pages, every page its parts, and every link leads somewhere.

use super::*;
use std::collections::BTreeSet;
use std::path::Path;

#[test]
fn every_page_has_every_part() {
    for &cause in Cause::ALL {
        for lang in Lang::ALL {
            let text = files::text(cause, lang);
            let found: Vec<&str> = text.lines().filter(|line| line.starts_with("## ")).collect();
            assert_eq!(found, headings(lang), "{lang} {cause}");
            assert!(text.starts_with("# ") && text.ends_with('\n'), "{lang} {cause}");
            let page = Page::of(cause, lang);
            assert_eq!(page.summary.lines().count(), 1, "{lang} {cause}: the summary is one line");
            for part in [page.title, page.what_happened, page.how_to_tell, page.what_to_do] {
                assert!(!part.is_empty(), "{lang} {cause}");
            }
            assert!(!page.see_also.is_empty(), "{lang} {cause}");
            let words = text.split_whitespace().count();
            assert!((120..=265).contains(&words), "{lang} {cause}: {words} words");
        }
    }
}

#[test]
fn every_link_leads_to_another_page() {
    for &cause in Cause::ALL {
        for lang in Lang::ALL {
            let page = Page::of(cause, lang);
            let links = files::text(cause, lang).matches("](").count();
            assert_eq!(page.see_also.len(), links, "{lang} {cause}: a link leads nowhere");
            assert!(!page.see_also.contains(&cause), "{lang} {cause} links to itself");
        }
        assert_eq!(Page::of(cause, Lang::En).see_also, Page::of(cause, Lang::De).see_also, "{cause}");
    }
}

#[test]
fn titles_are_unique() {
    for lang in Lang::ALL {
        let titles: BTreeSet<&str> = Cause::ALL.iter().map(|cause| Page::of(*cause, lang).title).collect();
        assert_eq!(titles.len(), Cause::ALL.len(), "{lang}");
    }
}

#[test]
fn there_is_no_page_without_a_cause() {
    for lang in Lang::ALL {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("text").join(lang.tag());
        for entry in std::fs::read_dir(folder).expect("the texts are there") {
            let path = entry.expect("it is readable").path();
            let Some(name) = path.file_name().filter(|_| path.is_file()) else { continue };
            let id = name.to_str().and_then(|name| name.strip_suffix(".md"));
            assert!(id.and_then(Cause::from_id).is_some(), "{lang}: {name:?}");
        }
    }
}

#[test]
fn german_pages_are_german() {
    for &cause in Cause::ALL {
        // Commands are the same in every language.
        let text: String = files::text(cause, Lang::De).split('`').step_by(2).collect();
        for wrong in [" backend", " Backend", " the ", " and "] {
            assert!(!text.contains(wrong), "{cause}: {wrong}");
        }
    }
}
