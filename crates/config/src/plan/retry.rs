//! What is repeated on a route, and how long an upstream is waited for.

use std::{sync::Arc, time::Duration};

use torwart_cause::Cause;

use crate::defaults;

/// What is repeated on a route. What repeating may cost is the pool's: [`super::RetryPlan`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetryRules {
    /// Most attempts of one exchange, the first included.
    pub attempts: u32,
    /// Which failures and answers are repeated at all.
    pub on: RetryOn,
    /// Methods that are repeated as if they were idempotent.
    pub methods: Vec<Arc<str>>,
    /// How long after the last upstream went away requests wait for one to come back; none means not at all.
    pub wait: Option<Duration>,
}

/// Which failures and answers are repeated, as far as it may be done at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetryOn {
    /// Every failure.
    pub failures: bool,
    /// Failures with these causes.
    pub causes: Vec<Cause>,
    /// Answers of the upstream with these statuses.
    pub statuses: Vec<u16>,
}

impl Default for RetryRules {
    fn default() -> Self {
        Self {
            attempts: defaults::ATTEMPTS,
            on: RetryOn::default(),
            methods: Vec::new(),
            wait: Some(defaults::WAIT),
        }
    }
}

impl Default for RetryOn {
    fn default() -> Self {
        Self { failures: true, causes: Vec::new(), statuses: defaults::RETRY_STATUSES.to_vec() }
    }
}

impl RetryOn {
    /// Whether a failure with this cause is repeated.
    #[must_use]
    pub fn names(&self, cause: Cause) -> bool {
        self.failures || self.causes.contains(&cause)
    }
}
