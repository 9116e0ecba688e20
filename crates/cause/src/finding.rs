//! Findings: what is wrong with a set-up, how we know, and who must act.
//!
//! A [`FindingKind`] is a name with a fixed meaning, listed once in the file of its area below; its pages in English
//! and German belong to the crate `report`. A [`Finding`] is one of them met in the world, with its evidence. Causes say
//! what happened to one request; a finding says what to mend, and lists the causes it explains. An id, once released,
//! never changes its meaning.

pub mod capacity;
pub mod client;
pub mod connect;
pub mod dns;
pub mod gateway;
pub mod host;
pub mod http;
pub mod time;
pub mod tls;

mod diagnosis;
mod rank;
mod said;

pub use diagnosis::{CheckMade, CheckState, Contact, Diagnosis, NotChecked, Outcome, Station, StationState};
pub use said::{Said, said};

use crate::{Actor, Cause};

/// How bad a finding is for the visitors of the site.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing; nothing is wrong.
    Info,
    /// It works, but not always or not for long.
    Warning,
    /// Requests fail.
    Critical,
}

/// Whether a finding is what must be mended, or how something else shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// Mending it mends the site.
    Root,
    /// It follows from a root; on its own it is the best that could be seen.
    Symptom,
}

/// A name for something that can be wrong with a set-up.
#[derive(Debug)]
pub struct FindingKind {
    /// The stable id, `<area>.<what>`.
    pub id: &'static str,
    /// How bad it usually is.
    pub severity: Severity,
    /// Who must act.
    pub who: Actor,
    /// Root or symptom.
    pub role: Role,
    /// What happens to requests because of it.
    pub explains: &'static [Cause],
}

/// The station on a request's way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Hop {
    /// The visitor's own machine and network.
    You,
    /// The name of the site.
    Dns,
    /// The gateway that the visitors see.
    Gateway,
    /// The way from the gateway to the upstream: names, routes, filters.
    Path,
    /// The server process behind the gateway.
    Upstream,
    /// What runs in it.
    Application,
}

/// Where a finding is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Where {
    /// The station.
    pub hop: Hop,
    /// Address and port, or the path of a unix socket.
    pub address: Option<String>,
    /// File and line of a configuration or log, from 1; 0 where the whole file is meant.
    pub file: Option<(String, u32)>,
    /// A name: of a host, a certificate, a process, a directive.
    pub name: Option<String>,
}

/// A fact, and how to see it again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// The raw fact.
    pub said: Said,
    /// The command of an ordinary tool that repeats it.
    pub repeat: Option<String>,
}

/// The exact change, where it is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fix {
    /// The product whose words these are.
    pub product: Option<String>,
    /// File and line to change.
    pub file: Option<(String, u32)>,
    /// What stands there.
    pub before: Option<String>,
    /// What should stand there.
    pub after: String,
}

/// Something wrong, met in the world.
#[derive(Clone, Debug)]
pub struct Finding {
    /// What it is.
    pub kind: &'static FindingKind,
    /// How bad it is here.
    pub severity: Severity,
    /// How sure we are, in percent.
    pub confidence: u8,
    /// Where it is.
    pub place: Where,
    /// How we know.
    pub evidence: Vec<Proof>,
    /// What to change, beyond what its page says.
    pub fixes: Vec<Fix>,
    /// The machines that saw it, where several have looked; none where there is only the one that runs.
    pub seen_from: Vec<String>,
}

impl Severity {
    /// The stable lower-case name.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }
}

impl Hop {
    /// Every station, in the order of a request's way.
    pub const ALL: [Self; 6] =
        [Self::You, Self::Dns, Self::Gateway, Self::Path, Self::Upstream, Self::Application];

    /// The stable lower-case name.
    pub const fn id(self) -> &'static str {
        match self {
            Self::You => "you",
            Self::Dns => "dns",
            Self::Gateway => "gateway",
            Self::Path => "path",
            Self::Upstream => "upstream",
            Self::Application => "application",
        }
    }
}

impl FindingKind {
    /// Every kind, area by area.
    pub fn all() -> impl Iterator<Item = &'static Self> {
        let areas = [
            client::ALL,
            dns::ALL,
            connect::ALL,
            tls::ALL,
            http::ALL,
            time::ALL,
            gateway::ALL,
            host::ALL,
            capacity::ALL,
        ];
        areas.into_iter().flatten().copied()
    }

    /// The kind with this id.
    pub fn from_id(id: &str) -> Option<&'static Self> {
        Self::all().find(|kind| kind.id == id)
    }
}

impl PartialEq for FindingKind {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl Eq for FindingKind {}

impl Where {
    /// A station, nothing nearer.
    pub const fn hop(hop: Hop) -> Self {
        Self { hop, address: None, file: None, name: None }
    }

    /// With an address.
    #[must_use]
    pub fn address(self, address: impl ToString) -> Self {
        Self { address: Some(address.to_string()), ..self }
    }

    /// With a place in a file.
    #[must_use]
    pub fn file(self, path: impl ToString, line: u32) -> Self {
        Self { file: Some((path.to_string(), line)), ..self }
    }

    /// With a name.
    #[must_use]
    pub fn name(self, name: impl ToString) -> Self {
        Self { name: Some(name.to_string()), ..self }
    }
}

impl Finding {
    /// A finding at a station; `confidence` is in percent, at most 100.
    pub fn new(kind: &'static FindingKind, confidence: u8, place: Where) -> Self {
        Self {
            kind,
            severity: kind.severity,
            confidence: confidence.min(100),
            place,
            evidence: Vec::new(),
            fixes: Vec::new(),
            seen_from: Vec::new(),
        }
    }

    /// With a fact.
    #[must_use]
    pub fn proof(mut self, said: Said) -> Self {
        self.evidence.push(Proof { said, repeat: None });
        self
    }

    /// With a fact, and the command that repeats it.
    #[must_use]
    pub fn proof_by(mut self, said: Said, command: impl ToString) -> Self {
        self.evidence.push(Proof { said, repeat: Some(command.to_string()) });
        self
    }

    /// With another severity than usual.
    #[must_use]
    pub fn severity(self, severity: Severity) -> Self {
        Self { severity, ..self }
    }

    /// With an exact change.
    #[must_use]
    pub fn fix(mut self, fix: Fix) -> Self {
        self.fixes.push(fix);
        self
    }
}

/// The kinds of one area.
macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident $id:literal $severity:ident $who:ident $role:ident [$($cause:ident),* $(,)?];)*) => {
        $(
            $(#[$doc])*
            pub static $name: $crate::finding::FindingKind = $crate::finding::FindingKind {
                id: $id,
                severity: $crate::finding::Severity::$severity,
                who: $crate::Actor::$who,
                role: $crate::finding::Role::$role,
                explains: &[$($crate::Cause::$cause),*],
            };
        )*

        /// Every kind of this area.
        pub(super) static ALL: &[&$crate::finding::FindingKind] = &[$(&$name),*];
    };
}
pub(crate) use kinds;

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn ids_are_unique_and_speak() {
        let mut seen = HashSet::new();
        for kind in FindingKind::all() {
            assert!(seen.insert(kind.id), "{} twice", kind.id);
            let is_word = |part: &str| {
                part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
            };
            let (area, what) = kind.id.split_once('.').expect("an area and a name");
            assert!(is_word(area) && is_word(what) && !what.is_empty(), "{}", kind.id);
            assert_eq!(FindingKind::from_id(kind.id), Some(kind));
        }
    }
}
