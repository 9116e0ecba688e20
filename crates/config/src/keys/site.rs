//! The keys of a site, and those of answers, which the top of the file has as well.

use super::{
    Form, Key, Kind, Part, Preset, Table,
    pool::{CERTIFICATE, LINKS, PATIENCE},
    route::{ACTION, FORWARDING, ROUTE},
};

/// `[site."NAME"]`.
pub(super) static SITE: Table =
    Table { id: "site", parts: &[HOSTS, ANSWERS, ACTION, FORWARDING, PATIENCE, LINKS] };

const HOSTS: Part = Part {
    id: "hosts",
    keys: &[
        Key::new("aliases", Kind::OneOrMany(&HOST), Preset::Nothing, "[\"www.shop.example\"]"),
        Key::new(
            "certificate",
            Kind::OneOrMany(&CERTIFICATE_KIND),
            Preset::Nothing,
            "{ chain = \"shop.pem\", key = \"shop.key\" }",
        ),
        Key::new("redirect_to_https", Kind::Switch, Preset::Switch(false), "true"),
        Key::new("route", Kind::List(&A_ROUTE), Preset::Nothing, "[{ path = \"/admin\", deny = true }]"),
    ],
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
static CERTIFICATE_KIND: Kind = Kind::Table(&CERTIFICATE);
static A_ROUTE: Kind = Kind::Table(&ROUTE);
static TEMPLATE: Kind = Kind::Text(Form::File);
