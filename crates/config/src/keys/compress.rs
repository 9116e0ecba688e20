//! The keys of `compress`: which answers are compressed on their way to the client.

use super::{Form, Key, Kind, LARGEST, NO_BYTES, Part, Preset, Table};
use crate::defaults;
use crate::plan::{Compression, Effort};

/// `compress`: a switch, or a table that says more.
pub(super) const COMPRESS: [Kind; 2] = [Kind::Switch, Kind::Table(&COMPRESS_TABLE)];

static COMPRESS_TABLE: Table = Table {
    id: "compress",
    parts: &[Part {
        id: "compress",
        keys: &[
            Key::new(
                "codings",
                Kind::OneOrMany(&CODING),
                Preset::Sentence("compress_codings"),
                "[\"br\", \"gzip\"]",
            ),
            Key::new("effort", Kind::Choice(&Effort::NAMES), Preset::Word("medium"), "\"low\""),
            Key::new(
                "min_size",
                Kind::Size(NO_BYTES, LARGEST),
                Preset::Size(defaults::COMPRESS_LEAST),
                "\"4KB\"",
            ),
            Key::new(
                "types",
                Kind::OneOrMany(&MEDIA_TYPE),
                Preset::Sentence("compress_types"),
                "[\"text/html\", \"+json\"]",
            ),
        ],
    }],
};

static CODING: Kind = Kind::Choice(&Compression::NAMES);
static MEDIA_TYPE: Kind = Kind::Text(Form::Any);
