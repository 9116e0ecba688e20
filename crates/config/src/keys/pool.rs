//! The keys of a pool; those in [`LINKS`] and [`PATIENCE`] may also stand where upstreams are named on the spot.

use super::balance::{BALANCE, EJECT, WEIGHED};
use super::health::HEALTH;
use super::overload::{CONCURRENCY, QUEUE};
use super::{
    ByteSize, DAY, Form, Key, Kind, LARGEST, MONTH, NO_BYTES, Part, Preset, SHORTEST, Table, deadline,
};
use crate::defaults;

/// `[pool.NAME]`.
pub(super) static POOL: Table = Table {
    id: "pool",
    parts: &[
        Part {
            id: "pool",
            keys: &[Key::new(
                "upstreams",
                Kind::OneOrMany(&UPSTREAM),
                Preset::Required,
                "\"http://127.0.0.1:3001\"",
            )],
        },
        LINKS,
        PATIENCE,
    ],
};

/// How links to upstreams are made, kept and retried.
pub(super) const LINKS: Part = Part {
    id: "links",
    keys: &[
        Key::new("tls", Kind::Table(&TLS), Preset::Nothing, "{ ca = \"ca.pem\" }"),
        Key::new("resolve", Kind::Choice(&["one", "each"]), Preset::Word("one"), "\"each\""),
        Key::new("protocol", Kind::Choice(&["http1", "http2", "auto"]), Preset::Word("http1"), "\"auto\""),
        Key::new("idle", Kind::Table(&IDLE), Preset::Nothing, "{ links = 8 }"),
        Key::new("response_limit", Kind::Table(&RESPONSE_LIMIT), Preset::Nothing, "{ body = \"1GiB\" }"),
        Key::new("proxy_protocol", Kind::Choice(&["v1", "v2"]), Preset::Nothing, "\"v2\""),
        Key::new("concurrency", Kind::Either(&CONCURRENCY), Preset::Word("adaptive"), "50"),
        Key::new("queue", Kind::Either(&QUEUE), Preset::Nothing, "{ time = \"5s\" }"),
        Key::new("link_local", Kind::Switch, Preset::Switch(false), "true"),
        Key::new("balance", Kind::Either(&BALANCE), Preset::Word("two_choices"), "\"round_robin\""),
        Key::new("eject", Kind::Either(&EJECT), Preset::Switch(true), "false"),
        Key::new(
            "slow_start",
            Kind::Duration(std::time::Duration::ZERO, DAY),
            Preset::Duration(defaults::SLOW_START),
            "\"1m\"",
        ),
        Key::new("health", Kind::Table(&HEALTH), Preset::Nothing, "{ path = \"/healthz\", every = \"5s\" }"),
    ],
};

/// How long an upstream may take, and what is held back meanwhile.
pub(super) const PATIENCE: Part = Part {
    id: "patience",
    keys: &[
        Key::new("deadline", Kind::Table(&DEADLINE), Preset::Nothing, "{ first_byte = \"10s\" }"),
        Key::new("retry", Kind::Table(&RETRY), Preset::Nothing, "{ attempts = 2 }"),
        Key::new(
            "hedge",
            Kind::Duration(SHORTEST, std::time::Duration::from_secs(60)),
            Preset::Nothing,
            "\"200ms\"",
        ),
        Key::new("wait", Kind::Either(&WAIT), Preset::Duration(defaults::WAIT), "\"10s\""),
        Key::new("hold", Kind::Table(&HOLD_BACK), Preset::Nothing, "{ bytes = \"0B\" }"),
        Key::new(
            "replay",
            Kind::Size(NO_BYTES, ByteSize::mebibytes(64)),
            Preset::Size(defaults::REPLAY),
            "\"1MiB\"",
        ),
    ],
};

/// A certificate with its key.
pub(super) static CERTIFICATE: Table = Table {
    id: "certificate",
    parts: &[Part {
        id: "certificate",
        keys: &[
            Key::new("chain", Kind::Text(Form::File), Preset::Required, "\"shop.pem\""),
            Key::new("key", Kind::Text(Form::File), Preset::Required, "\"shop.key\""),
        ],
    }],
};

static TLS: Table = Table {
    id: "tls",
    parts: &[Part {
        id: "tls",
        keys: &[
            Key::new("ca", Kind::Text(Form::File), Preset::Sentence("system_roots"), "\"ca.pem\""),
            Key::new("crl", Kind::Text(Form::File), Preset::Nothing, "\"crl.pem\""),
            Key::new("name", Kind::Text(Form::Host), Preset::Sentence("upstream_host"), "\"api.internal\""),
            Key::new("sni", Kind::Either(&SNI), Preset::Sentence("verified_name"), "false"),
            Key::new(
                "certificate",
                Kind::Table(&CERTIFICATE),
                Preset::Nothing,
                "{ chain = \"us.pem\", key = \"us.key\" }",
            ),
            Key::new("verify", Kind::Switch, Preset::Switch(true), "false"),
        ],
    }],
};

