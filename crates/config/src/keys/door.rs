//! The keys of the door, which the top of the file, a site and a route have in common, and those of secrets.

use super::{DAY, Form, Key, Kind, Part, Preset, SHORTEST, Table, crawlers::CRAWLERS};
use crate::defaults;

/// Who may come in, how often, and with which proof.
pub(super) const DOOR: Part = Part {
    id: "door",
    keys: &[
        Key::new(
            "allow_addresses",
            Kind::OneOrMany(&NETWORKS),
            Preset::Sentence("everybody"),
            "\"10.0.0.0/8\"",
        ),
        Key::new(
            "deny_addresses",
            Kind::OneOrMany(&NETWORKS),
            Preset::Nothing,
            "[\"192.0.2.0/24\", \"bots.txt\"]",
        ),
        Key::new(
            "limit",
            Kind::Either(&LIMIT_KINDS),
            Preset::Nothing,
            "{ rate = \"100/s\", concurrent = 50 }",
        ),
        Key::new("auth", Kind::Either(&AUTH_KINDS), Preset::Nothing, "{ basic = \"users.htpasswd\" }"),
        Key::new(
            "secure_headers",
            Kind::Choice(&["off", "standard", "strict"]),
            Preset::Word("off"),
            "\"strict\"",
        ),
        Key::new("crawlers", Kind::Either(&CRAWLERS), Preset::Switch(false), "true"),
    ],
};

/// `{ file = ... }` or `{ env = ... }`.
pub(super) static SECRET: Table = Table {
    id: "secret",
    parts: &[Part {
        id: "secret",
        keys: &[
            Key::new("file", Kind::Text(Form::File), Preset::Nothing, "\"/run/secrets/admin\""),
            Key::new("env", Kind::Text(Form::Name), Preset::Nothing, "\"TORWART_ADMIN_TOKEN\""),
        ],
    }],
};

static LIMIT: Table = Table {
    id: "limit",
    parts: &[Part {
        id: "limit",
        keys: &[
            Key::new("rate", Kind::Text(Form::Rate), Preset::Nothing, "\"100/s\""),
            Key::new("burst", Kind::Count(1, 1_000_000), Preset::Sentence("burst"), "200"),
            Key::new("concurrent", Kind::Count(1, 1_000_000), Preset::Nothing, "50"),
            Key::new("by", Kind::Text(Form::LimitBy), Preset::Word("address"), "\"header:x-api-key\""),
            Key::new(
                "keys",
                Kind::Count(100, 10_000_000),
                Preset::Count(defaults::LIMIT_KEYS as u64),
                "1000000",
            ),
        ],
    }],
};

static AUTH: Table = Table {
    id: "auth",
    parts: &[Part {
        id: "auth",
        keys: &[
            Key::new("basic", Kind::Text(Form::File), Preset::Nothing, "\"users.htpasswd\""),
            Key::new("realm", Kind::Text(Form::Any), Preset::Sentence("site_name"), "\"Staff only\""),
            Key::new(
                "forward",
                Kind::Text(Form::Service),
                Preset::Nothing,
                "\"http://127.0.0.1:9091/verify\"",
            ),
            Key::new(
                "headers",
                Kind::OneOrMany(&FIELD),
                Preset::Nothing,
                "[\"Remote-User\", \"Remote-Groups\"]",
            ),
            Key::new(
                "deadline",
                Kind::Duration(SHORTEST, DAY),
                Preset::Duration(defaults::AUTHORISE),
                "\"2s\"",
            ),
            Key::new("ca", Kind::Text(Form::File), Preset::Sentence("system_roots"), "\"ca.pem\""),
        ],
    }],
};

static NETWORKS: Kind = Kind::Text(Form::Networks);
static FIELD: Kind = Kind::Text(Form::HeaderName);
const LIMIT_KINDS: [Kind; 2] = [Kind::Text(Form::Rate), Kind::Table(&LIMIT)];
const AUTH_KINDS: [Kind; 2] = [Kind::Choice(&["off"]), Kind::Table(&AUTH)];
