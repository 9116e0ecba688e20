//! The words and values of one answer, shared by all its forms and by custom templates.

use super::Answer;
use crate::words;

/// What an answer says, in words, before it takes a form.
pub(super) struct Words {
    pub(super) title: String,
    pub(super) message: String,
    pub(super) advice: String,
}

impl Words {
    /// What a visitor reads for this status; nothing here depends on the cause.
    pub(super) fn of(answer: &Answer<'_>) -> Self {
        let id = format!("visitor-{}", answer.status);
        let general = if answer.status < 500 { "visitor-4xx" } else { "visitor-5xx" };
        let id = if words::has(answer.lang, &id) { id.as_str() } else { general };
        Self {
            title: words::say(answer.lang, id, &[]),
            message: words::attribute(answer.lang, id, "message", &[]),
            advice: words::attribute(answer.lang, id, "advice", &[]),
        }
    }
}

/// The answer's time in UTC, for people and for `datetime` attributes.
pub(super) fn time(answer: &Answer<'_>) -> (String, String) {
    let Ok(stamp) = jiff::Timestamp::try_from(answer.time) else { return Default::default() };
    (stamp.strftime("%Y-%m-%d %H:%M:%S UTC").to_string(), stamp.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
}

/// A link that may stand in a page: only schemes that cannot run anything.
pub(super) fn link<'a>(text: Option<&'a str>, schemes: &[&str]) -> Option<&'a str> {
    let text = text?.trim();
    let (scheme, rest) = text.split_once(':')?;
    let is_allowed = schemes.iter().any(|allowed| allowed.eq_ignore_ascii_case(scheme));
    let is_clean = !rest.is_empty() && !text.chars().any(|c| c.is_control() || c.is_whitespace());
    (is_allowed && is_clean).then_some(text)
}

/// Schemes for `support`.
pub(super) const SUPPORT: &[&str] = &["https", "http", "mailto", "tel"];
/// Schemes for `status_page`.
pub(super) const STATUS_PAGE: &[&str] = &["https", "http"];
