//! A route: which requests it takes, and what is done with them.

use std::{fmt, sync::Arc, time::Duration};

use super::{CacheRules, Compress, Door, Files, HeaderRules, PoolIndex, RetryRules, Script, ValueTemplate};
use crate::{ByteSize, defaults};

/// Numbers a route across all sites of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RouteIndex(pub usize);

/// One route of a site.
#[derive(Clone, Debug, PartialEq)]
pub struct Route {
    /// Its number in the plan, for metrics.
    pub index: RouteIndex,
    /// The name in records and metrics: the path as written, or `*` for a site's own route.
    pub name: Arc<str>,
    /// Which paths it takes.
    pub path: PathMatch,
    /// Which methods it takes; empty means all.
    pub methods: Vec<Arc<str>>,
    /// What the header must say, all of it.
    pub headers: Vec<RequiredHeader>,
    /// What a client must be to come in.
    pub door: Door,
    /// What is done under load beyond the limits of upstreams.
    pub overload: Option<Arc<super::Overload>>,
    /// What is done.
    pub action: Action,
    /// What is served from a folder before anything is forwarded.
    pub files: Option<Arc<Files>>,
    /// How scripts are found; there where requests are forwarded to FastCGI.
    pub script: Option<Arc<Script>>,
    /// How the path changes on its way.
    pub rewrite: Option<Rewrite>,
    /// What `Host` says to the upstream.
    pub host: HostPolicy,
    /// Changes to the request's header.
    pub request_headers: HeaderRules,
    /// Changes to the answer's header.
    pub response_headers: HeaderRules,
    /// How long each part of the exchange may take.
    pub deadlines: ExchangeDeadlines,
    /// Most bytes of a request body.
    pub body_limit: ByteSize,
    /// Whether answers tell in `Server-Timing` how long each stage took.
    pub server_timing: bool,
    /// Whether upgrades (WebSocket) are forwarded.
    pub upgrade: bool,
    /// How much is held back.
    pub buffers: Buffers,
    /// What is repeated, and how long an upstream is waited for.
    pub retry: RetryRules,
    /// What is kept of its answers; none means nothing.
    pub cache: Option<Arc<CacheRules>>,
    /// Which answers are compressed; none means that none are.
    pub compress: Option<Arc<Compress>>,
}

/// Which paths a route takes; matched on the normalised path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PathMatch {
    /// Every request, `OPTIONS *` too.
    Any,
    /// This path only.
    Exact(Arc<str>),
    /// Where a path matches the pattern.
    Regex(Pattern),
    /// `/a/` takes what begins with it; `/a` takes itself and what begins with `/a/`.
    Prefix(Arc<str>),
}

/// A regular expression over bytes, with its source.
#[derive(Clone)]
pub struct Pattern(regex::bytes::Regex);

impl Pattern {
    /// Compiles an expression; bytes are taken as ASCII.
    ///
    /// # Errors
    /// Where the expression is wrong or would become too large.
    pub fn new(source: &str) -> Result<Self, regex::Error> {
        regex::bytes::RegexBuilder::new(source).unicode(false).size_limit(PATTERN_SIZE).build().map(Self)
    }

    /// The compiled expression.
    #[must_use]
    pub fn regex(&self) -> &regex::bytes::Regex {
        &self.0
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_str() == other.0.as_str()
    }
}

impl Eq for Pattern {}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "~{}", self.0.as_str())
    }
}

/// A condition on one header field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequiredHeader {
    /// The name, in lower case.
    pub name: Arc<str>,
    /// What it must be.
    pub is: HeaderMatch,
}

/// What a header field must be; with several lines of one name, one that fits is enough.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HeaderMatch {
    /// There.
    Present,
    /// Not there.
    Absent,
    /// Exactly this.
    Equals(Arc<str>),
    /// Something the pattern matches.
    Regex(Pattern),
}

/// What is done with a request.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// It is forwarded to a pool.
    Forward(PoolIndex),
    /// It is answered from the route's files, or not at all.
    Files,
    /// It is sent elsewhere.
    Redirect(Redirect),
    /// It is refused with `denied`.
    Deny,
}

/// Where a request is sent instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redirect {
    /// 301, 302, 303, 307 or 308.
    pub status: u16,
    /// The `Location`.
    pub to: ValueTemplate,
}

/// How the path changes; the query stays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rewrite {
    /// A prefix is replaced, by nothing if `to` is empty.
    Prefix {
        /// The prefix; what does not begin with it stays as it is.
        from: Arc<str>,
        /// What stands there instead.
        to: Arc<str>,
    },
    /// What the pattern matches is replaced; `$1` or `${name}` stand for groups.
    Regex {
        /// The pattern; a path it does not match stays as it is.
        pattern: Pattern,
        /// What stands there instead.
        to: Arc<str>,
    },
}

/// What `Host` says to the upstream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum HostPolicy {
    /// `client`: what the client said.
    #[default]
    Client,
    /// `upstream`: the upstream's own authority.
    Upstream,
    /// This.
    Literal(Arc<str>),
}

/// How long each part of an exchange with an upstream may take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExchangeDeadlines {
    /// Without the upstream taking any byte of the request.
    pub send: Duration,
    /// From the end of the request to the end of the answer's head; interim answers do not restart it.
    pub first_byte: Duration,
    /// Between two bytes of the answer's body.
    pub between_bytes: Duration,
    /// For one attempt from its beginning to the head of the answer, where another one may follow; none means no such
    /// deadline.
    pub per_try: Option<Duration>,
    /// After the beginning of an attempt: when a second one begins beside it; none means never.
    pub hedge: Option<Duration>,
    /// For the whole exchange, all attempts included; none means no such deadline.
    pub total: Option<Duration>,
    /// Without any byte in either direction after an upgrade.
    pub tunnel: Duration,
}

impl Default for ExchangeDeadlines {
    fn default() -> Self {
        Self {
            send: defaults::SEND,
            first_byte: defaults::FIRST_BYTE,
            between_bytes: defaults::BETWEEN_BYTES,
            per_try: None,
            hedge: None,
            total: None,
            tunnel: defaults::TUNNEL,
        }
    }
}

/// How much is held back so that a broken attempt can be mended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Buffers {
    /// Most bytes of an answer held until it is complete; 0 holds nothing.
    pub hold: ByteSize,
    /// Longest time an answer is held.
    pub hold_time: Duration,
    /// Most bytes of a request body kept to send it again.
    pub replay: ByteSize,
}

impl Default for Buffers {
    fn default() -> Self {
        Self { hold: defaults::HOLD, hold_time: defaults::HOLD_TIME, replay: defaults::REPLAY }
    }
}

/// Most bytes a compiled pattern may take: far more than any sensible one, too few to hurt.
const PATTERN_SIZE: usize = 1 << 20;
