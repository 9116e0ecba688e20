//! The keys of `crawlers`: how search engines and advertisers are recognised, and what they get during an outage.

use super::{DAY, Form, Key, Kind, Part, Preset, Table};
use crate::defaults;
use std::time::Duration;

/// `crawlers`: a switch, or a table that says more.
pub(super) const CRAWLERS: [Kind; 2] = [Kind::Switch, Kind::Table(&CRAWLERS_TABLE)];

static CRAWLERS_TABLE: Table = Table {
    id: "crawlers",
    parts: &[Part {
        id: "crawlers",
        keys: &[
            Key::new("dns", Kind::Switch, Preset::Switch(true), "false"),
            Key::new(
                "ranges",
                Kind::Map(Form::Name, &FILES),
                Preset::Nothing,
                "{ google = [\"googlebot.json\", \"special-crawlers.json\"], bing = \"bingbot.json\" }",
            ),
            Key::new(
                "retry_after",
                Kind::Duration(Duration::from_secs(1), DAY),
                Preset::Duration(defaults::CRAWLER_RETRY),
                "\"1h\"",
            ),
            Key::new("unlimited", Kind::Switch, Preset::Switch(false), "true"),
        ],
    }],
};

static FILES: Kind = Kind::OneOrMany(&A_FILE);
static A_FILE: Kind = Kind::Text(Form::File);
