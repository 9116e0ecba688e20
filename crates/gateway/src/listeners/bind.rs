//! Binding sockets: one per worker, all on the same port.

use std::io;
use std::net::TcpListener;
use std::os::unix::fs::FileTypeExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use torwart_config::plan::{ListenAddress, Listener};
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
            clear_stale(path)?;
            let socket = listen_unix(path, UNIX_BACKLOG)?;
            let each =
                (0..workers).map(|_| socket.try_clone().map(Socket::Unix)).collect::<io::Result<_>>()?;
            Ok(Sockets { listener: listener.clone(), address: listener.address.clone(), each })
        }
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
