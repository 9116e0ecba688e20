//! What a box on the way said by ICMP, in the words of the RFCs.

use std::fmt;
use std::net::IpAddr;
use torwart_kernel::{ErrorOrigin, QueuedError};

/// An ICMP message about one of our packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Message {
    /// Whether it is ICMPv6.
    pub is_v6: bool,
    /// The type.
    pub kind: u8,
    /// The code.
    pub code: u8,
    /// Who sent it.
    pub from: Option<IpAddr>,
    /// Whether it came from this machine itself.
    pub is_ours: bool,
}

/// What a message means for a connection attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// A filter refuses. No host answers a TCP segment with these on its own.
    Refused,
    /// The host does not answer in its own network.
    HostGone,
    /// The box has no route.
    NoRoute,
    /// The packet was passed on too often.
    TooManyHops,
    /// Nothing about reachability.
    Other,
}

impl Message {
    /// The message in an entry of the error queue, if it is one.
    pub fn of(entry: &QueuedError, own: &[IpAddr]) -> Option<Self> {
        let is_v6 = match entry.origin {
            ErrorOrigin::Icmp => false,
            ErrorOrigin::Icmp6 => true,
            ErrorOrigin::Local | ErrorOrigin::Other(_) => return None,
        };
        let is_ours = entry.offender.is_some_and(|from| own.contains(&from) || from.is_loopback());
        Some(Self { is_v6, kind: entry.kind, code: entry.code, from: entry.offender, is_ours })
    }

    /// What it means for a connection attempt (RFC 792, RFC 1812 §5.2.7, RFC 4443 §3).
    pub const fn meaning(&self) -> Meaning {
        match (self.is_v6, self.kind, self.code) {
            (false, 3, 2 | 3 | 9 | 10 | 13) | (true, 1, 1 | 4 | 5 | 6) => Meaning::Refused,
            (false, 3, 1 | 7 | 12) | (true, 1, 3) => Meaning::HostGone,
            (false, 3, 0 | 6 | 11) | (true, 1, 0 | 2) => Meaning::NoRoute,
            (false, 11, _) | (true, 3, _) => Meaning::TooManyHops,
            _ => Meaning::Other,
        }
    }

    /// The name tcpdump and the RFCs use, as it is the same in every language.
    pub const fn name(&self) -> &'static str {
        match (self.is_v6, self.kind, self.code) {
            (false, 3, 0) => "net unreachable",
            (false, 3, 1) => "host unreachable",
            (false, 3, 2) => "protocol unreachable",
            (false, 3, 3) | (true, 1, 4) => "port unreachable",
            (false, 3, 9) => "net prohibited",
            (false, 3, 10) => "host prohibited",
            (false, 3, 13) | (true, 1, 1) => "admin prohibited",
            (false, 11, _) | (true, 3, _) => "time exceeded",
            (true, 1, 0) => "no route",
            (true, 1, 3) => "address unreachable",
            (true, 1, 5) => "policy fail",
            (true, 1, 6) => "reject route",
            _ => "unreachable",
        }
    }
}

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let protocol = if self.is_v6 { "ICMPv6" } else { "ICMP" };
        write!(f, "{protocol} {} ({}/{})", self.name(), self.kind, self.code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(is_v6: bool, kind: u8, code: u8, meaning: Meaning, told: &str) {
        let message = Message { is_v6, kind, code, from: None, is_ours: false };
        assert_eq!(message.meaning(), meaning);
        assert_eq!(message.to_string(), told);
    }

    #[test]
    fn type_and_code_say_whether_a_filter_or_the_network_speaks() {
        check(false, 3, 3, Meaning::Refused, "ICMP port unreachable (3/3)");
        check(false, 3, 13, Meaning::Refused, "ICMP admin prohibited (3/13)");
        check(false, 3, 1, Meaning::HostGone, "ICMP host unreachable (3/1)");
        check(false, 3, 0, Meaning::NoRoute, "ICMP net unreachable (3/0)");
        check(false, 11, 0, Meaning::TooManyHops, "ICMP time exceeded (11/0)");
        check(false, 3, 4, Meaning::Other, "ICMP unreachable (3/4)");
        check(true, 1, 4, Meaning::Refused, "ICMPv6 port unreachable (1/4)");
        check(true, 1, 3, Meaning::HostGone, "ICMPv6 address unreachable (1/3)");
        check(true, 3, 0, Meaning::TooManyHops, "ICMPv6 time exceeded (3/0)");
    }
}
