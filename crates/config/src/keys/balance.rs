//! The keys that say which upstream of a pool gets a request, and when one is left out.

use super::{DAY, Form, Key, Kind, Part, Preset, SHORTEST, Table};
use crate::{defaults, plan::Balance};

/// What stands behind `balance`: a word, or what requests are told apart by.
pub(super) const BALANCE: [Kind; 2] = [Kind::Choice(&Balance::WORDS), Kind::Table(&BALANCE_BY)];

static BALANCE_BY: Table = Table {
    id: "balance",
    parts: &[Part {
        id: "balance",
        keys: &[
            Key::new("hash", Kind::Text(Form::HashKey), Preset::Nothing, "\"client\""),
            Key::new("cookie", Kind::Text(Form::Name), Preset::Nothing, "\"server\""),
            Key::new("secret", Kind::Text(Form::File), Preset::Sentence("secret_of_start"), "\"cookie.key\""),
        ],
    }],
};

/// What stands behind `eject`: `false`, or the rules.
pub(super) const EJECT: [Kind; 2] = [Kind::Switch, Kind::Table(&EJECTION)];

static EJECTION: Table = Table {
    id: "eject",
    parts: &[Part {
        id: "eject",
        keys: &[
            Key::new("failures", Kind::Count(1, 10_000), Preset::Count(defaults::EJECT_FAILURES as u64), "3"),
            Key::new("margin", Kind::Count(5, 100), Preset::Count(defaults::EJECT_MARGIN as u64), "50"),
            Key::new("time", Kind::Duration(SHORTEST, DAY), Preset::Duration(defaults::EJECT_TIME), "\"2s\""),
            Key::new(
                "longest",
                Kind::Duration(SHORTEST, DAY),
                Preset::Duration(defaults::EJECT_LONGEST),
                "\"5m\"",
            ),
            Key::new("share", Kind::Count(0, 100), Preset::Count(defaults::EJECT_SHARE as u64), "30"),
        ],
    }],
};

/// An upstream with what is to be known about it.
pub(super) static WEIGHED: Table = Table {
    id: "upstream",
    parts: &[Part {
        id: "upstream",
        keys: &[
            Key::new("url", Kind::Text(Form::Upstream), Preset::Required, "\"http://127.0.0.1:3001\""),
            Key::new("weight", Kind::Count(1, 1000), Preset::Count(defaults::WEIGHT as u64), "5"),
            Key::new("backup", Kind::Switch, Preset::Switch(false), "true"),
            Key::new("zone", Kind::Text(Form::Name), Preset::Nothing, "\"a\""),
        ],
    }],
};
