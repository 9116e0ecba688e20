//! The one binary: reads arguments and environment, wires the crates together, prints, and ends with an exit code.
//!
//! Each command has its file under `commands`. Nothing else of Torwart prints, ends the process, or looks at the
//! environment.

mod cli;
mod commands;
mod console;
mod logging;
mod plan_file;
mod secret;
mod signals;
mod trouble;
mod words;

use console::Console;
use std::process::ExitCode;

// The system's allocator costs a measurable part of every request with several threads.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How the program ends; every command documents the same numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Exit {
    /// Nothing is wrong.
    Well = 0,
    /// What was looked at has a fault.
    Fault = 1,
    /// The command line makes no sense.
    Usage = 2,
    /// It could not be done, so nothing is known.
    CouldNotRun = 3,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

fn main() -> ExitCode {
    // Whoever has installed one before is as good: there is one provider in the whole program.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let arguments: Vec<_> = std::env::args_os().collect();
    let console = Console::from_environment(cli::wanted_language(&arguments));
    logging::report_panics(console.clone());
    match cli::parse(arguments, &console) {
        Ok(matches) => commands::run(&matches, &console).into(),
        Err(exit) => exit.into(),
    }
}
