//! How many connections each client address holds, over all cores.
//!
//! A few beyond the limit are taken and told so; further ones are closed at once, which costs the gateway less than they
//! cost their client. Proxies of the operator's are not counted, as many clients come through each of them.

use super::passwords::Passwords;
use crate::clock::Moment;
use crate::per_core::Core;
use std::hash::RandomState;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use torwart_policy::tally::Tally;
use torwart_policy::who;

/// What the guard of all cores has together.
#[derive(Default)]
pub struct Gatehouse {
    /// Hashes what strangers choose.
    keys: RandomState,
    connections: Arc<Tally>,
    /// The second in which it was last told that somebody holds too many connections.
    told: AtomicU64,
    /// Connections closed at once since then.
    closed: AtomicU64,
    pub(super) passwords: Passwords,
}

/// A connection's place among those of its client's address; given back when dropped.
pub struct Seat {
    connections: Arc<Tally>,
    key: u64,
    /// One of the few above the limit, which are only told so.
    is_extra: bool,
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.connections.leave(self.key);
    }
}

/// The address has so many connections that one more is not even told so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Crowded;

impl Seat {
    /// A seat for a connection of this peer; none where its address is not counted.
    ///
    /// # Errors
    /// Where the connection is to be closed.
    pub fn take(core: &Core, peer: SocketAddr) -> Result<Option<Self>, Crowded> {
        let view = core.view();
        let plan = &view.snapshot.plan;
        let address = peer.ip().to_canonical();
        if address.is_loopback() && !plan.per_address.counts_loopback
            || plan.trusted.iter().any(|network| network.contains(&address))
        {
            return Ok(None);
        }
        let house = &core.shared.gatehouse;
        let key = who::by_address(address, &house.keys);
        let count = house.connections.enter(key) as usize;
        let most = plan.per_address.most;
        let seat = Self { connections: Arc::clone(&house.connections), key, is_extra: count > most };
        if seat.is_extra {
            house.tell(address, most);
        }
        if count > most.saturating_add(MOST_TOLD) {
            house.closed.fetch_add(1, Ordering::Relaxed);
            return Err(Crowded);
        }
        Ok(Some(seat))
    }

    /// Whether it is only to be told that there are too many.
    pub fn is_extra(&self) -> bool {
        self.is_extra
    }
}

impl Gatehouse {
    /// Hashes what strangers choose, by a key that nobody outside knows.
    pub fn keys(&self) -> &RandomState {
        &self.keys
    }

    /// Warns, but not for each of thousands.
    #[cold]
    fn tell(&self, address: std::net::IpAddr, most: usize) {
        let second = Moment::now().millis() / 1000;
        let told = self.told.load(Ordering::Relaxed);
        let is_mine = second >= told + QUIET_SECONDS || told == 0;
        if is_mine
            && self.told.compare_exchange(told, second.max(1), Ordering::Relaxed, Ordering::Relaxed).is_ok()
        {
            let closed = self.closed.swap(0, Ordering::Relaxed);
            tracing::warn!(
                %address, most, closed,
                "a client address holds as many connections as it may; a proxy of yours belongs into `trusted`"
            );
        }
    }
}

/// Connections of one address above the limit that are told so.
const MOST_TOLD: usize = 8;

/// How long it is not told again.
const QUIET_SECONDS: u64 = 10;
