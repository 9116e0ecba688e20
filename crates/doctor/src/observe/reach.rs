//! How far a connection comes, and what stops it.
//!
//! One attempt per address, with the network's own messages; nothing is retried here. Where an address refuses or stays
//! silent, its surroundings are looked at as well (other ports, the hops on the way, other source addresses), because
//! that is what tells a dead host from a filter. A connection that comes through is closed at once.

mod message;
mod outcome;
mod routes;
mod surroundings;
mod trace;
mod unix;

pub use message::Message;
pub use outcome::Outcome;
pub use routes::{Routes, Way};
pub(crate) use surroundings::is_near;
pub use surroundings::{Lives, Surroundings};
pub use trace::{HopSeen, Trace};

use crate::together::together;
use crate::{Case, Family, Place, UpstreamAddress};
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;
use torwart_dial::connect::{Observed, SocketPlan, observe as observe_connect};

/// How far connections to one upstream come: one attempt per address.
#[derive(Clone, Debug, Default)]
pub struct Reach {
    /// The attempts, in the order of the addresses. Empty where the name leads nowhere.
    pub attempts: Vec<Attempted>,
}

/// One attempt at one address.
#[derive(Clone, Debug)]
pub struct Attempted {
    /// The far end.
    pub far: Far,
    /// What came of it.
    pub outcome: Outcome,
    /// How long it took.
    pub took: Duration,
    /// SYNs sent again before it ended: above zero somebody lost or dropped the first.
    pub repeated_syns: u32,
    /// The round-trip time as the kernel measured it, on a connection that came through.
    pub round_trip: Option<Duration>,
    /// The source address used.
    pub local: Option<IpAddr>,
    /// What stands around an address that refuses or stays silent.
    pub around: Option<Rc<Surroundings>>,
}

/// The far end of an attempt.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Far {
    /// An address.
    Ip(SocketAddr),
    /// The path of a unix socket.
    Unix(PathBuf),
}

/// Tries every address of an upstream.
pub async fn observe(case: &Case, upstream: &UpstreamAddress) -> Reach {
    let (ips, port) = match &upstream.place {
        Place::Unix(path) => {
            let attempt = unix::attempt(path, PATIENCE).await;
            return Reach { attempts: vec![attempt] };
        }
        Place::Ip(address) => (vec![address.ip()], address.port()),
        Place::Name { host, port } => (case.addresses_of(host, *port).await, *port),
    };
    let addresses = ips.into_iter().filter(|ip| fits(case.question().family, *ip)).take(MOST_ADDRESSES);
    let attempts = together(addresses.map(|ip| attempt_whole(case, SocketAddr::new(ip, port)))).await;
    Reach { attempts: attempts.into_iter().flatten().collect() }
}

impl Reach {
    /// Whether at least one address accepts.
    pub fn is_connected(&self) -> bool {
        self.connected().is_some()
    }

    /// The first address that accepts.
    pub fn connected(&self) -> Option<&Attempted> {
        self.attempts.iter().find(|attempt| attempt.outcome == Outcome::Connected)
    }

    /// The attempts that failed.
    pub fn failed(&self) -> impl Iterator<Item = &Attempted> {
        self.attempts.iter().filter(|attempt| attempt.outcome != Outcome::Connected)
    }
}

impl Attempted {
    /// The address, where it is one.
    pub const fn address(&self) -> Option<SocketAddr> {
        match self.far {
            Far::Ip(address) => Some(address),
            Far::Unix(_) => None,
        }
    }

    fn of(observed: &Observed, outcome: Outcome) -> Self {
        let info = observed.info.as_ref();
        let is_connected = outcome == Outcome::Connected;
        Self {
            far: Far::Ip(observed.address),
            outcome,
            took: observed.took,
            repeated_syns: info.map_or(0, |info| info.retransmitted),
            round_trip: info.map(|info| info.round_trip).filter(|time| is_connected && !time.is_zero()),
            local: observed.local.map(|local| local.ip()),
            around: None,
        }
    }
}

impl fmt::Display for Far {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ip(address) => address.fmt(f),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

/// One attempt, from wherever the plan says, on the budget of its host. `None`: the budget is spent.
pub async fn attempt(
    case: &Case,
    plan: &SocketPlan,
    address: SocketAddr,
    patience: Duration,
) -> Option<Attempted> {
    case.budget().connection(&address.ip().to_string()).ok()?;
    let plan = SocketPlan { receives_errors: true, ..plan.clone() };
    let patience = patience.min(case.left().saturating_sub(RESERVE));
    let observed = observe_connect(&plan, address, patience).await;
    let outcome = outcome::of(&observed, plan.bind.is_some());
    Some(Attempted::of(&observed, outcome))
}

/// An attempt, and its surroundings if it fails. They are looked at afterwards, not meanwhile: a router tells only so much
/// in a second, and what it says about this attempt matters most.
async fn attempt_whole(case: &Case, address: SocketAddr) -> Option<Attempted> {
    let plan = SocketPlan::default();
    let mut attempted = attempt(case, &plan, address, PATIENCE).await?;
    // While others already wait for an answer from the neighbourhood, its absence is reported early: ask again, alone.
    if matches!(attempted.outcome, Outcome::NoRoute(_))
        && let Some(again) = attempt(case, &plan, address, PATIENCE).await
        && matches!(again.outcome, Outcome::HostDown(_))
    {
        return Some(again);
    }
    if !attempted.outcome.wants_surroundings() {
        return Some(attempted);
    }
    let around = surroundings::look(case, address, attempted.outcome).await;
    if attempted.outcome == Outcome::Silent {
        // The message may have come for another of our packets.
        if let Some(message) = around.trace.as_ref().and_then(Trace::rejection) {
            attempted.outcome = Outcome::Rejected(message);
        } else if !around.is_host_alive() && !matches!(around.way, Way::Own | Way::OnLink) {
            tokio::time::sleep(ROUTER_RECOVERS).await;
            let again = attempt(case, &plan, address, PATIENCE).await;
            attempted = again.filter(|again| again.outcome != Outcome::Silent).unwrap_or(attempted);
        }
    }
    attempted.around = Some(Rc::new(around));
    Some(attempted)
}

fn fits(family: Option<Family>, ip: IpAddr) -> bool {
    match family {
        None => true,
        Some(Family::V4) => ip.is_ipv4(),
        Some(Family::V6) => ip.is_ipv6(),
    }
}

/// Longer than a router needs to find out that a host is gone (three unanswered ARP requests, one second apart), and
/// long enough for the second repetition of a lost SYN (after 1 and 3 seconds).
pub const PATIENCE: Duration = Duration::from_millis(3500);

/// A Linux router that has been asked often pays twice for a message about a missing route, one second each.
const ROUTER_RECOVERS: Duration = Duration::from_millis(2200);

/// Left for those who conclude something from it.
const RESERVE: Duration = Duration::from_millis(500);

/// More addresses than this of one upstream are not tried.
const MOST_ADDRESSES: usize = 6;

#[cfg(test)]
mod tests;
