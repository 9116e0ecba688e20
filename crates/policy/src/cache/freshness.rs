//! How old a stored answer is, and what that allows (RFC 9111 §4.2, RFC 5861).

use std::time::Duration;

use torwart_config::plan::CacheRules;
use torwart_wire::{Head, Known};

use super::directives::{Directives, Scope, Wishes};
use crate::files::http_date;

/// What decides about a stored answer as time goes by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Freshness {
    /// When it came.
    pub received: Duration,
    /// How old it was then.
    pub initial_age: Duration,
    /// How long it is fresh, from its making on.
    pub lifetime: Duration,
    /// How long beyond that it may go out while it is fetched anew.
    pub while_revalidate: Duration,
    /// How long beyond that it may stand in for a failure.
    pub if_error: Duration,
    /// Whether it may never go out stale, whatever a client accepts.
    pub forbids_stale: bool,
    /// Whether it may never go out without having been validated (`no-cache`).
    pub is_always_validated: bool,
}

/// What a stored answer is good for, for one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// It goes out.
    Fresh,
    /// It goes out though it is stale, because the client accepts that.
    Accepted,
    /// It goes out though it is stale, and is fetched anew meanwhile.
    WhileRevalidate,
    /// It has to be validated.
    Validate,
}

impl Freshness {
    /// Of an answer that came at `received`, `delay` after it was asked for. `None` where nothing says or lets us assume
    /// how long it is fresh.
    #[must_use]
    pub fn of(
        status: u16,
        head: &Head,
        directives: &Directives,
        rules: &CacheRules,
        received: Duration,
        delay: Duration,
    ) -> Option<Self> {
        let date = date(head, Known::Date).unwrap_or(received);
        let said = explicit(head, directives, date);
        let may_guess = directives.public || is_heuristic(status);
        let guessed = heuristic(head, date).or_else(|| negative(status, rules)).filter(|_| may_guess);
        let lifetime = said.or(guessed).or(may_guess.then_some(Duration::ZERO));
        let is_no_cache = directives.no_cache == Scope::Whole;
        // Where stale is forbidden, only the origin's own word says otherwise. And an answer that says nothing of all
        // this, nor was changed long ago, may well be one user's page: it never stands in for another's.
        let is_meant = said.is_some() || guessed.is_some() || directives.public;
        let override_by = |rule: Duration| {
            let is_allowed = is_meant && !directives.forbids_stale() && !is_no_cache;
            if is_allowed { rule } else { Duration::ZERO }
        };
        let is_hard = directives.must_revalidate || directives.proxy_revalidate || is_no_cache;
        let stale = |said: Option<Duration>, rule: Duration| {
            if is_hard { Duration::ZERO } else { said.unwrap_or_else(|| override_by(rule)) }
        };
        Some(Self {
            received,
            initial_age: initial_age(head, date, received, delay),
            lifetime: lifetime?,
            while_revalidate: stale(directives.stale_while_revalidate, rules.stale_while_revalidate),
            if_error: stale(directives.stale_if_error, rules.stale_if_error),
            forbids_stale: directives.forbids_stale(),
            is_always_validated: is_no_cache,
        })
    }

    /// How old it is now (§4.2.3).
    #[must_use]
    pub fn age(&self, now: Duration) -> Duration {
        self.initial_age + now.saturating_sub(self.received)
    }

    /// How long it is fresh still; nothing once it is stale.
    #[must_use]
    pub fn left(&self, now: Duration) -> Duration {
        self.lifetime.saturating_sub(self.age(now))
    }

    /// How long it has been stale.
    #[must_use]
    pub fn stale_for(&self, now: Duration) -> Duration {
        self.age(now).saturating_sub(self.lifetime)
    }

    /// Whether it is fresh.
    #[must_use]
    pub fn is_fresh(&self, now: Duration) -> bool {
        !self.is_always_validated && self.lifetime > self.age(now)
    }

    /// Seconds it is fresh still; below zero for those it has been stale (RFC 9211 §2.4).
    #[must_use]
    pub fn ttl(&self, now: Duration) -> i64 {
        let seconds = |time: Duration| i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
        if self.lifetime > self.age(now) { seconds(self.left(now)) } else { -seconds(self.stale_for(now)) }
    }

