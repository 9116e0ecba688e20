//! The keys of `files` and `script`: what is served from a folder, and which of it is run.

use super::{Form, Key, Kind, Part, Preset, Table};
use crate::plan::Compression;

/// `files`: a folder, or a table that says more.
pub(super) const FILES: [Kind; 2] = [Kind::Text(Form::File), Kind::Table(&FILES_TABLE)];

static FILES_TABLE: Table = Table {
    id: "files",
    parts: &[Part {
        id: "files",
        keys: &[
            Key::new("root", Kind::Text(Form::File), Preset::Required, "\"/var/www/shop\""),
            Key::new("index", Kind::OneOrMany(&TEXT), Preset::Sentence("index_files"), "\"start.html\""),
            Key::new(
                "try",
                Kind::OneOrMany(&TEXT),
                Preset::Sentence("try_files"),
                "[\"{path}\", \"{path}/\", \"/index.html\"]",
            ),
            Key::new(
                "precompressed",
                Kind::OneOrMany(&COMPRESSION),
                Preset::Nothing,
                "[\"br\", \"zstd\", \"gzip\"]",
            ),
            Key::new("cache_control", Kind::Text(Form::Any), Preset::Nothing, "\"public, max-age=3600\""),
            Key::new("hidden", Kind::Switch, Preset::Switch(false), "true"),
        ],
    }],
};

/// `script`.
pub(super) static SCRIPT: Table = Table {
    id: "script",
    parts: &[Part {
        id: "script",
        keys: &[
            Key::new("root", Kind::Text(Form::Any), Preset::Sentence("files_root"), "\"/srv/shop/public\""),
            Key::new("suffix", Kind::OneOrMany(&TEXT), Preset::Word(".php"), "[\".php\", \".phtml\"]"),
            Key::new("index", Kind::Text(Form::Any), Preset::Word("index.php"), "\"main.php\""),
            Key::new("front", Kind::Text(Form::UrlPath), Preset::Nothing, "\"/index.php\""),
            Key::new(
                "variables",
                Kind::Map(Form::Name, &TEXT),
                Preset::Nothing,
                "{ APP_ENV = \"production\" }",
            ),
        ],
    }],
};

static TEXT: Kind = Kind::Text(Form::Any);
static COMPRESSION: Kind = Kind::Choice(&Compression::NAMES);
