//! The keys of the cache: the store at the top of the file, and what a route keeps.

use super::{Form, Key, Kind, LARGEST, MONTH, NO_BYTES, Part, Preset, Table};
use crate::{ByteSize, defaults};
use std::time::Duration;

/// `cache` of a route: a switch, or a table that says more.
pub(super) const CACHE: [Kind; 2] = [Kind::Switch, Kind::Table(&CACHE_TABLE)];

/// `[cache]`.
pub(super) static STORE: Table = Table {
    id: "store",
    parts: &[Part {
        id: "store",
        keys: &[
            Key::new(
                "memory",
                Kind::Size(LEAST_MEMORY, LARGEST),
                Preset::Size(defaults::CACHE_MEMORY),
                "\"2GB\"",
            ),
            Key::new(
                "objects",
                Kind::Count(100, 100_000_000),
                Preset::Count(defaults::CACHE_OBJECTS as u64),
                "1000000",
            ),
            Key::new(
                "object_size",
                Kind::Size(NO_BYTES, LARGEST),
                Preset::Size(defaults::CACHE_LARGEST),
                "\"100MB\"",
            ),
        ],
    }],
};

static CACHE_TABLE: Table = Table {
    id: "cache",
    parts: &[Part {
        id: "cache",
        keys: &[
            Key::new(
                "stale_if_error",
                Kind::Duration(Duration::ZERO, MONTH),
                Preset::Duration(defaults::STALE_IF_ERROR),
                "\"2d\"",
            ),
            Key::new(
                "stale_while_revalidate",
                Kind::Duration(Duration::ZERO, MONTH),
                Preset::Duration(Duration::ZERO),
                "\"1m\"",
            ),
            Key::new(
                "negative",
                Kind::Duration(Duration::ZERO, MONTH),
                Preset::Duration(Duration::ZERO),
                "\"10s\"",
            ),
            Key::new(
                "ignore_query",
                Kind::OneOrMany(&PARAMETER),
                Preset::Nothing,
                "[\"utm_*\", \"gclid\", \"fbclid\"]",
            ),
            Key::new("key", Kind::OneOrMany(&PARAMETER), Preset::Nothing, "[\"cookie:currency\"]"),
            Key::new("obey_clients", Kind::Switch, Preset::Switch(true), "false"),
            Key::new("pin", Kind::OneOrMany(&PATH), Preset::Nothing, "[\"/robots.txt\", \"/sitemap.xml\"]"),
            Key::new("warm", Kind::OneOrMany(&PATH), Preset::Nothing, "[\"/\", \"/sale\"]"),
        ],
    }],
};

static PARAMETER: Kind = Kind::Text(Form::Any);
static PATH: Kind = Kind::Text(Form::UrlPath);

/// Less is no cache.
const LEAST_MEMORY: ByteSize = ByteSize::kibibytes(1024);
