//! A value from a configuration, with where it is written.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

/// A place in a configuration file.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct At {
    /// The file.
    pub file: Arc<Path>,
    /// The line, counted from 1.
    pub line: u32,
}

impl At {
    /// The line `line` of `file`.
    pub fn new(file: &Arc<Path>, line: u32) -> Self {
        At { file: Arc::clone(file), line }
    }
}

impl fmt::Display for At {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.file.display(), self.line)
    }
}

/// A value that holds, because it is written somewhere or because it is the product's default.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact<T> {
    /// The value in our form.
    pub value: T,
    /// Where it is written; nothing for a default.
    pub at: Option<At>,
    /// The directive as it stands in the file (`proxy_read_timeout 5s;`), or as it would have to be written to say
    /// what holds by default.
    pub written: String,
    /// Nobody wrote it: the product does so by itself.
    pub is_default: bool,
}

impl<T> Fact<T> {
    /// A value that is written in a file.
    pub fn written(value: T, at: At, written: impl Into<String>) -> Self {
        Fact { value, at: Some(at), written: written.into(), is_default: false }
    }

    /// A value that holds although nobody wrote it; `written` is the directive that would say the same.
    pub fn by_default(value: T, written: impl Into<String>) -> Self {
        Fact { value, at: None, written: written.into(), is_default: true }
    }

    /// The same place with another value.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Fact<U> {
        Fact { value: change(self.value), at: self.at, written: self.written, is_default: self.is_default }
    }
}
