//! An unprivileged TCP traceroute: ordinary connection attempts whose packets may pass one hop, two hops, three.
//!
//! A router checks the packet's life before it filters, so the last hop that answers stands before the filter, or is the
//! filter itself. Hops that never answer are common and prove nothing.

use super::{Case, Message, Outcome, attempt};
use crate::together::together;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;
use torwart_dial::connect::SocketPlan;

/// What answered at each distance.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trace {
    /// One entry per distance, from 1.
    pub hops: Vec<HopSeen>,
}

/// What came back from one distance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HopSeen {
    /// The distance: how many hops the packet was allowed.
    pub distance: u8,
    /// Whose message came back that its life was over.
    pub router: Option<IpAddr>,
    /// Whether the far end, or somebody in its name, answered at this distance.
    pub is_end: bool,
    /// The message of a filter that refuses at this distance.
    pub rejection: Option<Message>,
}

/// Traces a port of an address over at most `most` hops. Distances beyond the budget are left out.
pub(super) async fn trace(case: &Case, address: SocketAddr, most: u8) -> Trace {
    let probes = (1..=most).map(async |distance| {
        let plan = SocketPlan { ttl: Some(distance), ..SocketPlan::default() };
        let outcome = attempt(case, &plan, address, PATIENCE).await?.outcome;
        let (router, rejection) = match outcome {
            Outcome::Loop(message) => (message.from, None),
            Outcome::Rejected(message) => (None, Some(message)),
            _ => (None, None),
        };
        Some(HopSeen { distance, router, is_end: outcome.is_answer() || rejection.is_some(), rejection })
    });
    Trace { hops: together(probes).await.into_iter().flatten().collect() }
}

impl Trace {
    /// The last hop that answered before the silence, with its distance.
    pub fn last_router(&self) -> Option<(u8, IpAddr)> {
        self.hops.iter().rev().find_map(|hop| Some((hop.distance, hop.router?)))
    }

    /// How far away the end is: the shortest distance at which it answered.
    pub fn distance(&self) -> Option<u8> {
        self.hops.iter().find(|hop| hop.is_end).map(|hop| hop.distance)
    }

    /// What a filter said that refuses.
    pub fn rejection(&self) -> Option<Message> {
        self.hops.iter().find_map(|hop| hop.rejection)
    }

    /// The routers that answered, for a person: `1 10.0.0.1, 3 10.0.2.1`.
    pub fn routers(&self) -> String {
        let seen = self.hops.iter().filter_map(|hop| Some(format!("{} {}", hop.distance, hop.router?)));
        seen.collect::<Vec<_>>().join(", ")
    }
}

/// Routers answer at once or not at all; the SYN is not repeated within this time.
const PATIENCE: Duration = Duration::from_millis(800);

#[cfg(test)]
mod tests {
    use super::*;

    fn hop(distance: u8, router: Option<&str>, is_end: bool) -> HopSeen {
        HopSeen { distance, router: router.and_then(|text| text.parse().ok()), is_end, rejection: None }
    }

    #[test]
    fn silent_hops_in_between_do_not_hide_later_ones() {
        let hops =
            vec![hop(1, Some("10.0.0.1"), false), hop(2, None, false), hop(3, Some("10.0.2.1"), false)];
        let trace = Trace { hops };
        assert_eq!(trace.last_router(), Some((3, IpAddr::from([10, 0, 2, 1]))));
        assert_eq!(trace.distance(), None);
        assert_eq!(trace.routers(), "1 10.0.0.1, 3 10.0.2.1");
    }

    #[test]
    fn the_end_is_as_near_as_its_first_answer() {
        let trace = Trace { hops: vec![hop(1, None, false), hop(2, None, true), hop(3, None, true)] };
        assert_eq!(trace.distance(), Some(2));
    }
}
