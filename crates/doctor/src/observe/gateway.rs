//! The gateway as its own configuration tells: which route takes the site's requests, and what stands behind it.
//!
//! The file is the one the user names, or that of a gateway that runs on this machine. A gateway found so is only believed
//! to be the site's if the site's name leads to this machine, or if its configuration names the site; otherwise the site
//! is somebody else's business and nothing is known. Facts keep file and line, so that a finding can name the line to change.

mod address;
mod disk;
mod entries;
mod route;
mod version;

use crate::observe::host::Host;
use crate::{Case, Source, Upstream, UpstreamAddress};
use entries::Started;
use std::net::{IpAddr, SocketAddr};
use torwart_dialect::Product;
use torwart_dialect::config::{self, At, Entry, GatewayConfig, HostRule, Route, UpstreamConfig};

pub use address::ours;
pub use disk::Disk;

/// The gateway as its own configuration tells.
#[derive(Clone, Debug, Default)]
pub struct Gateway {
    /// The servers behind it that this site's requests go to.
    pub upstreams: Vec<Upstream>,
    /// Its configuration, where one was found that is the site's.
    pub config: Option<GatewayConfig>,
    /// What it was started with, or what the user named.
    pub entry: Option<Entry>,
    /// Whether the user named the file.
    pub is_given: bool,
    /// Its processes on this machine; the first is the one that started the others.
    pub pids: Vec<u32>,
    /// Whether the site's name leads to this machine.
    pub is_here: bool,
    routes: Vec<usize>,
}

/// Looks.
pub async fn observe(case: &Case) -> Gateway {
    let host = case.host().await;
    let url = &case.question().url;
    let addresses = case.addresses_of(&url.host, url.port).await;
    let is_here = addresses.iter().any(|ip| Host::owns(*ip));
    let given = case.question().config.clone();
    let running = entries::running(&host);
    let found = match given {
        Some(file) => entries::given(&file, &running),
        None => running,
    };
    let is_given = case.question().config.is_some();
    let mut best: Option<(u32, Gateway)> = None;
    for mut started in found {
        started.entry.version = version_of(case, &host, &started, &addresses, is_here).await;
        let gateway = read(case, started, is_given, is_here);
        let rank = gateway.rank(&host, &url.host, url.port, &addresses);
        let is_ours = is_given || rank > 0;
        if is_ours && best.as_ref().is_none_or(|(other, _)| rank > *other) {
            best = Some((rank, gateway));
        }
    }
    best.map_or(Gateway { is_here, ..Gateway::default() }, |(_, gateway)| gateway)
}

/// The version of a gateway, where its defaults depend on it.
async fn version_of(
    case: &Case,
    host: &Host,
    started: &Started,
    addresses: &[IpAddr],
    is_here: bool,
) -> Option<version::Version> {
    let product = started.entry.product;
    if !matches!(product, Product::Nginx | Product::Caddy) {
        return None;
    }
    let process = started.pids.first().and_then(|pid| host.process(*pid));
    if process.is_some() || is_here {
        return version::of_program(product, process).await;
    }
    // Files of a host that stands elsewhere: it may tell in its answers.
    let address = addresses.first().filter(|_| case.question().config.is_some())?;
    version::of_answer(case, product, SocketAddr::new(*address, case.question().url.port)).await
}

fn read(case: &Case, started: Started, is_given: bool, is_here: bool) -> Gateway {
    let url = &case.question().url;
    let config = config::read_entry(&started.entry, &Disk);
    let routes = route::of_site(&config, url);
    let mut upstreams: Vec<Upstream> = Vec::new();
    let of_routes = routes.iter().filter_map(|index| config.routes.get(*index));
    for upstream in of_routes.flat_map(|route| &route.upstreams).filter(|upstream| !upstream.is_disabled) {
        let Some(address) = ours(&upstream.address) else { continue };
        if upstreams.len() < MOST_UPSTREAMS && upstreams.iter().all(|known| known.address != address) {
            upstreams.push(Upstream { address, source: source(upstream.at.as_ref(), &started.entry) });
        }
    }
    Gateway {
        upstreams,
        config: Some(config),
        entry: Some(started.entry),
        is_given,
        pids: started.pids,
        is_here,
        routes,
    }
}

fn source(at: Option<&At>, entry: &Entry) -> Source {
    match at {
        Some(at) => Source::Config { file: at.file.display().to_string(), line: at.line },
        None => Source::Config { file: entry.file().display().to_string(), line: 1 },
    }
}

impl Gateway {
    /// Whose product it is.
    pub fn product(&self) -> Option<Product> {
        self.config.as_ref().map(|config| config.product)
    }

    /// The route that takes the site's requests.
    pub fn route(&self) -> Option<&Route> {
        self.config.as_ref()?.routes.get(*self.routes.first()?)
    }

    /// The routes that may take the site's requests, the likeliest first.
    pub fn routes(&self) -> impl Iterator<Item = &Route> {
        let all = self.config.as_ref().map(|config| config.routes.as_slice()).unwrap_or_default();
        self.routes.iter().filter_map(|index| all.get(*index))
    }

    /// The route that leads to an upstream, and its line; routes of the site come first.
    pub fn route_to(&self, upstream: &UpstreamAddress) -> Option<(&Route, &UpstreamConfig)> {
        let all = self.config.iter().flat_map(|config| &config.routes);
        let leads = |route: &&Route, it: &&UpstreamConfig| {
            ours(&it.address).as_ref() == Some(upstream) && !route.upstreams.is_empty()
        };
        self.routes()
            .chain(all)
            .find_map(|route| Some((route, route.upstreams.iter().find(|it| leads(&route, it))?)))
    }

    /// Whether a site of the configuration bears this name, and not only one that takes any.
    pub fn names(&self, host: &str) -> bool {
        let Some(config) = &self.config else { return false };
        let rules = config.routes.iter().flat_map(|route| &route.hosts);
        let rules = rules.chain(config.listeners.iter().flat_map(|listener| &listener.names));
        rules.into_iter().any(|rule| !matches!(rule, HostRule::Any) && rule.fits(host))
    }

    /// How likely it is the site's gateway; 0 is not at all.
    fn rank(&self, host: &Host, name: &str, port: u16, addresses: &[IpAddr]) -> u32 {
        let Some(config) = &self.config else { return 0 };
        let is_own = |pid: u32| self.pids.contains(&pid);
        let holders: Vec<u32> =
            host.on_port(port).flat_map(|row| host.holders(row.inode)).map(|process| process.pid).collect();
        let owns_port = self.is_here && holders.iter().any(|pid| is_own(*pid));
        let is_taken = host.on_port(port).next().is_some() && (self.pids.is_empty() || !holders.is_empty());
        if self.is_here && is_taken && !owns_port {
            // Somebody else serves the port, whatever this configuration says.
            return 0;
        }
        let listens = route::listens_on(config, port);
        let is_named = self.names(name) && addresses.iter().all(|ip| !ip.to_string().eq(name));
        u32::from(owns_port) * 8
            + u32::from(listens && self.is_here) * 4
            + u32::from(is_named) * 2
            + u32::from(self.is_here && (listens || is_named))
    }
}

/// More upstreams than this are not looked at.
const MOST_UPSTREAMS: usize = 12;
