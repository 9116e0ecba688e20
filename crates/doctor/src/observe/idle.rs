//! What becomes of idle connections to an upstream: several at once, one request each, then waiting for the end.
//!
//! Connections that were not closed carry a second request at last: a box on the way may have forgotten them without a
//! word. Where it has, more connections tell after what time, and a fresh one tells that nothing else is wrong. What an
//! upstream advertises (`Keep-Alive: timeout=`) is a hint only: it is not believed, but tells how long to wait.

mod ladder;
mod pool;
mod reuse;
mod sample;

pub use pool::{MARGIN, Pool};
pub use reuse::{Fate, Reused, Silence};
pub use sample::Idle;

use crate::observe::answer::way_to;
use crate::observe::exchange::Way;
use crate::observe::front::Front;
use crate::together::together;
use crate::verdict::SiteSeen;
use crate::{Case, UpstreamAddress};
use sample::Left;
use std::time::Duration;
use tokio::time::timeout;
use torwart_cause::Cause;

/// What becomes of idle connections to an upstream.
#[derive(Clone, Debug, Default)]
pub struct IdleSeen {
    /// How the gateway keeps idle connections to it.
    pub pool: Pool,
    /// What the upstream does with them.
    pub idle: Idle,
    /// The connections that carried a second request after some idle time, the shortest time first.
    pub reused: Vec<Reused>,
    /// Whether a connection just made carried two requests; only tried where an idle one carried none.
    pub is_fresh_good: Option<bool>,
    /// Whether the visitors get no answer, or a gateway's error, while the upstream itself answers well.
    pub is_failing: bool,
}

/// Looks.
pub async fn observe(case: &Case, upstream: &UpstreamAddress) -> IdleSeen {
    let pool = Pool::of(&*case.gateway().await, upstream);
    let mut seen = IdleSeen { pool, ..IdleSeen::default() };
    if seen.pool == Pool::None || !case.reach(upstream).await.is_connected() {
        return seen;
    }
    let Some(way) = way_to(case, upstream).await else { return seen };
    // The visitors' own answer comes first: a small upstream should not be kept busy by us meanwhile.
    let _ = timeout(FRONT, case.front()).await;
    let site = Site { case, way: &way, request: request(case) };
    if case.question().is_deep {
        let further = farthest(case, &seen.pool);
        site.look(&mut seen, &ladder::below(further), |_| further).await;
    } else {
        let pool = seen.pool.clone();
        site.look(&mut seen, &[], |advertised| longest(&pool, advertised)).await;
        site.look_further(&mut seen).await;
    }
    site.narrow(&mut seen).await;
    seen.reused.sort_by_key(|reused| reused.idle);
    seen
}

/// One upstream, and how it is asked.
struct Site<'s> {
    case: &'s Case,
    way: &'s Way,
    /// A plain request that asks for nothing but an answer, on a connection that may stay open.
    request: Vec<u8>,
}

impl Site<'_> {
    /// Leaves connections alone until the upstream closes them or the time is over, others for shorter times, and uses them
    /// again.
    async fn look(
        &self,
        seen: &mut IdleSeen,
        rungs: &[Duration],
        longest: impl Fn(Option<Duration>) -> Duration,
    ) {
        let alone = together((0..CONNECTIONS).map(|_| Left::alone(self, &longest)));
        let (left, rungs) = tokio::join!(alone, ladder::climb(self, rungs));
        let mut left: Vec<Left> = left.into_iter().flatten().collect();
        if left.iter().any(Left::is_open) {
            seen.is_failing = self.is_failing();
        }
        together(left.iter_mut().map(|one| one.reuse(&self.request))).await;
        let idle = sample::conclude(&left);
        if idle != Idle::Unclear {
            seen.idle = idle;
        }
        seen.reused.extend(left.iter().filter_map(Left::reused));
        seen.reused.extend(rungs);
    }

    /// Once more and for longer, where the site fails as it would if idle connections were lost and there is time for it.
    async fn look_further(&self, seen: &mut IdleSeen) {
        let waited = seen.reused.iter().map(|reused| reused.idle).min().unwrap_or_default();
        let further = farthest(self.case, &seen.pool);
        let is_alive = seen.count(Fate::is_alive) == CONNECTIONS;
        if is_alive && further > waited + FURTHER && (seen.is_failing || self.has_failed().await) {
            let rungs: Vec<_> = ladder::below(further).into_iter().filter(|rung| *rung > waited).collect();
            self.look(seen, &rungs, |_| further).await;
        }
    }

    /// Where connections were lost: after what time, and whether a fresh one is not.
    async fn narrow(&self, seen: &mut IdleSeen) {
        if seen.count(Fate::is_lost).max(seen.count(Fate::is_reset)) < CONNECTIONS {
            return;
        }
        let gone = seen.reused.iter().filter(|reused| reused.fate.is_lost() || reused.fate.is_reset());
        let shortest = gone.map(|reused| reused.idle).min();
        let is_alone = seen.count(Fate::is_alive) == 0;
        let rungs = shortest.filter(|_| is_alone).map(ladder::between).unwrap_or_default();
        let (reused, is_good) = tokio::join!(ladder::climb(self, &rungs), ladder::is_fresh_good(self));
        seen.reused.extend(reused);
        seen.is_fresh_good = Some(is_good);
    }

    /// Whether the upstream itself answers well, and the gateway has no answer or only an error. Nothing is asked for that.
    fn is_failing(&self) -> bool {
        let known = self.case.seen();
        // By now everybody should have had an answer.
        self.is_well(&known) && known.front.is_none_or(|front| is_failing(&front))
    }

    /// Whether the upstream itself answers well, and the gateway's log tells of requests that were never answered.
    async fn has_failed(&self) -> bool {
        if !self.is_well(&self.case.seen()) {
            return false;
        }
        let logs = timeout(AT_ONCE, self.case.logs()).await;
        logs.is_ok_and(|logs| {
            LOST.iter().any(|cause| logs.of_cause(*cause).any(|trouble| trouble.in_day > 0))
        })
    }

    fn is_well(&self, known: &SiteSeen) -> bool {
        let own = known.answers.iter().find(|answered| answered.way.as_ref() == Some(self.way));
        let own = own.and_then(|answered| answered.made());
        own.is_some_and(|(_, exchange)| exchange.is_good() && exchange.waited() < QUICK)
    }
}

