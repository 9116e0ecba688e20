//! The commands, one file each.

mod check;
mod demo;
mod doctor;
mod explain;
mod health;
mod lab;
mod manual;
mod purge;
mod serve;
mod upgrade;
mod upstreams;

use crate::{Console, Exit};
use clap::{ArgMatches, Command};

/// All commands, in the order in which people need them.
pub(crate) fn all(console: &Console) -> [Command; 11] {
    [
        demo::command(console),
        serve::command(console),
        check::command(console),
        doctor::command(console),
        explain::command(console),
        lab::command(console),
        upstreams::command(console),
        purge::command(console),
        upgrade::command(console),
        health::command(console),
        manual::command(console),
    ]
}

/// Runs the command that was asked for.
pub(crate) fn run(matches: &ArgMatches, console: &Console) -> Exit {
    match matches.subcommand() {
        Some(("demo", matches)) => demo::run(matches, console),
        Some(("serve", matches)) => serve::run(matches, console),
        Some(("check", matches)) => check::run(matches, console),
        Some(("doctor", matches)) => doctor::run(matches, console),
        Some(("explain", matches)) => explain::run(matches, console),
        Some(("lab", matches)) => lab::run(matches, console),
        Some(("upstreams", matches)) => upstreams::run(matches, console),
        Some(("purge", matches)) => purge::run(matches, console),
        Some(("upgrade", matches)) => upgrade::run(matches, console),
        Some(("health", matches)) => health::run(matches, console),
        Some(("manual", matches)) => manual::run(matches, console),
        // clap has refused everything else.
        _ => Exit::Usage,
    }
}
