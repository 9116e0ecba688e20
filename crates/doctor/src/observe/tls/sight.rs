//! What the checks of TLS look at: each address of the site's front, each upstream, with what is meant for it.

use super::meant::{self, Meant};
use super::{TlsSeen, look, observe_by};
use crate::observe::gateway::Gateway;
use crate::together::together;
use crate::{Case, Family, Scheme, Upstream};
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;

/// One address of the front.
#[derive(Clone, Debug)]
pub struct FrontSight {
    /// Where.
    pub address: SocketAddr,
    /// What a visitor is shown there.
    pub seen: Rc<TlsSeen>,
}

/// One upstream.
#[derive(Clone, Debug)]
pub struct UpstreamSight {
    /// Which.
    pub upstream: Upstream,
    /// Its first address.
    pub address: SocketAddr,
    /// What the gateway says and checks.
    pub meant: Meant,
    /// What it is shown.
    pub seen: Rc<TlsSeen>,
}

/// The addresses of the site, of the family asked for, or where the user says to connect instead.
pub async fn front_addresses(case: &Case) -> Vec<SocketAddr> {
    let asked = case.question();
    let (host, port) = (asked.url.host.as_str(), asked.url.port);
    let instead = asked.connect_to.iter().find(|((from, at), _)| from == host && *at == port);
    let (host, port) = instead.map_or((host, port), |(_, (to, at))| (to.as_str(), *at));
    let is_wanted = |ip: &IpAddr| match asked.family {
        Some(Family::V4) => ip.is_ipv4(),
        Some(Family::V6) => ip.is_ipv6(),
        None => true,
    };
    let found = case.addresses_of(host, port).await;
    found.into_iter().filter(is_wanted).take(ADDRESSES).map(|ip| SocketAddr::new(ip, port)).collect()
}

/// What visitors are shown at each address of the site; nothing for a site without TLS.
pub async fn front(case: &Case) -> Vec<FrontSight> {
    if !case.question().url.is_https {
        return Vec::new();
    }
    let name = case.question().url.host.as_str();
    let looking = front_addresses(case)
        .await
        .into_iter()
        .map(async |address| FrontSight { address, seen: case.tls_of(address, Some(name)).await });
    together(looking).await
}

/// What the gateway is shown by each upstream that it speaks TLS to.
pub async fn upstreams(case: &Case) -> Vec<UpstreamSight> {
    let gateway = case.gateway().await;
    let upstreams = case.upstreams().await;
    let spoken_to = upstreams.iter().filter(|upstream| upstream.address.scheme == Scheme::Https);
    together(spoken_to.map(async |upstream| look_at(case, &gateway, upstream).await))
        .await
        .into_iter()
        .flatten()
        .collect()
}

async fn look_at(case: &Case, gateway: &Gateway, upstream: &Upstream) -> Option<UpstreamSight> {
    let address = case.socket_address(&upstream.address).await?;
    let meant = meant::of(case, gateway, &upstream.address);
    let seen = if meant.sends_proxy_protocol {
        Rc::new(observe_by(case, address, &look(meant.spoken.as_deref()), PROXY_HEADER).await)
    } else {
        case.tls_of(address, meant.spoken.as_deref()).await
    };
    Some(UpstreamSight { upstream: upstream.clone(), address, meant, seen })
}

impl UpstreamSight {
    /// What the upstream shows when asked for another name, or none, in the same way otherwise.
    pub async fn asked_for(&self, case: &Case, name: Option<&str>) -> Rc<TlsSeen> {
        if self.meant.sends_proxy_protocol {
            return Rc::new(observe_by(case, self.address, &look(name), PROXY_HEADER).await);
        }
        case.tls_of(self.address, name).await
    }
}

/// How many addresses of a name are looked at.
const ADDRESSES: usize = 6;
/// A PROXY protocol header that claims nothing.
const PROXY_HEADER: &[u8] = b"PROXY UNKNOWN\r\n";
