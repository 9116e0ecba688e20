//! Sockets that somebody else has bound for us, as systemd does (`LISTEN_FDS`).
//!
//! They are told apart by their addresses: one that the plan listens on is used instead of binding it. Whoever bound them
//! keeps them open, so that clients wait in their queue while the gateway restarts.

use super::bind::Socket;
use super::describe;
use std::io;
use std::net::{Ipv6Addr, SocketAddr, TcpListener, UdpSocket};
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use torwart_config::plan::{ListenAddress, Listener};
use torwart_kernel::socket::{ListenPlan, adopt, is_only_v6};

/// All of them.
#[derive(Debug, Default)]
pub struct Inherited {
    tcp: Vec<(SocketAddr, TcpListener)>,
    unix: Vec<(PathBuf, UnixListener)>,
    quic: Vec<(SocketAddr, UdpSocket)>,
    /// Whether they come from a gateway that listened on what this one listens on.
    is_legacy: bool,
}

impl Inherited {
    /// For the sockets of a gateway that this one takes over from: where the plan leaves a port to the system, it is the
    /// one that was chosen then.
    #[must_use]
    pub fn from_predecessor() -> Self {
        Self { is_legacy: true, ..Self::default() }
    }

    /// Takes a TCP socket that listens.
    ///
    /// # Errors
    /// Where the system does not know its address.
    pub fn add_tcp(&mut self, socket: TcpListener) -> io::Result<()> {
        self.tcp.push((socket.local_addr()?, socket));
        Ok(())
    }

    /// Takes a unix socket that listens at a path.
    ///
    /// # Errors
    /// Where it has none.
    pub fn add_unix(&mut self, socket: UnixListener) -> io::Result<()> {
        let address = socket.local_addr()?;
        let path = address.as_pathname().ok_or(io::ErrorKind::InvalidInput)?.to_path_buf();
        self.unix.push((path, socket));
        Ok(())
    }

    /// Takes a UDP socket that is bound, for HTTP/3.
    ///
    /// # Errors
    /// Where the system does not know its address.
    pub fn add_udp(&mut self, socket: UdpSocket) -> io::Result<()> {
        self.quic.push((socket.local_addr()?, socket));
        Ok(())
    }

    /// The addresses of the UDP sockets.
    pub(super) fn udp_addresses(&self) -> Vec<SocketAddr> {
        self.quic.iter().map(|(address, _)| *address).collect()
    }

    /// Sockets for a listener, at least one for each worker; none if nobody has bound its address for us.
    pub(super) fn claim(&self, listener: &Listener, workers: usize) -> io::Result<Vec<Socket>> {
        match &listener.address {
            ListenAddress::Tcp(address) => {
                let plan = ListenPlan { defers: listener.defers, ..ListenPlan::new(*address) };
                let fitting = self.tcp_at(*address);
                for socket in &fitting {
                    adopt(socket, &plan)?;
                }
                spread(&fitting, workers, |socket| socket.try_clone().map(Socket::Tcp))
            }
            ListenAddress::Unix(path) => {
                let fitting: Vec<_> =
                    self.unix.iter().filter(|(at, _)| at == path).map(|(_, socket)| socket).collect();
                spread(&fitting, workers, |socket| socket.try_clone().map(Socket::Unix))
            }
            ListenAddress::Quic(address) => {
                let at = self.chosen(*address, self.quic.iter().map(|(known, _)| *known));
                let fitting = self.quic.iter().find(|(known, _)| *known == at);
                fitting.map(|(_, socket)| socket.try_clone().map(Socket::Quic)).into_iter().collect()
            }
        }
    }

    /// The addresses of those that none of these listeners uses.
    #[must_use]
    pub fn unused(&self, wanted: &[Listener]) -> Vec<String> {
        let is_used_tcp = |socket: &TcpListener| {
            let used = wanted.iter().filter_map(|listener| match listener.address {
                ListenAddress::Tcp(address) => Some(self.tcp_at(address)),
                ListenAddress::Unix(_) | ListenAddress::Quic(_) => None,
            });
            used.flatten().any(|used| std::ptr::eq(used, socket))
        };
        let tcp = self.tcp.iter().filter(|(_, socket)| !is_used_tcp(socket)).map(|(at, _)| at.to_string());
        let unix = self.unix.iter().map(|(path, _)| ListenAddress::Unix(path.clone()));
        let is_used = |address: &ListenAddress| wanted.iter().any(|listener| listener.address == *address);
        let quic = self.quic.iter().map(|(address, _)| ListenAddress::Quic(*address));
        let others = unix.chain(quic).filter(|address| !is_used(address));
        let mut unused: Vec<_> = tcp.chain(others.map(|address| describe(&address))).collect();
        unused.sort();
        unused.dedup();
        unused
    }

