//! What the kernel knows about a TCP connection (`TCP_INFO`), reduced to what explains a failure.

use crate::option;
use std::io;
use std::os::fd::AsFd;
use std::time::Duration;

/// A few of the kernel's facts about one connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TcpInfo {
    /// The state machine's state as the kernel numbers it: 1 established, 7 close, 8 close-wait.
    pub state: u8,
    /// Smoothed round-trip time.
    pub round_trip: Duration,
    /// How far the round-trip time varies.
    pub round_trip_variation: Duration,
    /// Segments sent again over the whole life of the connection.
    pub retransmitted: u32,
    /// Times the retransmission timer ran out in a row just now; above zero the peer is silent at this moment.
    pub timeouts: u8,
    /// Segments sent again that are on the way now. Zero while `timeouts` counts up means that the repetitions never
    /// left: this host's own filter or queue throws them away.
    pub resent_on_the_way: u32,
    /// Probes in a row that were not answered, while there is something to send and nothing on the way: the peer's window
    /// is closed, or this host's own filter lets nothing out.
    pub probes: u8,
    /// Segments sent and not acknowledged.
    pub unacknowledged: u32,
    /// The peer's maximum segment size.
    pub send_segment: u32,
    /// Time since the peer last sent data.
    pub since_received: Duration,
}

impl TcpInfo {
    /// Asks the kernel.
    pub fn of(socket: impl AsFd) -> io::Result<Self> {
        let info = option::tcp_info(socket)?;
        Ok(Self {
            state: info.tcpi_state,
            round_trip: Duration::from_micros(info.tcpi_rtt.into()),
            round_trip_variation: Duration::from_micros(info.tcpi_rttvar.into()),
            retransmitted: info.tcpi_total_retrans,
            timeouts: info.tcpi_retransmits,
            resent_on_the_way: info.tcpi_retrans,
            probes: info.tcpi_probes,
            unacknowledged: info.tcpi_unacked,
            send_segment: info.tcpi_snd_mss,
            since_received: Duration::from_millis(info.tcpi_last_data_recv.into()),
        })
    }

    /// Whether it is over on both sides; while we have not closed it ourselves, because of a reset.
    pub const fn is_closed(&self) -> bool {
        self.state == CLOSE
    }

    /// Whether both directions are open.
    pub const fn is_established(&self) -> bool {
        self.state == ESTABLISHED
    }
}

/// `TCP_CLOSE` of `linux/tcp_states.h`.
const CLOSE: u8 = 7;

/// `TCP_ESTABLISHED` of `linux/tcp_states.h`.
const ESTABLISHED: u8 = 1;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::socket::unacknowledged_bytes;
    use std::io::{Read, Write};
    use std::net::{TcpListener, TcpStream};

    #[test]
    fn a_connected_socket_is_established() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let near = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let _far = listener.accept().unwrap();
        let info = TcpInfo::of(&near).unwrap();
        assert!(info.is_established());
        assert!(info.send_segment > 500);
        assert_eq!(info.timeouts, 0);
    }

    #[test]
    fn who_closed_before_the_request_came_acknowledges_none_of_it() {
        let (mut near, far) = pair();
        drop(far);
        near.write_all(b"request").unwrap();
        wait_for(|| TcpInfo::of(&near).unwrap().is_closed());
        assert_eq!(unacknowledged_bytes(&near).unwrap(), 7);
    }

    #[test]
    fn who_read_the_request_acknowledged_it() {
        let (mut near, mut far) = pair();
        near.write_all(b"request").unwrap();
        far.read_exact(&mut [0; 7]).unwrap();
        drop(far);
        assert_eq!(near.read(&mut [0]).unwrap(), 0);
        assert!(!TcpInfo::of(&near).unwrap().is_closed());
        assert_eq!(unacknowledged_bytes(&near).unwrap(), 0);
    }

    fn pair() -> (TcpStream, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let near = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        (near, listener.accept().unwrap().0)
    }

    fn wait_for(mut holds: impl FnMut() -> bool) {
        let until = std::time::Instant::now() + Duration::from_secs(5);
        while !holds() {
            assert!(std::time::Instant::now() < until);
            std::thread::yield_now();
        }
    }

    #[test]
    fn what_is_no_tcp_socket_has_no_facts() {
        let (near, _far) = std::os::unix::net::UnixStream::pair().unwrap();
        assert!(TcpInfo::of(&near).is_err());
    }
}