    /// What it is good for.
    #[must_use]
    pub fn judge(&self, wishes: &Wishes, now: Duration) -> Use {
        if self.is_always_validated || wishes.no_cache {
            return Use::Validate;
        }
        let age = self.age(now);
        let is_young = wishes.max_age.is_none_or(|most| age <= most);
        let is_lasting = wishes.min_fresh.is_none_or(|least| self.left(now) >= least);
        let stale_for = self.stale_for(now);
        let is_accepted = !self.forbids_stale && wishes.max_stale.is_some_and(|most| stale_for <= most);
        if self.is_fresh(now) {
            // A client that takes stale answers takes older ones too (§5.2.1.1).
            return if (is_young || is_accepted) && is_lasting { Use::Fresh } else { Use::Validate };
        }
        if !is_lasting || !is_young && !is_accepted {
            return Use::Validate;
        }
        if is_accepted {
            return Use::Accepted;
        }
        if stale_for < self.while_revalidate { Use::WhileRevalidate } else { Use::Validate }
    }

    /// Whether it may stand in for a failure. Pinned ones may for any time, unless they forbid it.
    #[must_use]
    pub fn may_stand_in(&self, now: Duration, is_pinned: bool) -> bool {
        let is_allowed = is_pinned && !self.forbids_stale && !self.is_always_validated;
        !self.is_always_validated && (self.is_fresh(now) || is_allowed || self.stale_for(now) < self.if_error)
    }
}

/// The time a date field names.
fn date(head: &Head, known: Known) -> Option<Duration> {
    head.get(known).and_then(http_date::parse).map(Duration::from_secs)
}

/// How long the answer says it is fresh (§4.2.1).
fn explicit(head: &Head, directives: &Directives, date: Duration) -> Option<Duration> {
    if let Some(lifetime) = directives.s_maxage.or(directives.max_age) {
        return Some(lifetime);
    }
    if directives.is_targeted || !head.has(Known::Expires) {
        return None;
    }
    // What is no date lies in the past (§5.3); so do several that differ.
    let mut all = head.all(Known::Expires);
    let first = all.next();
    let is_one = all.all(|other| Some(other) == first);
    let expires = first.filter(|_| is_one).and_then(http_date::parse_exactly).map(Duration::from_secs);
    Some(expires.map_or(Duration::ZERO, |expires| expires.saturating_sub(date)))
}

/// A tenth of the time since it was changed last (§4.2.2).
fn heuristic(head: &Head, date: Duration) -> Option<Duration> {
    let modified = Duration::from_secs(http_date::parse(head.find("last-modified")?)?);
    let lifetime = date.saturating_sub(modified) / 10;
    (!lifetime.is_zero()).then_some(lifetime.min(LONGEST_GUESS))
}

/// What the operator says about pages that are not there.
fn negative(status: u16, rules: &CacheRules) -> Option<Duration> {
    matches!(status, 404 | 405 | 410 | 414 | 501).then_some(rules.negative)
}

/// Statuses whose freshness may be guessed (RFC 9110 §15.1).
pub(super) fn is_heuristic(status: u16) -> bool {
    matches!(status, 200 | 203 | 204 | 300 | 301 | 308 | 404 | 405 | 410 | 414 | 501)
}

/// The age an answer came with (§4.2.3): what it says, and how long ago it was made.
fn initial_age(head: &Head, date: Duration, received: Duration, delay: Duration) -> Duration {
    let apparent = received.saturating_sub(date);
    let said = head.get(Known::Age).and_then(|value| {
        // The first of a list, where several caches wrote one (§5.1).
        let first = value.split(|byte| *byte == b',').next().unwrap_or_default().trim_ascii();
        let is_number = !first.is_empty() && first.iter().all(u8::is_ascii_digit);
        let number =
            std::str::from_utf8(first).ok().filter(|_| is_number)?.parse().unwrap_or(u64::from(u32::MAX));
        Some(Duration::from_secs(number.min(u64::from(u32::MAX))))
    });
    // The date has whole seconds, so a second of apparent age may be none.
    let apparent = if apparent < Duration::from_secs(1) { Duration::ZERO } else { apparent };
    apparent.max(said.unwrap_or_default() + delay)
}

/// Nobody should rely on a guess for longer.
const LONGEST_GUESS: Duration = Duration::from_secs(86_400);
