//! Zones: what a server of a zone answers, and what a cache in front of it answers.
//!
//! An authority says AA, refers to the servers of zones below with their addresses, and shows the head of the zone where
//! a name or a type is missing. A cache has the same records, says RA instead, and refers nobody elsewhere.

use super::message::{self, Question, Sections};
use serde::Deserialize;
use std::net::IpAddr;

/// A zone, and in which role the server answers for it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Zone {
    /// Its name, without the last dot; empty for the root.
    pub name: String,
    /// Its version.
    #[serde(default)]
    pub serial: u32,
    /// Time to live of its records, in seconds.
    pub ttl: u32,
    /// The records: full name without the last dot, and what it says.
    pub records: Vec<(String, Data)>,
    /// In which role.
    #[serde(default)]
    pub role: Role,
}

/// What a record says.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Data {
    /// An address.
    Address(IpAddr),
    /// An alias of another name.
    Alias(String),
    /// A name server of the zone with this name.
    NameServer(String),
}

/// In which role a server answers for a zone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// It speaks for the zone.
    #[default]
    Authority,
    /// It remembers what it has heard.
    Cache,
}

impl Zone {
    /// Whether a name belongs to it.
    pub(super) fn holds(&self, name: &str) -> bool {
        is_at_or_below(name, &self.name.to_ascii_lowercase())
    }

    /// The answer to a question within the zone.
    pub(super) fn answer(&self, question: &Question) -> Vec<u8> {
        let mut sections = Sections {
            is_authoritative: self.role == Role::Authority,
            offers_recursion: self.role == Role::Cache,
            ..Sections::default()
        };
        if let Some(cut) = self.cut_above(&question.name) {
            sections.is_authoritative = false;
            sections.authorities = self.written(cut, |data| matches!(data, Data::NameServer(_)));
            for (_, data) in self.records.iter().filter(|(owner, _)| owner.eq_ignore_ascii_case(cut)) {
                if let Data::NameServer(server) = data {
                    sections
                        .additionals
                        .extend(self.written(server, |data| matches!(data, Data::Address(_))));
                }
            }
            return message::assemble(question, &sections);
        }
        let mut name = question.name.clone();
        // More aliases in a row than this are a circle.
        for _ in 0..8 {
            sections.answers.extend(self.written(&name, |data| data.kind() == question.kind));
            let alias = self.records.iter().find_map(|(owner, data)| match data {
                Data::Alias(target) if owner.eq_ignore_ascii_case(&name) => Some(target.to_ascii_lowercase()),
                _ => None,
            });
            let Some(target) = alias.filter(|_| question.kind != message::CNAME) else { break };
            sections.answers.extend(self.written(&name, |data| matches!(data, Data::Alias(_))));
            name = target;
        }
        if question.kind == message::SOA && question.name == self.name.to_ascii_lowercase() {
            sections.answers.push(self.head());
        }
        if sections.answers.is_empty() || name != question.name {
            let exists =
                self.records.iter().any(|(owner, _)| is_at_or_below(&owner.to_ascii_lowercase(), &name));
            if self.holds(&name) && !exists && name != self.name.to_ascii_lowercase() {
                sections.rcode = message::NXDOMAIN;
            }
            if sections.answers.is_empty() || sections.rcode != 0 {
                sections.authorities.push(self.head());
            }
        }
        message::assemble(question, &sections)
    }

    /// The zone below, at or above a name, that this one delegates. A cache delegates nothing.
    fn cut_above<'z>(&'z self, name: &str) -> Option<&'z str> {
        let cuts = self.records.iter().filter(|(owner, data)| {
            let is_own = owner.eq_ignore_ascii_case(&self.name);
            matches!(data, Data::NameServer(_))
                && !is_own
                && is_at_or_below(name, &owner.to_ascii_lowercase())
        });
        cuts.map(|(owner, _)| owner.as_str()).find(|_| self.role == Role::Authority)
    }

    fn written(&self, name: &str, fits: impl Fn(&Data) -> bool) -> Vec<Vec<u8>> {
        let records =
            self.records.iter().filter(|(owner, data)| owner.eq_ignore_ascii_case(name) && fits(data));
        records
            .map(|(owner, data)| message::record(&message::name(owner), data.kind(), self.ttl, &data.bytes()))
            .collect()
    }

    /// The SOA record.
    fn head(&self) -> Vec<u8> {
        let mut data = [message::name("ns"), message::name("hostmaster")].concat();
        for number in [self.serial, 60, 60, 600, 5] {
            data.extend_from_slice(&number.to_be_bytes());
        }
        message::record(&message::name(&self.name), message::SOA, self.ttl, &data)
    }
}

impl Data {
    const fn kind(&self) -> u16 {
        match self {
            Self::Address(IpAddr::V4(_)) => message::A,
            Self::Address(IpAddr::V6(_)) => message::AAAA,
            Self::Alias(_) => message::CNAME,
            Self::NameServer(_) => message::NS,
        }
    }

    fn bytes(&self) -> Vec<u8> {
        match self {
            Self::Address(IpAddr::V4(v4)) => v4.octets().to_vec(),
            Self::Address(IpAddr::V6(v6)) => v6.octets().to_vec(),
            Self::Alias(name) | Self::NameServer(name) => message::name(name),
        }
    }
}

fn is_at_or_below(name: &str, zone: &str) -> bool {
    zone.is_empty() || name == zone || name.strip_suffix(zone).is_some_and(|rest| rest.ends_with('.'))
}
