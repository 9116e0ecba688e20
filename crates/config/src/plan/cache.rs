//! The cache: how much is kept, and what a route says about it.

use std::{sync::Arc, time::Duration};

use crate::{ByteSize, defaults};

/// The store that all routes share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CachePlan {
    /// Most bytes of stored answers in memory.
    pub memory: ByteSize,
    /// Most stored answers.
    pub objects: usize,
    /// Most bytes of one stored answer.
    pub largest: ByteSize,
}

impl Default for CachePlan {
    fn default() -> Self {
        Self {
            memory: defaults::CACHE_MEMORY,
            objects: defaults::CACHE_OBJECTS,
            largest: defaults::CACHE_LARGEST,
        }
    }
}

/// What a route keeps, and for how long beyond what its answers say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CacheRules {
    /// How long a stale answer may stand in for a failure, where the answer itself says nothing about that.
    pub stale_if_error: Duration,
    /// How long a stale answer may go out while it is fetched anew, where the answer itself says nothing about that.
    pub stale_while_revalidate: Duration,
    /// How long answers like 404 are kept that say nothing about it.
    pub negative: Duration,
    /// Parameters of the query that make no other page: a name, or its beginning with `*` behind it.
    pub ignored_query: Vec<Arc<str>>,
    /// What beside the address makes another page.
    pub key: Vec<KeyPart>,
    /// Whether what clients say in `Cache-Control` counts.
    pub obeys_clients: bool,
    /// Paths whose answers are always kept and refreshed.
    pub pinned: Vec<Arc<str>>,
    /// Paths that are fetched at the start.
    pub warm: Vec<Arc<str>>,
}

impl Default for CacheRules {
    fn default() -> Self {
        Self {
            stale_if_error: defaults::STALE_IF_ERROR,
            stale_while_revalidate: Duration::ZERO,
            negative: Duration::ZERO,
            ignored_query: Vec::new(),
            key: Vec::new(),
            obeys_clients: true,
            pinned: Vec::new(),
            warm: Vec::new(),
        }
    }
}

/// A part of the key beside the address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyPart {
    /// The values of this field, its name in lower case.
    Header(Arc<str>),
    /// The value of this cookie.
    Cookie(Arc<str>),
}
