//! Connections on this host that a listener has not taken yet: they look established to whoever made them, but nobody
//! reads what is sent.
//!
//! The kernel's tables show them by their missing inode, because no file belongs to a connection before it is accepted.
//! Reading the tables takes as long as there are sockets, so it is for threads that may wait.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::net::{IpAddr, SocketAddr};
use std::path::Path;

/// Whether this very TCP connection still waits to be taken; never for a listener on another host.
pub fn is_untaken(ours: SocketAddr, theirs: SocketAddr) -> bool {
    ["/proc/self/net/tcp", "/proc/self/net/tcp6"].iter().any(|table| {
        lines(table).any(|line| {
            let mut words = line.split_ascii_whitespace().skip(1);
            let is_meant = |word: Option<&str>, address: SocketAddr| {
                word.is_some_and(|word| shown(address).iter().any(|shown| shown == word))
            };
            // Local address, remote address, state 1 (established); six words on, the inode.
            is_meant(words.next(), theirs)
                && is_meant(words.next(), ours)
                && words.next() == Some("01")
                && words.nth(5) == Some("0")
        })
    })
}

/// Whether connections to this unix socket wait to be taken.
pub fn has_untaken(path: &Path) -> bool {
    let Some(path) = path.to_str() else { return false };
    lines("/proc/self/net/unix").any(|line| {
        // Address, counts, protocol, flags, type; then state 2 (connecting), no inode, and the path.
        let mut words = line.split_ascii_whitespace().skip(5);
        words.next() == Some("02") && words.next() == Some("0") && words.next() == Some(path)
    })
}

fn lines(table: &str) -> impl Iterator<Item = String> {
    let table = File::open(table).ok().map(BufReader::new);
    table.into_iter().flat_map(|table| table.lines().map_while(Result::ok))
}

/// An address as the tables show it: words of four bytes in the host's order; IPv4 also as IPv6 sockets see it.
fn shown(address: SocketAddr) -> Vec<String> {
    let words = |octets: &[u8]| {
        let words = octets.as_chunks::<4>().0.iter().map(|word| format!("{:08X}", u32::from_ne_bytes(*word)));
        format!("{}:{:04X}", words.collect::<String>(), address.port())
    };
    match address.ip().to_canonical() {
        IpAddr::V4(ip) => vec![words(&ip.octets()), words(&ip.to_ipv6_mapped().octets())],
        IpAddr::V6(ip) => vec![words(&ip.octets())],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{TcpListener, TcpStream};
    use std::os::unix::net::{UnixListener, UnixStream};

    fn check(listen: &str) {
        let Ok(listener) = TcpListener::bind(listen) else { return };
        let theirs = listener.local_addr().unwrap();
        let connection = TcpStream::connect(theirs).unwrap();
        let ours = connection.local_addr().unwrap();
        assert!(is_untaken(ours, theirs), "{listen}");
        let _taken = listener.accept().unwrap();
        assert!(!is_untaken(ours, theirs), "{listen}");
    }

    #[test]
    fn a_connection_is_untaken_until_it_is_accepted() {
        check("127.0.0.1:0");
        check("[::1]:0");
    }

    #[test]
    fn a_unix_socket_tells_whether_somebody_waits() {
        let path = std::env::temp_dir().join(format!("torwart-untaken-{}", std::process::id()));
        let _ = std::fs::remove_file(&path);
        let listener = UnixListener::bind(&path).unwrap();
        assert!(!has_untaken(&path));
        let _connection = UnixStream::connect(&path).unwrap();
        assert!(has_untaken(&path));
        let _taken = listener.accept().unwrap();
        assert!(!has_untaken(&path));
        std::fs::remove_file(path).unwrap();
    }
}
