//! Active health checks: what an upstream is asked, what it has to answer, how often, and what follows when it stays
//! down.

use std::{ops::RangeInclusive, sync::Arc, time::Duration};

use super::{Plan, Upstream, UpstreamTls};

/// How the upstreams of a pool are asked whether they are well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HealthPlan {
    /// What they are asked.
    pub question: HealthQuestion,
    /// The pause between two questions to one that is up.
    pub every: Duration,
    /// The pause between two questions to one that is down, or not known yet.
    pub every_down: Duration,
    /// By how many percent a pause may be shorter or longer, so that the questions of many gateways spread.
    pub jitter: u32,
    /// How long one question may take in all.
    pub deadline: Duration,
    /// Good answers in a row before one that is down counts as up.
    pub rise: u32,
    /// Bad answers in a row before one that is up counts as down.
    pub fall: u32,
    /// What follows when one stays down.
    pub on_down: Option<OnDown>,
}

/// What an upstream is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HealthQuestion {
    /// Only whether it takes a connection, with TLS where it speaks that; an application behind FastCGI is asked for
    /// a free worker.
    Connection,
    /// A request.
    Request {
        /// Whether it is HEAD, else GET.
        is_head: bool,
        /// Path and query.
        target: Arc<str>,
        /// What `Host` says; none means what requests to this pool say.
        host: Option<Arc<str>>,
        /// What a good answer is.
        expected: Expected,
    },
}

/// What a good answer is: all of this.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected {
    /// Its status is in one of these ranges.
    pub statuses: Vec<RangeInclusive<u16>>,
    /// Its body has this text within its first 64 KiB.
    pub body: Option<Arc<str>>,
    /// It has a field of this name (in lower case), with this value if one is given.
    pub header: Option<(Arc<str>, Option<Arc<str>>)>,
}

/// What is done when an upstream stays down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OnDown {
    /// The program that is started, with its first arguments; without a shell.
    pub command: Vec<Arc<str>>,
    /// The service that is told by POST.
    pub url: Option<Webhook>,
    /// For how long it has to be down first.
    pub after: Duration,
    /// The shortest time between two calls for one upstream.
    pub at_most_every: Duration,
    /// How long a call may take.
    pub deadline: Duration,
}

/// A service that is told by POST.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhook {
    /// The service.
    pub service: Upstream,
    /// How it is spoken to by TLS.
    pub tls: UpstreamTls,
    /// Path and query.
    pub target: Arc<str>,
}

impl Plan {
    /// Whether programs of the operator are started: they need files that nobody here knows.
    #[must_use]
    pub fn has_hooks(&self) -> bool {
        let mut on_down = self.pools.iter().filter_map(|pool| pool.health.as_ref()?.on_down.as_ref());
        self.acme.as_ref().is_some_and(|acme| acme.dns_hook.is_some())
            || on_down.any(|hook| !hook.command.is_empty())
    }
}

impl Expected {
    /// Whether a status is a good one.
    #[must_use]
    pub fn takes(&self, status: u16) -> bool {
        self.statuses.iter().any(|range| range.contains(&status))
    }
}