static RETRY: Table = Table {
    id: "retry",
    parts: &[Part {
        id: "retry",
        keys: &[
            Key::new("attempts", Kind::Count(1, 10), Preset::Count(defaults::ATTEMPTS as u64), "1"),
            Key::new("percent", Kind::Count(0, 100), Preset::Count(defaults::RETRY_PERCENT as u64), "50"),
            Key::new(
                "per_second",
                Kind::Count(0, 100_000),
                Preset::Count(defaults::RETRY_PER_SECOND as u64),
                "100",
            ),
            Key::new(
                "on",
                Kind::OneOrMany(&RETRY_ON),
                Preset::Sentence("retry_on"),
                "[\"closed_before_head\", 503]",
            ),
            Key::new(
                "methods",
                Kind::OneOrMany(&METHOD),
                Preset::Sentence("idempotent_methods"),
                "[\"PATCH\"]",
            ),
        ],
    }],
};

static IDLE: Table = Table {
    id: "idle",
    parts: &[Part {
        id: "idle",
        keys: &[
            Key::new("links", Kind::Count(0, 100_000), Preset::Count(defaults::IDLE_LINKS as u64), "8"),
            Key::new("for", Kind::Duration(SHORTEST, DAY), Preset::Duration(defaults::IDLE_TIME), "\"20s\""),
        ],
    }],
};

static RESPONSE_LIMIT: Table = Table {
    id: "response_limit",
    parts: &[Part {
        id: "response_limit",
        keys: &[
            Key::new(
                "head",
                Kind::Size(ByteSize::new(256), ByteSize::mebibytes(16)),
                Preset::Size(defaults::UPSTREAM_HEAD),
                "\"128KiB\"",
            ),
            Key::new(
                "field",
                Kind::Size(ByteSize::new(64), ByteSize::mebibytes(16)),
                Preset::Size(defaults::UPSTREAM_FIELD),
                "\"16KiB\"",
            ),
            Key::new(
                "fields",
                Kind::Count(1, 10_000),
                Preset::Count(defaults::UPSTREAM_FIELDS as u64),
                "300",
            ),
            Key::new(
                "interim",
                Kind::Count(0, 10_000),
                Preset::Count(defaults::UPSTREAM_INTERIM as u64),
                "5",
            ),
            Key::new("body", Kind::Size(NO_BYTES, LARGEST), Preset::Sentence("no_limit"), "\"10GiB\""),
        ],
    }],
};

static DEADLINE: Table = Table {
    id: "deadline",
    parts: &[Part {
        id: "deadline",
        keys: &[
            deadline("resolve", defaults::RESOLVE, "\"2s\""),
            deadline("connect", defaults::CONNECT, "\"1s\""),
            deadline("handshake", defaults::HANDSHAKE, "\"2s\""),
            deadline("send", defaults::SEND, "\"30s\""),
            deadline("first_byte", defaults::FIRST_BYTE, "\"10s\""),
            deadline("between_bytes", defaults::BETWEEN_BYTES, "\"20s\""),
            Key::new("per_try", Kind::Duration(SHORTEST, DAY), Preset::Sentence("no_deadline"), "\"3s\""),
            Key::new("total", Kind::Duration(SHORTEST, DAY), Preset::Sentence("no_deadline"), "\"5m\""),
            Key::new(
                "tunnel",
                Kind::Duration(SHORTEST, MONTH),
                Preset::Duration(defaults::TUNNEL),
                "\"10m\"",
            ),
        ],
    }],
};

static HOLD_BACK: Table = Table {
    id: "hold",
    parts: &[Part {
        id: "hold",
        keys: &[
            Key::new(
                "bytes",
                Kind::Size(NO_BYTES, ByteSize::mebibytes(16)),
                Preset::Size(defaults::HOLD),
                "\"64KiB\"",
            ),
            Key::new(
                "time",
                Kind::Duration(SHORTEST, std::time::Duration::from_secs(60)),
                Preset::Duration(defaults::HOLD_TIME),
                "\"1s\"",
            ),
        ],
    }],
};

/// An upstream, here and where one is named on the spot.
pub(super) static UPSTREAM: Kind = Kind::Either(&UPSTREAM_KINDS);
const UPSTREAM_KINDS: [Kind; 2] = [Kind::Text(Form::Upstream), Kind::Table(&WEIGHED)];
const SNI: [Kind; 2] = [Kind::Switch, Kind::Text(Form::Host)];
static RETRY_ON: Kind = Kind::Either(&RETRY_ON_KINDS);
const RETRY_ON_KINDS: [Kind; 2] = [Kind::Count(400, 599), Kind::Text(Form::Any)];
static METHOD: Kind = Kind::Text(Form::Method);
const WAIT: [Kind; 2] = [Kind::Switch, Kind::Duration(SHORTEST, std::time::Duration::from_secs(60))];
