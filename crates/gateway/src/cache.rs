//! The cache (RFC 9111): answers from what is stored, has it validated, fetches what is missing once for all who wait.
//!
//! It stands between guard and admit, on routes that ask for it. Whether something may be stored or used is decided in
//! `torwart_policy::cache`; here it is done. What has to be asked of the upstream is fetched by an exchange of the cache's
//! own ([`fetch`]), whose answer is gathered in a [`fill::Fill`] that any number of clients read, so that a client that
//! leaves ends nothing and a thousand who ask for one page ask the upstream once. An answer that turns out to be for one
//! client sends the waiting ones to the upstream by themselves, all at once.

mod arena;
mod entry;
mod fetch;
mod fill;
mod intake;
mod job;
mod keep;
mod pass;
mod purger;
mod send;
mod store;

pub use intake::Intake;
pub use keep::look_after;
pub use purger::Purger;
pub use store::{Purge, Store};

use crate::client::ClientStream;
use crate::exchange::Exchange;
use crate::guard::{self, PassedBack};
use crate::{answer, files};
use entry::Stored;
use fill::{Begun, Ended, Fill, Reader};
use job::{Asked, Job};
use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use torwart_cause::{By, Ending, Step};
use torwart_dial::Stop;
use torwart_policy::cache::status::{Handled, Reason, Said};
use torwart_policy::cache::{Use, conditional, invalidate, key};
use torwart_record::{Lookup, ServedBy};
use torwart_wire::{Framing, Head, Known, Version};

/// Answers from the cache, or by a fetch of the cache's own. `false` leaves the request to the upstream as if there were
/// no cache.
pub async fn answer(x: &mut Exchange<'_>) -> Result<bool, Stop> {
    if x.is_about_files() && files::answer(x).await? {
        return Ok(true);
    }
    let counters = Arc::clone(&x.core.shared.store.counters);
    let Some(asked) = Asked::of(x).filter(|_| is_for_cache(x)) else {
        x.invalidates = !invalidate::is_safe(x.desk.request.method());
        counters.looked_up(Lookup::Bypass);
        return Ok(false);
    };
    let page = x.core.shared.store.page(&asked.key);
    let found = page.as_ref().and_then(|page| page.find(asked.zone, &asked.parts, &x.desk.request)).cloned();
    let Some(stored) = found else {
        if asked.wishes.only_if_cached {
            return refuse(x).await;
        }
        // What asks for less than the page leaves nothing that could be kept.
        if x.is_head() || x.desk.request.has(Known::Range) {
            counters.looked_up(Lookup::Bypass);
            return Ok(false);
        }
        let has_others = page.as_ref().is_some_and(|page| !page.forms.is_empty());
        let joins = page.as_ref().is_none_or(|page| page.is_private_until <= asked.now);
        let reason = if has_others { Reason::VaryMiss } else { Reason::UriMiss };
        return Visit { asked, stored: None, reason, joins }.obtain(x).await;
    };
    let now = asked.now;
    let reason = match stored.freshness.judge(&asked.wishes, now) {
        Use::Fresh => {
            counters.looked_up(Lookup::Hit);
            let said = Said { ttl: Some(stored.freshness.ttl(now)), ..Said::new(Handled::Hit) };
            send::stored(x, &stored, said, ServedBy::Cache, now).await;
            return Ok(true);
        }
        Use::Accepted => {
            stand_in(x, &stored, now, None, "max-stale").await;
            return Ok(true);
        }
        _ if asked.wishes.only_if_cached => return refuse(x).await,
        Use::WhileRevalidate => {
            refresh(x, &asked, &stored);
            stand_in(x, &stored, now, None, "stale-while-revalidate").await;
            return Ok(true);
        }
        Use::Validate if stored.freshness.is_fresh(now) => Reason::Request,
        Use::Validate => Reason::Stale,
    };
    // The upstream failed a moment ago: nobody waits for it, and it is asked beside.
    let may_stand_in = stored.freshness.may_stand_in(now, stored.is_pinned);
    if reason == Reason::Stale && may_stand_in && stored.has_failed_within(now, TROUBLE) {
        refresh(x, &asked, &stored);
        stand_in(x, &stored, now, None, "stale-if-error").await;
        return Ok(true);
    }
    Visit { asked, stored: Some(stored), reason, joins: true }.obtain(x).await
}

