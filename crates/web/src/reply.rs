//! What the admin address sends back, always with the fields that keep browsers from misusing it.

use crate::words::say;
use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{ALLOW, CACHE_CONTROL, CONTENT_LANGUAGE, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use hyper::header::{HeaderName, HeaderValue, VARY, WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS};
use hyper::{Response, StatusCode};
use torwart_report::Lang;

pub(crate) type Reply = Response<Full<Bytes>>;

/// Why a request gets no page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// `Host` names somebody else.
    ForeignHost,
    /// There is no `Host`.
    NoHost,
    /// A page of another site asks, through the operator's browser.
    ForeignPage,
    /// The token is missing or wrong.
    NoToken,
    /// A method that would change something.
    OnlyReading,
    /// A method that changes nothing, where something is changed.
    OnlyPosting,
    /// No pool or no upstream is named.
    NoMember,
    /// It is not said what is to be purged.
    BadPurge,
    /// It cannot be done now.
    Busy,
    /// There is no such page.
    NoPage,
    /// No exchange with this id is kept.
    NoExchange,
    /// The id cannot be one.
    BadId,
    /// The filter names no cause.
    BadCause,
    /// The limit is no sensible number.
    BadLimit,
}

impl Refusal {
    const fn status(self) -> StatusCode {
        match self {
            Self::ForeignHost => StatusCode::MISDIRECTED_REQUEST,
            Self::ForeignPage => StatusCode::FORBIDDEN,
            Self::NoToken => StatusCode::UNAUTHORIZED,
            Self::OnlyReading | Self::OnlyPosting => StatusCode::METHOD_NOT_ALLOWED,
            Self::Busy => StatusCode::SERVICE_UNAVAILABLE,
            Self::NoPage | Self::NoExchange => StatusCode::NOT_FOUND,
            Self::NoHost
            | Self::NoMember
            | Self::BadPurge
            | Self::BadId
            | Self::BadCause
            | Self::BadLimit => StatusCode::BAD_REQUEST,
        }
    }

    fn sentence(self, lang: Lang) -> &'static str {
        match self {
            Self::ForeignHost => say("foreign-host", lang),
            Self::NoHost => say("no-host", lang),
            Self::ForeignPage => say("foreign-page", lang),
            Self::NoToken => say("no-token", lang),
            Self::OnlyReading => say("only-reading", lang),
            Self::OnlyPosting => say("only-posting", lang),
            Self::NoMember => say("no-member", lang),
            Self::BadPurge => say("bad-purge", lang),
            Self::Busy => say("busy", lang),
            Self::NoPage => say("no-page", lang),
            Self::NoExchange => say("no-exchange", lang),
            Self::BadId => say("bad-id", lang),
            Self::BadCause => say("bad-cause", lang),
            Self::BadLimit => say("bad-limit", lang),
        }
    }

    /// The refusal as a sentence.
    pub(crate) fn reply(self, lang: Lang) -> Reply {
        let mut reply = sentence(self.status(), self.sentence(lang), lang);
        if self == Self::NoToken {
            let challenge = HeaderValue::from_static("Bearer realm=\"torwart\"");
            reply.headers_mut().insert(WWW_AUTHENTICATE, challenge);
        }
        if self == Self::OnlyReading {
            reply.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        }
        if self == Self::OnlyPosting {
            reply.headers_mut().insert(ALLOW, HeaderValue::from_static("POST"));
        }
        reply
    }
}

/// One sentence as plain text.
pub(crate) fn sentence(status: StatusCode, text: &str, lang: Lang) -> Reply {
    text_page(status, format!("{text}\n"), lang)
}

/// Plain text in one of our languages.
pub(crate) fn text_page(status: StatusCode, text: String, lang: Lang) -> Reply {
    let mut reply = reply(status, "text/plain; charset=utf-8", text.into());
    let fields = reply.headers_mut();
    fields.insert(CONTENT_LANGUAGE, HeaderValue::from_static(lang.tag()));
    fields.insert(VARY, HeaderValue::from_static("accept, accept-language"));
    reply
}

/// A JSON document.
pub(crate) fn json(mut document: Vec<u8>) -> Reply {
    document.push(b'\n');
    let mut reply = reply(StatusCode::OK, "application/json", document.into());
    reply.headers_mut().insert(VARY, HeaderValue::from_static("accept, accept-language"));
    reply
}

/// Any body.
pub(crate) fn reply(status: StatusCode, content_type: &'static str, body: Bytes) -> Reply {
    let mut reply = Response::new(Full::new(body));
    *reply.status_mut() = status;
    let fields = reply.headers_mut();
    fields.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    fields.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    fields.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    fields.insert(
        CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"),
    );
    fields.insert(
        HeaderName::from_static("cross-origin-resource-policy"),
        HeaderValue::from_static("same-origin"),
    );
    reply
}
