//! Binding sockets: one per worker, all on the same port.

use std::fs::Permissions;
use std::io;
use std::net::TcpListener;
use std::os::unix::fs::{FileTypeExt, PermissionsExt, lchown};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use torwart_config::plan::{ListenAddress, Listener, SocketAccess};
use torwart_kernel::identity::{group_number, user_number};
use torwart_kernel::socket::{ListenPlan, listen, listen_unix};

/// One worker's socket.
pub enum Socket {
    /// TCP.
    Tcp(TcpListener),
    /// A unix socket; all workers hold the same one.
    Unix(UnixListener),
}

/// The sockets of one listener.
pub struct Sockets {
    /// What the plan says.
    pub listener: Listener,
    /// The address with its real port.
    pub address: ListenAddress,
    /// One per worker.
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

/// A unix socket that nobody but those who may can ever connect to.
fn bind_unix(path: &Path, access: &SocketAccess) -> io::Result<UnixListener> {
    clear_stale(path)?;
    let has_owner = access.user.is_some() || access.group.is_some();
    let socket = listen_unix(path, UNIX_BACKLOG, if has_owner { NOBODY_ELSE } else { access.mode })?;
    if has_owner {
        let user = access.user.as_deref().map(|user| known(user_number(user)?, user)).transpose()?;
        let group = access.group.as_deref().map(|group| known(group_number(group)?, group)).transpose()?;
        lchown(path, user, group)?;
    }
    // Also where the process's mask has taken something away.
    std::fs::set_permissions(path, Permissions::from_mode(access.mode))?;
    Ok(socket)
}

fn known(number: Option<u32>, name: &str) -> io::Result<u32> {
    number.ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, format!("nobody here is called {name}")))
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
