//! What is written about exchanges and events, and where.

use std::path::PathBuf;

use crate::defaults;

/// What is written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogPlan {
    /// One line per exchange; none means no access log.
    pub access: Option<AccessLog>,
    /// How much the event log says.
    pub level: LogLevel,
    /// How many failed exchanges are kept in memory with their evidence.
    pub failed_exchanges: usize,
}

impl Default for LogPlan {
    fn default() -> Self {
        Self {
            access: Some(AccessLog { target: LogTarget::Stdout, format: LogFormat::Json, query: false }),
            level: LogLevel::Info,
            failed_exchanges: defaults::FAILED_EXCHANGES,
        }
    }
}

/// The access log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessLog {
    /// Where lines go.
    pub target: LogTarget,
    /// What lines look like.
    pub format: LogFormat,
    /// Whether the path is followed by the query, which may hold secrets.
    pub query: bool,
}

/// Where log lines go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogTarget {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
    /// A file, opened for appending and reopened on request.
    File(PathBuf),
}

/// What log lines look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// One JSON object per line.
    Json,
    /// For a person at a terminal.
    Human,
}

/// How much the event log says; each level includes those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    /// What needs somebody's action.
    Error,
    /// What may become a fault.
    Warn,
    /// What an operator wants to know.
    Info,
    /// What helps to understand one case.
    Debug,
    /// Everything.
    Trace,
}

impl LogLevel {
    /// The name, as in the file.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
            Self::Trace => "trace",
        }
    }
}
