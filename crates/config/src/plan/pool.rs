//! A pool: the upstreams behind routes, and how links to them are made, kept and retried.

use std::{net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use super::{Balance, CertificateFiles, EjectionPlan, HealthPlan};
use crate::{ByteSize, defaults};

/// Points to a pool of the same plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PoolIndex(pub usize);

/// The set of upstreams behind one or several routes.
#[derive(Clone, Debug, PartialEq)]
pub struct Pool {
    /// Its own place in the plan.
    pub index: PoolIndex,
    /// The name in records and metrics; an anonymous pool is named after the site or route that holds it.
    pub name: Arc<str>,
    /// The upstreams, at least one, in file order.
    pub upstreams: Vec<Upstream>,
    /// How one of them is chosen.
    pub balance: Balance,
    /// When one is left out because of how requests to it fare; none means never.
    pub ejection: Option<EjectionPlan>,
    /// For how long an upstream that is new or back gets less than its share.
    pub slow_start: Duration,
    /// How `https` upstreams are verified.
    pub tls: UpstreamTls,
    /// What several addresses of one name mean.
    pub spread: SpreadNames,
    /// The version of HTTP that upstreams are spoken to with.
    pub protocol: Protocol,
    /// Deadlines for making a link.
    pub deadlines: LinkDeadlines,
    /// How often an exchange may be tried.
    pub retry: RetryPlan,
    /// How idle links are kept.
    pub idle: IdleLinks,
    /// What an upstream may send.
    pub limits: ResponseLimits,
    /// How many requests each upstream gets at once.
    pub concurrency: super::Concurrency,
    /// Who waits where all of them have as many.
    pub queue: super::Queue,
    /// The PROXY protocol that begins every link, if one does; links then carry one client's request each.
    pub proxy_protocol: Option<ProxyVersion>,
    /// How its upstreams are asked whether they are well; none means that only requests tell.
    pub health: Option<HealthPlan>,
}

/// A server requests are forwarded to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Upstream {
    /// The address as the operator wrote it; the name in records and metrics.
    pub label: Arc<str>,
    /// Whether it is spoken to by TLS.
    pub scheme: Scheme,
    /// Where it is.
    pub target: Target,
    /// What `Host` says to it under [`super::HostPolicy::Upstream`]: host, and port where it is not the scheme's own.
    pub authority: Arc<str>,
    /// Whether its name is that of a service (SRV), whose servers are the upstreams; there is no port then.
    pub is_service: bool,
    /// Its share among the upstreams of its pool.
    pub weight: u32,
    /// Whether it is used only where no other is up.
    pub is_backup: bool,
    /// The zone it stands in.
    pub zone: Option<Arc<str>>,
    /// Whether its name may lead to a link-local address or the metadata service of a cloud.
    pub may_be_link_local: bool,
}

/// How an upstream is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// Plain HTTP.
    Http,
    /// HTTP over TLS.
    Https,
    /// FastCGI.
    FastCgi,
}

/// A version of the PROXY protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ProxyVersion {
    /// A line of text.
    V1,
    /// A binary header.
    V2,
}

/// Where an upstream is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Target {
    /// A name that has to be resolved, in lower case, and a port.
    Name {
        /// The name.
        name: Arc<str>,
        /// The port.
        port: u16,
    },
    /// A fixed address.
    Address(SocketAddr),
    /// A Unix socket.
    Unix(PathBuf),
}

/// How the TLS of upstreams is verified.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct UpstreamTls {
    /// Whom to believe.
    pub roots: Roots,
    /// PEM file of the revocation lists that certificates must not stand on.
    pub revoked: Option<PathBuf>,
    /// The name the certificate must carry; none means the host of the upstream.
    pub name: Option<Arc<str>>,
    /// The name to send in the handshake.
    pub sni: ServerName,
    /// Our own certificate, where the upstream asks for one.
    pub client_certificate: Option<CertificateFiles>,
    /// Whether the certificate is verified at all; switching it off draws a warning.
    pub verify: bool,
}

impl Default for UpstreamTls {
    fn default() -> Self {
        Self {
            roots: Roots::System,
            revoked: None,
            name: None,
            sni: ServerName::Verified,
            client_certificate: None,
            verify: true,
        }
    }
}

/// The certificates believed as issuers.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Roots {
    /// Those of the operating system.
    System,
    /// Those in this PEM file, and no others.
    File(PathBuf),
}

/// The server name sent in a handshake.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ServerName {
    /// The name that is verified.
    Verified,
    /// None.
    Off,
    /// Another one.
    Other(Arc<str>),
}

/// What several addresses of one name mean.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum SpreadNames {
    /// `one`: they are alternates of one upstream.
    #[default]
    One,
    /// `each`: every address is an upstream of its own.
    Each,
}

/// The version of HTTP that the upstreams of a pool are spoken to with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// `http1`: HTTP/1.1, every exchange on a link of its own.
    #[default]
    Http1,
    /// `http2`: HTTP/2, many exchanges on one link; without TLS by prior knowledge.
    Http2,
    /// `auto`: whichever the upstream chooses in the TLS handshake; HTTP/1.1 without TLS.
    Auto,
}

/// Deadlines for making a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkDeadlines {
    /// To resolve the name.
    pub resolve: Duration,
    /// To connect.
    pub connect: Duration,
    /// For the TLS handshake.
    pub handshake: Duration,
}

impl Default for LinkDeadlines {
    fn default() -> Self {
        Self { resolve: defaults::RESOLVE, connect: defaults::CONNECT, handshake: defaults::HANDSHAKE }
    }
}

/// How much retrying a pool may cost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetryPlan {
    /// Retries allowed as a share of requests.
    pub percent: u32,
    /// Retries allowed in any case, per second.
    pub per_second: u32,
}

impl Default for RetryPlan {
    fn default() -> Self {
        Self { percent: defaults::RETRY_PERCENT, per_second: defaults::RETRY_PER_SECOND }
    }
}

/// How idle links are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdleLinks {
    /// Most idle links per upstream and core; 0 keeps none.
    pub links: usize,
    /// How long a link may be idle where nothing shorter was learned.
    pub keep: Duration,
}

impl Default for IdleLinks {
    fn default() -> Self {
        Self { links: defaults::IDLE_LINKS, keep: defaults::IDLE_TIME }
    }
}

/// What an upstream may send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResponseLimits {
    /// The whole head of an answer.
    pub head: ByteSize,
    /// One field line.
    pub field: ByteSize,
    /// Field lines in a head.
    pub fields: usize,
    /// Interim answers before the final one.
    pub interim: u32,
    /// The body; none means no limit.
    pub body: Option<ByteSize>,
}

impl Default for ResponseLimits {
    fn default() -> Self {
        Self {
            head: defaults::UPSTREAM_HEAD,
            field: defaults::UPSTREAM_FIELD,
            fields: defaults::UPSTREAM_FIELDS,
            interim: defaults::UPSTREAM_INTERIM,
            body: None,
        }
    }
}
