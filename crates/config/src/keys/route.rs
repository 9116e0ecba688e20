//! The keys of a route, and those it shares with its site.

use super::{
    Form, Key, Kind, LARGEST, NO_BYTES, Part, Preset, Table, cache::CACHE, compress::COMPRESS, door::DOOR,
    files::FILES, files::SCRIPT, overload::OVERLOAD, pool::LINKS, pool::PATIENCE, pool::UPSTREAM,
};

/// `[[site."NAME".route]]`.
pub(super) static ROUTE: Table =
    Table { id: "route", parts: &[CONDITIONS, ACTION, DOOR, OVERLOAD, FORWARDING, PATIENCE, LINKS] };

const CONDITIONS: Part = Part {
    id: "conditions",
    keys: &[
        Key::new("path", Kind::Text(Form::PathRule), Preset::Sentence("every_path"), "\"/api/\""),
        Key::new(
            "methods",
            Kind::OneOrMany(&METHOD),
            Preset::Sentence("every_method"),
            "[\"GET\", \"HEAD\"]",
        ),
        Key::new("headers", Kind::Map(Form::HeaderName, &CONDITION), Preset::Nothing, "{ x-beta = true }"),
    ],
};

/// What is done with a request.
pub(super) const ACTION: Part = Part {
    id: "action",
    keys: &[
        Key::new("pool", Kind::Text(Form::Name), Preset::Nothing, "\"shop\""),
        Key::new("upstreams", Kind::OneOrMany(&UPSTREAM), Preset::Nothing, "\"http://127.0.0.1:3001\""),
        Key::new(
            "redirect",
            Kind::Either(&REDIRECT),
            Preset::Nothing,
            "\"https://example.org{path}{query}\"",
        ),
        Key::new("files", Kind::Either(&FILES), Preset::Nothing, "\"/var/www/shop\""),
        Key::new("deny", Kind::Switch, Preset::Switch(false), "true"),
        Key::new("rewrite", Kind::Table(&REWRITE), Preset::Nothing, "{ prefix = \"/api\", to = \"/v2\" }"),
    ],
};

/// How a request is forwarded; given at a site, it counts for all routes of the site.
pub(super) const FORWARDING: Part = Part {
    id: "forwarding",
    keys: &[
        Key::new("host", Kind::Text(Form::Host), Preset::Word("client"), "\"upstream\""),
        Key::new("request_headers", Kind::Table(&HEADERS), Preset::Nothing, "{ remove = \"Cookie\" }"),
        Key::new(
            "response_headers",
            Kind::Table(&HEADERS),
            Preset::Nothing,
            "{ set = { X-Frame-Options = \"DENY\" } }",
        ),
        Key::new("body_limit", Kind::Size(NO_BYTES, LARGEST), Preset::Sentence("client_body"), "\"5GB\""),
        Key::new("script", Kind::Table(&SCRIPT), Preset::Nothing, "{ root = \"/srv/shop/public\" }"),
        Key::new("server_timing", Kind::Switch, Preset::Switch(false), "true"),
        Key::new("upgrade", Kind::Switch, Preset::Switch(true), "false"),
        Key::new("cache", Kind::Either(&CACHE), Preset::Switch(false), "true"),
        Key::new("compress", Kind::Either(&COMPRESS), Preset::Switch(false), "true"),
    ],
};

static REDIRECT_TABLE: Table = Table {
    id: "redirect",
    parts: &[Part {
        id: "redirect",
        keys: &[
            Key::new("to", Kind::Text(Form::Location), Preset::Required, "\"/new{path}\""),
            Key::new("status", Kind::Count(301, 308), Preset::Count(308), "302"),
        ],
    }],
};

static REWRITE: Table = Table {
    id: "rewrite",
    parts: &[Part {
        id: "rewrite",
        keys: &[
            Key::new("prefix", Kind::Text(Form::UrlPath), Preset::Nothing, "\"/api\""),
            Key::new("regex", Kind::Text(Form::Any), Preset::Nothing, "\"^/old/(.*)$\""),
            Key::new("to", Kind::Text(Form::Replacement), Preset::Sentence("empty"), "\"/v2\""),
        ],
    }],
};

static HEADERS: Table = Table {
    id: "headers",
    parts: &[Part {
        id: "headers",
        keys: &[
            Key::new(
                "set",
                Kind::Map(Form::HeaderName, &FIELD_VALUE),
                Preset::Nothing,
                "{ X-Real-IP = \"{client}\" }",
            ),
            Key::new(
                "add",
                Kind::Map(Form::HeaderName, &FIELD_VALUE),
                Preset::Nothing,
                "{ Via-Site = \"{host}\" }",
            ),
            Key::new(
                "remove",
                Kind::OneOrMany(&FIELD_NAME),
                Preset::Nothing,
                "[\"Server\", \"X-Powered-By\"]",
            ),
        ],
    }],
};

static METHOD: Kind = Kind::Text(Form::Method);
static CONDITION: Kind = Kind::Either(&CONDITION_KINDS);
const CONDITION_KINDS: [Kind; 2] = [Kind::Switch, Kind::Text(Form::Any)];
static FIELD_NAME: Kind = Kind::Text(Form::HeaderName);
static FIELD_VALUE: Kind = Kind::Text(Form::Value);
const REDIRECT: [Kind; 2] = [Kind::Text(Form::Location), Kind::Table(&REDIRECT_TABLE)];
