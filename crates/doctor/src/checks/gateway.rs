//! What does the gateway itself say: its configuration, its processes, its logs?

mod config;
mod log;
mod log_silent;
mod process;
mod reload;
mod settings;

use crate::Check;
use torwart_cause::finding::{Hop, Where};
use torwart_dialect::config::At;

/// The checks of this area.
pub const CHECKS: &[Check] = &[
    Check::new("config", |case| Box::pin(config::check(case))),
    Check::new("settings", |case| Box::pin(settings::check(case))),
    Check::new("process", |case| Box::pin(process::check(case))),
    Check::new("reload", |case| Box::pin(reload::check(case))),
    Check::new("log", |case| Box::pin(log::check(case))),
    Check::new("log_silent", |case| Box::pin(log_silent::check(case))),
];

/// The gateway, at a line of its configuration where one is known.
fn at(place: Option<&At>) -> Where {
    match place {
        Some(at) => Where::hop(Hop::Gateway).file(at.file.display(), at.line),
        None => Where::hop(Hop::Gateway),
    }
}
