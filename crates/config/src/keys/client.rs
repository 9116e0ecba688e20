//! The keys of `[client]`: what clients may send, how slowly, and how many there may be.

use super::overload::PACE;
use super::{ByteSize, Key, Kind, LARGEST, NO_BYTES, Part, Preset, Table, deadline};
use crate::defaults;

/// `[client]`.
pub(super) static CLIENT: Table = Table {
    id: "client",
    parts: &[Part {
        id: "client",
        keys: &[
            Key::new(
                "connections",
                Kind::Count(1, 10_000_000),
                Preset::Count(defaults::CONNECTIONS as u64),
                "5000",
            ),
            Key::new(
                "per_address",
                Kind::Count(1, 10_000_000),
                Preset::Count(defaults::PER_ADDRESS as u64),
                "50",
            ),
            Key::new("limit", Kind::Table(&LIMIT), Preset::Nothing, "{ body = \"10MB\" }"),
            Key::new("deadline", Kind::Table(&DEADLINE), Preset::Nothing, "{ head = \"5s\" }"),
            Key::new("pace", Kind::Either(&PACE), Preset::Nothing, "{ body = 2000 }"),
        ],
    }],
};

static LIMIT: Table = Table {
    id: "client.limit",
    parts: &[Part {
        id: "client.limit",
        keys: &[
            Key::new(
                "head",
                Kind::Size(ByteSize::new(256), ByteSize::mebibytes(16)),
                Preset::Size(defaults::CLIENT_HEAD),
                "\"64KiB\"",
            ),
            Key::new("fields", Kind::Count(1, 10_000), Preset::Count(defaults::CLIENT_FIELDS as u64), "200"),
            Key::new(
                "target",
                Kind::Size(ByteSize::new(64), ByteSize::mebibytes(1)),
                Preset::Size(defaults::CLIENT_TARGET),
                "\"16KiB\"",
            ),
            Key::new("body", Kind::Size(NO_BYTES, LARGEST), Preset::Size(defaults::CLIENT_BODY), "\"10MB\""),
            Key::new("streams", Kind::Count(1, 10_000), Preset::Count(defaults::CLIENT_STREAMS as u64), "32"),
            Key::new(
                "windows",
                Kind::Size(NO_BYTES, LARGEST),
                Preset::Size(defaults::CLIENT_WINDOWS),
                "\"64MiB\"",
            ),
        ],
    }],
};

static DEADLINE: Table = Table {
    id: "client.deadline",
    parts: &[Part {
        id: "client.deadline",
        keys: &[
            deadline("handshake", defaults::CLIENT_HANDSHAKE, "\"5s\""),
            deadline("head", defaults::CLIENT_HEAD_TIME, "\"5s\""),
            deadline("body", defaults::CLIENT_BODY_TIME, "\"10s\""),
            deadline("send", defaults::CLIENT_SEND_TIME, "\"30s\""),
            deadline("keep_alive", defaults::CLIENT_KEEP_ALIVE, "\"15s\""),
            deadline("linger", defaults::CLIENT_LINGER, "\"2s\""),
        ],
    }],
};
