//! What stands around an address that refuses or stays silent: other ports, the way there, other sources, ping.
//!
//! All of it at once and within one repetition of a SYN, so that it costs a second, and a handful of connections.

use super::routes::{Routes, Way};
use super::trace::{Trace, trace};
use super::{Attempted, Case, Outcome, attempt};
use crate::together::together;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;
use torwart_dial::connect::SocketPlan;
use torwart_dial::overhear::{Ear, Segment};
use torwart_dial::ping::{Pinged, ping};
use torwart_kernel::interfaces;

/// What stands around an address.
#[derive(Clone, Debug)]
pub struct Surroundings {
    /// The way there, as this machine's own routing table says.
    pub way: Way,
    /// Other ports of that address, and what came of them.
    pub ports: Vec<Attempted>,
    /// What answered on the way to the port.
    pub trace: Option<Trace>,
    /// What answered on the way to another port that answers.
    pub other_trace: Option<Trace>,
    /// The same port from this machine's other addresses.
    pub sources: Vec<Attempted>,
    /// How far away the reset for the port and the answer of another port were made, by the life their packets had left;
    /// only with the right to raw sockets.
    pub lives: Option<Lives>,
    /// Echo requests; `None` where this user may not send them.
    pub ping: Option<Pinged>,
}

/// What the headers of two answers tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lives {
    /// The reset for the port in question.
    pub reset: Segment,
    /// The answer of another port.
    pub other: Segment,
}

impl Surroundings {
    /// The other ports at which the host, or somebody in its name, answered.
    pub fn answering_ports(&self) -> impl Iterator<Item = &Attempted> {
        self.ports.iter().filter(|attempt| attempt.outcome.is_answer())
    }

    /// The other ports that accept connections.
    pub fn accepting_ports(&self) -> impl Iterator<Item = &Attempted> {
        self.ports.iter().filter(|attempt| attempt.outcome == Outcome::Connected)
    }

    /// Whether anything of that host answered: a port, or ping.
    pub fn is_host_alive(&self) -> bool {
        self.answering_ports().next().is_some()
            || self.ping.as_ref().is_some_and(|ping| !ping.times.is_empty())
    }

    /// The other source address from which the port does answer.
    pub fn working_source(&self) -> Option<&Attempted> {
        self.sources.iter().find(|attempt| attempt.outcome.is_answer())
    }
}

/// Looks around an address whose attempt ended as `outcome`.
pub(super) async fn look(case: &Case, address: SocketAddr, outcome: Outcome) -> Surroundings {
    let routes = Routes::read();
    let way = routes.way(address.ip());
    let is_far = !matches!(way, Way::Own | Way::OnLink);
    let is_silent = outcome == Outcome::Silent;
    let tracing = async {
        if !(is_silent && is_far) {
            return None;
        }
        // A router that refuses sends about one message a second; the attempt before may have used them up.
        tokio::time::sleep(ROUTER_RECOVERS).await;
        Some(trace(case, address, MOST_HOPS).await)
    };
    let sources = async {
        if matches!(outcome, Outcome::Reset | Outcome::HeldBack) || way == Way::Own {
            return Vec::new();
        }
        other_sources(case, address).await
    };
    let pinging = async { if is_silent { pings(address.ip()).await } else { None } };
    let ports_and_way = async {
        let ear = Some(address.ip()).filter(|_| outcome == Outcome::Reset && is_far);
        let mut ear = ear.and_then(|ip| match ip {
            IpAddr::V4(four) => Ear::open(four).ok(),
            IpAddr::V6(_) => None,
        });
        if ear.is_some() {
            attempt(case, &SocketPlan::default(), address, GLANCE).await;
        }
        let ports = other_ports(case, address).await;
        let lives = ear.as_mut().and_then(|ear| lives(&ear.heard(), address.port()));
        let answering = ports.iter().find(|attempt| attempt.outcome.is_answer());
        let other = match answering.and_then(Attempted::address) {
            Some(other) if is_far => Some(trace(case, other, MOST_HOPS).await),
            _ => None,
        };
        // Who resets in the host's name does so from nearer.
        let own = match &other {
            Some(_) if outcome == Outcome::Reset => Some(trace(case, address, MOST_HOPS).await),
            _ => None,
        };
        (ports, other, own, lives)
    };
    let (trace, sources, ping, (ports, other_trace, own_trace, lives)) =
        tokio::join!(tracing, sources, pinging, ports_and_way);
    Surroundings { way, ports, trace: trace.or(own_trace), other_trace, sources, lives, ping }
}

