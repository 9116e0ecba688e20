//! The keys of `health`: how upstreams are asked whether they are well, and what happens when one stays down.

use super::{DAY, Form, Key, Kind, Part, Preset, SHORTEST, Table};
use crate::defaults;

/// `health = { ... }`.
pub(super) static HEALTH: Table = Table {
    id: "health",
    parts: &[Part {
        id: "health",
        keys: &[
            Key::new("path", Kind::Text(Form::UrlPath), Preset::Nothing, "\"/healthz\""),
            Key::new("tcp", Kind::Switch, Preset::Switch(false), "true"),
            Key::new("method", Kind::Choice(&["GET", "HEAD"]), Preset::Word("GET"), "\"HEAD\""),
            Key::new("host", Kind::Text(Form::Host), Preset::Sentence("health_host"), "\"shop.example\""),
            Key::new(
                "status",
                Kind::OneOrMany(&STATUSES),
                Preset::Word("200-399"),
                "[200, 204, \"300-308\"]",
            ),
            Key::new("body", Kind::Text(Form::Any), Preset::Nothing, "\"ready\""),
            Key::new("header", Kind::Text(Form::HeaderLine), Preset::Nothing, "\"x-ready: yes\""),
            Key::new(
                "every",
                Kind::Duration(LEAST_PAUSE, DAY),
                Preset::Duration(defaults::HEALTH_EVERY),
                "\"2s\"",
            ),
            Key::new(
                "every_down",
                Kind::Duration(LEAST_PAUSE, DAY),
                Preset::Duration(defaults::HEALTH_EVERY_DOWN),
                "\"3s\"",
            ),
            Key::new("jitter", Kind::Count(0, 50), Preset::Count(defaults::HEALTH_JITTER as u64), "20"),
            Key::new(
                "deadline",
                Kind::Duration(SHORTEST, DAY),
                Preset::Duration(defaults::HEALTH_DEADLINE),
                "\"500ms\"",
            ),
            Key::new("rise", Kind::Count(1, 1000), Preset::Count(defaults::HEALTH_RISE as u64), "3"),
            Key::new("fall", Kind::Count(1, 1000), Preset::Count(defaults::HEALTH_FALL as u64), "2"),
            Key::new(
                "on_down",
                Kind::Table(&ON_DOWN),
                Preset::Nothing,
                "{ command = \"/etc/torwart/restart\" }",
            ),
        ],
    }],
};

static ON_DOWN: Table = Table {
    id: "on_down",
    parts: &[Part {
        id: "on_down",
        keys: &[
            Key::new(
                "command",
                Kind::OneOrMany(&WORD),
                Preset::Nothing,
                "[\"/etc/torwart/restart\", \"shop\"]",
            ),
            Key::new("url", Kind::Text(Form::Service), Preset::Nothing, "\"http://127.0.0.1:9000/down\""),
            Key::new(
                "after",
                Kind::Duration(std::time::Duration::ZERO, DAY),
                Preset::Duration(defaults::ON_DOWN_AFTER),
                "\"5s\"",
            ),
            Key::new(
                "at_most_every",
                Kind::Duration(std::time::Duration::from_secs(1), DAY),
                Preset::Duration(defaults::ON_DOWN_EVERY),
                "\"1h\"",
            ),
            Key::new(
                "deadline",
                Kind::Duration(SHORTEST, DAY),
                Preset::Duration(defaults::ON_DOWN_DEADLINE),
                "\"10s\"",
            ),
        ],
    }],
};

static STATUSES: Kind = Kind::Either(&STATUS_KINDS);
const STATUS_KINDS: [Kind; 2] = [Kind::Count(100, 599), Kind::Text(Form::Statuses)];
static WORD: Kind = Kind::Text(Form::Any);

/// More often than this it is a load of its own.
const LEAST_PAUSE: std::time::Duration = std::time::Duration::from_millis(50);
