//! The answer as a few lines of plain text, for terminals and probes.

use super::{Answer, context};
use crate::{sentence, words};
use std::fmt::Write;

pub(super) fn lines(answer: &Answer<'_>) -> String {
    let words = context::Words::of(answer);
    let say = |key| words::say(answer.lang, key, &[]);
    let rows = [
        ("label-request-id", Some(context::clean(answer.request_id))),
        ("label-time", Some(context::time(answer).0)),
        ("label-retry-after", answer.retry_after.map(|count| sentence::seconds(count, answer.lang))),
        ("label-support", context::support(answer).map(str::to_owned)),
        ("label-status-page", context::status_page(answer).map(str::to_owned)),
    ];
    let rows = rows.into_iter().filter_map(|(key, value)| Some((say(key), value?)));
    let mut text = format!("{} {}\n\n{}\n{}\n\n", answer.status, words.title, words.message, words.advice);
    if let Some(place) = context::place(answer) {
        let _ = writeln!(text, "{place}\n");
    }
    for (label, value) in rows.chain(context::details(answer)) {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{label}: {value}");
    }
    text
}
