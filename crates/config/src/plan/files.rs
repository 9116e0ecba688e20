//! Files served from a folder, and scripts run by FastCGI.

use std::{path::PathBuf, sync::Arc};

/// What a route serves from a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Files {
    /// The folder; nothing outside of it is ever opened.
    pub root: PathBuf,
    /// What stands for a folder, in order of preference.
    pub index: Vec<Arc<str>>,
    /// What is looked for, in order.
    pub tries: Vec<Try>,
    /// Which compressed neighbours of a file may be sent in its place, in order of preference.
    pub precompressed: Vec<Compression>,
    /// What `Cache-Control` says of files.
    pub cache_control: Option<Arc<str>>,
    /// Whether names that begin with a dot are served; `.well-known` always is.
    pub hidden: bool,
}

/// One thing to look for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Try {
    /// The path, from the folder.
    pub path: Vec<TryPiece>,
    /// The query it is asked with, where it is a script; `None` leaves the client's.
    pub query: Option<Vec<TryPiece>>,
    /// Whether a folder is looked for rather than a file.
    pub is_folder: bool,
}

/// A piece of a path to try, or of its query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TryPiece {
    /// This.
    Literal(Arc<str>),
    /// The request's path.
    Path,
    /// The request's query, without its question mark.
    Query,
}

/// A compression that files may have beside them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Compression {
    /// `.br`
    Brotli,
    /// `.zst`
    Zstd,
    /// `.gz`
    Gzip,
}

impl Compression {
    /// Its names in the configuration.
    pub const NAMES: [&'static str; 3] = ["br", "zstd", "gzip"];

    /// The one of this name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        match name {
            "br" => Some(Self::Brotli),
            "zstd" => Some(Self::Zstd),
            "gzip" => Some(Self::Gzip),
            _ => None,
        }
    }

    /// The content coding (RFC 9110 §8.4.1, RFC 7932, RFC 8878).
    #[must_use]
    pub const fn coding(self) -> &'static str {
        match self {
            Self::Brotli => "br",
            Self::Zstd => "zstd",
            Self::Gzip => "gzip",
        }
    }

    /// What the names of such files end in.
    #[must_use]
    pub const fn suffix(self) -> &'static str {
        match self {
            Self::Brotli => ".br",
            Self::Zstd => ".zst",
            Self::Gzip => ".gz",
        }
    }
}

/// Which requests are scripts, and how a FastCGI application finds them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Script {
    /// The document root as the application sees it; none means the folder of the files.
    pub root: Option<Arc<str>>,
    /// What the names of scripts end in.
    pub suffixes: Vec<Arc<str>>,
    /// The script that stands for a folder, where no files are looked at.
    pub index: Arc<str>,
    /// The script for everything that is none itself, where no files are looked at.
    pub front: Option<Arc<str>>,
    /// Variables in addition.
    pub variables: Vec<(Arc<str>, Arc<str>)>,
}
