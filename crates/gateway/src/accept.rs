//! Takes connections from a listener, shakes hands where it speaks TLS, and sets each on its way.
//!
//! When descriptors or places run out, accepting pauses and says so; connections that are open go on. A listener that
//! is taken away, by a reload or by the drain, first serves whoever already waits in its queue.

use crate::certificates::Shaken;
use crate::client::tcp::ClientTcp;
use crate::client::{Client, ClientName, ClientStream};
use crate::clock::Moment;
use crate::guard::{Crowded, Seat};
use crate::http2;
use crate::outcome;
use crate::per_core::Core;
use crate::serve::serve;
use crate::stated::{self, Said, Socket};
use ipnet::IpNet;
use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::net::{TcpStream as Watched, UnixListener, UnixStream};
use tokio::sync::watch;
use torwart_cause::{Deadline, Decision, Ending};
use torwart_dial::ending_of;
use torwart_kernel::socket::{accept, has_half_made, stop_deferring};
use torwart_record::{Client as Peer, ClientState};

/// A listener of one core.
pub enum Listening {
    /// TCP, with TLS or without.
    Tcp {
        /// The socket.
        listener: AsyncFd<TcpListener>,
        /// Whether clients speak TLS here.
        is_tls: bool,
        /// Whose PROXY protocol headers are believed, where connections begin with one.
        stated_by: Option<Rc<[IpNet]>>,
    },
    /// A unix socket; plain.
    Unix {
        /// The socket.
        listener: UnixListener,
        /// Whether connections begin with a PROXY protocol header.
        is_stated: bool,
    },
}

enum Accepted {
    Tcp(TcpStream, SocketAddr),
    Unix(UnixStream),
}

