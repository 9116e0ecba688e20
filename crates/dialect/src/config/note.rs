//! What is wrong or remarkable in the files themselves.

use super::{At, ListenAddress};
use std::path::PathBuf;
use std::time::Duration;

/// A remark on a configuration file.
#[derive(Debug, Clone, PartialEq)]
pub struct Note {
    /// Where; nothing where it is about something that is missing.
    pub at: Option<At>,
    /// What.
    pub what: NoteKind,
}

/// What a remark says. Texts for people are made elsewhere, from [`NoteKind::id`] and [`NoteKind::facts`].
#[derive(Debug, Clone, PartialEq)]
pub enum NoteKind {
    /// A file could not be read.
    Unreadable {
        /// The file.
        file: PathBuf,
        /// What the system said.
        why: String,
    },
    /// The product would refuse this line.
    Syntax {
        /// What is wrong, in the product's words (`unexpected "}"`).
        what: String,
    },
    /// An include names a file that does not exist, or a pattern that matches nothing.
    IncludeMatchesNothing {
        /// The pattern.
        pattern: String,
        /// The product refuses to start for it (a pattern never does in nginx, a plain name does).
        is_fatal: bool,
    },
    /// A file includes itself, perhaps through others; it was read once.
    IncludeLoop {
        /// The file.
        file: PathBuf,
    },
    /// A rule names an upstream group that is not defined.
    UnknownPool {
        /// The name.
        name: String,
    },
    /// An upstream group without any upstream.
    EmptyPool {
        /// The name.
        name: String,
    },
    /// A variable is used that is not defined.
    UndefinedVariable {
        /// The name.
        name: String,
    },
    /// Names are to be looked up at run time, but no resolver is configured.
    ResolverMissing {
        /// What is to be looked up.
        name: String,
    },
    /// An earlier line for the same target made the connection settings; those of this line are ignored.
    WorkerShared {
        /// The target of the earlier line.
        target: String,
        /// Where the earlier line is.
        first: At,
        /// The settings that are ignored.
        ignored: Vec<String>,
    },
    /// Idle connections are configured, but another setting closes each one after its request.
    KeepAliveUnused {
        /// The group of upstreams.
        pool: String,
        /// The setting that closes them.
        because: String,
    },
    /// `Connection: upgrade` is sent with every request, not only with those that ask for an upgrade.
    UpgradeAlways,
    /// A deadline that ought to be shorter than another one is not.
    DeadlineOrder {
        /// The directive of the deadline that should be the shorter one.
        inner: String,
        /// Its value.
        inner_value: Duration,
        /// The directive of the deadline that should be the longer one.
        outer: String,
        /// Its value.
        outer_value: Duration,
    },
    /// A deadline is not set at all, so that a wait may last for ever.
    DeadlineMissing {
        /// The directive.
        directive: String,
        /// The part of the configuration it is missing from.
        section: String,
    },
    /// Buffer sizes contradict each other, the product refuses to start.
    BufferConflict {
        /// The product's own sentence.
        what: String,
    },
    /// A health check asks without naming the host, which many upstreams refuse.
    CheckWithoutHost {
        /// The group of upstreams.
        pool: String,
    },
    /// Two sites have the same name on the same address: the later one is never reached.
    SiteShadowed {
        /// The name.
        name: String,
        /// The address.
        address: ListenAddress,
        /// Where the one is that wins.
        first: Option<At>,
    },
    /// A line needs a switch that is not on.
    SwitchMissing {
        /// The switch (`SSLProxyEngine on`).
        directive: String,
        /// The line that needs it.
        needed_by: String,
        /// What should stand in that line's place: the line with the switch in it, or the switch before it.
        mended: String,
    },
    /// A setting stands where it has no effect.
    WithoutEffect {
        /// The setting.
        directive: String,
        /// Why it has none.
        because: String,
    },
}

