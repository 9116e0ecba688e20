//! Binding sockets: one per worker, all on the same port.

use std::fs::Permissions;
use std::io;
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{FileTypeExt, PermissionsExt, lchown};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use torwart_config::plan::{ListenAddress, Listener, SocketAccess};
use torwart_kernel::identity::{Identity, group_number};
use torwart_kernel::socket::{ListenPlan, bind_udp, listen, listen_unix};

/// One worker's socket.
pub enum Socket {
    /// TCP.
    Tcp(TcpListener),
    /// A unix socket; all workers hold the same one.
    Unix(UnixListener),
    /// UDP; one worker has it.
    Quic(UdpSocket),
}

impl Socket {
    /// Another descriptor of the same socket.
    pub fn try_clone(&self) -> io::Result<Self> {
        match self {
            Self::Tcp(socket) => socket.try_clone().map(Self::Tcp),
            Self::Unix(socket) => socket.try_clone().map(Self::Unix),
            Self::Quic(socket) => socket.try_clone().map(Self::Quic),
        }
    }

    /// Where it really is, if the plan leaves the port to the system.
    pub fn chosen(&self, planned: &ListenAddress) -> Option<ListenAddress> {
        match (self, planned) {
            (Self::Tcp(socket), ListenAddress::Tcp(planned)) if planned.port() == 0 => {
                socket.local_addr().ok().map(ListenAddress::Tcp)
            }
            (Self::Quic(socket), ListenAddress::Quic(planned)) if planned.port() == 0 => {
                socket.local_addr().ok().map(ListenAddress::Quic)
            }
            _ => None,
        }
    }

    /// The descriptor alone.
    pub fn into_descriptor(self) -> OwnedFd {
        match self {
            Self::Tcp(socket) => socket.into(),
            Self::Unix(socket) => socket.into(),
            Self::Quic(socket) => socket.into(),
        }
    }
}

/// The sockets of one listener.
pub struct Sockets {
    /// What the plan says.
    pub listener: Listener,
    /// The address with its real port.
    pub address: ListenAddress,
    /// One per worker, but for UDP.
    pub each: Vec<Socket>,
}

/// Binds a listener once per worker. An address that is ours already is shared with the sockets that are still there.
pub fn bind(listener: &Listener, workers: usize, is_ours: bool) -> io::Result<Sockets> {
    match &listener.address {
        ListenAddress::Tcp(address) => {
            let mut address = *address;
            let mut each = Vec::with_capacity(workers);
            if !is_ours && address.port() != 0 {
                // The first binding is exclusive, so that a port somebody else uses is an error and not a silent share.
                drop(listen(&ListenPlan { shares_port: false, ..ListenPlan::new(address) })?);
            }
            for _ in 0..workers {
                let socket = listen(&ListenPlan { defers: listener.defers, ..ListenPlan::new(address) })?;
                address = socket.local_addr()?;
                each.push(Socket::Tcp(socket));
            }
            Ok(Sockets { listener: listener.clone(), address: ListenAddress::Tcp(address), each })
        }
        ListenAddress::Quic(address) => bind_quic(listener, *address, &[]),
        ListenAddress::Unix(path) => {
            let socket = if is_ours {
                // In one step from the old one, which takes no more but what is in its queue.
                let beside = path.with_extension("new");
                let socket = bind_unix(&beside, &listener.access)?;
                std::fs::rename(&beside, path)?;
                socket
            } else {
                bind_unix(path, &listener.access)?
            };
            let each =
                (0..workers).map(|_| socket.try_clone().map(Socket::Unix)).collect::<io::Result<_>>()?;
            Ok(Sockets { listener: listener.clone(), address: listener.address.clone(), each })
        }
    }
}

/// Binds the one socket of an address for HTTP/3. All of IPv6 takes IPv4 too, unless another of the listeners does.
pub fn bind_quic(listener: &Listener, address: SocketAddr, others: &[Listener]) -> io::Result<Sockets> {
    let only_v6 = others.iter().any(|other| {
        matches!(other.address, ListenAddress::Quic(other) if other.is_ipv4() && other.port() == address.port())
    });
    let socket = bind_udp(address, only_v6)?;
    let address = ListenAddress::Quic(socket.local_addr()?);
    Ok(Sockets { listener: listener.clone(), address, each: vec![Socket::Quic(socket)] })
}

/// A unix socket that nobody but those who may can ever connect to.
fn bind_unix(path: &Path, access: &SocketAccess) -> io::Result<UnixListener> {
    clear_stale(path)?;
    let has_owner = access.user.is_some() || access.group.is_some();
    let socket = listen_unix(path, UNIX_BACKLOG, if has_owner { NOBODY_ELSE } else { access.mode })?;
    if has_owner {
        let (user, group) = owner(access)?;
        lchown(path, user, group)?;
    }
    // Also where the process's mask has taken something away.
    std::fs::set_permissions(path, Permissions::from_mode(access.mode))?;
    Ok(socket)
}

/// The numbers of user and group. A user without a group brings the own one.
fn owner(access: &SocketAccess) -> io::Result<(Option<u32>, Option<u32>)> {
    let unknown = |name: &str| io::Error::new(io::ErrorKind::NotFound, format!("there is no {name}"));
    let (user, group) = (access.user.as_deref(), access.group.as_deref());
    match user {
        Some(user) => {
            let known = Identity::find(user, group)?;
            let known = known.ok_or_else(|| {
                unknown(&group.map_or_else(|| user.to_owned(), |group| format!("{user} or no {group}")))
            })?;
            Ok((Some(known.uid), Some(known.gid)))
        }
        None => match group {
            Some(group) => Ok((None, Some(group_number(group)?.ok_or_else(|| unknown(group))?))),
            None => Ok((None, None)),
        },
    }
}

/// Removes the socket file of a process that is gone; one that still answers is left alone.
fn clear_stale(path: &Path) -> io::Result<()> {
    let Ok(found) = std::fs::symlink_metadata(path) else { return Ok(()) };
    let is_dead = found.file_type().is_socket()
        && UnixStream::connect(path).is_err_and(|error| error.kind() == io::ErrorKind::ConnectionRefused);
    if is_dead { std::fs::remove_file(path) } else { Err(io::ErrorKind::AddrInUse.into()) }
}

const UNIX_BACKLOG: u32 = 4096;

/// Until its owner is who it shall be.
const NOBODY_ELSE: u32 = 0o600;

#[cfg(test)]
mod tests;
