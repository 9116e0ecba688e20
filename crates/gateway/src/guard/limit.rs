//! One limit of the plan: how often, and how many at once.

use crate::exchange::Exchange;
use std::sync::Arc;
use std::time::Duration;
use torwart_config::plan::{self, LimitBy, Rate};
use torwart_policy::cookie;
use torwart_policy::rate::{Left, Limiter};
use torwart_policy::tally::Tally;
use torwart_policy::who;
use torwart_wire::http1::write_number;

/// A limit with what it has counted; shared by all cores.
pub(super) struct Limit {
    plan: Arc<plan::Limit>,
    limiter: Option<Limiter>,
    under_way: Tally,
}

/// One of the requests a client may have under way; given back when dropped.
pub(super) struct Permit {
    limit: Arc<Limit>,
    key: u64,
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.limit.under_way.leave(self.key);
    }
}

impl Limit {
    pub(super) fn new(plan: Arc<plan::Limit>) -> Self {
        let limiter = plan.rate.map(|rate| Limiter::new(rate, plan.keys));
        Self { plan, limiter, under_way: Tally::default() }
    }

    /// Whether it is this limit of a plan, unchanged.
    pub(super) fn is_of(&self, plan: &plan::Limit) -> bool {
        *self.plan == *plan
    }

    /// Counts a request, and gives it a permit where only so many may be under way.
    ///
    /// # Errors
    /// How long the client has to wait.
    pub(super) fn enter(self: &Arc<Self>, x: &mut Exchange<'_>) -> Result<Option<Permit>, Duration> {
        let key = self.key(x);
        if let (Some(limiter), Some(rate)) = (&self.limiter, self.plan.rate) {
            let judged = limiter.admit(key, x.started.clock());
            let left = judged.unwrap_or_else(|wait| Left { requests: 0, full_in: wait });
            let lines = &mut x.notes().passed_fields;
            tell(rate, left, lines);
            judged?;
        }
        let Some(most) = self.plan.concurrent else { return Ok(None) };
        let permit = Permit { limit: Arc::clone(self), key };
        if self.under_way.enter(key) > most.get() { Err(SOON) } else { Ok(Some(permit)) }
    }

    fn key(&self, x: &Exchange<'_>) -> u64 {
        let keys = x.core.shared.gatehouse.keys();
        match &self.plan.by {
            LimitBy::Everybody => return who::everybody(keys),
            LimitBy::Header(name) => {
                if let Some(value) = x.desk.request.find(name) {
                    return who::by_value(value, keys);
                }
            }
            LimitBy::Cookie(name) => {
                if let Some(value) = cookie::find(&x.desk.request, name.as_bytes()) {
                    return who::by_value(value, keys);
                }
            }
            LimitBy::Path => return who::by_value(x.desk.request.path(), keys),
            LimitBy::Address => {}
        }
        x.visitor_address().map_or_else(|| who::everybody(keys), |address| who::by_address(address, keys))
    }
}

/// What the client may do, and what it has left of that (draft-ietf-httpapi-ratelimit-headers): a window that holds the
/// burst, and refills steadily.
fn tell(rate: Rate, left: Left, lines: &mut Vec<u8>) {
    let burst = u64::from(rate.burst.get());
    // In which time as many as the burst come back.
    let window = whole_seconds(rate.per.mul_f64(f64::from(rate.burst.get()) / f64::from(rate.count.get())));
    lines.extend_from_slice(b"RateLimit-Policy: \"default\";q=");
    write_number(lines, burst);
    lines.extend_from_slice(b";w=");
    write_number(lines, window);
    lines.extend_from_slice(b"\r\nRateLimit: \"default\";r=");
    write_number(lines, left.requests);
    lines.extend_from_slice(b";t=");
    write_number(lines, whole_seconds(left.full_in));
    lines.extend_from_slice(b"\r\n");
}

/// Never too few.
fn whole_seconds(time: Duration) -> u64 {
    time.as_secs() + u64::from(time.subsec_nanos() > 0)
}

/// When one of the requests under way may have ended.
const SOON: Duration = Duration::from_secs(1);