impl NoteKind {
    /// A stable name, for texts and for machines.
    pub fn id(&self) -> &'static str {
        match self {
            NoteKind::Unreadable { .. } => "unreadable",
            NoteKind::Syntax { .. } => "syntax",
            NoteKind::IncludeMatchesNothing { .. } => "include_matches_nothing",
            NoteKind::IncludeLoop { .. } => "include_loop",
            NoteKind::UnknownPool { .. } => "unknown_pool",
            NoteKind::EmptyPool { .. } => "empty_pool",
            NoteKind::UndefinedVariable { .. } => "undefined_variable",
            NoteKind::ResolverMissing { .. } => "resolver_missing",
            NoteKind::WorkerShared { .. } => "worker_shared",
            NoteKind::KeepAliveUnused { .. } => "keep_alive_unused",
            NoteKind::UpgradeAlways => "upgrade_always",
            NoteKind::DeadlineOrder { .. } => "deadline_order",
            NoteKind::DeadlineMissing { .. } => "deadline_missing",
            NoteKind::BufferConflict { .. } => "buffer_conflict",
            NoteKind::CheckWithoutHost { .. } => "check_without_host",
            NoteKind::SiteShadowed { .. } => "site_shadowed",
            NoteKind::SwitchMissing { .. } => "switch_missing",
            NoteKind::WithoutEffect { .. } => "without_effect",
        }
    }

    /// The product would not start (or not reload) with this.
    pub fn is_fatal(&self) -> bool {
        match self {
            NoteKind::Syntax { .. } | NoteKind::UnknownPool { .. } | NoteKind::BufferConflict { .. } => true,
            NoteKind::IncludeMatchesNothing { is_fatal, .. } => *is_fatal,
            _ => false,
        }
    }

    /// The details by name, for a sentence.
    pub fn facts(&self) -> Vec<(&'static str, String)> {
        match self {
            NoteKind::Unreadable { file, why } => vec![("file", show(file)), ("why", why.clone())],
            NoteKind::Syntax { what } | NoteKind::BufferConflict { what } => vec![("what", what.clone())],
            NoteKind::IncludeMatchesNothing { pattern, .. } => vec![("pattern", pattern.clone())],
            NoteKind::IncludeLoop { file } => vec![("file", show(file))],
            NoteKind::UnknownPool { name }
            | NoteKind::EmptyPool { name }
            | NoteKind::UndefinedVariable { name }
            | NoteKind::ResolverMissing { name } => vec![("name", name.clone())],
            NoteKind::WorkerShared { target, first, ignored } => {
                vec![("target", target.clone()), ("first", first.to_string()), ("ignored", ignored.join(" "))]
            }
            NoteKind::KeepAliveUnused { pool, because } => {
                vec![("pool", pool.clone()), ("because", because.clone())]
            }
            NoteKind::UpgradeAlways => Vec::new(),
            NoteKind::DeadlineOrder { inner, inner_value, outer, outer_value } => vec![
                ("inner", inner.clone()),
                ("inner_value", format!("{inner_value:?}")),
                ("outer", outer.clone()),
                ("outer_value", format!("{outer_value:?}")),
            ],
            NoteKind::DeadlineMissing { directive, section } => {
                vec![("directive", directive.clone()), ("section", section.clone())]
            }
            NoteKind::CheckWithoutHost { pool } => vec![("pool", pool.clone())],
            NoteKind::SiteShadowed { name, address, first } => vec![
                ("name", name.clone()),
                ("address", address.to_string()),
                ("first", first.as_ref().map(ToString::to_string).unwrap_or_default()),
            ],
            NoteKind::SwitchMissing { directive, needed_by, .. } => {
                vec![("directive", directive.clone()), ("needed_by", needed_by.clone())]
            }
            NoteKind::WithoutEffect { directive, because } => {
                vec![("directive", directive.clone()), ("because", because.clone())]
            }
        }
    }
}

fn show(path: &std::path::Path) -> String {
    path.display().to_string()
}
