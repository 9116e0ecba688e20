//! The texts that are picked up by their file names (see `build.rs`): pages about findings, sentences of the doctor.

use crate::Lang;

include!(concat!(env!("OUT_DIR"), "/gathered.rs"));

/// The page about the finding with this id.
pub(crate) fn finding_page(id: &str, lang: Lang) -> Option<&'static str> {
    let pages = finding_pages(lang);
    let at = pages.binary_search_by_key(&id, |(stem, _)| stem).ok()?;
    pages.get(at).map(|(_, text)| *text)
}

/// All pages about findings, by id.
pub(crate) fn finding_pages(lang: Lang) -> &'static [(&'static str, &'static str)] {
    match lang {
        Lang::En => FINDINGS_EN,
        Lang::De => FINDINGS_DE,
    }
}

/// The doctor's sentences, a file for each area.
pub(crate) fn doctor_sentences(lang: Lang) -> &'static [(&'static str, &'static str)] {
    match lang {
        Lang::En => DOCTOR_EN,
        Lang::De => DOCTOR_DE,
    }
}
