//! The built-in page for browsers.

use super::{Answer, context};

/// The `Content-Security-Policy` that goes with the built-in page.
pub fn content_security_policy() -> &'static str {
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
}

pub(super) fn page(answer: &Answer<'_>) -> String {
    let words = context::Words::of(answer);
    format!(
        "<!doctype html><html lang=\"{}\"><title>{}</title><h1>{}</h1></html>",
        answer.lang, words.title, words.title
    )
}
