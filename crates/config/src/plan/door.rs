//! The door: who may come in, how often, and with which proof.

use std::{num::NonZeroU32, path::PathBuf, sync::Arc, time::Duration};

use ipnet::IpNet;

use super::{Crawlers, Upstream, UpstreamTls};

/// What a client must be before its request goes any further. What root, site and route say is joined here.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Door {
    /// Who is refused, whatever else is said.
    pub denied: Addresses,
    /// The only ones who are let in; none means everybody.
    pub allowed: Option<Addresses>,
    /// How often and how many at once. Routes that have it from the same place count together: they share it.
    pub limit: Option<Arc<Limit>>,
    /// The proof.
    pub auth: Option<Arc<Auth>>,
    /// What is done about crawlers.
    pub crawlers: Option<Arc<Crawlers>>,
}

/// Networks, some of them in files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Addresses {
    /// Those that stand in the configuration.
    pub networks: Vec<IpNet>,
    /// Files with one network per line.
    pub files: Vec<PathBuf>,
}

/// How often, and how many at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limit {
    /// Where it stands: `gateway`, the site's name, or site and route.
    pub name: Arc<str>,
    /// How often.
    pub rate: Option<Rate>,
    /// How many requests at a time.
    pub concurrent: Option<NonZeroU32>,
    /// Who is counted together.
    pub by: LimitBy,
    /// How many different ones are remembered.
    pub keys: usize,
}

/// So many requests in a span of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// How many.
    pub count: NonZeroU32,
    /// In which time; at least a microsecond for each.
    pub per: Duration,
    /// How many may come at once after a pause.
    pub burst: NonZeroU32,
}

/// Who is counted together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LimitBy {
    /// Those with one address; with IPv6, those in one /64.
    Address,
    /// Those with one value in this field, whose name is in lower case; who has none is counted by address.
    Header(Arc<str>),
    /// Those with one value in this cookie; who has none is counted by address.
    Cookie(Arc<str>),
    /// Those who ask for one path.
    Path,
    /// Everybody.
    Everybody,
}

/// The proof a client must bring.
#[derive(Clone, Debug, PartialEq)]
pub enum Auth {
    /// A name and a password.
    Basic {
        /// The file with names and hashes.
        users: PathBuf,
        /// What the browser shows.
        realm: Arc<str>,
    },
    /// What another service says.
    Forward(Box<ForwardAuth>),
}

/// A service that says who may come in.
#[derive(Clone, Debug, PartialEq)]
pub struct ForwardAuth {
    /// The service.
    pub service: Upstream,
    /// How it is spoken to by TLS.
    pub tls: UpstreamTls,
    /// Path and query of the question.
    pub target: Arc<str>,
    /// Fields of its answer that go to the upstream, in lower case; clients cannot send them.
    pub headers: Vec<Arc<str>>,
    /// How long it may take, from the connection to the end of the answer.
    pub deadline: Duration,
}

/// Where a secret is. The configuration itself never holds one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Secret {
    /// The first line of this file.
    File(PathBuf),
    /// This variable of the environment.
    Environment(Arc<str>),
}

/// How many connections one client address may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PerAddress {
    /// How many.
    pub most: usize,
    /// Whether connections from this very machine count: only where the operator gave a number.
    pub counts_loopback: bool,
}

/// Which field of trusted peers names the client.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AddressFrom {
    /// `X-Forwarded-For`.
    #[default]
    XForwardedFor,
    /// `Forwarded` (RFC 7239).
    Forwarded,
}

impl Door {
    /// Whether everybody comes in unasked.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.denied.is_empty()
            && self.allowed.is_none()
            && self.limit.is_none()
            && self.auth.is_none()
            && self.crawlers.is_none()
    }
}

impl Addresses {
    /// Whether nobody is meant.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.networks.is_empty() && self.files.is_empty()
    }
}
