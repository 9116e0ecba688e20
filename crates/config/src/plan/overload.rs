//! What is done when more is asked than can be answered.

use std::{num::NonZeroU32, path::PathBuf, sync::Arc, time::Duration};

use crate::defaults;

/// How many requests may be under way at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Concurrency {
    /// As many as are answered as fast as ever, between these two.
    Adaptive {
        /// Never fewer.
        least: u32,
        /// Never more.
        most: u32,
    },
    /// So many.
    Fixed(NonZeroU32),
    /// Any number.
    Off,
}

impl Default for Concurrency {
    fn default() -> Self {
        Self::Adaptive { least: defaults::LEAST_CONCURRENCY, most: defaults::MOST_CONCURRENCY }
    }
}

impl Concurrency {
    /// Whether the limit finds itself.
    #[must_use]
    pub const fn is_adaptive(self) -> bool {
        matches!(self, Self::Adaptive { .. })
    }
}

/// Who waits for a place, and for how long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Queue {
    /// Most who wait; 0 means that nobody does.
    pub length: usize,
    /// The longest wait.
    pub time: Duration,
    /// The wait beyond which nobody is taken in any more, unless the queue is short.
    pub target: Duration,
}

impl Default for Queue {
    fn default() -> Self {
        Self { length: defaults::QUEUE_LENGTH, time: defaults::QUEUE_TIME, target: defaults::QUEUE_TARGET }
    }
}

/// What a route does under load.
#[derive(Clone, Debug, PartialEq)]
pub struct Overload {
    /// Where `at_once` stands: the site's name, or site and route. Routes that have it from the same place count together.
    pub name: Arc<str>,
    /// How many requests of the route may be under way.
    pub at_once: Concurrency,
    /// Who waits for one of them.
    pub queue: Queue,
    /// Who goes first.
    pub priorities: Priorities,
    /// Where visitors wait, if they do.
    pub room: Option<Arc<WaitingRoom>>,
}

/// Who goes first where there is a queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Priorities {
    /// Before everybody.
    pub first: Vec<Who>,
    /// Before the rest.
    pub early: Vec<Who>,
    /// After everybody.
    pub last: Vec<Who>,
}

impl Default for Priorities {
    fn default() -> Self {
        Self { first: Vec::new(), early: Vec::new(), last: vec![Who::Bots] }
    }
}

/// Which requests are meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Who {
    /// Those whose path begins so.
    Path(Arc<str>),
    /// Those with a cookie of this name.
    Cookie(Arc<str>),
    /// Those with a field of this name, which is in lower case.
    Header(Arc<str>),
    /// Those of programs that call themselves bots, or nothing at all.
    Bots,
}

/// A waiting room.
#[derive(Clone, Debug, PartialEq)]
pub struct WaitingRoom {
    /// Where it stands. Routes that have it from the same place share it.
    pub name: Arc<str>,
    /// Most visitors at once.
    pub visitors: NonZeroU32,
    /// How long a visitor who asks for nothing still counts.
    pub stay: Duration,
    /// Who does not wait and does not count.
    pub bypass: Vec<Who>,
    /// With what tickets are signed; without, with a key made at the start.
    pub secret: Option<PathBuf>,
}

impl Default for WaitingRoom {
    fn default() -> Self {
        Self {
            name: Arc::from(""),
            visitors: NonZeroU32::MAX,
            stay: defaults::STAY,
            bypass: Vec::new(),
            secret: None,
        }
    }
}

/// The least pace at which a client has to send or to read, on average.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeastPace {
    /// How fast.
    pub bytes_per_second: u64,
    /// For how long it may be slower.
    pub grace: Duration,
}

impl Default for LeastPace {
    fn default() -> Self {
        Self { bytes_per_second: defaults::LEAST_PACE, grace: defaults::PACE_GRACE }
    }
}