impl IdleSeen {
    /// How many of the connections fared like this.
    pub fn count(&self, is_so: impl Fn(&Fate) -> bool) -> usize {
        self.reused.iter().filter(|reused| is_so(&reused.fate)).count()
    }
}

/// Whether what the visitors get may come of lost connections.
fn is_failing(front: &Front) -> bool {
    let status = |page: &crate::observe::front::Page| page.exchange.status();
    front.worst().is_some_and(|page| matches!(status(page), None | Some(502..=504)))
}

fn request(case: &Case) -> Vec<u8> {
    use torwart_wire::http1::{write_field, write_request_line};
    let asked = case.question();
    let mut bytes = Vec::with_capacity(256);
    write_request_line(&mut bytes, b"GET", asked.url.target.as_bytes());
    write_field(&mut bytes, b"Host", asked.url.authority().as_bytes());
    for (name, value) in asked.fields.iter().filter(|(name, _)| !name.eq_ignore_ascii_case("host")) {
        write_field(&mut bytes, name.as_bytes(), value.as_bytes());
    }
    write_field(&mut bytes, b"Connection", b"keep-alive");
    bytes.extend_from_slice(b"\r\n");
    bytes
}

/// How long to wait for the upstream's end: no longer than the gateway would reuse the connection.
fn longest(pool: &Pool, advertised: Option<Duration>) -> Duration {
    let needed = match pool {
        Pool::Keeps { idle, .. } => idle.value.saturating_add(MARGIN + Duration::from_millis(500)),
        Pool::Unknown | Pool::None => UNKNOWN,
    };
    let hinted = advertised.map_or(USUAL, |time| time + Duration::from_millis(2500)).max(USUAL);
    needed.min(hinted)
}

/// The longest idle time that can be looked at: what the gateway's pool allows, and what is left.
fn farthest(case: &Case, pool: &Pool) -> Duration {
    let left = case.left().saturating_sub(RESERVE + reuse::PATIENCE * 2);
    let needed = match pool {
        Pool::Keeps { idle, .. } => idle.value.saturating_add(MARGIN + Duration::from_millis(500)),
        Pool::Unknown | Pool::None => ladder::HIGHEST,
    };
    let needed = needed.min(ladder::HIGHEST);
    if needed <= left || !case.question().is_deep {
        return needed.min(left);
    }
    ladder::below(left).last().copied().unwrap_or(left)
}

/// Connections that are measured at once: a claim about time needs three.
pub const CONNECTIONS: usize = 3;
/// How long the visitors' own answer is waited for first.
const FRONT: Duration = Duration::from_millis(1500);
/// How long is waited where nothing is known of the gateway: the short usual idle times are 2, 5 and 6 seconds.
const UNKNOWN: Duration = Duration::from_millis(6800);
/// How long is waited where the upstream advertises nothing.
const USUAL: Duration = Duration::from_secs(12);
/// A second look is worth its time if it looks at least so much further.
const FURTHER: Duration = Duration::from_secs(3);
/// Left for those who conclude something from it.
const RESERVE: Duration = Duration::from_millis(700);
/// Logs that were not read by now are not waited for.
const AT_ONCE: Duration = Duration::from_millis(200);
/// An upstream that answers within this time is not what makes a gateway's visitors wait.
const QUICK: Duration = Duration::from_secs(3);

/// What a log tells of a gateway whose idle connections get lost.
const LOST: [Cause; 6] = [
    Cause::HeadTimedOut,
    Cause::SendTimedOut,
    Cause::DeadlineSpent,
    Cause::StaleLink,
    Cause::ResetBeforeHead,
    Cause::SendCut,
];

#[cfg(test)]
mod tests {
    use super::*;
    use torwart_dialect::config::Fact;

    #[test]
    fn waiting_ends_where_the_gateway_would_not_reuse_any_more() {
        let keeps = |seconds| Pool::Keeps {
            idle: Fact::by_default(Duration::from_secs(seconds), ""),
            is_wanted: true,
        };
        assert_eq!(longest(&keeps(3), None), Duration::from_secs(4));
        assert_eq!(longest(&keeps(60), None), USUAL);
        assert_eq!(longest(&keeps(60), Some(Duration::from_secs(20))), Duration::from_millis(22_500));
        assert_eq!(longest(&Pool::Unknown, None), UNKNOWN);
    }
}
