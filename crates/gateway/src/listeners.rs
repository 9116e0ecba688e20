//! Which addresses are listened on, and how workers are told.
//!
//! Every worker has its own socket for each address (`SO_REUSEPORT`), so the kernel spreads connections and no worker
//! waits for another. All sockets of a new plan are bound before any is handed out: a plan is taken over whole or not.

pub mod bind;
pub mod inherited;

use crate::gateway::{StartProblem, worker_count};
use bind::{Socket, Sockets};
use inherited::Inherited;
use std::io;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::time::Instant;
use tokio::sync::mpsc;
use torwart_config::Plan;
use torwart_config::plan::{ListenAddress, Listener};

/// What a worker is told.
pub enum Command {
    /// Accept from this socket too.
    Listen {
        /// What the plan calls it.
        listener: Listener,
        /// The socket.
        socket: Socket,
    },
    /// Accept no more from this listener, once its queue is empty.
    Unlisten(Listener),
    /// Say that this worker still takes its turns.
    Beat(mpsc::UnboundedSender<()>),
    /// Accept no more at all, and end when every connection has, at the latest at this moment.
    Drain {
        /// The moment.
        until: Instant,
    },
}

/// A listener that is bound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bound {
    /// Where clients connect; the port is the real one.
    pub address: ListenAddress,
    /// Whether they speak TLS there.
    pub is_tls: bool,
}

/// The listeners that are bound: opened before the process gives up its rights, then handed to the gateway.
#[derive(Default)]
pub struct Listeners {
    open: Vec<Open>,
    inherited: Inherited,
    /// Bound, and not handed out yet.
    fresh: Vec<Sockets>,
    /// UDP sockets that another process reads until it tells.
    read_elsewhere: Vec<SocketAddr>,
    /// What another process had changed of its upstreams, see [`crate::Roster::changes`].
    changes: String,
}

/// A listener that is open.
struct Open {
    listener: Listener,
    /// The address with its real port.
    address: ListenAddress,
    /// Descriptors of its sockets, for a process that takes over.
    kept: Vec<Socket>,
}

impl Listeners {
    /// Binds everything the plan listens on, but for what was bound for us. After this the process needs no right to
    /// bind any more.
    ///
    /// # Errors
    /// The first address that cannot be listened on.
    pub fn open(plan: &Plan, inherited: Inherited) -> Result<Self, StartProblem> {
        for address in inherited.unused(&plan.listeners) {
            tracing::warn!(%address, "a socket that was handed over is not among the listeners");
        }
        let read_elsewhere = inherited.udp_addresses();
        let mut listeners = Self { inherited, read_elsewhere, ..Self::default() };
        let fresh = listeners.bind_missing(&plan.listeners, worker_count(plan))?;
        listeners.add(&fresh);
        listeners.fresh = fresh;
        Ok(listeners)
    }

    /// What is bound and not handed out yet; before it the UDP sockets that whoever handed them over still reads.
    pub(crate) fn take_fresh(&mut self) -> (Vec<Sockets>, Vec<Sockets>) {
        let fresh = std::mem::take(&mut self.fresh);
        fresh.into_iter().partition(|sockets| match sockets.address {
            ListenAddress::Quic(address) => self.read_elsewhere.contains(&address),
            ListenAddress::Tcp(_) | ListenAddress::Unix(_) => false,
        })
    }

