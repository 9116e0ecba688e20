//! The words and values of one answer, shared by all its forms and by custom templates.

use super::Answer;
use crate::{sentence, sentence_at, words};

/// What an answer says, in words, before it takes a form.
pub(super) struct Words {
    pub(super) title: String,
    pub(super) message: String,
    pub(super) advice: String,
}

impl Words {
    /// What a visitor reads for this status; nothing here depends on the cause.
    pub(super) fn of(answer: &Answer<'_>) -> Self {
        let id = match answer.waits {
            Some(_) => "visitor-waiting".to_owned(),
            None => format!("visitor-{}", answer.status),
        };
        let general = if answer.status < 500 { "visitor-4xx" } else { "visitor-5xx" };
        let id = if words::has(answer.lang, &id) { id.as_str() } else { general };
        Self {
            title: words::say(answer.lang, id, &[]),
            message: words::attribute(answer.lang, id, "message", &[]),
            advice: words::attribute(answer.lang, id, "advice", &[]),
        }
    }
}

/// The visitor's place before a waiting room, as a sentence.
pub(super) fn place(answer: &Answer<'_>) -> Option<String> {
    let waits = answer.waits?;
    let position = u32::try_from(waits.position).unwrap_or(u32::MAX);
    let time = if waits.estimate < 120 {
        words::say(answer.lang, "visitor-place-soon", &[])
    } else {
        let minutes = words::Arg::Number(waits.estimate.div_ceil(60));
        words::say(answer.lang, "visitor-place-minutes", &[("count", minutes)])
    };
    let place = words::say(answer.lang, "visitor-place", &[("count", words::Arg::Number(position))]);
    Some(format!("{place} {time}"))
}

/// The answer's time in UTC: for people, and for `datetime` attributes.
pub(super) fn time(answer: &Answer<'_>) -> (String, String) {
    let Ok(stamp) = jiff::Timestamp::try_from(answer.time) else { return Default::default() };
    (stamp.strftime("%Y-%m-%d %H:%M:%S UTC").to_string(), stamp.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
}

/// The link for help, if it is one that may stand in a page.
pub(super) fn support<'a>(answer: &Answer<'a>) -> Option<&'a str> {
    link(answer.support, &["https", "http", "mailto", "tel"])
}

/// The link to the status page, if it is one that may stand in a page.
pub(super) fn status_page<'a>(answer: &Answer<'a>) -> Option<&'a str> {
    link(answer.status_page, &["https", "http"])
}

/// Only schemes that cannot run anything, and nothing that could end a line or an attribute.
fn link<'a>(text: Option<&'a str>, schemes: &[&str]) -> Option<&'a str> {
    let text = text?.trim();
    let (scheme, rest) = text.split_once(':')?;
    let is_allowed = schemes.iter().any(|allowed| allowed.eq_ignore_ascii_case(scheme));
    let is_clean = !rest.is_empty() && !text.chars().any(|c| c.is_control() || c.is_whitespace());
    (is_allowed && is_clean).then_some(text)
}

/// Text without what could break a line, a terminal or a page.
pub(super) fn clean(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).collect()
}

/// What trusted viewers see, as label and value; empty for strangers.
pub(super) fn details(answer: &Answer<'_>) -> Vec<(String, String)> {
    let Some(details) = &answer.details else { return Vec::new() };
    let lang = answer.lang;
    let rows = [
        ("label-cause", Some(answer.cause.id().to_owned())),
        ("label-stage", Some(sentence::stage(details.stage, lang))),
        ("label-ending", details.ending.map(|ending| sentence_at(details.stage, &ending, lang))),
        ("label-upstream", details.upstream.map(clean)),
        ("label-address", details.address.map(|address| clean(&address.to_string()))),
        ("label-attempts", Some(details.attempts.to_string())),
    ];
    rows.into_iter().filter_map(|(key, value)| Some((words::say(lang, key, &[]), value?))).collect()
}
