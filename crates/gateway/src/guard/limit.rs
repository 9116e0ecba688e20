//! One limit of the plan: how often, and how many at once.

use crate::exchange::Exchange;
use std::sync::Arc;
use std::time::Duration;
use torwart_config::plan::{self, LimitBy};
use torwart_policy::rate::Limiter;
use torwart_policy::tally::Tally;
use torwart_policy::who;

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
    pub(super) fn enter(self: &Arc<Self>, x: &Exchange<'_>) -> Result<Option<Permit>, Duration> {
        let key = self.key(x);
        if let Some(limiter) = &self.limiter {
            limiter.admit(key, x.started.clock())?;
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
            LimitBy::Address => {}
        }
        x.visitor_address().map_or_else(|| who::everybody(keys), |address| who::by_address(address, keys))
    }
}

/// When one of the requests under way may have ended.
const SOON: Duration = Duration::from_secs(1);