    /// Binds what is wanted and not bound yet, once per worker. Nothing is kept of it until it is added.
    pub(crate) fn bind_missing(
        &self,
        wanted: &[Listener],
        workers: usize,
    ) -> Result<Vec<Sockets>, StartProblem> {
        let is_missing = |listener: &&Listener| !self.open.iter().any(|open| open.listener == **listener);
        let bind = |listener: &Listener| {
            // What changes from plain to TLS stays where it is.
            let is_ours = self.open.iter().any(|open| open.address == listener.address);
            let sockets = match (&listener.address, self.inherited.claim(listener, workers)) {
                (ListenAddress::Quic(address), Ok(each)) if each.is_empty() => {
                    bind::bind_quic(listener, *address, wanted)
                }
                (_, Ok(each)) if each.is_empty() => bind::bind(listener, workers, is_ours),
                (address, Ok(each)) => {
                    let address = each.first().and_then(|socket| socket.chosen(address));
                    let address = address.unwrap_or_else(|| listener.address.clone());
                    Ok(Sockets { listener: listener.clone(), address, each })
                }
                (_, Err(error)) => Err(error),
            };
            sockets.map_err(|error| StartProblem::Listen { address: describe(&listener.address), error })
        };
        wanted.iter().filter(is_missing).map(bind).collect()
    }

    /// These are bound from now on.
    pub(crate) fn add(&mut self, fresh: &[Sockets]) {
        self.open.extend(fresh.iter().map(|sockets| Open {
            listener: sockets.listener.clone(),
            address: sockets.address.clone(),
            // Without a descriptor to spare there is nothing to hand over, which is told when it is wanted.
            kept: sockets.each.iter().filter_map(|socket| socket.try_clone().ok()).collect(),
        }));
    }

    /// Forgets what is not wanted any more, and names it.
    pub(crate) fn drop_others(&mut self, wanted: &[Listener]) -> Vec<Listener> {
        let mut gone = Vec::new();
        self.open.retain(|open| {
            let is_wanted = wanted.contains(&open.listener);
            if !is_wanted {
                gone.push(open.listener.clone());
            }
            is_wanted
        });
        gone
    }

    /// Descriptors of all sockets, for a process that takes over.
    ///
    /// # Errors
    /// Where the system gives no more descriptors, or gave none before.
    pub(crate) fn descriptors(&self) -> io::Result<Vec<OwnedFd>> {
        let mut descriptors = Vec::new();
        for open in &self.open {
            if open.kept.is_empty() {
                return Err(io::Error::other(format!(
                    "no descriptor is left of {}",
                    describe(&open.address)
                )));
            }
            for socket in &open.kept {
                descriptors.push(socket.try_clone()?.into_descriptor());
            }
        }
        Ok(descriptors)
    }

    /// Lets go of everything but what the workers have: whoever wants to connect shall not wait in a queue that nobody
    /// empties.
    pub(crate) fn let_go(&mut self) {
        self.open.clear();
        self.inherited = Inherited::default();
    }

    /// What the process that handed them over had changed of its upstreams holds from the first connection on.
    pub fn keep_changes(&mut self, changes: String) {
        self.changes = changes;
    }

    pub(crate) fn changes(&self) -> &str {
        &self.changes
    }

    /// Forgets what was handed over and is not used: nobody else holds it open.
    pub fn forget_unused(&mut self) {
        self.inherited = Inherited::default();
    }

    /// What is bound.
    pub fn bound(&self) -> Vec<Bound> {
        let bound = self.open.iter();
        bound.map(|open| Bound { address: open.address.clone(), is_tls: open.listener.tls }).collect()
    }
}

impl Bound {
    /// The IP address and port, if it has one.
    pub fn ip(&self) -> Option<SocketAddr> {
        match self.address {
            ListenAddress::Tcp(address) => Some(address),
            ListenAddress::Unix(_) | ListenAddress::Quic(_) => None,
        }
    }

    /// The same where it speaks HTTP/3.
    pub fn quic(&self) -> Option<SocketAddr> {
        match self.address {
            ListenAddress::Quic(address) => Some(address),
            ListenAddress::Unix(_) | ListenAddress::Tcp(_) => None,
        }
    }
}

/// An address as a person reads it.
pub fn describe(address: &ListenAddress) -> String {
    match address {
        ListenAddress::Tcp(address) => address.to_string(),
        ListenAddress::Unix(path) => format!("unix:{}", path.display()),
        ListenAddress::Quic(address) => format!("udp:{address}"),
    }
}
