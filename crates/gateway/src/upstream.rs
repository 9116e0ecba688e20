//! Upstreams made ready to be dialled, and what was learned about each.
//!
//! With `resolve = "each"` every address of a name is an upstream of its own, with links and state of its own. As long
//! as no address is known the name itself is the upstream, so that what is wrong with it is found and named as usual.

pub use self::state::{Health, InFlight, UpstreamState};
use crate::clock::Moment;
use crate::names::Addresses;
use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use torwart_config::Plan;
use torwart_config::plan::{self, SpreadNames, UpstreamTls};
use torwart_dial::resolve::Service;
use torwart_dial::{Place, SocketPlan, Target, TlsClient, TlsConfigProblem, http2};

mod state;

/// One upstream, ready to be dialled.
#[derive(Clone)]
pub struct Upstream {
    /// Where it is and how it is spoken to.
    pub target: Target,
    /// The version of HTTP it is spoken to with; `Auto` only where there is TLS to ask in.
    pub protocol: plan::Protocol,
    /// The client side of TLS that offers HTTP/1.1 only, where the other one offers a choice.
    pub http1: Option<Arc<TlsClient>>,
    /// What `Host` says under the policy `upstream`.
    pub authority: Arc<str>,
    /// Whether its name is that of a service, whose servers are the upstreams.
    pub is_service: bool,
    /// Its share among the upstreams of its pool.
    pub weight: u32,
    /// Whether it is used only where no other is up.
    pub is_backup: bool,
    /// The zone it stands in.
    pub zone: Option<Arc<str>>,
    /// What was learned about it, shared by all cores and kept across reloads.
    pub state: Arc<UpstreamState>,
}

/// What was learned so far, by the upstreams' identity: pool and label.
#[derive(Default)]
pub struct Learned(HashMap<(String, String), Arc<UpstreamState>>);

/// Makes the upstreams of a pool ready, in the plan's order, names not yet spread.
pub fn build(pool: &plan::Pool) -> Result<Vec<Upstream>, TlsConfigProblem> {
    let mut clients = TlsClients { pool, shared: None };
    let build = |upstream: &plan::Upstream| {
        let tls = match upstream.scheme {
            plan::Scheme::Http | plan::Scheme::FastCgi => None,
            plan::Scheme::Https => Some(clients.of(upstream)?),
        };
        let protocol = match (pool.protocol, upstream.scheme) {
            // A link that begins with a client's address is that client's alone.
            _ if pool.proxy_protocol.is_some() => plan::Protocol::Http1,
            (_, plan::Scheme::FastCgi) | (plan::Protocol::Auto, plan::Scheme::Http) => plan::Protocol::Http1,
            (protocol, _) => protocol,
        };
        let http1 = tls.clone().filter(|_| protocol == plan::Protocol::Auto);
        let tls = tls.map(|tls| match protocol {
            plan::Protocol::Http1 => tls,
            plan::Protocol::Http2 => Arc::new(tls.offering(&[http2::ALPN])),
            plan::Protocol::Auto => Arc::new(tls.offering(&[http2::ALPN, b"http/1.1"])),
        });
        Ok(Upstream {
            protocol,
            http1,
            target: Target {
                label: Arc::clone(&upstream.label),
                place: place(&upstream.target),
                tls,
                socket: SocketPlan::for_upstream(upstream),
                is_fastcgi: upstream.scheme == plan::Scheme::FastCgi,
                prelude: None,
            },
            authority: Arc::clone(&upstream.authority),
            is_service: upstream.is_service,
            weight: upstream.weight,
            is_backup: upstream.is_backup,
            zone: upstream.zone.clone(),
            state: Arc::default(),
        })
    };
    pool.upstreams.iter().map(build).collect()
}

