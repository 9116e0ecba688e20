//! Which upstream of a pool gets a request, and when one is left out.

use std::{path::PathBuf, sync::Arc, time::Duration};

use crate::defaults;

/// How upstreams are chosen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Balance {
    /// `two_choices`: of two at random the one that is likely to answer sooner.
    #[default]
    TwoChoices,
    /// `round_robin`: each in turn, by weight.
    RoundRobin,
    /// `least_in_flight`: the one with the fewest requests under way, by weight.
    LeastInFlight,
    /// `{ hash = … }`: the same one for requests that are the same in this.
    Hash(HashKey),
    /// `{ cookie = … }`: the one that answered this client before.
    Cookie(StickyCookie),
}

/// What of a request decides where it goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HashKey {
    /// The client's address.
    Client,
    /// Path and query.
    Path,
    /// The value of this header field; its name in lower case.
    Header(Arc<str>),
    /// The value of this cookie.
    Cookie(Arc<str>),
}

/// The cookie that keeps a client at its upstream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StickyCookie {
    /// Its name.
    pub name: Arc<str>,
    /// The file of the secret it is made with; none means one that is made at the start.
    pub secret: Option<PathBuf>,
}

/// When an upstream is left out because of how requests to it fare.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EjectionPlan {
    /// Failures in a row; one that cannot be reached is left out after the first.
    pub failures: u32,
    /// By how many percent of its requests it has to fail more than the others.
    pub margin: u32,
    /// For how long, the first time; then twice as long each time.
    pub time: Duration,
    /// The longest time.
    pub longest: Duration,
    /// The greatest share of a pool, in percent, that is left out at once though it can be reached.
    pub share: u32,
}

impl Balance {
    /// The words that need no more said.
    pub const WORDS: [&str; 3] = ["two_choices", "round_robin", "least_in_flight"];
}

impl Default for EjectionPlan {
    fn default() -> Self {
        Self {
            failures: defaults::EJECT_FAILURES,
            margin: defaults::EJECT_MARGIN,
            time: defaults::EJECT_TIME,
            longest: defaults::EJECT_LONGEST,
            share: defaults::EJECT_SHARE,
        }
    }
}
