//! One question to one name server, with everything its answer says.
//!
//! For whoever wants to know who says what: the code, whether it speaks for the zone, times to live, explanations of
//! errors, how long it took, and how it failed. Nothing is cached, no server is chosen, no alias is followed. Whoever
//! merely wants addresses uses [`crate::resolve`].

pub(crate) mod exchange;
mod reading;

use exchange::Refusal;
use hickory_proto::op::{Edns, Message, Query, ResponseCode};
use hickory_proto::rr::{Name, RecordType};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;
use tokio::time::{Instant, timeout};

/// What to ask, and how.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Question {
    /// The name; always taken as complete, with or without its last dot.
    pub name: String,
    /// The kind of record.
    pub kind: Kind,
    /// Whether the server shall ask others (RD). Without, it says what it knows itself.
    pub wants_recursion: bool,
    /// Whether the server shall not check signatures (CD).
    pub without_checks: bool,
    /// Whether signatures shall come along (DO).
    pub wants_signatures: bool,
}

/// A kind of record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// IPv4 addresses.
    A,
    /// IPv6 addresses.
    Aaaa,
    /// An alias.
    Cname,
    /// The name servers of a zone.
    Ns,
    /// The head of a zone.
    Soa,
    /// The key that the parent zone vouches for.
    Ds,
    /// The name of an address.
    Ptr,
    /// The servers of a service.
    Srv,
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The response code: 0 is fine, 2 failed, 3 no such name, 5 refused.
    pub rcode: u16,
    /// Whether the server speaks for the zone (AA).
    pub is_authoritative: bool,
    /// Whether the server would ask others (RA).
    pub offers_recursion: bool,
    /// Whether the server has checked the signatures (AD).
    pub is_verified: bool,
    /// The answer itself.
    pub answers: Vec<Record>,
    /// Whose zone it is: its head, or the servers to ask instead.
    pub authorities: Vec<Record>,
    /// Addresses of those servers.
    pub additionals: Vec<Record>,
    /// Extended errors (RFC 8914): code and text.
    pub explanations: Vec<(u16, String)>,
    /// Whether it came over TCP because it was cut over UDP.
    pub is_over_tcp: bool,
    /// How often the question was sent before the answer came.
    pub sent: u8,
    /// From the first sending to the answer.
    pub took: Duration,
}

/// One record of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Its name, in lower case without the last dot; the root is `.`.
    pub owner: String,
    /// For how many seconds it may be kept.
    pub ttl: u32,
    /// What it says.
    pub data: Data,
}

/// What a record says. Names are as in [`Record::owner`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Data {
    /// An address.
    Address(IpAddr),
    /// The name is another name for this one.
    Alias(String),
    /// The address this record stands for has this name.
    Pointer(String),
    /// A server of a service; `.` says that there is none.
    Service {
        /// The lower, the sooner it is used.
        priority: u16,
        /// Its share among those of the same priority.
        weight: u16,
        /// Its port.
        port: u16,
        /// Its name.
        host: String,
    },
    /// A name server of the zone.
    NameServer(String),
    /// The head of a zone.
    Zone {
        /// The name server where it is written.
        primary: String,
        /// Its version.
        serial: u32,
        /// For how many seconds "no such name" may be kept.
        negative_ttl: u32,
    },
    /// A record of this type number, unread.
    Other(u16),
}

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failure {
    /// In what way.
    pub kind: FailureKind,
    /// After how long.
    pub after: Duration,
    /// The operating system's error number, where there is one.
    pub os: Option<i32>,
}

/// In what way a question stays without an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FailureKind {
    /// Silence.
    TimedOut,
    /// The host is there and nothing listens on the port (ICMP port unreachable, or RST over TCP).
    Refused,
    /// The network says that there is no way.
    Unreachable,
    /// A rule of this host forbids it.
    Denied,
    /// What came is no answer to the question.
    Garbled,
    /// The answer was cut over UDP, and over TCP there was none.
    OnlyCut,
    /// This host has no descriptor, port or memory left.
    ResourcesSpent,
    /// The text cannot be written as a name.
    NotAName,
}

