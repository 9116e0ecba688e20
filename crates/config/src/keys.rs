//! The table of keys: everything a file may say, each fact once.
//!
//! The reader ([`crate::file`]), the JSON Schema and the reference page are all driven by it: a key has a name, a kind
//! of value, a default and an example here, and its description in the text files under `key.<part>.<name>`.
//! Several kinds of tables share a [`Part`], such as the keys a site and a route have in common.

mod acme;
mod balance;
mod cache;
mod client;
mod compress;
mod crawlers;
mod door;
mod files;
mod health;
mod overload;
mod pool;
mod root;
mod route;
mod site;
#[cfg(test)]
mod tests;

use std::time::Duration;

use crate::{ByteSize, file::duration};

pub(crate) use root::ROOT;

/// A kind of table: the parts it is made of.
#[derive(Debug)]
pub(crate) struct Table {
    /// Its name in the text files, `table.<id>`.
    pub(crate) id: &'static str,
    /// Its keys.
    pub(crate) parts: &'static [Part],
}

/// Keys that go together.
#[derive(Debug)]
pub(crate) struct Part {
    /// Its name in the text files, `part.<id>` and `key.<id>.<name>`.
    pub(crate) id: &'static str,
    /// The keys.
    pub(crate) keys: &'static [Key],
}

/// One key.
#[derive(Debug)]
pub(crate) struct Key {
    /// Its name in the file.
    pub(crate) name: &'static str,
    /// What may stand there.
    pub(crate) kind: Kind,
    /// What holds if it is missing.
    pub(crate) preset: Preset,
    /// A value as it would stand in a file, different from the default.
    pub(crate) example: &'static str,
}

/// What may stand behind a key.
#[derive(Debug)]
pub(crate) enum Kind {
    /// A duration between these two.
    Duration(Duration, Duration),
    /// A number of bytes between these two.
    Size(ByteSize, ByteSize),
    /// A whole number between these two.
    Count(u64, u64),
    /// `true` or `false`.
    Switch,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A text of this form.
    Text(Form),
    /// A list.
    List(&'static Kind),
    /// One value, or a list of them.
    OneOrMany(&'static Kind),
    /// Any of these, told apart by their type.
    Either(&'static [Kind]),
    /// A table with keys of its own.
    Table(&'static Table),
    /// A table with names of the operator's choice, of this form, and values of one kind.
    Map(Form, &'static Kind),
}

/// What a text means; described in the text files under `form.<name>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Any,
    Address,
    File,
    HashKey,
    HeaderLine,
    HeaderName,
    Host,
    LimitBy,
    Link,
    Listen,
    Location,
    Method,
    Mode,
    Name,
    Network,
    Networks,
    PathRule,
    Rate,
    Replacement,
    Service,
    Status,
    Statuses,
    UrlPath,
    Upstream,
    Value,
    Who,
}

/// What holds if a key is missing.
#[derive(Debug)]
pub(crate) enum Preset {
    /// Nothing: what the key is for does not happen.
    Nothing,
    /// The key must be there.
    Required,
    Duration(Duration),
    Size(ByteSize),
    Count(u64),
    Switch(bool),
    Word(&'static str),
    /// A sentence in the text files, `preset.<id>`.
    Sentence(&'static str),
}

impl Table {
    /// All keys, part by part.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &'static Key> {
        self.parts.iter().flat_map(|part| part.keys)
    }

    /// The key of this name.
    pub(crate) fn key(&self, name: &str) -> Option<&'static Key> {
        self.keys().find(|key| key.name == name)
    }
}

impl Key {
    /// A key that may be missing.
    const fn new(name: &'static str, kind: Kind, preset: Preset, example: &'static str) -> Self {
        Self { name, kind, preset, example }
    }
}

impl Kind {
    /// The name in the text files, `kind.<id>`.
    pub(crate) fn id(&self) -> String {
        match self {
            Self::Duration(..) => "duration".to_owned(),
            Self::Size(..) => "size".to_owned(),
            Self::Count(..) => "count".to_owned(),
            Self::Switch => "switch".to_owned(),
            Self::Choice(_) => "choice".to_owned(),
            Self::Text(_) => "text".to_owned(),
            Self::List(_) => "list".to_owned(),
            Self::OneOrMany(inner) => format!("{}_or_list", inner.id()),
            Self::Either(kinds) => kinds.iter().map(Self::id).collect::<Vec<_>>().join("_or_"),
            Self::Table(_) | Self::Map(..) => "table".to_owned(),
        }
    }
}

impl Form {
    /// The name in the text files.
    pub(crate) const fn id(self) -> &'static str {
        match self {
            Self::Any => "any",
            Self::Address => "address",
            Self::File => "file",
            Self::HashKey => "hash_key",
            Self::HeaderLine => "header_line",
            Self::HeaderName => "header_name",
            Self::Host => "host",
            Self::LimitBy => "limit_by",
            Self::Link => "link",
            Self::Listen => "listen",
            Self::Location => "location",
            Self::Method => "method",
            Self::Mode => "mode",
            Self::Name => "name",
            Self::Network => "network",
            Self::Networks => "networks",
            Self::PathRule => "path_rule",
            Self::Rate => "rate",
            Self::Replacement => "replacement",
            Self::Service => "service",
            Self::Status => "status",
            Self::Statuses => "statuses",
            Self::UrlPath => "url_path",
            Self::Upstream => "upstream",
            Self::Value => "value",
            Self::Who => "who",
        }
    }
}

impl Preset {
    /// The value as it would stand in a file, if there is one.
    pub(crate) fn value(&self) -> Option<String> {
        match self {
            Self::Nothing | Self::Required | Self::Sentence(_) => None,
            Self::Duration(value) => Some(format!("\"{}\"", duration::show(*value))),
            Self::Size(value) => Some(format!("\"{value}\"")),
            Self::Count(value) => Some(value.to_string()),
            Self::Switch(value) => Some(value.to_string()),
            Self::Word(value) => Some(format!("\"{value}\"")),
        }
    }
}

/// The shortest wait that is no mistake.
const SHORTEST: Duration = Duration::from_millis(1);
/// The longest wait for one step of an exchange.
const DAY: Duration = Duration::from_secs(86_400);
/// The longest time anything is kept or may idle.
const MONTH: Duration = Duration::from_secs(30 * 86_400);
/// The longest time browsers are asked to remember anything.
const TWO_YEARS: Duration = Duration::from_secs(2 * 366 * 86_400);
/// Where a size has no other bound.
const LARGEST: ByteSize = ByteSize::gibibytes(1 << 20);
const NO_BYTES: ByteSize = ByteSize::new(0);

/// A deadline for one step.
const fn deadline(name: &'static str, preset: Duration, example: &'static str) -> Key {
    Key::new(name, Kind::Duration(SHORTEST, DAY), Preset::Duration(preset), example)
}
