//! One scripted upstream: a listener that plays a script on every connection and keeps what reached it.

use crate::ground::{CONNECTION_TIME, CONNECTIONS, Ground, Task};
use crate::player::Player;
use crate::reception::{Reached, Seen};
use crate::script::Script;
use crate::stream::{Stream, Transport};
use socket2::{Domain, Socket, Type};
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;
use tokio::net::{TcpListener, UnixListener};
use tokio::task::JoinSet;

/// A listening upstream that plays a script. Dropping it ends the listener and all its connections.
pub struct Upstream {
    place: Place,
    log: Arc<Log>,
    _task: Task,
}

/// Where an upstream listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A TCP address.
    Ip(SocketAddr),
    /// A unix socket.
    Unix(PathBuf),
}

/// What all connections of one listener brought, in the order of acceptance.
#[derive(Debug, Default)]
pub(crate) struct Log {
    connections: Mutex<Vec<Arc<Mutex<Seen>>>>,
}

enum Listener {
    Tcp(TcpListener),
    Unix(UnixListener),
}

impl Upstream {
    /// Plays the script on a free port of the loopback address.
    pub fn start(ground: &Ground, script: Script) -> io::Result<Self> {
        Self::start_at(ground, SocketAddr::from(([127, 0, 0, 1], 0)), script)
    }

    /// Plays the script at this address.
    pub fn start_at(ground: &Ground, address: SocketAddr, script: Script) -> io::Result<Self> {
        let listener = listen(ground, address, script.receive_buffer)?;
        let place = Place::Ip(listener.local_addr()?);
        Ok(Self::run(ground, place, Listener::Tcp(listener), script))
    }

    /// Plays the script on a unix socket at this path, which must not exist yet.
    pub fn start_unix(ground: &Ground, path: &Path, script: Script) -> io::Result<Self> {
        let _entered = ground.enter();
        let listener = UnixListener::bind(path)?;
        Ok(Self::run(ground, Place::Unix(path.to_owned()), Listener::Unix(listener), script))
    }

    fn run(ground: &Ground, place: Place, listener: Listener, script: Script) -> Self {
        let log = Arc::new(Log::default());
        let task =
            ground.run(accept_all(ground.certificates().clone(), listener, Arc::new(script), log.clone()));
        Self { place, log, _task: task }
    }

    /// Where it listens.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// The address it listens at; `None` for a unix socket.
    pub fn address(&self) -> Option<SocketAddr> {
        match &self.place {
            Place::Ip(address) => Some(*address),
            Place::Unix(_) => None,
        }
    }

    /// What every connection brought so far, in the order of acceptance.
    pub fn seen(&self) -> Vec<Seen> {
        self.log.seen()
    }

    /// How much of a request reached it, over all connections: the most that any of them brought.
    pub fn reached(&self) -> Reached {
        most(&self.seen())
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        if let Place::Unix(path) = &self.place {
            // Somebody may have removed the socket already, which is as good.
            let _ = std::fs::remove_file(path);
        }
    }
}

impl Log {
    pub(crate) fn open(&self) -> (usize, Arc<Mutex<Seen>>) {
        let mut connections = self.connections.lock().unwrap_or_else(PoisonError::into_inner);
        let seen = Arc::new(Mutex::new(Seen::default()));
        if connections.len() < REMEMBERED {
            connections.push(seen.clone());
        }
        (connections.len().saturating_sub(1), seen)
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        let connections = self.connections.lock().unwrap_or_else(PoisonError::into_inner);
        connections.iter().map(|seen| seen.lock().unwrap_or_else(PoisonError::into_inner).clone()).collect()
    }
}

fn most(connections: &[Seen]) -> Reached {
    let reached = |wanted| connections.iter().any(|seen| seen.reached() == wanted);
    match (reached(Reached::Whole), reached(Reached::Cut)) {
        (true, _) => Reached::Whole,
        (false, true) => Reached::Cut,
        (false, false) => Reached::Nothing,
    }
}

/// A listener at this address, registered with the lab's runtime.
pub(crate) fn listen(
    ground: &Ground,
    address: SocketAddr,
    receive_buffer: Option<usize>,
) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    socket.set_reuse_address(true)?;
    if let Some(size) = receive_buffer {
        socket.set_recv_buffer_size(size)?;
    }
    socket.bind(&address.into())?;
    socket.listen(1024)?;
    socket.set_nonblocking(true)?;
    let _entered = ground.enter();
    TcpListener::from_std(socket.into())
}

async fn accept_all(
    certificates: Arc<crate::Certificates>,
    listener: Listener,
    script: Arc<Script>,
    log: Arc<Log>,
) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept(), if connections.len() < CONNECTIONS => {
                // A connection that died in the queue concerns nobody.
                let Ok(transport) = accepted else { continue };
                let (number, seen) = log.open();
                let (script, certificates) = (script.clone(), certificates.clone());
                connections.spawn(async move {
                    let began = Instant::now();
                    let mut player = Player::new(Stream::Plain(transport), seen.clone(), certificates);
                    let played = player.play(script.steps(number));
                    // The time is the limit, not a fault: a script that lasts longer is cut off.
                    let _ = tokio::time::timeout(CONNECTION_TIME, played).await;
                    seen.lock().unwrap_or_else(PoisonError::into_inner).lasted = Some(began.elapsed());
                });
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

impl Listener {
    async fn accept(&self) -> io::Result<Transport> {
        match self {
            Self::Tcp(listener) => {
                let (tcp, _) = listener.accept().await?;
                tcp.set_nodelay(true)?;
                Ok(Transport::Tcp(tcp))
            }
            Self::Unix(listener) => Ok(Transport::Unix(listener.accept().await?.0)),
        }
    }
}

/// Connections remembered per listener.
const REMEMBERED: usize = 10_000;

#[cfg(test)]
mod tests;
