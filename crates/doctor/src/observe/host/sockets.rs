//! The kernel's tables of sockets: who listens where, and how many connections lead to one destination.
//!
//! Reads the texts of `/proc/net/tcp`, `tcp6` and `unix`. Pure: the caller brings the text. Addresses stand there in the
//! byte order of the machine, four bytes a word; an IPv4 address inside IPv6 is given back as IPv4.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// One line of `/proc/net/tcp` or `tcp6`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TcpRow {
    /// The local end.
    pub local: SocketAddr,
    /// The remote end; port 0 on a listener.
    pub remote: SocketAddr,
    /// The state as the kernel numbers it.
    pub state: u8,
    /// On a listener: connections that wait to be accepted.
    pub waiting: u32,
    /// Who opened it.
    pub uid: u32,
    /// The socket's number, as in `/proc/PID/fd`.
    pub inode: u64,
}

/// A listening unix socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnixRow {
    /// Its path; abstract names begin with `@`.
    pub path: String,
    /// The socket's number.
    pub inode: u64,
}

impl TcpRow {
    /// Whether it waits for connections.
    pub const fn listens(&self) -> bool {
        self.state == LISTEN
    }

    /// Whether it only waits for its port to become free.
    pub const fn is_time_wait(&self) -> bool {
        self.state == TIME_WAIT
    }
}

/// Reads `/proc/net/tcp` or `tcp6`; lines that do not fit are left out.
pub fn tcp(text: &str) -> Vec<TcpRow> {
    text.lines().skip(1).filter_map(tcp_row).collect()
}

/// Reads the listening sockets of `/proc/net/unix`.
pub fn unix_listeners(text: &str) -> Vec<UnixRow> {
    text.lines().skip(1).filter_map(unix_row).collect()
}

/// How many sockets lead to each destination, the most used first. Listeners do not count.
pub fn by_destination(rows: &[TcpRow]) -> Vec<(SocketAddr, usize)> {
    let mut counts = std::collections::HashMap::new();
    for row in rows.iter().filter(|row| !row.listens()) {
        *counts.entry(row.remote).or_insert(0usize) += 1;
    }
    let mut sorted: Vec<_> = counts.into_iter().collect();
    sorted.sort_by_key(|&(address, count)| (std::cmp::Reverse(count), address));
    sorted
}

fn tcp_row(line: &str) -> Option<TcpRow> {
    let mut words = line.split_ascii_whitespace();
    let _slot = words.next()?;
    let local = address(words.next()?)?;
    let remote = address(words.next()?)?;
    let state = u8::from_str_radix(words.next()?, 16).ok()?;
    let (_sending, receiving) = words.next()?.split_once(':')?;
    let waiting = u32::from_str_radix(receiving, 16).ok()?;
    let _timer = words.next()?;
    let _retransmits = words.next()?;
    let uid = words.next()?.parse().ok()?;
    let _timeout = words.next()?;
    let inode = words.next()?.parse().ok()?;
    Some(TcpRow { local, remote, state, waiting, uid, inode })
}

fn unix_row(line: &str) -> Option<UnixRow> {
    let words: Vec<&str> = line.split_ascii_whitespace().collect();
    let flags = u32::from_str_radix(words.get(3)?, 16).ok()?;
    if flags & ACCEPTS == 0 {
        return None;
    }
    let inode = words.get(6)?.parse().ok()?;
    let path = words.get(7..)?.join(" ");
    (!path.is_empty()).then_some(UnixRow { path, inode })
}

fn address(word: &str) -> Option<SocketAddr> {
    let (host, port) = word.split_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    let ip = match host.len() {
        8 => IpAddr::V4(Ipv4Addr::from(word_bytes(host)?)),
        32 => {
            let mut bytes = [0u8; 16];
            for (index, four) in bytes.chunks_exact_mut(4).enumerate() {
                four.copy_from_slice(&word_bytes(host.get(index * 8..index * 8 + 8)?)?);
            }
            IpAddr::V6(Ipv6Addr::from(bytes)).to_canonical()
        }
        _ => return None,
    };
    Some(SocketAddr::new(ip, port))
}

fn word_bytes(hex: &str) -> Option<[u8; 4]> {
    Some(u32::from_str_radix(hex, 16).ok()?.to_ne_bytes())
}

/// `TCP_LISTEN` of `linux/tcp_states.h`.
const LISTEN: u8 = 10;
/// `TCP_TIME_WAIT`.
const TIME_WAIT: u8 = 6;
/// `__SO_ACCEPTCON` of `linux/net.h`: the socket listens.
const ACCEPTS: u32 = 0x0001_0000;

#[cfg(test)]
mod tests {
    use super::*;

    const TCP: &str = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:0BB8 00000000:0000 0A 00000000:00000003 00:00000000 00000000  1000        0 41207 1 0000000000000000 100 0 0 10 0
   1: 0100007F:9C40 0100007F:0BB8 06 00000000:00000000 03:00000A5C 00000000     0        0 0 3 0000000000000000
   2: 0100007F:9C42 0100007F:0BB8 01 00000000:00000000 00:00000000 00000000    33        0 51000 1 0000000000000000 20 4 30 10 -1
";
    const TCP6: &str = "  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000000000000000000001000000:1F90 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 40000 1 0000000000000000 100 0 0 10 0
   1: 0000000000000000FFFF00000100007F:1F91 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 40001 1 0000000000000000 100 0 0 10 0
";
    const UNIX: &str = "Num       RefCount Protocol Flags    Type St Inode Path
0000000000000000: 00000002 00000000 00010000 0001 01 20541 /run/php/php8.2-fpm.sock
0000000000000000: 00000003 00000000 00000000 0001 03 20550 /run/php/php8.2-fpm.sock
0000000000000000: 00000002 00000000 00000000 0002 01 16421 @/tmp/notify
";

    #[test]
    fn a_listener_tells_its_address_owner_and_queue() {
        let rows = tcp(TCP);
        let listener = rows.iter().find(|row| row.listens()).expect("a listener");
        assert_eq!(listener.local, SocketAddr::from(([127, 0, 0, 1], 3000)));
        assert_eq!((listener.waiting, listener.uid, listener.inode), (3, 1000, 41207));
    }

    #[test]
    fn connections_count_by_destination() {
        let rows = tcp(TCP);
        assert_eq!(by_destination(&rows), vec![(SocketAddr::from(([127, 0, 0, 1], 3000)), 2)]);
        assert_eq!(rows.iter().filter(|row| row.is_time_wait()).count(), 1);
    }

    #[test]
    fn six_holds_both_families() {
        let rows = tcp(TCP6);
        let local: Vec<String> = rows.iter().map(|row| row.local.to_string()).collect();
        assert_eq!(local, ["[::1]:8080", "127.0.0.1:8081"]);
    }

    #[test]
    fn only_listening_unix_sockets_are_told() {
        let rows = unix_listeners(UNIX);
        assert_eq!(rows, vec![UnixRow { path: "/run/php/php8.2-fpm.sock".to_owned(), inode: 20541 }]);
    }

    #[test]
    fn broken_lines_are_left_out() {
        assert!(tcp("head\n  0: zz:1 00:0 0A\n\n x").is_empty());
        assert!(unix_listeners("head\n1: 2 3\n").is_empty());
    }
}
