//! The answer: what is sent when the upstream's response is not passed on.
//!
//! A stranger learns what happened in plain words, that nothing is wrong on their side (or what is), what to do, and
//! an id to quote. Upstreams, causes and endings are shown only where [`Answer::details`] is given, which the caller
//! does for trusted viewers alone. Everything is escaped here; nothing a client sent is trusted.

mod accept;
mod context;
mod custom;
mod html;
mod problem;
mod text;

pub use accept::choose_format;
pub use custom::{Template, TemplateFault, VARIABLES};
pub use html::content_security_policy;

use crate::Lang;
use std::time::SystemTime;
use torwart_cause::{Address, Cause, Ending, Stage};

/// The form of an answer's body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// A page for a browser.
    Html,
    /// `application/problem+json` (RFC 9457), for programs.
    Problem,
    /// A few lines of plain text.
    Text,
    /// No body: where the client waits for an image, a font, a script or a style sheet.
    Empty,
}

/// Everything that is needed to write an answer.
#[derive(Clone, Debug)]
pub struct Answer<'a> {
    /// The status that goes out.
    pub status: u16,
    /// The cause; shown only together with `details`.
    pub cause: Cause,
    /// The speakable id by which operators find the record.
    pub request_id: &'a str,
    /// The site's name as the visitor knows it.
    pub site: Option<&'a str>,
    /// The language.
    pub lang: Lang,
    /// The form.
    pub format: Format,
    /// When the answer is written.
    pub time: SystemTime,
    /// Seconds after which trying again makes sense, as in `Retry-After`.
    pub retry_after: Option<u32>,
    /// Where a visitor gets help: an `https:`, `http:`, `mailto:` or `tel:` link. Others are not shown.
    pub support: Option<&'a str>,
    /// Where the operator publishes disturbances: an `https:` or `http:` link.
    pub status_page: Option<&'a str>,
    /// Its place before a waiting room, where it stands before one.
    pub waits: Option<Waits>,
    /// Whether the page may repeat the request: true for GET and HEAD only.
    pub is_safe_to_repeat: bool,
    /// What happened in detail, for trusted viewers only.
    pub details: Option<Details<'a>>,
}

/// A visitor's place before a waiting room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waits {
    /// How many are called before him, himself included.
    pub position: u64,
    /// In how many seconds that will be, as it goes now.
    pub estimate: u32,
}

/// What trusted viewers see in addition.
#[derive(Clone, Debug)]
pub struct Details<'a> {
    /// The stage that decided.
    pub stage: Stage,
    /// How that stage ended.
    pub ending: Option<Ending>,
    /// The upstream as the configuration names it.
    pub upstream: Option<&'a str>,
    /// The address used last.
    pub address: Option<&'a Address>,
    /// How many attempts were made.
    pub attempts: usize,
}

/// A written answer, ready to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    /// The body.
    pub body: Vec<u8>,
    /// `Content-Type`; `None` without a body.
    pub content_type: Option<&'static str>,
    /// `Content-Language`; `None` without a body.
    pub content_language: Option<&'static str>,
    /// `Content-Security-Policy`, for our own HTML page.
    pub content_security_policy: Option<&'static str>,
}

impl Answer<'_> {
    /// Writes the built-in answer.
    pub fn render(&self) -> Rendered {
        match self.format {
            Format::Html => self.rendered(html::page(self), "text/html; charset=utf-8", true),
            Format::Problem => self.rendered(problem::document(self), "application/problem+json", false),
            Format::Text => self.rendered(text::lines(self), "text/plain; charset=utf-8", false),
            Format::Empty => Rendered {
                body: Vec::new(),
                content_type: None,
                content_language: None,
                content_security_policy: None,
            },
        }
    }

    /// Writes the HTML page from a site's own template, other formats as ever. Where the template fails, the built-in
    /// page goes out, and the fault comes back to be logged.
    pub fn render_with(&self, template: &Template) -> (Rendered, Option<TemplateFault>) {
        if self.format != Format::Html {
            return (self.render(), None);
        }
        match template.page(self) {
            Ok(page) => (self.rendered(page, "text/html; charset=utf-8", false), None),
            Err(fault) => (self.render(), Some(fault)),
        }
    }

    fn rendered(&self, body: String, content_type: &'static str, is_ours: bool) -> Rendered {
        Rendered {
            body: body.into_bytes(),
            content_type: Some(content_type),
            content_language: Some(self.lang.tag()),
            content_security_policy: is_ours.then(content_security_policy),
        }
    }
}
