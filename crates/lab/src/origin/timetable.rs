//! An origin that misbehaves by timetable: now it refuses, now it resets, now all is well again.

use super::shop;
use crate::ground::{CONNECTIONS, Ground, Task};
use crate::player::{Flow, Player};
use crate::script::{Span, Step};
use serde::Deserialize;
use socket2::{Domain, Socket, Type};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// Acts that follow each other and begin again.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Timetable {
    /// The acts in order.
    #[serde(rename = "act")]
    pub acts: Vec<Act>,
}

/// How the origin behaves for a while.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Act {
    /// The speaking name, mostly that of the fault it shows.
    pub name: String,
    /// What the origin does, in a few English words.
    pub en: String,
    /// What the origin does, in a few German words.
    pub de: String,
    /// How long the act lasts.
    pub lasts: Span,
    /// Whether the port refuses connections meanwhile.
    #[serde(default)]
    pub refuses: bool,
    /// What it does with each request; none: it serves the shop.
    #[serde(default)]
    pub steps: Vec<Step>,
}

/// A sample shop that misbehaves by timetable. Dropping it ends it.
pub struct Flaky {
    address: SocketAddr,
    _task: Task,
}

impl Timetable {
    /// The timetable of the demonstration: every six seconds something else, with pauses.
    pub fn demonstration() -> Self {
        toml::from_str(DEMONSTRATION).expect("the timetable is part of the program; a test reads it")
    }

    /// The same acts, each of this length.
    pub fn with_acts_of(mut self, length: Duration) -> Self {
        for act in &mut self.acts {
            act.lasts = Span(length);
        }
        self
    }
}

impl Flaky {
    /// Starts at this address; `announce` is called with each act as it begins, on the lab's thread.
    pub fn start(
        ground: &Ground,
        address: SocketAddr,
        name: &str,
        timetable: Timetable,
        announce: impl Fn(&Act) + Send + 'static,
    ) -> io::Result<Self> {
        if timetable.acts.is_empty() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "a timetable needs an act"));
        }
        // Holds the port while nobody listens on it, so that refused connections stay refused.
        let keeper = bind(address)?;
        let address = keeper.local_addr()?.as_socket().ok_or(io::ErrorKind::AddrNotAvailable)?;
        let house = House { address, name: name.into(), certificates: ground.certificates().clone() };
        let task = ground.run(async move {
            let _keeper = keeper;
            // Only a port that cannot be listened on ends the timetable.
            let _ = perform(&house, &timetable, announce).await;
        });
        Ok(Self { address, _task: task })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

struct House {
    address: SocketAddr,
    name: Arc<str>,
    certificates: Arc<crate::Certificates>,
}

async fn perform(house: &House, timetable: &Timetable, announce: impl Fn(&Act)) -> io::Result<()> {
    loop {
        for act in &timetable.acts {
            if act.refuses {
                announce(act);
                tokio::time::sleep(act.lasts.0).await;
                continue;
            }
            let socket = bind(house.address)?;
            socket.listen(1024)?;
            let listener = TcpListener::from_std(socket.into())?;
            announce(act);
            // The end of an act ends its connections, as a restart of the origin would.
            let _ = tokio::time::timeout(act.lasts.0, play(house, &listener, act)).await;
        }
    }
}

/// `SO_REUSEPORT` lets the keeper hold the port beside the listener; it takes no connections itself.
fn bind(address: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    Ok(socket)
}

async fn play(house: &House, listener: &TcpListener, act: &Act) {
    let steps: Arc<[Step]> = act.steps.clone().into();
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept(), if connections.len() < CONNECTIONS => {
                // A connection that died in the queue concerns nobody.
                let Ok((tcp, _)) = accepted else { continue };
                let (name, certificates, steps) =
                    (house.name.clone(), house.certificates.clone(), steps.clone());
                connections.spawn(async move {
                    // The peer leaving is no fault.
                    let _ = attend(tcp, certificates, &name, &steps).await;
                });
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn attend(
    tcp: TcpStream,
    certificates: Arc<crate::Certificates>,
    name: &str,
    steps: &[Step],
) -> io::Result<()> {
    let mut player = shop::player(tcp, certificates)?;
    if !steps.is_empty() {
        player.play(steps).await;
        return Ok(());
    }
    serve(&mut player, name).await
}

async fn serve(player: &mut Player, name: &str) -> io::Result<()> {
    while player.read_head().await? == Flow::Goes && player.read_body().await? == Flow::Goes {
        let answer = shop::answer(&player.request(), name);
        player.send(&answer).await?;
    }
    player.close().await;
    Ok(())
}

const DEMONSTRATION: &str = include_str!("../../faults/demonstration.toml");

#[cfg(test)]
mod tests;
