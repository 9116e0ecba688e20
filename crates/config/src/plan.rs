//! The plan as meant: the complete, checked configuration a gateway runs on.
//!
//! A [`Plan`] is built by [`crate::check`] or [`Plan::for_upstreams`] only and needs no further check: every name
//! points to something, every value carries its unit, every default is filled in. It never changes; a reload builds
//! a new one. Values that a route may override (deadlines, buffers, limits) are resolved into the route, so that
//! the request path reads one place.

mod acme;
mod answers;
mod balance;
mod cache;
mod compress;
mod crawlers;
mod door;
mod files;
mod headers;
mod health;
mod listen;
mod log;
mod overload;
mod pool;
mod process;
mod resolver;
mod retry;
mod route;
mod site;

use std::{net::SocketAddr, num::NonZeroUsize, path::Path, sync::Arc, time::Duration};

use ipnet::IpNet;

pub(crate) use acme::FOLDER as STORE_FOLDER;
pub use acme::{AcmePlan, Challenge, DnsHook, ExternalAccount};
pub use answers::{Answers, Template};
pub use balance::{Balance, EjectionPlan, HashKey, StickyCookie};
pub use cache::{CachePlan, CacheRules, KeyPart};
pub use compress::{Compress, Effort};
pub use crawlers::Crawlers;
pub use door::{AddressFrom, Addresses, Auth, Door, ForwardAuth, Limit, LimitBy, PerAddress, Rate, Secret};
pub use files::{Compression, Files, Script, Try, TryPiece};
pub use headers::{HeaderRule, HeaderRules, Piece, ValueTemplate, Variable};
pub use health::{Expected, HealthPlan, HealthQuestion, OnDown, Webhook};
pub use listen::{ClientDeadlines, ClientLimits, Lenient, ListenAddress, Listener};
pub use log::{AccessLog, LogFormat, LogLevel, LogPlan, LogTarget};
pub use overload::{Concurrency, LeastPace, Overload, Priorities, Queue, WaitingRoom, Who};
pub use pool::{
    IdleLinks, LinkDeadlines, Pool, PoolIndex, Protocol, ProxyVersion, ResponseLimits, RetryPlan, Roots,
    Scheme, ServerName, SpreadNames, Target, Upstream, UpstreamTls,
};
pub use process::{ProcessPlan, SocketAccess};
pub use resolver::{ResolverMode, ResolverPlan};
pub use retry::{RetryOn, RetryRules};
pub use route::{
    Action, Buffers, ExchangeDeadlines, HeaderMatch, HostPolicy, PathMatch, Pattern, Redirect,
    RequiredHeader, Rewrite, Route, RouteIndex,
};
pub use site::{CertificateFiles, ClientCertificate, HostPattern, Site, SubjectPart, SubjectRule};

/// Everything a gateway needs to know to run, checked and complete.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Plan {
    /// Where clients are accepted.
    pub listeners: Vec<Listener>,
    /// The zone this gateway stands in; upstreams of it are preferred.
    pub zone: Option<Arc<str>>,
    /// Whether requests that change nothing are taken before the handshake is complete, over HTTP/3.
    pub early_data: bool,
    /// Where metrics, health and explanations are served; none means no admin address.
    pub admin: Option<SocketAddr>,
    /// Where the token stands that the admin address asks for, if it does.
    pub admin_token: Option<Secret>,
    /// The sites, in file order.
    pub sites: Vec<Site>,
    /// All pools, named and anonymous; a [`PoolIndex`] points into this list.
    pub pools: Vec<Pool>,
    /// How many routes all sites have together; every [`RouteIndex`] is below it.
    pub routes: usize,
    /// What a client may send.
    pub limits: ClientLimits,
    /// How long a client may take.
    pub deadlines: ClientDeadlines,
    /// The deviations from strict HTTP/1.1 the operator asked for; none by default.
    pub lenient: Lenient,
    /// Most client connections at a time.
    pub connections: usize,
    /// Most connections of one client address.
    pub per_address: PerAddress,
    /// How names of upstreams become addresses.
    pub resolver: ResolverPlan,
    /// Networks whose forwarded headers are believed and who are shown details.
    pub trusted: Vec<IpNet>,
    /// The field in which they name the client.
    pub address_from: AddressFrom,
    /// The name in `Via`; none means a random one per instance.
    pub pseudonym: Option<Arc<str>>,
    /// How certificates are issued and renewed by themselves, if they are.
    pub acme: Option<AcmePlan>,
    /// How much the cache keeps.
    pub cache: CachePlan,
    /// What is written about exchanges and events.
    pub log: LogPlan,
    /// How long running exchanges may go on after the order to stop.
    pub drain: Duration,
    /// Who the process is, once its sockets are open.
    pub process: ProcessPlan,
    /// How many workers serve; none means one per core.
    pub workers: Option<NonZeroUsize>,
    /// What answers look like where no site is chosen; each site has its own, complete.
    pub answers: Answers,
}

impl Plan {
    /// The pool a route forwards to.
    ///
    /// # Panics
    /// Never for an index taken from the same plan.
    #[must_use]
    pub fn pool(&self, index: PoolIndex) -> &Pool {
        &self.pools[index.0]
    }

    /// Keeps what must survive a restart below this folder, unless the file names another.
    pub fn keep_state_in(&mut self, folder: &Path) {
        let Some(acme) = &mut self.acme else { return };
        acme.keep_state_in(folder);
        for site in self.sites.iter_mut().filter(|site| site.is_automatic) {
            let file = acme.certificate_file(site);
            site.certificates = vec![CertificateFiles { chain: file.clone(), key: file }];
        }
    }

    /// Every route of every site, each with its site.
    pub fn all_routes(&self) -> impl Iterator<Item = (&Site, &Route)> {
        self.sites.iter().flat_map(|site| site.routes.iter().map(move |route| (site, route)))
    }
}