/// Whether the cache has anything to say about a request like this.
fn is_for_cache(x: &Exchange<'_>) -> bool {
    let head = &x.desk.request;
    let has_body = x.request.is_none_or(|request| request.framing != Framing::None || request.wants_upgrade);
    x.pool.is_some()
        && x.is_get_or_head()
        && !has_body
        && !answer::is_ours(x)
        && conditional::is_for_us(head)
        && !(head.has(Known::CacheControl) && torwart_policy::cache::Wishes::of(head, false).no_store)
}

/// `only-if-cached`, and nothing that could be used (RFC 9111 §5.2.1.7).
async fn refuse(x: &mut Exchange<'_>) -> Result<bool, Stop> {
    x.core.shared.store.counters.looked_up(Lookup::Miss);
    let refused = PassedBack { status: 504, fields: Vec::new(), body: Vec::new() };
    answer::pass_back(x, &refused).await;
    Ok(true)
}

/// Sends a stale answer, and says why.
async fn stand_in(
    x: &mut Exchange<'_>,
    stored: &Stored,
    now: Duration,
    forward_status: Option<u16>,
    detail: &'static str,
) {
    x.core.shared.store.counters.looked_up(Lookup::Stale);
    let ttl = Some(stored.freshness.ttl(now));
    let said = Said { ttl, forward_status, detail: Some(detail), ..Said::new(Handled::Hit) };
    send::stored(x, stored, said, ServedBy::Stale, now).await;
}

/// Fetches anew what nobody waits for, unless that is under way.
fn refresh(x: &Exchange<'_>, asked: &Asked, stored: &Arc<Stored>) {
    let sort = sort(x, asked, Some(stored));
    let (reader, is_new) = x.core.shared.store.join(&asked.key, &sort);
    if is_new {
        fetch::begin(x, Job::of(x, asked, Some(stored)), reader.fill());
    }
}

/// Requests of one sort wait for one answer: those of one route, with the same parts of the key, who say the same in what
/// is known to decide.
fn sort(x: &Exchange<'_>, asked: &Asked, stored: Option<&Arc<Stored>>) -> Vec<u8> {
    let mut sort = asked.zone.to_be_bytes().to_vec();
    sort.extend_from_slice(&asked.parts);
    sort.push(b'\n');
    if let Some(stored) = stored {
        sort.extend(torwart_policy::cache::vary::values(&stored.form.names, &x.desk.request));
    } else if x.desk.request.has(Known::Authorization) {
        // Nobody else's proof is of use.
        sort.extend_from_slice(&x.id.text());
    }
    sort
}

/// One request that has to wait for the upstream.
struct Visit {
    asked: Asked,
    /// What is stored, for its validation or for the worst case.
    stored: Option<Arc<Stored>>,
    reason: Reason,
    /// Whether it waits for the answer to another request where there is one.
    joins: bool,
}

/// What came of waiting.
enum Waited {
    Begun(Begun),
    Failed(Ended),
    /// It takes too long where a stale answer is at hand.
    TooLong,
    /// The client has gone.
    Left(Ending),
}

