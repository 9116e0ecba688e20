//! Generic pieces for lines and tables on a terminal: colour, durations, sizes.
//!
//! Whether colour is wanted is the caller's decision (`NO_COLOR`, a pipe); here it is an argument.

use std::time::Duration;

/// How a terminal is written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Whether ANSI colours may be used.
    pub is_coloured: bool,
    /// Whether only ASCII may be used.
    pub is_ascii: bool,
    /// Columns at which lines are broken.
    pub width: usize,
}

impl Style {
    /// A status in the colour of its class.
    pub fn status(self, status: u16) -> String {
        status.to_string()
    }

    /// A duration in three significant digits: `850 µs`, `12.3 ms`, `1.50 s`.
    pub fn duration(self, duration: Duration) -> String {
        format!("{duration:?}")
    }
}

/// A size with a binary unit: `512 B`, `16.0 KiB`.
pub fn bytes(bytes: u64) -> String {
    format!("{bytes} B")
}
