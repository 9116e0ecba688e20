//! Crawlers of search engines and advertisers: which of them asks, and whether it is what it says.
//!
//! What a search engine finds during an outage stays in its index: pages that answer 502 or 504 for a while are dropped
//! from it, and landing pages of advertisements are disapproved, while 503 with `Retry-After` asks to come again. Where
//! the route wants it, crawlers that are proven to be what they say get that answer. Anybody else who calls himself so is
//! a client like any other.
//!
//! Networks that operators publish are looked at right away. Whatever has to be asked of name servers is asked beside the
//! data plane (`verifier.rs`) as soon as a crawler shows up; only an answer that has failed waits for it, for a moment.

mod verifier;

pub(super) use verifier::Verifier;

use super::wait;
use crate::clock::Moment;
use crate::exchange::Exchange;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use torwart_config::plan;
use torwart_policy::address_list::AddressList;
use torwart_policy::crawler::{self, Crawler};
use torwart_record as record;
use torwart_wire::Known;

/// What a route does about crawlers, made ready.
pub(super) struct Crawlers {
    plan: Arc<plan::Crawlers>,
    /// The networks of an operator.
    ranges: Vec<(Arc<str>, AddressList)>,
    /// Who asks the DNS.
    verifier: Option<Arc<Verifier>>,
}

/// A client that says it is a crawler.
pub(super) struct Claim {
    crawler: &'static Crawler,
    /// Whether it is; `None` while that is not known.
    is_true: Option<bool>,
    crawlers: Arc<Crawlers>,
}

impl Crawlers {
    pub(super) fn new(
        plan: Arc<plan::Crawlers>,
        ranges: Vec<(Arc<str>, AddressList)>,
        verifier: Option<Arc<Verifier>>,
    ) -> Self {
        Self { plan, ranges, verifier }
    }

    /// Whether it is this plan's.
    pub(super) fn is_of(&self, plan: &Arc<plan::Crawlers>) -> bool {
        Arc::ptr_eq(&self.plan, plan)
    }

    /// Notes who asks, if it says it is a crawler.
    pub(super) fn recognise(self: &Arc<Self>, x: &mut Exchange<'_>) {
        let Some(crawler) = x.desk.request.get(Known::UserAgent).and_then(crawler::named) else { return };
        // Who has no address came by a socket of this machine.
        let is_true = x.visitor_address().and_then(|address| self.judge(crawler, address));
        x.notes().claim = Some(Claim { crawler, is_true, crawlers: Arc::clone(self) });
    }

    fn judge(&self, crawler: &'static Crawler, address: IpAddr) -> Option<bool> {
        let mut own = self.ranges.iter().filter(|(operator, _)| **operator == *crawler.operator).peekable();
        let has_ranges = own.peek().is_some();
        if own.any(|(_, list)| list.contains(address)) {
            return Some(true);
        }
        match &self.verifier {
            Some(verifier) if crawler.has_domains() => verifier.look(address, crawler),
            // The published networks were the only proof.
            _ => has_ranges.then_some(false),
        }
    }
}

/// Whether a crawler asks that is what it says, and its route treats it so. Waits a moment for the proof.
pub async fn is_proven_crawler(x: &mut Exchange<'_>) -> bool {
    let Some(claim) = x.notes.as_ref().and_then(|notes| notes.claim.as_ref()) else { return false };
    if let Some(known) = claim.is_true {
        return known;
    }
    let (crawler, crawlers) = (claim.crawler, Arc::clone(&claim.crawlers));
    let (Some(verifier), Some(address)) = (&crawlers.verifier, x.visitor_address()) else { return false };
    let until = Moment::now() + PATIENCE;
    let answered = wait::until(x, until, verifier.wait(address, crawler)).await;
    let is_true = answered.ok().flatten();
    if let Some(claim) = x.notes().claim.as_mut() {
        claim.is_true = is_true;
    }
    is_true == Some(true)
}

/// When a crawler that is what it says shall come again instead of being told of a broken upstream.
pub async fn comes_again(x: &mut Exchange<'_>, status: u16) -> Option<Duration> {
    if !matches!(status, 502 | 504) || !is_proven_crawler(x).await {
        return None;
    }
    x.notes.as_ref()?.claim.as_ref().map(|claim| claim.crawlers.plan.retry_after)
}

/// Whether the limits of its route are not for this client.
pub(super) fn is_unlimited(x: &Exchange<'_>) -> bool {
    let claim = x.notes.as_ref().and_then(|notes| notes.claim.as_ref());
    claim.is_some_and(|claim| claim.is_true == Some(true) && claim.crawlers.plan.unlimited)
}

/// The crawler for the record. Where the route does not look at crawlers, those that met a failure are named: that is
/// what somebody will ask about afterwards.
pub fn recorded(x: &Exchange<'_>, is_failed: bool) -> Option<record::Crawler> {
    match x.notes.as_ref().and_then(|notes| notes.claim.as_ref()) {
        Some(claim) => Some(named(claim.crawler, claim.is_true)),
        None if is_failed => unclaimed(x),
        None => None,
    }
}

#[cold]
fn unclaimed(x: &Exchange<'_>) -> Option<record::Crawler> {
    let user_agent = x.desk.request.get(Known::UserAgent)?;
    crawler::named(user_agent).map(|crawler| named(crawler, None))
}

fn named(crawler: &Crawler, is_verified: Option<bool>) -> record::Crawler {
    record::Crawler { name: crawler.name, is_ads: crawler.is_ads, is_verified }
}

/// How long an answer that has failed waits for the proof: name servers nearby need a tenth of it.
const PATIENCE: Duration = Duration::from_millis(300);