    /// The planned address, or the one that the system chose the last time, if there is no doubt which one that is.
    fn chosen(&self, planned: SocketAddr, known: impl Iterator<Item = SocketAddr>) -> SocketAddr {
        let mut there = known.filter(|known| known.ip() == planned.ip());
        match there.next() {
            Some(first) if self.is_legacy && planned.port() == 0 && there.all(|other| other == first) => {
                first
            }
            _ => planned,
        }
    }

    /// Those at this address; else, for all of IPv4, those at all of IPv6 that take IPv4 too, as `ListenStream=80` makes
    /// them.
    fn tcp_at(&self, address: SocketAddr) -> Vec<&TcpListener> {
        let wanted = self.chosen(address, self.tcp.iter().map(|(known, _)| *known));
        let at = |wanted: SocketAddr| {
            self.tcp.iter().filter(move |(known, _)| *known == wanted).map(|(_, socket)| socket)
        };
        let mut fitting: Vec<_> = at(wanted).collect();
        if fitting.is_empty() && address.is_ipv4() && address.ip().is_unspecified() {
            let wide = SocketAddr::new(Ipv6Addr::UNSPECIFIED.into(), address.port());
            fitting.extend(at(wide).filter(|socket| !is_only_v6(socket).unwrap_or(true)));
        }
        fitting
    }
}

/// Every socket at least once, since each has a queue of its own, and as many as there are workers.
fn spread<S>(
    sockets: &[S],
    workers: usize,
    clone: impl Fn(&S) -> io::Result<Socket>,
) -> io::Result<Vec<Socket>> {
    let count = if sockets.is_empty() { 0 } else { workers.max(sockets.len()) };
    sockets.iter().cycle().take(count).map(clone).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use torwart_config::plan::SocketAccess;

    fn listener(address: ListenAddress) -> Listener {
        Listener { address, tls: false, defers: true, access: SocketAccess::default(), stated_by: None }
    }

    fn bound(address: &str) -> (SocketAddr, Inherited) {
        let socket = TcpListener::bind(address).unwrap();
        let address = socket.local_addr().unwrap();
        let mut inherited = Inherited::default();
        inherited.add_tcp(socket).unwrap();
        (address, inherited)
    }

    #[test]
    fn every_worker_gets_the_one_socket() {
        let (address, inherited) = bound("127.0.0.1:0");
        let wanted = listener(ListenAddress::Tcp(address));
        assert_eq!(inherited.claim(&wanted, 3).unwrap().len(), 3);
        assert!(inherited.unused(&[wanted]).is_empty());
    }

    #[test]
    fn no_socket_is_left_without_a_worker() {
        let (address, mut inherited) = bound("127.0.0.1:0");
        let (_, same) = inherited.tcp.first().unwrap();
        inherited.add_tcp(same.try_clone().unwrap()).unwrap();
        assert_eq!(inherited.claim(&listener(ListenAddress::Tcp(address)), 1).unwrap().len(), 2);
    }

    #[test]
    fn another_address_is_nobodys() {
        let (address, inherited) = bound("127.0.0.1:0");
        let other =
            listener(ListenAddress::Tcp(SocketAddr::new("127.0.0.2".parse().unwrap(), address.port())));
        assert!(inherited.claim(&other, 1).unwrap().is_empty());
        assert_eq!(inherited.unused(&[other]), [address.to_string()]);
    }

    #[test]
    fn a_socket_for_all_of_ipv6_serves_all_of_ipv4() {
        let Ok(socket) = TcpListener::bind("[::]:0") else { return };
        let port = socket.local_addr().unwrap().port();
        let mut inherited = Inherited::default();
        inherited.add_tcp(socket).unwrap();
        let wanted = listener(ListenAddress::Tcp(SocketAddr::new("0.0.0.0".parse().unwrap(), port)));
        let is_shared = !is_only_v6(&inherited.tcp.first().unwrap().1).unwrap();
        assert_eq!(inherited.claim(&wanted, 1).unwrap().len(), usize::from(is_shared));
    }
}
