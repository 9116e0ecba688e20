//! The built-in page for browsers.
//!
//! Accessible, complete in itself, and useful without scripts. Layout and words depend only on status, language and
//! whether the request may be repeated, so each of these pages is laid out once and kept as [`Pieces`]; an answer
//! only fills in its own values. The policy admits exactly our style and our script, by hash, and nothing else.

mod pieces;

use super::{Answer, context};
use crate::html::escaped;
use crate::{Lang, words};
use minijinja::{Environment, context as values};
use pieces::{Pieces, Slot};
use std::fmt::Write;
use std::sync::OnceLock;

/// The `Content-Security-Policy` that goes with the built-in page.
pub fn content_security_policy() -> &'static str {
    concat!(
        "default-src 'none'; script-src 'sha256-",
        "nP/AS1Bji6n6o2oPeRJFcitS2UzioLcG6QhN8lKN5IY=",
        "'; style-src 'sha256-",
        "641paS7CLHc1BzniNY1B1SZ0rQBz0YVcTpW1CqGFDNg=",
        "'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
}

pub(super) fn page(answer: &Answer<'_>) -> String {
    let repeat = Repeat::of(answer);
    let index = if answer.waits.is_some() {
        Some(WAITING)
    } else {
        STATUSES.iter().position(|status| *status == answer.status)
    };
    let index = index.unwrap_or(if answer.status < 500 { CLIENT_FAULT } else { SERVER_FAULT });
    let kept = PAGES
        .get(index)
        .and_then(|by_lang| by_lang.get(answer.lang as usize))
        .and_then(|by_repeat| by_repeat.get(repeat as usize));
    let Some(kept) = kept else { return String::new() };
    let pieces = kept.get_or_init(|| Pieces::of(&laid_out(answer, repeat)));
    filled(pieces, answer)
}

/// Whether and how the page offers to repeat the request.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Repeat {
    /// Repeating would not help.
    Never,
    /// The request may have changed something: the page says that it was not repeated.
    Unsafe,
    /// The visitor may press the button.
    ByHand,
    /// The page repeats it after a while, until stopped.
    ByItself,
    /// The page asks again for as long as it is open, scripts or not: its visitor stands in line.
    InLine,
}

impl Repeat {
    fn of(answer: &Answer<'_>) -> Self {
        match (answer.status, answer.is_safe_to_repeat) {
            _ if answer.waits.is_some() => {
                if answer.is_safe_to_repeat {
                    Self::InLine
                } else {
                    Self::Unsafe
                }
            }
            (408 | 425 | 429 | 502 | 503 | 504, true) => Self::ByItself,
            (500.., true) => Self::ByHand,
            (408 | 500 | 502 | 504, false) => Self::Unsafe,
            _ => Self::Never,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Never => "never",
            Self::Unsafe => "unsafe",
            Self::ByHand => "by_hand",
            Self::ByItself => "by_itself",
            Self::InLine => "in_line",
        }
    }
}

/// Where the picture shows the fault. It follows from the status alone, which everybody sees.
const fn place(status: u16) -> &'static str {
    match status {
        502 => "link",
        503 => "server",
        504 => "slow",
        500.. => "gateway",
        _ => "request",
    }
}

fn laid_out(answer: &Answer<'_>, repeat: Repeat) -> String {
    let words = context::Words::of(answer);
    let say = |key: &str| words::say(answer.lang, key, &[]);
    let place = place(answer.status);
    let mut environment = Environment::new();
    let page = environment.add_template("page.html", LAYOUT).and_then(|()| {
        environment.get_template("page.html")?.render(values! {
            lang => answer.lang.tag(), status => answer.status,
            title => words.title, message => words.message, advice => words.advice,
            style => STYLE.trim_end(), script => SCRIPT.trim_end(),
            place => place, picture => say(&format!("page-picture-{place}")),
            node_browser => say("page-node-browser"), node_gateway => say("page-node-gateway"),
            node_server => say("page-node-server"),
            repeat => repeat.name(), not_repeated => say("visitor-not-repeated"),
            retry => say("page-retry"), stop => say("page-stop"), paused => say("page-paused"),
            stopped => say("page-stopped"), waiting_before => say("page-waiting-before"),
            waiting_after => say("page-waiting-after"),
            more => say("page-more"), support => say("label-support"), status_page => say("label-status-page"),
            details => say("page-details"), quote => say("page-quote"), status_label => say("label-status"),
            begin => pieces::begins(), slot => pieces::slots(), end => pieces::END,
        })
    });
    page.unwrap_or_else(|error| error.to_string())
}

fn filled(pieces: &Pieces, answer: &Answer<'_>) -> String {
    let (time, datetime) = context::time(answer);
    let wait = answer
        .retry_after
        .map(|count| words::say(answer.lang, "visitor-wait", &[("count", words::Arg::Number(count))]));
    let wait = context::place(answer).or(wait);
    let support = context::support(answer);
    let status_page = context::status_page(answer);
    let mut details = String::new();
    for (label, value) in context::details(answer) {
        let _ = write!(details, "<dt>{}</dt><dd>{}</dd>", escaped(&label), escaped(&value));
    }
    pieces.fill(|slot| match slot {
        Slot::Site => answer.site.map(|site| escaped(&context::clean(site))),
        Slot::RequestId => Some(escaped(&context::clean(answer.request_id))),
        Slot::Time => Some(escaped(&time)),
        Slot::Datetime => Some(escaped(&datetime)),
        Slot::Wait => wait.as_deref().map(escaped),
        Slot::RetryAfter => Some(answer.retry_after.unwrap_or(0).to_string()),
        Slot::Links => (support.is_some() || status_page.is_some()).then(String::new),
        Slot::Support => support.map(escaped),
        Slot::StatusPage => status_page.map(escaped),
        Slot::Details => (!details.is_empty()).then(|| details.clone()),
    })
}

const LAYOUT: &str = include_str!("../../layout/answer.html");
const STYLE: &str = include_str!("../../layout/answer.css");
const SCRIPT: &str = include_str!("../../layout/answer.js");

/// Statuses with words of their own; the last two stand for all others.
const STATUSES: [u16; 21] =
    [400, 401, 403, 404, 408, 413, 414, 417, 421, 425, 429, 431, 500, 501, 502, 503, 504, 505, 499, 599, 0];
const CLIENT_FAULT: usize = 18;
const SERVER_FAULT: usize = 19;
/// Before a waiting room the words are others than for 503.
const WAITING: usize = 20;

/// Pages laid out so far, by status, language and repetition.
static PAGES: [[[OnceLock<Pieces>; 5]; Lang::ALL.len()]; STATUSES.len()] =
    [const { [const { [const { OnceLock::new() }; 5] }; Lang::ALL.len()] }; STATUSES.len()];
