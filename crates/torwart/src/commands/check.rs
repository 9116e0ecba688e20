//! `torwart check`: is this configuration right, and would it work here and now?
//!
//! First the file with all complaints, then every file it names, then every upstream is dialled and asked once; at the
//! end the deadlines of every route, and what was loosened.

mod certificate;
mod json;
mod ladder;
mod loosened;
mod probe;
mod process;
mod text;

use crate::cli;
use crate::plan_file::{self, Read};
use crate::{Console, Exit};
use certificate::Shown;
use clap::{Arg, ArgMatches, Command};
use ladder::Ladder;
use loosened::Loosened;
use probe::Probe;
use process::Process;
use std::path::PathBuf;
use std::time::Duration;
use tokio::runtime::LocalOptions;
use torwart_gateway::BuildProblem;

/// Everything that was found out about a file.
pub(super) struct Findings {
    read: Read,
    /// Files named by the plan that are missing or wrong.
    problems: Vec<BuildProblem>,
    certificates: Vec<Shown>,
    /// Nothing, if nobody was asked.
    probes: Option<Vec<Probe>>,
    ladders: Vec<Ladder>,
    loosened: Vec<Loosened>,
    /// Who would run it; nothing without a plan.
    process: Option<Process>,
}

/// The command line.
pub(super) fn command(console: &Console) -> Command {
    let lang = console.lang;
    let path = || clap::value_parser!(PathBuf);
    let file = |file: Arg| {
        let file = file.value_parser(clap::value_parser!(PathBuf));
        file.required_unless_present_any(["schema", "config"])
    };
    cli::with_argument(cli::command("check", console), "file", lang, file)
        // The same word as for `serve`, for fingers that know it.
        .arg(
            Arg::new("config")
                .long("config")
                .short('c')
                .hide(true)
                .value_parser(path())
                .conflicts_with("file"),
        )
        .arg(cli::switch("check", "offline", lang))
        .arg(
            cli::option("check", "timeout", lang)
                .value_parser(move |text: &str| cli::values::duration(text, lang)),
        )
        .arg(cli::switch("check", "schema", lang))
        .arg(cli::format(lang, &["text", "json"]))
}

/// Runs it.
pub(super) fn run(matches: &ArgMatches, console: &Console) -> Exit {
    if matches.get_flag("schema") {
        console.line(&format!("{:#}", torwart_config::schema()));
        return Exit::Well;
    }
    let file = matches.get_one::<PathBuf>("file").or_else(|| matches.get_one("config"));
    // clap has seen to it that there is one.
    let Some(file) = file else { return Exit::Usage };
    let read = match plan_file::read(file) {
        Ok(read) => read,
        Err(error) => {
            let file = file.display().to_string();
            let texts = [("file", file.as_str()), ("error", &error.to_string())];
            console.complain(&console.fill("file-unreadable", &texts), None);
            return Exit::CouldNotRun;
        }
    };
    let timeout = matches.get_one("timeout").copied().unwrap_or(ANSWER_TIME);
    let findings = match Findings::gather(read, matches.get_flag("offline"), timeout) {
        Ok(findings) => findings,
        Err(error) => {
            crate::trouble::tell_system(&error, console);
            return Exit::CouldNotRun;
        }
    };
    if cli::is_format(matches, "json") {
        console.line(&format!("{:#}", json::document(&findings, console)));
    } else {
        console.print(&text::page(&findings, console));
    }
    if findings.is_well() { Exit::Well } else { Exit::Fault }
}

impl Findings {
    fn gather(read: Read, is_offline: bool, timeout: Duration) -> std::io::Result<Self> {
        let mut findings = Self {
            read,
            problems: Vec::new(),
            certificates: Vec::new(),
            probes: None,
            ladders: Vec::new(),
            loosened: Vec::new(),
            process: None,
        };
        let Some(plan) = findings.read.checked.plan.clone() else { return Ok(findings) };
        findings.ladders = ladder::of(&plan);
        findings.loosened = loosened::of(&plan);
        findings.process = Some(Process::of(&plan));
        findings.certificates = certificate::shown(&plan);
        if let Err(problems) = torwart_gateway::rehearse(plan.clone()) {
            findings.problems = problems;
            return Ok(findings);
        }
        if !is_offline {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build_local(LocalOptions::default())?;
            findings.probes = Some(runtime.block_on(probe::all(&plan, timeout))?);
        }
        Ok(findings)
    }

    fn is_well(&self) -> bool {
        !self.read.checked.is_bad()
            && self.problems.is_empty()
            && self.process.as_ref().is_none_or(Process::is_well)
            && self.certificates.iter().all(Shown::is_well)
            && self.probes.iter().flatten().all(Probe::is_well)
    }
}

/// People wait this long for a check.
const ANSWER_TIME: Duration = Duration::from_secs(10);
