//! The answer as a few lines of plain text, for terminals and probes.

use super::{Answer, context};
use crate::{sentence, sentence_at, words};

pub(super) fn lines(answer: &Answer<'_>) -> String {
    let words = context::Words::of(answer);
    let lang = answer.lang;
    let mut lines = vec![
        format!("{} {}", answer.status, words.title),
        String::new(),
        words.message,
        words.advice,
        String::new(),
    ];
    let mut pair = |label: &str, value: &str| {
        let value: String = value.chars().filter(|c| !c.is_control()).collect();
        lines.push(format!("{}: {value}", words::say(lang, label, &[])));
    };
    pair("label-request-id", answer.request_id);
    pair("label-time", &context::time(answer).0);
    if let Some(seconds) = answer.retry_after {
        pair("label-retry-after", &format!("{seconds} s"));
    }
    if let Some(link) = context::link(answer.support, context::SUPPORT) {
        pair("label-support", link);
    }
    if let Some(link) = context::link(answer.status_page, context::STATUS_PAGE) {
        pair("label-status-page", link);
    }
    if let Some(details) = &answer.details {
        pair("label-cause", answer.cause.id());
        pair("label-stage", &sentence::stage(details.stage, lang));
        if let Some(ending) = details.ending {
            pair("label-ending", &sentence_at(details.stage, &ending, lang));
        }
        if let Some(upstream) = details.upstream {
            pair("label-upstream", upstream);
        }
        if let Some(address) = details.address {
            pair("label-address", &address.to_string());
        }
        pair("label-attempts", &details.attempts.to_string());
    }
    lines.push(String::new());
    lines.join("\n")
}
