//! The keys of `[acme]`: certificates that are issued and renewed by themselves.

use super::{DAY, Form, Key, Kind, Part, Preset, Table};
use crate::{defaults, plan::Challenge};

/// `[acme]`.
pub(super) static ACME: Table = Table {
    id: "acme",
    parts: &[Part {
        id: "acme",
        keys: &[
            Key::new("agree_terms", Kind::Switch, Preset::Switch(false), "true"),
            Key::new("email", Kind::OneOrMany(&EMAIL), Preset::Nothing, "\"admin@shop.example\""),
            Key::new("staging", Kind::Switch, Preset::Switch(false), "true"),
            Key::new(
                "directory",
                Kind::Text(Form::Link),
                Preset::Word(defaults::ACME_DIRECTORY),
                "\"https://ca.internal/acme/directory\"",
            ),
            Key::new("ca", Kind::Text(Form::File), Preset::Sentence("system_roots"), "\"ca.pem\""),
            Key::new(
                "challenge",
                Kind::OneOrMany(&CHALLENGE),
                Preset::Sentence("acme_challenges"),
                "\"tls-alpn-01\"",
            ),
            Key::new(
                "dns_hook",
                Kind::Table(&DNS_HOOK),
                Preset::Nothing,
                "{ command = \"/etc/torwart/dns\" }",
            ),
            Key::new(
                "external_account",
                Kind::Table(&EXTERNAL_ACCOUNT),
                Preset::Nothing,
                "{ id = \"kid-1\", key_file = \"eab.key\" }",
            ),
            Key::new("profile", Kind::Text(Form::Name), Preset::Nothing, "\"shortlived\""),
            Key::new("store", Kind::Text(Form::Any), Preset::Sentence("acme_store"), "\"certificates\""),
        ],
    }],
};

static DNS_HOOK: Table = Table {
    id: "dns_hook",
    parts: &[Part {
        id: "dns_hook",
        keys: &[
            Key::new(
                "command",
                Kind::OneOrMany(&WORD),
                Preset::Required,
                "[\"/etc/torwart/dns\", \"--zone\", \"shop.example\"]",
            ),
            Key::new(
                "deadline",
                Kind::Duration(std::time::Duration::from_secs(1), DAY),
                Preset::Duration(defaults::DNS_HOOK),
                "\"10m\"",
            ),
            Key::new(
                "wait",
                Kind::Duration(std::time::Duration::ZERO, DAY),
                Preset::Duration(defaults::DNS_WAIT),
                "\"1m\"",
            ),
        ],
    }],
};

static EXTERNAL_ACCOUNT: Table = Table {
    id: "external_account",
    parts: &[Part {
        id: "external_account",
        keys: &[
            Key::new("id", Kind::Text(Form::Any), Preset::Required, "\"kid-1\""),
            Key::new("key_file", Kind::Text(Form::File), Preset::Required, "\"eab.key\""),
        ],
    }],
};

static CHALLENGE: Kind = Kind::Choice(&Challenge::NAMES);
static EMAIL: Kind = Kind::Text(Form::Any);
static WORD: Kind = Kind::Text(Form::Any);