/// The reset for the port, and the answer of another port from furthest away.
fn lives(heard: &[Segment], port: u16) -> Option<Lives> {
    let reset = heard.iter().find(|segment| segment.port == port && segment.is_reset)?;
    let others = heard.iter().filter(|segment| segment.port != port);
    let other = others.max_by_key(|segment| segment.distance())?;
    Some(Lives { reset: *reset, other: *other })
}

async fn other_ports(case: &Case, address: SocketAddr) -> Vec<Attempted> {
    let mut wanted: Vec<u16> = near(address.port());
    wanted.extend(COMMON_PORTS.iter().filter(|port| **port != address.port()));
    wanted.dedup();
    let probes = wanted.into_iter().take(MOST_PORTS).map(async |port| {
        attempt(case, &SocketPlan::default(), SocketAddr::new(address.ip(), port), GLANCE).await
    });
    together(probes).await.into_iter().flatten().collect()
}

/// Ports that are easily mistaken for this one, the likeliest first.
fn near(port: u16) -> Vec<u16> {
    let twins = TWINS.iter().filter_map(|&(a, b)| match port {
        port if port == a => Some(b),
        port if port == b => Some(a),
        _ => None,
    });
    let mut ports: Vec<u16> = twins.collect();
    ports.extend([port.checked_add(1), port.checked_sub(1)].into_iter().flatten());
    ports.retain(|near| *near != 0);
    ports
}

/// Whether one port is easily mistaken for the other.
pub(crate) fn is_near(port: u16, other: u16) -> bool {
    near(port).contains(&other)
}

async fn other_sources(case: &Case, address: SocketAddr) -> Vec<Attempted> {
    let usable = |ip: IpAddr| {
        let is_link_local = match ip {
            IpAddr::V4(four) => four.is_link_local(),
            IpAddr::V6(six) => six.is_unicast_link_local(),
        };
        ip.is_ipv6() == address.is_ipv6() && !ip.is_loopback() && !is_link_local
    };
    let usual = usual_source(address);
    let own = interfaces::addresses().unwrap_or_default().into_iter();
    let others = own.filter(|local| local.is_up && usable(local.address) && Some(local.address) != usual);
    let probes = others.take(MOST_SOURCES).map(async |local| {
        let plan = SocketPlan { bind: Some(local.address), ..SocketPlan::default() };
        let attempted = attempt(case, &plan, address, GLANCE).await?;
        Some(Attempted { local: Some(local.address), ..attempted })
    });
    together(probes).await.into_iter().flatten().collect()
}

/// The source address the kernel would choose. A connected datagram socket asks the tables and sends nothing.
pub(crate) fn usual_source(address: SocketAddr) -> Option<IpAddr> {
    let any: SocketAddr = if address.is_ipv6() { ([0u16; 8], 0).into() } else { ([0u8; 4], 0).into() };
    let socket = std::net::UdpSocket::bind(any).ok()?;
    socket.connect(address).ok()?;
    socket.local_addr().ok().map(|local| local.ip())
}

async fn pings(address: IpAddr) -> Option<Pinged> {
    ping(address, PINGS, Duration::from_millis(50), Duration::from_millis(700)).await.ok()
}

/// Pairs that are mistaken for one another.
const TWINS: &[(u16, u16)] = &[
    (80, 8080),
    (443, 8443),
    (80, 8000),
    (3000, 8080),
    (8000, 8080),
    (5000, 8080),
    (9000, 8080),
    (3000, 5000),
    (80, 443),
];

/// Ports at which a host that is alive is likely to answer, if only by refusing.
const COMMON_PORTS: &[u16] = &[80, 443, 22, 8080, 3000, 1];

/// Other ports tried at most.
const MOST_PORTS: usize = 8;

/// Other source addresses tried at most.
const MOST_SOURCES: usize = 3;

/// Hops traced: more than a network of one's own has, and few enough for the budget.
const MOST_HOPS: u8 = 8;

/// Echo requests sent.
const PINGS: u16 = 3;

/// Linux routers send at most one message a second to one host, after a first burst.
const ROUTER_RECOVERS: Duration = Duration::from_millis(1100);

/// One repetition of a lost SYN fits in.
const GLANCE: Duration = Duration::from_millis(1150);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twins_come_before_neighbours() {
        assert_eq!(near(8080), [80, 3000, 8000, 5000, 9000, 8081, 8079]);
        assert!(is_near(3000, 3001) && is_near(8443, 443) && !is_near(22, 80));
        assert!(!near(1).contains(&0));
    }

    #[test]
    fn the_usual_source_toward_loopback_is_loopback() {
        let source = usual_source(SocketAddr::from(([127, 0, 0, 1], 9))).expect("a source");
        assert!(source.is_loopback());
    }
}