/// Asks one server within `patience`. A lost packet is sent again meanwhile.
pub async fn ask(server: SocketAddr, question: &Question, patience: Duration) -> Result<Reply, Failure> {
    let started = Instant::now();
    let failed = |refusal: Refusal| Failure { kind: refusal.kind, after: started.elapsed(), os: refusal.os };
    let Some(name) = full_name(&question.name) else {
        return Err(failed(Refusal::of(FailureKind::NotAName)));
    };
    let resends = [patience / 4, patience / 4];
    let talk = async {
        let first = exchange::exchange(server, &message(&name, question, true), &resends).await?;
        if first.message.metadata.response_code == ResponseCode::FormErr && first.message.edns.is_none() {
            // Servers from before RFC 6891 do not understand the extension.
            return exchange::exchange(server, &message(&name, question, false), &resends).await;
        }
        Ok(first)
    };
    match timeout(patience, talk).await {
        Ok(Ok(answer)) => Ok(reading::reply(answer, started.elapsed())),
        Ok(Err(refusal)) => Err(failed(refusal)),
        Err(_) => Err(failed(Refusal::of(FailureKind::TimedOut))),
    }
}

impl Question {
    /// What everybody asks: resolve this for me.
    pub fn recursive(name: impl Into<String>, kind: Kind) -> Self {
        let name = name.into();
        Self { name, kind, wants_recursion: true, without_checks: false, wants_signatures: false }
    }

    /// What only a server of the zone can answer: what do you know yourself.
    pub fn direct(name: impl Into<String>, kind: Kind) -> Self {
        Self { wants_recursion: false, ..Self::recursive(name, kind) }
    }

    /// The same question, with the signatures unchecked.
    #[must_use]
    pub fn unchecked(self) -> Self {
        Self { without_checks: true, ..self }
    }

    /// The same question, with the signatures.
    #[must_use]
    pub fn signed(self) -> Self {
        Self { wants_signatures: true, ..self }
    }
}

impl Kind {
    /// The name as in zone files and on the command line of `dig`.
    pub const fn id(self) -> &'static str {
        match self {
            Self::A => "A",
            Self::Aaaa => "AAAA",
            Self::Cname => "CNAME",
            Self::Ns => "NS",
            Self::Soa => "SOA",
            Self::Ds => "DS",
            Self::Ptr => "PTR",
            Self::Srv => "SRV",
        }
    }

    const fn record_type(self) -> RecordType {
        match self {
            Self::A => RecordType::A,
            Self::Aaaa => RecordType::AAAA,
            Self::Cname => RecordType::CNAME,
            Self::Ns => RecordType::NS,
            Self::Soa => RecordType::SOA,
            Self::Ds => RecordType::DS,
            Self::Ptr => RecordType::PTR,
            Self::Srv => RecordType::SRV,
        }
    }
}

impl Reply {
    /// The server did what it was asked.
    pub const NO_ERROR: u16 = 0;
    /// The server failed (SERVFAIL).
    pub const FAILED: u16 = 2;
    /// No such name (NXDOMAIN).
    pub const NO_SUCH_NAME: u16 = 3;
    /// The server does not want to answer (REFUSED).
    pub const REFUSED: u16 = 5;

    /// The code's usual name.
    pub fn code(&self) -> String {
        code_name(self.rcode)
    }

    /// The addresses in the answer, in its order.
    pub fn addresses(&self) -> Vec<IpAddr> {
        let addresses = self.answers.iter().filter_map(|record| match record.data {
            Data::Address(address) => Some(address),
            _ => None,
        });
        addresses.collect()
    }

    /// The names of an address in the answer, in its order.
    pub fn pointers(&self) -> impl Iterator<Item = &str> {
        self.answers.iter().filter_map(|record| match &record.data {
            Data::Pointer(name) => Some(name.as_str()),
            _ => None,
        })
    }

    /// The aliases in the answer, from the asked name on, each with where it leads.
    pub fn aliases(&self, name: &str) -> Vec<(String, String)> {
        let mut chain = Vec::new();
        let mut current = plain_name(name);
        while chain.len() < LONGEST_CHAIN {
            let next = self.answers.iter().find_map(|record| match &record.data {
                Data::Alias(target) if record.owner == current => Some(target.clone()),
                _ => None,
            });
            let Some(next) = next else { break };
            chain.push((current, next.clone()));
            current = next;
        }
        chain
    }

