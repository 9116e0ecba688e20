//! What came of a connection attempt, told apart as far as one attempt allows.

use super::message::{Meaning, Message};
use std::net::IpAddr;
use std::time::Duration;
use torwart_cause::Ending;
use torwart_dial::connect::Observed;
use torwart_kernel::{TcpInfo, interfaces};

/// What came of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It came through.
    Connected,
    /// Refused by a reset: nothing listens, or a box says so in the host's name.
    Reset,
    /// Refused by ICMP: a filter, and the message says whose.
    Rejected(Message),
    /// The host is not there: its own network gets no answer from it.
    HostDown(Option<Message>),
    /// No route leads there; without a message, this machine's own table says so.
    NoRoute(Option<Message>),
    /// The packet went round in circles.
    Loop(Message),
    /// No answer at all.
    Silent,
    /// No answer, because this machine itself throws the packets away before they leave.
    HeldBack,
    /// This machine forbids it (EACCES, EPERM).
    DeniedHere(i32),
    /// This machine has no address of that family, or not the wanted source address.
    NoSource,
    /// No source port is left on this machine.
    PortsSpent,
    /// No descriptor is left, for this process or the whole machine.
    DescriptorsSpent,
    /// The unix socket does not exist.
    SocketMissing,
    /// This user may not open the unix socket.
    SocketDenied,
    /// The unix socket exists, nobody listens.
    SocketDead,
    /// The unix socket's queue is full.
    SocketFull,
    /// The path is no socket.
    NotASocket,
    /// Another error of this machine, by number.
    Failed(i32),
}

impl Outcome {
    /// Whether the address itself, or somebody in its name, answered.
    pub const fn is_answer(&self) -> bool {
        matches!(self, Self::Connected | Self::Reset)
    }

    /// Whether other ports, hops and sources can tell more.
    pub const fn wants_surroundings(&self) -> bool {
        matches!(self, Self::Silent | Self::HeldBack | Self::Reset | Self::Rejected(_))
    }
}

/// Reads an attempt. `is_bound` says that it had a source address prescribed.
pub(super) fn of(observed: &Observed, is_bound: bool) -> Outcome {
    if observed.result.is_ok() {
        return Outcome::Connected;
    }
    let own: Vec<IpAddr> =
        interfaces::addresses().unwrap_or_default().into_iter().map(|local| local.address).collect();
    let mut messages = observed.messages.iter().filter_map(|entry| Message::of(entry, &own));
    if let Some(message) = messages.find(|message| message.meaning() != Meaning::Other) {
        return by_message(message, observed.address.ip(), observed.took);
    }
    if let Err(Ending::TimedOut(_)) = observed.result {
        return if observed.info.is_some_and(|info| was_held_back(&info)) {
            Outcome::HeldBack
        } else {
            Outcome::Silent
        };
    }
    by_number(observed.error_number.unwrap_or(0), observed.took, is_bound)
}

/// The kernel counts a repetition as on the way only when it could hand it down. Once may be a full queue.
const fn was_held_back(info: &TcpInfo) -> bool {
    info.timeouts >= 2 && info.resent_on_the_way == 0 && info.unacknowledged > 0
}

fn by_message(message: Message, target: IpAddr, took: Duration) -> Outcome {
    match message.meaning() {
        Meaning::Refused => Outcome::Rejected(message),
        // The host itself saying that it is unreachable is a filter of its own.
        Meaning::HostGone if message.from == Some(target) && !message.is_ours => Outcome::Rejected(message),
        // Whoever says so without having asked the neighbourhood reads it from a table.
        Meaning::HostGone if took < ARP_TAKES_LONGER => Outcome::NoRoute(Some(message)),
        Meaning::HostGone => Outcome::HostDown(Some(message)),
        Meaning::NoRoute => Outcome::NoRoute(Some(message)),
        Meaning::TooManyHops => Outcome::Loop(message),
        Meaning::Other => Outcome::Silent,
    }
}

fn by_number(number: i32, took: Duration, is_bound: bool) -> Outcome {
    match number {
        libc::ECONNREFUSED | libc::ECONNRESET | libc::ECONNABORTED => Outcome::Reset,
        libc::EHOSTUNREACH | libc::EHOSTDOWN if took >= ARP_TAKES_LONGER => Outcome::HostDown(None),
        libc::EHOSTUNREACH | libc::ENETUNREACH | libc::ENETDOWN | libc::EHOSTDOWN => Outcome::NoRoute(None),
        libc::EAFNOSUPPORT | libc::ENONET => Outcome::NoSource,
        libc::EACCES | libc::EPERM => Outcome::DeniedHere(number),
        libc::EADDRNOTAVAIL if is_bound => Outcome::NoSource,
        libc::EADDRNOTAVAIL | libc::EADDRINUSE => Outcome::PortsSpent,
        libc::EMFILE | libc::ENFILE => Outcome::DescriptorsSpent,
        libc::ETIMEDOUT => Outcome::Silent,
        other => Outcome::Failed(other),
    }
}

/// A router, or this machine, asks three times with a second between before it says that a neighbour is gone. Sooner it
/// comes from a table: at once, or with the first or second repetition of the SYN where the router was held back.
const ARP_TAKES_LONGER: Duration = Duration::from_millis(2500);

#[cfg(test)]
mod tests {
    use super::*;

    fn message(kind: u8, code: u8, from: &str, is_ours: bool) -> Message {
        Message { is_v6: false, kind, code, from: from.parse().ok(), is_ours }
    }

    fn check(message: Message, millis: u64, expected: Outcome) {
        let target = "10.0.0.5".parse().expect("an address");
        assert_eq!(by_message(message, target, Duration::from_millis(millis)), expected);
    }

    #[test]
    fn who_speaks_and_how_late_tells_a_dead_host_from_a_rule() {
        let router = message(3, 1, "10.0.0.1", false);
        check(router, 3050, Outcome::HostDown(Some(router)));
        check(router, 5, Outcome::NoRoute(Some(router)));
        let ours = message(3, 1, "10.0.0.2", true);
        check(ours, 3050, Outcome::HostDown(Some(ours)));
        let itself = message(3, 1, "10.0.0.5", false);
        check(itself, 1, Outcome::Rejected(itself));
        let port = message(3, 3, "10.0.0.5", false);
        check(port, 1, Outcome::Rejected(port));
        let hops = message(11, 0, "10.0.0.1", false);
        check(hops, 1, Outcome::Loop(hops));
    }

    #[test]
    fn error_numbers_of_this_machine_have_one_meaning_each() {
        let soon = Duration::from_millis(1);
        let check = |number, is_bound, expected| assert_eq!(by_number(number, soon, is_bound), expected);
        check(libc::ECONNREFUSED, false, Outcome::Reset);
        check(libc::ENETUNREACH, false, Outcome::NoRoute(None));
        check(libc::EADDRNOTAVAIL, false, Outcome::PortsSpent);
        check(libc::EADDRNOTAVAIL, true, Outcome::NoSource);
        check(libc::EACCES, false, Outcome::DeniedHere(libc::EACCES));
        check(libc::EMFILE, false, Outcome::DescriptorsSpent);
        check(libc::EIO, false, Outcome::Failed(libc::EIO));
        assert_eq!(by_number(libc::EHOSTUNREACH, Duration::from_secs(3), false), Outcome::HostDown(None));
    }
}
