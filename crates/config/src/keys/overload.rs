//! The keys of what is done under load: limits of requests at once, the queue before them, and the waiting room.

use std::time::Duration;

use super::{DAY, Form, Key, Kind, Part, Preset, SHORTEST, Table};
use crate::defaults;

/// How many requests each upstream of a pool gets at once, and who waits.
pub(super) const CONCURRENCY: [Kind; 3] =
    [Kind::Choice(&["adaptive", "off"]), Kind::Count(1, 1_000_000), Kind::Table(&ADAPTIVE)];

/// `queue`.
pub(super) const QUEUE: [Kind; 2] = [Kind::Choice(&["off"]), Kind::Table(&QUEUE_TABLE)];

/// What a route or a site does under load.
pub(super) const OVERLOAD: Part = Part {
    id: "overload",
    keys: &[
        Key::new("at_once", Kind::Either(&AT_ONCE), Preset::Nothing, "200"),
        Key::new("priority", Kind::Table(&PRIORITY), Preset::Nothing, "{ first = \"path:/checkout/\" }"),
        Key::new("waiting_room", Kind::Either(&ROOM_KINDS), Preset::Nothing, "{ visitors = 500 }"),
    ],
};

/// `client.pace`.
pub(super) const PACE: [Kind; 2] = [Kind::Choice(&["off"]), Kind::Table(&PACE_TABLE)];

static ADAPTIVE: Table = Table {
    id: "concurrency",
    parts: &[Part {
        id: "concurrency",
        keys: &[
            Key::new(
                "least",
                Kind::Count(1, 1_000_000),
                Preset::Count(defaults::LEAST_CONCURRENCY as u64),
                "20",
            ),
            Key::new(
                "most",
                Kind::Count(1, 1_000_000),
                Preset::Count(defaults::MOST_CONCURRENCY as u64),
                "200",
            ),
        ],
    }],
};

static QUEUE_TABLE: Table = Table {
    id: "queue",
    parts: &[Part {
        id: "queue",
        keys: &[
            Key::new(
                "length",
                Kind::Count(1, 1_000_000),
                Preset::Count(defaults::QUEUE_LENGTH as u64),
                "500",
            ),
            Key::new("time", Kind::Duration(SHORTEST, DAY), Preset::Duration(defaults::QUEUE_TIME), "\"5s\""),
            Key::new(
                "target",
                Kind::Duration(SHORTEST, DAY),
                Preset::Duration(defaults::QUEUE_TARGET),
                "\"1s\"",
            ),
        ],
    }],
};

static PRIORITY: Table = Table {
    id: "priority",
    parts: &[Part {
        id: "priority",
        keys: &[
            Key::new("first", Kind::OneOrMany(&WHO), Preset::Nothing, "\"path:/checkout/\""),
            Key::new("early", Kind::OneOrMany(&WHO), Preset::Nothing, "\"cookie:session\""),
            Key::new("last", Kind::OneOrMany(&WHO), Preset::Word("bots"), "[\"bots\", \"header:x-batch\"]"),
        ],
    }],
};

static ROOM: Table = Table {
    id: "waiting_room",
    parts: &[Part {
        id: "waiting_room",
        keys: &[
            Key::new("visitors", Kind::Count(1, 10_000_000), Preset::Required, "500"),
            Key::new(
                "stay",
                Kind::Duration(Duration::from_secs(1), DAY),
                Preset::Duration(defaults::STAY),
                "\"10m\"",
            ),
            Key::new(
                "bypass",
                Kind::OneOrMany(&WHO),
                Preset::Nothing,
                "[\"path:/checkout/\", \"cookie:staff\"]",
            ),
            Key::new("secret", Kind::Text(Form::File), Preset::Nothing, "\"/run/secrets/room\""),
        ],
    }],
};

static PACE_TABLE: Table = Table {
    id: "pace",
    parts: &[Part {
        id: "pace",
        keys: &[
            Key::new("body", Kind::Count(1, 1_000_000_000), Preset::Count(defaults::LEAST_PACE), "2000"),
            Key::new("send", Kind::Count(1, 1_000_000_000), Preset::Count(defaults::LEAST_PACE), "2000"),
            Key::new(
                "grace",
                Kind::Duration(SHORTEST, DAY),
                Preset::Duration(defaults::PACE_GRACE),
                "\"10s\"",
            ),
        ],
    }],
};

static WHO: Kind = Kind::Text(Form::Who);
const AT_ONCE: [Kind; 2] = [Kind::Choice(&["adaptive", "off"]), Kind::Count(1, 1_000_000)];
const ROOM_KINDS: [Kind; 2] = [Kind::Choice(&["off"]), Kind::Table(&ROOM)];