    /// The shortest time to live in the answer.
    pub fn ttl(&self) -> Option<u32> {
        self.answers.iter().map(|record| record.ttl).min()
    }

    /// The head of the zone, wherever it stands: its name and its version.
    pub fn zone(&self) -> Option<(&str, u32)> {
        self.answers.iter().chain(&self.authorities).find_map(|record| match record.data {
            Data::Zone { serial, .. } => Some((record.owner.as_str(), serial)),
            _ => None,
        })
    }

    /// The names of the name servers for this zone, from the answer or a referral.
    pub fn name_servers(&self, zone: &str) -> Vec<String> {
        let zone = plain_name(zone);
        let mut servers = Vec::new();
        for record in self.answers.iter().chain(&self.authorities) {
            if let Data::NameServer(server) = &record.data
                && record.owner == zone
                && !servers.contains(server)
            {
                servers.push(server.clone());
            }
        }
        servers
    }

    /// The addresses that came along for a name server.
    pub fn glue(&self, server: &str) -> Vec<IpAddr> {
        let server = plain_name(server);
        let addresses = self.additionals.iter().filter_map(|record| match record.data {
            Data::Address(address) if record.owner == server => Some(address),
            _ => None,
        });
        addresses.collect()
    }

    /// Whether it sends the asker elsewhere instead of answering.
    pub fn is_referral(&self) -> bool {
        let names_servers = self.authorities.iter().any(|record| matches!(record.data, Data::NameServer(_)));
        self.rcode == Self::NO_ERROR && self.answers.is_empty() && names_servers && !self.is_authoritative
    }
}

impl FailureKind {
    /// The stable lower-case name.
    pub const fn id(self) -> &'static str {
        match self {
            Self::TimedOut => "timed_out",
            Self::Refused => "refused",
            Self::Unreachable => "unreachable",
            Self::Denied => "denied",
            Self::Garbled => "garbled",
            Self::OnlyCut => "only_cut",
            Self::ResourcesSpent => "resources_spent",
            Self::NotAName => "not_a_name",
        }
    }
}

/// The usual name of a response code, such as `NXDOMAIN`.
pub fn code_name(rcode: u16) -> String {
    let name = match rcode {
        0 => "NOERROR",
        1 => "FORMERR",
        2 => "SERVFAIL",
        3 => "NXDOMAIN",
        4 => "NOTIMP",
        5 => "REFUSED",
        6 => "YXDOMAIN",
        9 => "NOTAUTH",
        16 => "BADVERS",
        23 => "BADCOOKIE",
        other => return format!("RCODE{other}"),
    };
    name.to_owned()
}

/// A name as this module writes it: in lower case, ASCII, without the last dot; the root is `.`. What cannot be written
/// as a name stays as it is.
pub fn plain_name(name: &str) -> String {
    full_name(name).map_or_else(|| name.to_ascii_lowercase(), |name| reading::plain(&name))
}

/// The name one label up; `None` above the root.
pub fn parent(name: &str) -> Option<&str> {
    if name == "." || name.is_empty() {
        return None;
    }
    Some(name.split_once('.').map_or(".", |(_, rest)| rest))
        .map(|rest| if rest.is_empty() { "." } else { rest })
}

fn full_name(text: &str) -> Option<Name> {
    let mut name = Name::from_str_relaxed(text).ok()?;
    name.set_fqdn(true);
    Some(name)
}

fn message(name: &Name, question: &Question, is_extended: bool) -> Message {
    // The number comes from the operating system's randomness, as does the source port.
    let mut message = Message::query();
    message.metadata.recursion_desired = question.wants_recursion;
    message.metadata.checking_disabled = question.without_checks;
    message.add_query(Query::query(name.clone(), question.kind.record_type()));
    if is_extended {
        let mut edns = Edns::new();
        edns.set_max_payload(exchange::PAYLOAD);
        edns.set_dnssec_ok(question.wants_signatures);
        message.set_edns(edns);
    }
    message
}

/// As many aliases in a row as the usual recursive servers follow.
const LONGEST_CHAIN: usize = 16;

#[cfg(test)]
mod tests;
