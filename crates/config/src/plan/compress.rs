//! Compression of answers on their way to the client.

use std::sync::Arc;

use super::Compression;
use crate::ByteSize;

/// Which answers are compressed, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compress {
    /// The codings that are offered, in order of preference among those the client likes equally.
    pub codings: Vec<Compression>,
    /// How much work is done for fewer bytes.
    pub effort: Effort,
    /// Shorter answers stay as they are.
    pub least: ByteSize,
    /// The media types that are worth it, in lower case: `text/html`, `text/*`, or `+json` for all that end so.
    pub types: Vec<Arc<str>>,
}

/// How much work is done for fewer bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Effort {
    /// The fastest levels.
    Low,
    /// What most of the gain costs.
    #[default]
    Medium,
    /// For lines that are slower than the processor.
    High,
}

impl Effort {
    /// Its names in the configuration.
    pub const NAMES: [&'static str; 3] = ["low", "medium", "high"];

    /// The one of this name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        match name {
            "low" => Some(Self::Low),
            "medium" => Some(Self::Medium),
            "high" => Some(Self::High),
            _ => None,
        }
    }
}
