//! The keys of a site, and those of answers, which the top of the file has as well.

use crate::defaults;

use super::{
    Form, Key, Kind, Part, Preset, TWO_YEARS, Table,
    door::DOOR,
    overload::OVERLOAD,
    pool::{CERTIFICATE, LINKS, PATIENCE},
    route::{ACTION, FORWARDING, ROUTE},
};

/// `[site."NAME"]`.
pub(super) static SITE: Table =
    Table { id: "site", parts: &[HOSTS, ANSWERS, ACTION, DOOR, OVERLOAD, FORWARDING, PATIENCE, LINKS] };

const HOSTS: Part = Part {
    id: "hosts",
    keys: &[
        Key::new("aliases", Kind::OneOrMany(&HOST), Preset::Nothing, "[\"www.shop.example\"]"),
        Key::new(
            "certificate",
            Kind::Either(&CERTIFICATE_KIND),
            Preset::Nothing,
            "{ chain = \"shop.pem\", key = \"shop.key\" }",
        ),
        Key::new(
            "client_certificate",
            Kind::Table(&CLIENT_CERTIFICATE),
            Preset::Nothing,
            "{ ca = \"staff-ca.pem\" }",
        ),
        Key::new("hsts", Kind::Either(&HSTS_KIND), Preset::Switch(false), "true"),
        Key::new("redirect_to_https", Kind::Switch, Preset::Switch(false), "true"),
        Key::new("route", Kind::List(&A_ROUTE), Preset::Nothing, "[{ path = \"/admin\", deny = true }]"),
    ],
};

/// Which clients may come in by their certificate.
static CLIENT_CERTIFICATE: Table = Table {
    id: "client_certificate",
    parts: &[Part {
        id: "client_certificate",
        keys: &[
            Key::new("ca", Kind::Text(Form::File), Preset::Required, "\"staff-ca.pem\""),
            Key::new("crl", Kind::Text(Form::File), Preset::Nothing, "\"revoked.pem\""),
            Key::new("required", Kind::Switch, Preset::Switch(true), "false"),
            Key::new("subjects", Kind::OneOrMany(&SUBJECT), Preset::Nothing, "[\"O=Shop, OU=Staff\"]"),
        ],
    }],
};

/// What `Strict-Transport-Security` says.
static HSTS: Table = Table {
    id: "hsts",
    parts: &[Part {
        id: "hsts",
        keys: &[
            Key::new(
                "max_age",
                Kind::Duration(std::time::Duration::ZERO, TWO_YEARS),
                Preset::Duration(defaults::HSTS_AGE),
                "\"30d\"",
            ),
            Key::new("subdomains", Kind::Switch, Preset::Switch(false), "true"),
            Key::new("preload", Kind::Switch, Preset::Switch(false), "true"),
        ],
    }],
};

/// What answers of our own look like.
pub(super) const ANSWERS: Part = Part {
    id: "answers",
    keys: &[
        Key::new("support", Kind::Text(Form::Link), Preset::Nothing, "\"https://help.shop.example\""),
        Key::new("status_page", Kind::Text(Form::Link), Preset::Nothing, "\"https://status.shop.example\""),
        Key::new("language", Kind::Choice(&["en", "de"]), Preset::Word("en"), "\"de\""),
        Key::new(
            "templates",
            Kind::Map(Form::Status, &TEMPLATE),
            Preset::Nothing,
            "{ 502 = \"sorry.html\" }",
        ),
    ],
};

static HOST: Kind = Kind::Text(Form::Host);
const CERTIFICATE_KIND: [Kind; 2] = [Kind::Choice(&["auto"]), Kind::OneOrMany(&CERTIFICATE_PAIR)];
static CERTIFICATE_PAIR: Kind = Kind::Table(&CERTIFICATE);
const HSTS_KIND: [Kind; 2] = [Kind::Switch, Kind::Table(&HSTS)];
static SUBJECT: Kind = Kind::Text(Form::Any);
static A_ROUTE: Kind = Kind::Table(&ROUTE);
static TEMPLATE: Kind = Kind::Text(Form::File);
