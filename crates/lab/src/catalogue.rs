//! Every known way in which an upstream misbehaves, and what an ideal gateway makes of each.
//!
//! The faults stand in `faults/<family>.toml`: name, one sentence in English and German, what the upstream does, and
//! the expected outcome. They are read once, when first asked for.

use crate::dns::Rule;
use crate::hole::HoleKind;
use crate::script::{Script, Step};
use serde::Deserialize;
use std::sync::LazyLock;
use torwart_cause::Cause;

/// All faults.
#[derive(Debug)]
pub struct Catalogue {
    faults: Vec<Fault>,
}

/// One way to misbehave.
#[derive(Debug)]
pub struct Fault {
    /// The speaking name, unique: `reset-before-head`.
    pub name: String,
    /// The family it belongs to.
    pub family: Family,
    /// What happens, in one English sentence.
    pub en: String,
    /// What happens, in one German sentence.
    pub de: String,
    /// What the upstream does.
    pub behaviour: Behaviour,
    /// What an ideal gateway makes of it, asked once with GET.
    pub expected: Expected,
}

/// What an upstream of this fault does.
#[derive(Debug)]
pub enum Behaviour {
    /// It plays a script.
    Script(Script),
    /// It is a place that cannot be connected to.
    Hole(HoleKind),
    /// Its name is resolved like this.
    Name(Rule),
}

/// Where a fault can be met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// At its own path, `/fault/<name>`, because it shows only after a request.
    Path,
    /// On a port of its own, because it shows earlier.
    Port,
    /// On a port of its own that is asked with TLS.
    TlsPort,
    /// By its name, `<name>.lab.test`, at the lab's name server.
    Name,
}

/// What an ideal gateway makes of a fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected {
    /// The status the client gets.
    pub status: u16,
    /// The cause the gateway names; none where nothing went wrong.
    pub cause: Option<Cause>,
    /// Other causes that are right too, where the order of events is the network's.
    pub or: Vec<Cause>,
    /// Whether the client gets a whole message.
    pub is_complete: bool,
}

macro_rules! families {
    ($($(#[$doc:meta])* $variant:ident $id:literal $file:literal;)*) => {
        /// What a fault concerns.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Family { $($(#[$doc])* $variant,)* }

        impl Family {
            /// All families, in the order of an exchange's stages.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The stable lower-case name.
            pub const fn id(self) -> &'static str {
                match self { $(Self::$variant => $id,)* }
            }

            fn text(self) -> &'static str {
                match self { $(Self::$variant => include_str!(concat!("../faults/", $file)),)* }
            }
        }
    };
}

families! {
    /// Resolving the upstream's name.
    Name "name" "name.toml";
    /// Establishing the connection.
    Connect "connect" "connect.toml";
    /// The TLS handshake and the end of a TLS connection.
    Tls "tls" "tls.toml";
    /// The head of the answer.
    Head "head" "head.toml";
    /// The body of the answer.
    Body "body" "body.toml";
    /// Deadlines.
    Time "time" "time.toml";
    /// Streams and connections of HTTP/2.
    Http2 "http2" "http2.toml";
    /// Using a connection again.
    Reuse "reuse" "reuse.toml";
    /// Unusual and right: must pass untouched.
    Valid "valid" "valid.toml";
    /// Several upstreams behind one route.
    Pool "pool" "pool.toml";
}

/// A family's file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    fault: Vec<WrittenFault>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenFault {
    name: String,
    en: String,
    de: String,
    expect: WrittenExpectation,
    steps: Option<Vec<Step>>,
    connections: Option<Vec<Vec<Step>>>,
    receive_buffer: Option<usize>,
    hole: Option<HoleKind>,
    resolve: Option<Rule>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenExpectation {
    status: u16,
    cause: Option<String>,
    #[serde(default)]
    or: Vec<String>,
    #[serde(default = "yes")]
    complete: bool,
}

impl Catalogue {
    /// The catalogue.
    pub fn get() -> &'static Self {
        static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| {
            Catalogue::read().expect("the catalogue is part of the program; a test reads it")
        });
        &CATALOGUE
    }

    /// All faults, family by family.
    pub fn faults(&self) -> &[Fault] {
        &self.faults
    }

    /// The fault of this name.
    pub fn find(&self, name: &str) -> Option<&Fault> {
        self.faults.iter().find(|fault| fault.name == name)
    }

    fn read() -> Result<Self, String> {
        let mut faults = Vec::new();
        for &family in Family::ALL {
            let written: Written =
                toml::from_str(family.text()).map_err(|error| format!("{}: {error}", family.id()))?;
            for fault in written.fault {
                let name = fault.name.clone();
                faults.push(fault.meant(family).map_err(|error| format!("{name}: {error}"))?);
            }
        }
        Ok(Self { faults })
    }
}

impl Fault {
    /// Where it can be met.
    pub fn place(&self) -> Place {
        match &self.behaviour {
            Behaviour::Name(_) => Place::Name,
            Behaviour::Hole(_) => Place::Port,
            Behaviour::Script(_) if self.family == Family::Tls => Place::TlsPort,
            Behaviour::Script(script) => match script.steps(0).first() {
                Some(Step::ReadHead) => Place::Path,
                _ => Place::Port,
            },
        }
    }

    /// The script, if it plays one.
    pub fn script(&self) -> Option<&Script> {
        match &self.behaviour {
            Behaviour::Script(script) => Some(script),
            Behaviour::Hole(_) | Behaviour::Name(_) => None,
        }
    }
}

impl WrittenFault {
    fn meant(self, family: Family) -> Result<Fault, String> {
        let script = Script::written(self.steps, self.connections, self.receive_buffer);
        let behaviour = match (script, self.hole, self.resolve) {
            (Some(script), None, None) => Behaviour::Script(script?),
            (None, Some(hole), None) => Behaviour::Hole(hole),
            (None, None, Some(rule)) => Behaviour::Name(rule),
            _ => return Err("needs exactly one of steps, connections, hole, resolve".to_owned()),
        };
        let find = |id: String| Cause::from_id(&id).ok_or_else(|| format!("no cause {id}"));
        let WrittenExpectation { status, cause, or, complete } = self.expect;
        let cause = cause.map(find).transpose()?;
        let or = or.into_iter().map(find).collect::<Result<_, _>>()?;
        let expected = Expected { status, cause, or, is_complete: complete };
        Ok(Fault { name: self.name, family, en: self.en, de: self.de, behaviour, expected })
    }
}

fn yes() -> bool {
    true
}

#[cfg(test)]
mod tests;