impl Listening {
    /// Accepts until told to stop; then serves whoever already waits in the queue.
    pub async fn run(self, core: Rc<Core>, mut stopped: watch::Receiver<bool>) {
        while !*stopped.borrow() {
            wait_for_room(&core).await;
            let accepted = tokio::select! {
                biased;
                accepted = self.accept() => accepted,
                _ = stopped.wait_for(|is_stopped| *is_stopped) => break,
            };
            match accepted {
                Ok(accepted) => self.welcome(&core, accepted),
                Err(error) if is_of_one_connection(&error) => {}
                Err(error) => {
                    tracing::warn!(%error, "accepting pauses: no descriptor or memory for new connections");
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
        // Whoever has taken over empties the queue.
        if !core.shared.is_handed_over() {
            self.last_call(&core).await;
        }
    }

    /// Serves whoever waits in the queue, and whoever is about to: clients that believe they are connected.
    async fn last_call(&self, core: &Rc<Core>) {
        let until = Moment::now() + LAST_CALL;
        while Moment::now() < until {
            // Looked at before the queue: a connection that is made in between lies there.
            let is_awaited = self.stop_deferring().is_some_and(has_half_made);
            while Moment::now() < until {
                wait_for_room(core).await;
                match self.take_waiting().await {
                    Ok(accepted) => self.welcome(core, accepted),
                    Err(error) if is_of_one_connection(&error) => {}
                    Err(_) => break,
                }
            }
            if !is_awaited {
                break;
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// From now on a connection shows as soon as it is made; returns the port where some may be half made.
    fn stop_deferring(&self) -> Option<u16> {
        let Self::Tcp { listener, .. } = self else { return None };
        // A listener that never deferred is not changed by this.
        let _ = stop_deferring(listener);
        listener.get_ref().local_addr().ok().map(|address| address.port())
    }

    /// Who waits in the queue now, whatever the event loop has told of it yet.
    async fn take_waiting(&self) -> io::Result<Accepted> {
        match self {
            Self::Tcp { listener, .. } => {
                accept(listener.get_ref()).map(|(stream, peer)| Accepted::Tcp(stream, peer))
            }
            Self::Unix { .. } => tokio::time::timeout(Duration::ZERO, self.accept()).await?,
        }
    }

    async fn accept(&self) -> io::Result<Accepted> {
        match self {
            Self::Tcp { listener, .. } => {
                let accepted = listener.async_io(Interest::READABLE, |listener| accept(listener)).await;
                accepted.map(|(stream, peer)| Accepted::Tcp(stream, peer))
            }
            Self::Unix { listener, .. } => listener.accept().await.map(|(stream, _)| Accepted::Unix(stream)),
        }
    }

    fn welcome(&self, core: &Rc<Core>, accepted: Accepted) {
        let core = Rc::clone(core);
        match self {
            Self::Tcp { stated_by: Some(from), is_tls, .. } => {
                let place = Place::take(&core);
                core.tasks.spawn(introduce(
                    Rc::clone(&core),
                    accepted,
                    Some(Rc::clone(from)),
                    *is_tls,
                    place,
                ));
                return;
            }
            Self::Unix { is_stated: true, .. } => {
                let place = Place::take(&core);
                core.tasks.spawn(introduce(Rc::clone(&core), accepted, None, false, place));
                return;
            }
            Self::Tcp { .. } | Self::Unix { .. } => {}
        }
        let Ok(seat) = seat(&core, &accepted) else { return };
        let mut place = Place::take(&core);
        place.seat = seat;
        let is_tls = matches!(self, Self::Tcp { is_tls: true, .. });
        match accepted {
            Accepted::Tcp(stream, peer) if is_tls => {
                core.tasks.spawn(handshake(Rc::clone(&core), stream, peer, None, place));
            }
            Accepted::Tcp(stream, peer) => {
                let client =
                    client(&core, ClientStream::Tcp(ClientTcp::new(stream)), Peer::Ip(peer), false, place);
                core.tasks.spawn(serve(Rc::clone(&core), client));
            }
            Accepted::Unix(stream) => {
                let client = client(&core, ClientStream::Unix(stream), Peer::Unix, false, place);
                core.tasks.spawn(serve(Rc::clone(&core), client));
            }
        }
    }
}

/// The seat of a connection among those of its address.
fn seat(core: &Core, accepted: &Accepted) -> Result<Option<Seat>, Crowded> {
    match accepted {
        Accepted::Tcp(_, peer) => Seat::take(core, *peer),
        Accepted::Unix(_) => Ok(None),
    }
}

/// Waits for the PROXY protocol header of a connection, and serves its client as what it says.
async fn introduce(
    core: Rc<Core>,
    accepted: Accepted,
    from: Option<Rc<[IpNet]>>,
    is_tls: bool,
    mut place: Place,
) {
    let begun = Moment::now();
    let deadline = core.view().snapshot.plan.deadlines.handshake;
    let sender = match &accepted {
        Accepted::Tcp(_, peer) => Peer::Ip(*peer),
        Accepted::Unix(_) => Peer::Unix,
    };
    if let (Peer::Ip(peer), Some(from)) = (sender, from)
        && !from.iter().any(|network| network.contains(&peer.ip().to_canonical()))
    {
        return outcome::record_handshake(&core, sender, Ending::Decided(Decision::Deny), begun);
    }
    let guard = core.recorder.metrics().client(ClientState::Handshake);
    let said = tokio::time::timeout(deadline, read_header(accepted)).await;
    drop(guard);
    let (accepted, said) = match said {
        Ok(Ok(said)) => said,
        Ok(Err(ending)) => return outcome::record_handshake(&core, sender, ending, begun),
        Err(_) => {
            let ending = Ending::TimedOut(Deadline::ClientHandshake);
            return outcome::record_handshake(&core, sender, ending, begun);
        }
    };
    if let Some(client) = said.client {
        let Ok(seat) = Seat::take(&core, client) else { return };
        place.seat = seat;
    }
    let peer = said.client.map_or(sender, Peer::Ip);
    let stream = match accepted {
        Accepted::Tcp(stream, accepted_from) if is_tls => {
            let peer = said.client.unwrap_or(accepted_from);
            return handshake(core, stream, peer, said.server, place).await;
        }
        Accepted::Tcp(stream, _) => ClientStream::Tcp(ClientTcp::new(stream)),
        Accepted::Unix(stream) => ClientStream::Unix(stream),
    };
    let mut client = client(&core, stream, peer, said.is_tls, place);
    client.stated_server = said.server;
    serve(core, client).await;
}

async fn read_header(accepted: Accepted) -> Result<(Accepted, Said), Ending> {
    let wrong = |error: io::Error| ending_of(&error, Deadline::ClientHandshake);
    match accepted {
        Accepted::Tcp(stream, peer) => {
            let stream = Watched::from_std(stream).map_err(wrong)?;
            let said = stated::read(Socket::Tcp(&stream)).await?;
            Ok((Accepted::Tcp(stream.into_std().map_err(wrong)?, peer), said))
        }
        Accepted::Unix(stream) => {
            let said = stated::read(Socket::Unix(&stream)).await?;
            Ok((Accepted::Unix(stream), said))
        }
    }
}

async fn handshake(
    core: Rc<Core>,
    stream: TcpStream,
    peer: SocketAddr,
    server: Option<SocketAddr>,
    place: Place,
) {
    if place.is_crowded() {
        // A handshake costs too much for being told that there are too many.
        return;
    }
    let view = core.view();
    let Some(certificates) = &view.snapshot.certificates else { return };
    let certificates = Arc::clone(certificates);
    let deadline = view.snapshot.plan.deadlines.handshake;
    drop(view);
    let guard = core.recorder.metrics().client(ClientState::Handshake);
    let begun = Moment::now();
    let shaken = async { certificates.shake_hands(Watched::from_std(stream)?).await };
    let shaken = tokio::time::timeout(deadline, shaken).await;
    drop(guard);
    match shaken {
        // A CA has seen its proof.
        Ok(Ok(None)) => {}
        Ok(Ok(Some(Shaken { stream, identity }))) => {
            let is_http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
            let mut client = client(&core, ClientStream::Tls(Box::new(stream)), Peer::Ip(peer), true, place);
            client.name.identity = identity;
            client.stated_server = server;
            // In a task of its own, so that the handshake's large one is not kept by an idle connection.
            if is_http2 {
                core.tasks.spawn(http2::serve(Rc::clone(&core), client, &[]));
            } else {
                core.tasks.spawn(serve(Rc::clone(&core), client));
            }
        }
        Ok(Err(error)) => {
            let ending = ending_of(&error, Deadline::ClientHandshake);
            outcome::record_handshake(&core, Peer::Ip(peer), ending, begun);
        }
        Err(_) => {
            let ending = Ending::TimedOut(Deadline::ClientHandshake);
            outcome::record_handshake(&core, Peer::Ip(peer), ending, begun);
        }
    }
}

/// The client of a connection that came by another way than TCP; `None` where the connection is to be closed.
pub fn client_over_quic(core: &Rc<Core>, peer: SocketAddr) -> Option<Client> {
    let seat = Seat::take(core, peer).ok()?;
    let mut place = Place::take_unless_crowded(core)?;
    place.seat = seat;
    // A handshake costs too much for being told that there are too many.
    (!place.is_crowded()).then(|| client(core, ClientStream::Lent, Peer::Ip(peer), true, place))
}

fn client(core: &Core, stream: ClientStream, peer: Peer, is_tls: bool, place: Place) -> Client {
    let view = core.view();
    let is_trusted = match peer {
        Peer::Ip(address) => {
            let ip = address.ip().to_canonical();
            view.snapshot.plan.trusted.iter().any(|network| network.contains(&ip))
        }
        Peer::Unix => true,
    };
    Client {
        stream,
        timer: core.wheel.timer(),
        name: ClientName::of(peer, is_tls),
        peer,
        is_tls,
        is_trusted,
        has_asked: false,
        is_gone: false,
        stated_server: None,
        place,
        guard: core.recorder.metrics().client(ClientState::Idle),
    }
}

/// A place among the connections the plan allows; given back when dropped.
pub struct Place {
    core: Rc<Core>,
    /// One of the few above the limit, which are only told so.
    pub is_extra: bool,
    /// Its seat among the connections of its address, where those are counted.
    seat: Option<Seat>,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.core.shared.connections.fetch_sub(1, Ordering::Relaxed);
        self.core.connections.set(self.core.connections.get() - 1);
        self.core.left.notify_waiters();
    }
}

impl Place {
    fn take(core: &Rc<Core>) -> Self {
        let most = core.view().snapshot.plan.connections;
        let taken = core.shared.connections.fetch_add(1, Ordering::Relaxed);
        core.connections.set(core.connections.get() + 1);
        Self { core: Rc::clone(core), is_extra: taken >= most, seat: None }
    }

    /// A place for what the gateway does by itself. It is never one too many, and waited for like all.
    pub fn of_ours(core: &Rc<Core>) -> Self {
        let mut place = Self::take(core);
        place.is_extra = false;
        place
    }

    /// Whether its address has as many connections as it may.
    pub fn is_crowded(&self) -> bool {
        self.seat.as_ref().is_some_and(Seat::is_extra)
    }

    /// A place for a further exchange of a connection that has one; `None` where even those who are told that the
    /// gateway is full are too many.
    pub fn take_unless_crowded(core: &Rc<Core>) -> Option<Self> {
        let most = core.view().snapshot.plan.connections;
        let is_crowded = core.shared.connections.load(Ordering::Relaxed) >= most + MOST_REFUSED;
        (!is_crowded).then(|| Self::take(core))
    }
}

/// Waits until there is room for one more connection. A few above the plan's limit are taken and told that the gateway
/// is full; beyond them accepting pauses, and the kernel's queue keeps whoever comes.
async fn wait_for_room(core: &Core) {
    let mut has_told = false;
    loop {
        let most = core.view().snapshot.plan.connections;
        if core.shared.connections.load(Ordering::Relaxed) < most + MOST_REFUSED {
            return;
        }
        if !std::mem::replace(&mut has_told, true) {
            tracing::warn!(most, "accepting pauses: as many client connections as the plan allows");
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Errors of a connection that ended before it was taken (accept(2)); the listener is fine.
fn is_of_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::Interrupted
            | io::ErrorKind::TimedOut
            | io::ErrorKind::HostUnreachable
            | io::ErrorKind::NetworkUnreachable
    )
}

/// Connections above the limit that are told so.
const MOST_REFUSED: usize = 64;

/// How long the queue of a closing listener is emptied while more keep coming; the kernel asks a client that has not
/// sent anything again after a second.
const LAST_CALL: Duration = Duration::from_millis(1500);

/// Long enough not to spin, short enough to go on as soon as a connection ends.
const PAUSE: Duration = Duration::from_millis(50);
