//! Where a gateway writes its logs.

use super::Fact;
use std::path::PathBuf;

/// A log a gateway writes.
#[derive(Debug, Clone, PartialEq)]
pub struct LogFile {
    /// What is written there.
    pub kind: LogKind,
    /// The file; nothing where the log goes elsewhere (syslog, standard output), which `target.written` tells.
    pub path: Option<PathBuf>,
    /// The target as it is written.
    pub target: Fact<String>,
    /// How a line is built.
    pub format: LogFormat,
    /// The names of the sites that write there; none means all.
    pub names: Vec<String>,
}

/// What a log holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LogKind {
    /// A line for each request.
    Access,
    /// A line for each trouble.
    Error,
}

/// How a log line is built.
#[derive(Debug, Clone, PartialEq)]
pub enum LogFormat {
    /// The product's usual lines for this kind of log.
    Usual,
    /// A named usual one (`combined`, `httplog`, `json`).
    Named(String),
    /// The operator's own, in the product's words.
    Own(Fact<String>),
}