impl Visit {
    async fn obtain(mut self, x: &mut Exchange<'_>) -> Result<bool, Stop> {
        for _ in 0..ROUNDS {
            let (reader, leads) = self.reader(x);
            let now = x.core.wall_clock();
            match self.wait(x, &reader).await {
                Waited::Begun(Begun::Answer(reply)) => {
                    let is_ours = leads
                        || reply.form.as_ref().is_some_and(|form| {
                            form.fits(self.asked.zone, &self.asked.parts, &x.desk.request)
                        });
                    if !is_ours {
                        // Whoever waited in vain waits for nobody else.
                        (self.joins, self.reason) = (false, Reason::Bypass);
                        continue;
                    }
                    self.count(x, leads);
                    let is_stored = reply.form.is_some();
                    let said = Said {
                        is_stored,
                        is_collapsed: !leads,
                        ..Said::new(Handled::Forwarded(self.reason))
                    };
                    pass::pass(x, &reader, &reply, said, leads).await;
                    return Ok(true);
                }
                Waited::Begun(Begun::Validated(stored)) => {
                    self.validated(x, &reader, &stored, leads).await;
                    return Ok(true);
                }
                Waited::Begun(Begun::Mistaken) => (self.stored, self.joins) = (None, false),
                Waited::Begun(Begun::Failed(status)) => {
                    let ended = poll_fn(|cx| reader.poll_ended(cx)).await;
                    return self.failed(x, &ended, Some(status), now).await;
                }
                Waited::Failed(ended) => return self.failed(x, &ended, None, now).await,
                Waited::TooLong => {
                    let Some(stored) = &self.stored else { return Err(Stop) };
                    stored.failed(now);
                    stand_in(x, stored, now, None, "stale-if-error").await;
                    return Ok(true);
                }
                Waited::Left(ending) => {
                    x.keeps_client = false;
                    x.desk.evidence.client.answer = Step::Failed { ending, after: x.elapsed() };
                    return Err(Stop);
                }
            }
        }
        Err(Stop)
    }

    /// Joins a fetch, or begins one.
    fn reader(&self, x: &Exchange<'_>) -> (Reader, bool) {
        let job = || Job::of(x, &self.asked, self.stored.as_ref());
        if !self.joins {
            let fill = Fill::new(&[]);
            let reader = fill.read();
            fetch::begin(x, job(), &fill);
            return (reader, true);
        }
        let sort = sort(x, &self.asked, self.stored.as_ref());
        let (reader, is_new) = x.core.shared.store.join(&self.asked.key, &sort);
        if is_new {
            fetch::begin(x, job(), reader.fill());
        }
        (reader, is_new)
    }

    async fn wait(&self, x: &mut Exchange<'_>, reader: &Reader) -> Waited {
        let can_stand_in = self
            .stored
            .as_ref()
            .is_some_and(|stored| stored.freshness.may_stand_in(self.asked.now, stored.is_pinned));
        let patience = can_stand_in.then(|| crate::clock::Moment::now() + PATIENCE);
        let mut interims = 0;
        poll_fn(|cx| {
            pass_interims(cx, x, reader, &mut interims);
            if let Poll::Ready(begun) = reader.poll_begun(cx) {
                return Poll::Ready(begun.map_or_else(Waited::Failed, Waited::Begun));
            }
            if let Some(ending) = x.poll_leaving(cx) {
                return Poll::Ready(Waited::Left(ending));
            }
            let until = match (patience, x.leaves_at) {
                (Some(patience), Some(leaves)) => patience.min(leaves),
                (patience, leaves) => match patience.or(leaves) {
                    // The fetch has deadlines of its own.
                    None => return Poll::Pending,
                    Some(until) => until,
                },
            };
            if x.client.poll_deadline(cx, until).is_pending() {
                return Poll::Pending;
            }
            Poll::Ready(if x.leaves_at == Some(until) {
                Waited::Left(Ending::Cancelled(By::Client))
            } else {
                Waited::TooLong
            })
        })
        .await
    }

    fn count(&self, x: &Exchange<'_>, leads: bool) {
        x.core.shared.store.counters.looked_up(match (leads, &self.stored) {
            (false, _) => Lookup::Collapsed,
            (true, Some(_)) => Lookup::Revalidated,
            (true, None) => Lookup::Miss,
        });
    }