/// The upstreams of a pool as they are picked from: names spread over their addresses where the plan wants that.
pub fn spread(
    pool: &plan::Pool,
    written: &[Upstream],
    addresses: &Addresses,
    learned: &Learned,
) -> Vec<Upstream> {
    let mut upstreams = Vec::with_capacity(written.len());
    let now = Moment::now();
    for upstream in written {
        let state = |label: &str| learned.of(&pool.name, label, now);
        if let (true, Place::Name { host, .. }) = (upstream.is_service, &upstream.target.place)
            && let Some(servers) = addresses.servers_of(host)
        {
            let best = servers.first().map_or(0, |server| server.priority);
            upstreams.extend(servers.iter().map(|server| {
                let mut one = upstream.served_by(server, best);
                one.state = state(&one.target.label);
                one
            }));
            continue;
        }
        let known = match &upstream.target.place {
            Place::Name { host, port } if pool.spread == SpreadNames::Each && !upstream.is_service => {
                addresses.of(host).map(|addresses| (addresses, *port))
            }
            Place::Name { .. } | Place::Ip(_) | Place::Unix(_) => None,
        };
        match known {
            Some((addresses, port)) => upstreams.extend(addresses.iter().map(|address| {
                let mut one = upstream.at(*address, port);
                one.state = state(&one.target.label);
                one
            })),
            None => upstreams.push(Upstream { state: state(&upstream.target.label), ..upstream.clone() }),
        }
    }
    upstreams
}

/// Where the plan says an upstream is, in the words of `dial`.
pub fn place(target: &plan::Target) -> Place {
    match target {
        plan::Target::Name { name, port } => Place::Name { host: Arc::clone(name), port: *port },
        plan::Target::Address(address) => Place::Ip(*address),
        plan::Target::Unix(path) => Place::Unix(path.to_string_lossy().into()),
    }
}

impl Upstream {
    /// One server of a service; those that are not of the `best` priority are backups.
    fn served_by(&self, server: &Service, best: u16) -> Self {
        let (host, port) = (&server.host, server.port);
        let label = format!("{} ({host}:{port})", self.target.label);
        let place = Place::Name { host: Arc::clone(host), port };
        let is_standard = port == if self.target.tls.is_some() { 443 } else { 80 };
        let authority = if is_standard { Arc::clone(host) } else { format!("{host}:{port}").into() };
        Self {
            target: Target { label: label.into(), place, ..self.target.clone() },
            authority,
            is_service: false,
            weight: u32::from(server.weight).max(1),
            is_backup: self.is_backup || server.priority > best,
            ..self.clone()
        }
    }

    /// The same at one of its addresses, and labelled so.
    fn at(&self, address: IpAddr, port: u16) -> Self {
        let label = format!("{} ({address})", self.target.label);
        let place = Place::Ip(SocketAddr::new(address, port));
        let target = Target { label: label.into(), place, ..self.target.clone() };
        Self { target, ..self.clone() }
    }
}

/// The TLS clients of a pool.
struct TlsClients<'p> {
    pool: &'p plan::Pool,
    /// The one of all upstreams whose name needs no writing down.
    shared: Option<Arc<TlsClient>>,
}

impl TlsClients<'_> {
    fn of(&mut self, upstream: &plan::Upstream) -> Result<Arc<TlsClient>, TlsConfigProblem> {
        let tls = &self.pool.tls;
        // An address of a spread name is dialled as an address, but it is the name that the certificate must carry.
        if let (SpreadNames::Each, plan::Target::Name { name, .. }, None, false) =
            (self.pool.spread, &upstream.target, &tls.name, upstream.is_service)
        {
            let named = UpstreamTls { name: Some(Arc::clone(name)), ..tls.clone() };
            return TlsClient::build(&named).map(Arc::new);
        }
        if let Some(shared) = &self.shared {
            return Ok(Arc::clone(shared));
        }
        let shared = Arc::new(TlsClient::build(tls)?);
        self.shared = Some(Arc::clone(&shared));
        Ok(shared)
    }
}

impl Learned {
    /// What was learned under this plan about these upstreams, pool by pool.
    pub fn under(plan: &Plan, pools: &[Vec<Upstream>]) -> Self {
        let upstreams = plan.pools.iter().zip(pools);
        let upstreams = upstreams
            .flat_map(|(pool, upstreams)| upstreams.iter().map(move |upstream| (&pool.name, upstream)));
        let state = |(pool, upstream): (&Arc<str>, &Upstream)| {
            ((pool.to_string(), upstream.target.label.to_string()), Arc::clone(&upstream.state))
        };
        Self(upstreams.map(state).collect())
    }

    /// And this.
    pub fn add(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// What was learned about an upstream. One that comes to a pool that was there before begins slowly.
    fn of(&self, pool: &str, label: &str, now: Moment) -> Arc<UpstreamState> {
        if let Some(state) = self.0.get(&(pool.to_owned(), label.to_owned())) {
            return Arc::clone(state);
        }
        let state = Arc::<UpstreamState>::default();
        if self.0.keys().any(|(known, _)| known == pool) {
            state.come_back(now);
        }
        state
    }
}
