//! Places where no connection comes about, or where one comes about and nobody is behind it.
//!
//! These faults lie below any script: the kernel makes them. Each place is held as long as its handle lives, so that
//! no other program can take the port meanwhile.

use crate::upstream::Place;
use serde::Deserialize;
use socket2::{Domain, SockAddr, Socket, Type};
use std::fs::{File, Permissions};
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A place that cannot be connected to, or is not attended.
pub struct Hole {
    place: Place,
    /// Whatever keeps the place as it is: the bound socket, the fillers of its queue.
    _held: Vec<Socket>,
    made: Option<PathBuf>,
}

/// How it fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HoleKind {
    /// A port on which nothing listens: RST to every SYN.
    Refused,
    /// A port that answers no SYN: its queue is full and stays so.
    BlackHole,
    /// A listener that never accepts: the kernel takes connection and request, nobody answers.
    NeverAccepts,
    /// An address without a route.
    Unroutable,
    /// A unix socket that does not exist.
    UnixMissing,
    /// A unix socket file without a listener.
    UnixDead,
    /// A unix socket that may not be opened; the superuser may open anything.
    UnixDenied,
    /// A unix socket whose queue is full.
    UnixFull,
}

impl Hole {
    /// Makes such a place. Unix sockets are made in `folder`.
    pub fn make(kind: HoleKind, folder: &Path) -> io::Result<Self> {
        match kind {
            HoleKind::Refused => {
                let socket = tcp(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
                Self::at(socket, Vec::new())
            }
            HoleKind::BlackHole => black_hole(),
            HoleKind::NeverAccepts => {
                let socket = tcp(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
                socket.listen(128)?;
                Self::at(socket, Vec::new())
            }
            // Linux refuses to connect TCP to a broadcast address with ENETUNREACH, whatever the routes are.
            HoleKind::Unroutable => {
                let address = SocketAddr::new(IpAddr::V4(Ipv4Addr::BROADCAST), 80);
                Ok(Self { place: Place::Ip(address), _held: Vec::new(), made: None })
            }
            HoleKind::UnixMissing => {
                Ok(Self { place: Place::Unix(folder.join("missing.sock")), _held: Vec::new(), made: None })
            }
            HoleKind::UnixDead | HoleKind::UnixDenied | HoleKind::UnixFull => unix(kind, folder),
        }
    }

    /// Where it is.
    pub fn place(&self) -> &Place {
        &self.place
    }

    fn at(socket: Socket, fillers: Vec<Socket>) -> io::Result<Self> {
        let address = socket.local_addr()?.as_socket().ok_or(io::ErrorKind::AddrNotAvailable)?;
        let mut held = fillers;
        held.push(socket);
        Ok(Self { place: Place::Ip(address), _held: held, made: None })
    }
}

impl Drop for Hole {
    fn drop(&mut self) {
        if let Some(path) = &self.made {
            // Gone already is as good.
            let _ = std::fs::remove_file(path);
        }
    }
}

fn tcp(address: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    socket.bind(&address.into())?;
    Ok(socket)
}

/// With a backlog of 0 the kernel takes one connection into the queue and drops every further SYN.
fn black_hole() -> io::Result<Hole> {
    let socket = tcp(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
    socket.listen(0)?;
    let address = socket.local_addr()?;
    let mut fillers = Vec::new();
    for _ in 0..FILLERS {
        let filler = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        let is_taken = filler.connect_timeout(&address, FILL_TIME).is_ok();
        fillers.push(filler);
        if !is_taken {
            return Hole::at(socket, fillers);
        }
    }
    Err(io::Error::other("the listener's queue would not fill"))
}

fn unix(kind: HoleKind, folder: &Path) -> io::Result<Hole> {
    let name = match kind {
        HoleKind::UnixDead => "dead.sock",
        HoleKind::UnixDenied => "denied.sock",
        _ => "full.sock",
    };
    let path = folder.join(name);
    let address = SockAddr::unix(&path)?;
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    socket.bind(&address)?;
    let mut held = Vec::new();
    match kind {
        HoleKind::UnixDead => {}
        HoleKind::UnixDenied => {
            socket.listen(1)?;
            std::fs::set_permissions(&path, Permissions::from_mode(0o0))?;
        }
        _ => {
            socket.listen(0)?;
            for _ in 0..FILLERS {
                let filler = Socket::new(Domain::UNIX, Type::STREAM, None)?;
                filler.set_nonblocking(true)?;
                if filler.connect(&address).is_err() {
                    break;
                }
                held.push(filler);
            }
        }
    }
    // A socket that was only bound is kept as a file: closing it leaves a path nobody listens on.
    if kind != HoleKind::UnixDead {
        held.push(socket);
    }
    Ok(Hole { place: Place::Unix(path.clone()), _held: held, made: Some(path) })
}

/// Whether this process may open what its permissions forbid, so that a denied socket is not denied to it.
pub fn overrides_permissions(folder: &Path) -> bool {
    let path = folder.join("permission-probe");
    let opens = File::create(&path)
        .and_then(|_| std::fs::set_permissions(&path, Permissions::from_mode(0o0)))
        .and_then(|()| File::open(&path))
        .is_ok();
    // Left behind it would only be an empty file.
    let _ = std::fs::remove_file(&path);
    opens
}

const FILLERS: usize = 8;
/// Loopback answers a SYN at once; silence for so long means that the queue is full.
const FILL_TIME: Duration = Duration::from_millis(300);
