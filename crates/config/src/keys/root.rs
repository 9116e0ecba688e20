//! The keys at the top of a file, and the small tables that belong to the whole gateway.

use super::{
    Form, Key, Kind, MONTH, Part, Preset, SHORTEST, Table, acme::ACME, cache::STORE, client::CLIENT,
    door::DOOR, door::SECRET, pool::POOL, site::ANSWERS, site::SITE,
};
use crate::{defaults, plan::Lenient};

/// The file.
pub(crate) static ROOT: Table = Table { id: "root", parts: &[GATEWAY, ANSWERS, DOOR, TABLES] };

const GATEWAY: Part = Part {
    id: "gateway",
    keys: &[
        Key::new("workers", Kind::Count(1, 1024), Preset::Sentence("per_core"), "2"),
        Key::new(
            "drain",
            Kind::Duration(std::time::Duration::ZERO, MONTH),
            Preset::Duration(defaults::DRAIN),
            "\"2m\"",
        ),
        Key::new("trusted", Kind::OneOrMany(&NETWORK), Preset::Nothing, "[\"10.0.0.0/8\"]"),
        Key::new(
            "address_from",
            Kind::Choice(&["x-forwarded-for", "forwarded"]),
            Preset::Word("x-forwarded-for"),
            "\"forwarded\"",
        ),
        Key::new("zone", Kind::Text(Form::Name), Preset::Nothing, "\"a\""),
        Key::new("pseudonym", Kind::Text(Form::Name), Preset::Sentence("random_name"), "\"edge-1\""),
        Key::new("user", Kind::Text(Form::Name), Preset::Nothing, "\"torwart\""),
        Key::new("group", Kind::Text(Form::Name), Preset::Sentence("users_group"), "\"web\""),
        Key::new("confine", Kind::Switch, Preset::Switch(true), "false"),
        Key::new("lenient", Kind::OneOrMany(&LENIENCY), Preset::Nothing, "[\"bare_lf\"]"),
    ],
};

const TABLES: Part = Part {
    id: "tables",
    keys: &[
        Key::new("listen", Kind::Table(&LISTEN), Preset::Required, "{ http = \"127.0.0.1:8081\" }"),
        Key::new("client", Kind::Table(&CLIENT), Preset::Nothing, "{ connections = 5000 }"),
        Key::new("resolver", Kind::Table(&RESOLVER), Preset::Nothing, "{ mode = \"system\" }"),
        Key::new("acme", Kind::Table(&ACME), Preset::Nothing, "{ agree_terms = true }"),
        Key::new("cache", Kind::Table(&STORE), Preset::Nothing, "{ memory = \"2GB\" }"),
        Key::new("log", Kind::Table(&LOG), Preset::Nothing, "{ level = \"debug\" }"),
        Key::new("pool", Kind::Map(Form::Name, &A_POOL), Preset::Nothing, POOL_EXAMPLE),
        Key::new("site", Kind::Map(Form::Host, &A_SITE), Preset::Required, SITE_EXAMPLE),
    ],
};

static LISTEN: Table = Table {
    id: "listen",
    parts: &[Part {
        id: "listen",
        keys: &[
            Key::new("http", Kind::OneOrMany(&LISTENER), Preset::Nothing, "\"0.0.0.0:80\""),
            Key::new("https", Kind::OneOrMany(&LISTENER), Preset::Nothing, "[\"0.0.0.0:443\", \"[::]:443\"]"),
            Key::new("http3", Kind::Either(&HTTP3), Preset::Switch(false), "true"),
            Key::new("early_data", Kind::Switch, Preset::Switch(false), "true"),
            Key::new("defer_accept", Kind::Switch, Preset::Switch(true), "false"),
            Key::new("admin", Kind::Text(Form::Address), Preset::Nothing, "\"127.0.0.1:9180\""),
            Key::new(
                "admin_token",
                Kind::Table(&SECRET),
                Preset::Nothing,
                "{ file = \"/run/secrets/torwart-admin\" }",
            ),
        ],
    }],
};

