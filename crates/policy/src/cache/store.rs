//! What may be kept (RFC 9111 §3).

use std::time::Duration;

use torwart_config::plan::CacheRules;
use torwart_wire::{Head, Known};

use super::directives::{Directives, Scope};
use super::freshness::Freshness;
use super::vary;

/// An answer to a GET, with all that decides.
#[derive(Clone, Copy, Debug)]
pub struct Answered<'a> {
    /// Its status.
    pub status: u16,
    /// Its head.
    pub head: &'a Head,
    /// The request as it was sent.
    pub request: &'a Head,
    /// Whether the upstream was told who asks by another way than the request's fields.
    pub is_authorized: bool,
    /// What the operator says.
    pub rules: &'a CacheRules,
    /// When it came, since 1970.
    pub received: Duration,
    /// How long it took.
    pub delay: Duration,
}

/// Why an answer is not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// A status that is no whole answer, or one nobody may guess about.
    Status,
    /// It, or the request, says so.
    NoStore,
    /// It is for one user.
    Private,
    /// It was asked for with a proof of who asks, and does not say that it is for others.
    Authorized,
    /// It sets a cookie, and does not say that it is for everybody.
    SetsCookie,
    /// It varies by something that no request tells.
    VariesByAll,
    /// Nothing says how long it would be fresh, and nothing lets us ask whether it still is.
    Useless,
}

/// How long an answer may be kept, or why it may not.
///
/// # Errors
/// The reason against it.
pub fn storable(answered: &Answered<'_>) -> Result<Freshness, Refused> {
    let Answered { status, head, request, is_authorized, rules, received, delay } = *answered;
    let directives = Directives::of(head);
    if status < 200 || matches!(status, 206 | 304) {
        return Err(Refused::Status);
    }
    if directives.must_understand && !is_understood(status) {
        return Err(Refused::Status);
    }
    // `must-understand` beats `no-store` for those who understand it (§5.2.2.3).
    if directives.no_store && !directives.must_understand || super::Wishes::of(request, false).no_store {
        return Err(Refused::NoStore);
    }
    if directives.private == Scope::Whole {
        return Err(Refused::Private);
    }
    let is_for_all = directives.public || directives.s_maxage.is_some();
    let is_known = is_authorized || request.has(Known::Authorization);
    // §3.5.
    if is_known && !is_for_all && !directives.must_revalidate {
        return Err(Refused::Authorized);
    }
    let sets_cookie = head.has(Known::SetCookie) && !is_left_out(&directives, b"set-cookie");
    if sets_cookie && !is_for_all {
        return Err(Refused::SetsCookie);
    }
    if vary::names(head).is_none() {
        return Err(Refused::VariesByAll);
    }
    let Some(freshness) = Freshness::of(status, head, &directives, rules, received, delay) else {
        return Err(Refused::Status);
    };
    let has_validator = head.find("etag").is_some() || head.find("last-modified").is_some();
    let lives = freshness.lifetime > freshness.initial_age && !freshness.is_always_validated;
    let stands_in = !freshness.while_revalidate.is_zero() || !freshness.if_error.is_zero();
    if lives || has_validator || stands_in { Ok(freshness) } else { Err(Refused::Useless) }
}

/// Whether a field is kept: not those for one connection or one answer, nor those the answer itself leaves out (§3.1).
pub fn kept_fields(head: &Head) -> impl Fn(&[u8]) -> bool + use<> {
    let directives = Directives::of(head);
    move |name: &[u8]| {
        let known = Known::of(name);
        !known.is_hop_by_hop()
            && !matches!(known, Known::Age | Known::ContentLength)
            && !is_left_out(&directives, name)
    }
}

fn is_left_out(directives: &Directives, name: &[u8]) -> bool {
    directives.no_cache.names(name) || directives.private.names(name)
}

/// Statuses whose caching is defined (RFC 9110 §15).
fn is_understood(status: u16) -> bool {
    matches!(
        status,
        200 | 201
            | 202
            | 203
            | 204
            | 205
            | 300..=303
            | 307
            | 308
            | 400..=417
            | 421
            | 422
            | 426
            | 500..=505
    )
}
