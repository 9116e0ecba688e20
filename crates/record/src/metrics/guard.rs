//! Gauges held by guards: whatever exists holds one, and its end is counted by the guard's drop.

use super::shard::{Counter, Shard};
use std::sync::Arc;

/// What a client connection is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum ClientState {
    /// Its TLS handshake is under way.
    Handshake,
    /// It is open, and no request is under way.
    Idle,
    /// A request is being served.
    Active,
    /// It became a tunnel, such as a WebSocket.
    Tunnel,
}

impl ClientState {
    /// Every state.
    pub const ALL: [Self; 4] = [Self::Handshake, Self::Idle, Self::Active, Self::Tunnel];

    /// The stable lower-case name.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Handshake => "handshake",
            Self::Idle => "idle",
            Self::Active => "active",
            Self::Tunnel => "tunnel",
        }
    }
}

/// What a link to an upstream is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum LinkState {
    /// It is being established.
    Connecting,
    /// It waits in the pool for the next request.
    Idle,
    /// A request is under way on it.
    Active,
}

impl LinkState {
    /// Every state.
    pub const ALL: [Self; 3] = [Self::Connecting, Self::Idle, Self::Active];

    /// The stable lower-case name.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Connecting => "connecting",
            Self::Idle => "idle",
            Self::Active => "active",
        }
    }
}

/// One client connection in the gauge `torwart_clients`. Must stay on its core.
#[derive(Debug)]
pub struct ClientGuard {
    shard: Arc<Shard>,
    state: ClientState,
}

impl ClientGuard {
    pub(super) fn new(shard: Arc<Shard>, state: ClientState) -> Self {
        shard.clients[state as usize].add(1);
        Self { shard, state }
    }

    /// The connection goes over to another state.
    #[inline(always)]
    pub fn set(&mut self, state: ClientState) {
        self.shard.clients[self.state as usize].take();
        self.shard.clients[state as usize].add(1);
        self.state = state;
    }
}

impl Drop for ClientGuard {
    fn drop(&mut self) {
        self.shard.clients[self.state as usize].take();
    }
}

/// One link in the gauge `torwart_links`. Must stay on its core.
#[derive(Debug)]
pub struct LinkGuard {
    shard: Arc<Shard>,
    pool: Option<u32>,
    state: LinkState,
}

impl LinkGuard {
    pub(super) fn new(shard: Arc<Shard>, pool: Option<u32>, state: LinkState) -> Self {
        let guard = Self { shard, pool, state };
        if let Some(links) = guard.links() {
            links[state as usize].add(1);
        }
        guard
    }

    /// The link goes over to another state.
    pub fn set(&mut self, state: LinkState) {
        if let Some(links) = self.links() {
            links[self.state as usize].take();
            links[state as usize].add(1);
        }
        self.state = state;
    }

    fn links(&self) -> Option<&[Counter; LinkState::ALL.len()]> {
        Some(&self.shard.pools.at(self.pool?)?.links)
    }
}

impl Drop for LinkGuard {
    fn drop(&mut self) {
        if let Some(links) = self.links() {
            links[self.state as usize].take();
        }
    }
}