static SOCKET: Table = Table {
    id: "socket",
    parts: &[Part {
        id: "socket",
        keys: &[
            Key::new("address", Kind::Text(Form::Listen), Preset::Nothing, "\"0.0.0.0:80\""),
            Key::new("path", Kind::Text(Form::File), Preset::Nothing, "\"/run/torwart/http.sock\""),
            Key::new("mode", Kind::Text(Form::Mode), Preset::Word("0660"), "\"0666\""),
            Key::new("user", Kind::Text(Form::Name), Preset::Sentence("own_user"), "\"www-data\""),
            Key::new("group", Kind::Text(Form::Name), Preset::Sentence("own_group"), "\"www-data\""),
            Key::new("proxy_protocol", Kind::Switch, Preset::Switch(false), "true"),
            Key::new("from", Kind::OneOrMany(&NETWORK), Preset::Nothing, "[\"10.0.0.0/8\"]"),
        ],
    }],
};

static RESOLVER: Table = Table {
    id: "resolver",
    parts: &[Part {
        id: "resolver",
        keys: &[
            Key::new("mode", Kind::Choice(&["own", "system"]), Preset::Word("own"), "\"system\""),
            Key::new("servers", Kind::OneOrMany(&SERVER), Preset::Sentence("system_servers"), "\"10.0.0.2\""),
            Key::new(
                "ttl_min",
                Kind::Duration(SHORTEST, MONTH),
                Preset::Duration(defaults::TTL_MIN),
                "\"5s\"",
            ),
            Key::new(
                "ttl_max",
                Kind::Duration(SHORTEST, MONTH),
                Preset::Duration(defaults::TTL_MAX),
                "\"5m\"",
            ),
            Key::new(
                "negative_ttl",
                Kind::Duration(SHORTEST, MONTH),
                Preset::Duration(defaults::NEGATIVE_TTL),
                "\"1s\"",
            ),
        ],
    }],
};

static LOG: Table = Table {
    id: "log",
    parts: &[Part {
        id: "log",
        keys: &[
            Key::new("level", Kind::Choice(&LEVELS), Preset::Word("info"), "\"warn\""),
            Key::new(
                "access",
                Kind::Either(&ACCESS),
                Preset::Word("stdout"),
                "\"/var/log/torwart/access.log\"",
            ),
            Key::new("format", Kind::Choice(&["json", "human"]), Preset::Word("json"), "\"human\""),
            Key::new("query", Kind::Switch, Preset::Switch(false), "true"),
            Key::new(
                "failed_exchanges",
                Kind::Count(0, 1_000_000),
                Preset::Count(defaults::FAILED_EXCHANGES as u64),
                "5000",
            ),
        ],
    }],
};

static LENIENCY: Kind = Kind::Choice(&Lenient::NAMES);
static NETWORK: Kind = Kind::Text(Form::Network);
static LISTENER: Kind = Kind::Either(&LISTENER_KINDS);
static SERVER: Kind = Kind::Text(Form::Address);
const HTTP3: [Kind; 2] = [Kind::Switch, Kind::OneOrMany(&SERVER)];
static A_POOL: Kind = Kind::Table(&POOL);
static A_SITE: Kind = Kind::Table(&SITE);
const LISTENER_KINDS: [Kind; 2] = [Kind::Text(Form::Listen), Kind::Table(&SOCKET)];
const ACCESS: [Kind; 2] = [Kind::Switch, Kind::Text(Form::File)];
const LEVELS: [&str; 5] = ["error", "warn", "info", "debug", "trace"];
const POOL_EXAMPLE: &str = "{ shop = { upstreams = \"http://127.0.0.1:3001\" } }";
const SITE_EXAMPLE: &str = "{ \"example.org\" = { upstreams = \"http://127.0.0.1:3001\" } }";