    /// What is stored still holds.
    async fn validated(&self, x: &mut Exchange<'_>, reader: &Reader, stored: &Stored, leads: bool) {
        self.count(x, leads);
        if leads {
            let ended = poll_fn(|cx| reader.poll_ended(cx)).await;
            x.desk.evidence.attempts.clone_from(&ended.evidence.attempts);
        }
        let now = x.core.wall_clock();
        let said = Said {
            forward_status: Some(304),
            ttl: Some(stored.freshness.ttl(now)),
            is_collapsed: !leads,
            ..Said::new(Handled::Forwarded(self.reason))
        };
        send::stored(x, stored, said, ServedBy::Cache, now).await;
    }

    /// The upstream failed: a stale answer stands in where it may, and the cause stays in the record.
    async fn failed(
        &self,
        x: &mut Exchange<'_>,
        ended: &Ended,
        status: Option<u16>,
        now: Duration,
    ) -> Result<bool, Stop> {
        // A search engine that finds an old page keeps it; one that finds none drops it.
        let is_for_crawler = self.stored.is_some() && guard::is_proven_crawler(x).await;
        let stand_in_for = self.stored.as_ref();
        let stand_in_for = stand_in_for
            .filter(|stored| stored.freshness.may_stand_in(now, stored.is_pinned || is_for_crawler));
        if stand_in_for.is_none() && ended.evidence.local.admit.is_failed() {
            // The gateway is too busy for more: each client has to take its own place in the queue.
            return Ok(false);
        }
        let evidence = &mut x.desk.evidence;
        evidence.attempts.clone_from(&ended.evidence.attempts);
        evidence.local.admit = ended.evidence.local.admit.clone();
        evidence.local.pick = ended.evidence.local.pick.clone();
        if let Some(stored) = stand_in_for {
            stand_in(x, stored, now, status, "stale-if-error").await;
            return Ok(true);
        }
        self.count(x, true);
        let evidence = &mut x.desk.evidence;
        if matches!(ended.evidence.client.answer.ending(), Some(Ending::Panicked)) {
            evidence.client.answer = ended.evidence.client.answer.clone();
        }
        Err(Stop)
    }
}

/// Whether it is a fetch, and whoever waits for it can be given a stale answer at once.
pub fn has_stand_in(x: &Exchange<'_>) -> bool {
    matches!(&x.client.stream, ClientStream::Fetch(intake) if intake.has_stand_in())
}

/// An unsafe request has worked: what it may have changed is worthless (RFC 9111 §4.4).
#[cold]
pub fn invalidate(x: &Exchange<'_>, answer: &Head, status: u16) {
    let Some(rules) = x.route().and_then(|route| route.cache.as_ref()) else { return };
    if !invalidate::has_worked(status) {
        return;
    }
    let request = &x.desk.request;
    for target in invalidate::targets(x.client.is_tls, request, answer) {
        for is_tls in [false, true] {
            let mut address = Vec::new();
            key::write(is_tls, request.authority(), &target, rules, &mut address);
            x.core.shared.store.invalidate(&address);
        }
    }
}

/// Passes interim heads on to a client that understands them. What the socket does not take yet goes out with the answer.
fn pass_interims(cx: &mut Context<'_>, x: &mut Exchange<'_>, reader: &Reader, passed: &mut usize) {
    while let Some(text) = reader.interim(*passed) {
        *passed += 1;
        if x.request.is_some_and(|request| request.version == Version::Http11) {
            x.desk.out.bytes().extend_from_slice(&text);
        }
    }
    while !x.desk.out.is_empty() {
        match x.desk.out.poll_send(cx, &mut x.client.stream, &[]) {
            Poll::Ready(Ok(sent)) => x.sent += sent.all as u64,
            // That the client is gone is found out where its answer is written.
            Poll::Ready(Err(_)) => x.desk.out.clear(),
            Poll::Pending => return,
        }
    }
}

/// How long a client waits for the upstream where a stale answer is at hand.
const PATIENCE: Duration = Duration::from_secs(5);

/// For this long after a failure a stale answer goes out at once.
const TROUBLE: Duration = Duration::from_secs(30);

/// Waiting in vain, and being mistaken, happen once each.
const ROUNDS: usize = 4;
