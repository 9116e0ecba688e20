//! `torwart doctor`: from a URL to the named cause, the proof, and the line to change.
//!
//! The walk itself is the crate `doctor`; here the command line becomes its question, the walk is watched, what other
//! places have seen is merged, and the report is printed. The report goes to standard output, everything about how it
//! goes to standard error.

mod checklist;
mod options;
mod values;

use crate::signals::Signals;
use crate::{Console, Exit};
use checklist::Checklist;
use clap::{ArgMatches, Command};
use jiff::Timestamp;
use std::cell::{Cell, RefCell};
use std::io;
use std::path::PathBuf;
use std::pin::pin;
use std::time::Duration;
use tokio::runtime::LocalOptions;
use tokio::time::{MissedTickBehavior, interval};
use torwart_cause::finding::{Diagnosis, Outcome};
use torwart_doctor::{Case, Question, SiteUrl, walk_until};
use torwart_report::{Form, Setting, diagnosis};

/// The command line.
pub(super) fn command(console: &Console) -> Command {
    options::command(console)
}

/// Runs it.
pub(super) fn run(matches: &ArgMatches, console: &Console) -> Exit {
    if matches.get_flag("schema") {
        console.line(&format!("{:#}", diagnosis::schema()));
        return Exit::Well;
    }
    let question = match options::question(matches, console) {
        Ok(question) => question,
        Err(exit) => return exit,
    };
    // Before the walk: nobody wants to wait and then learn that a file cannot be read.
    let others = match others(matches, &question.url, console) {
        Ok(others) => others,
        Err(exit) => return exit,
    };
    let at = Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let form = options::form(matches, console);
    let notes = options::notes(&question);
    let mut found = match examine(question, form, console) {
        Ok(found) => found,
        Err(error) => {
            crate::trouble::tell_system(&error, console);
            return Exit::CouldNotRun;
        }
    };
    found.seen_from = machine();
    found.notes.extend(notes);
    let found = others.into_iter().fold(found, diagnosis::merge);
    let setting = Setting { program: &console.program, version: env!("CARGO_PKG_VERSION"), at: &at };
    let report = torwart_report::report(&found, console.lang, form, setting);
    console.print(&report);
    match found.outcome {
        Outcome::Healthy => Exit::Well,
        Outcome::Faulty => Exit::Fault,
        Outcome::Unclear => Exit::CouldNotRun,
    }
}

/// Walks, and shows how it goes, until it is done or somebody has seen enough.
fn examine(question: Question, form: Form, console: &Console) -> io::Result<Diagnosis> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build_local(LocalOptions::default())?;
    runtime.block_on(async {
        let mut signals = Signals::new()?;
        let checklist = RefCell::new(Checklist::new(console, form, &question));
        let is_stopped = Cell::new(false);
        let case = Case::new(question);
        let stop = async {
            signals.stop().await;
            is_stopped.set(true);
        };
        let walk = walk_until(&case, |event| checklist.borrow_mut().note(event), stop);
        let mut walk = pin!(walk);
        let mut beat = interval(BEAT);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut found = loop {
            tokio::select! {
                found = &mut walk => break found,
                _ = beat.tick() => checklist.borrow_mut().draw(),
            }
        };
        checklist.borrow_mut().clear();
        if is_stopped.get() {
            found.is_cut_short = true;
            // Who was stopped cannot know that all is well.
            if found.outcome == Outcome::Healthy {
                found.outcome = Outcome::Unclear;
            }
        }
        Ok(found)
    })
}

/// What other places have seen.
fn others(matches: &ArgMatches, url: &SiteUrl, console: &Console) -> Result<Vec<Diagnosis>, Exit> {
    let files = matches.get_many::<PathBuf>("follow-up").into_iter().flatten();
    let read = |file: &PathBuf| {
        let shown = file.display().to_string();
        let text = std::fs::read_to_string(file).map_err(|error| {
            let texts = [("file", shown.as_str()), ("error", &error.to_string())];
            console.complain(&console.fill("file-unreadable", &texts), None);
            Exit::CouldNotRun
        })?;
        let other = diagnosis::read(&text, console.lang).map_err(|error| {
            let texts = [("file", shown.as_str()), ("error", &error.to_string())];
            let sentence = console.fill("doctor-bad-follow-up", &texts);
            console.complain(&sentence, Some(&console.say("doctor-bad-follow-up-hint")));
            Exit::CouldNotRun
        })?;
        // What is true of one page says nothing about another.
        if other.url.parse::<SiteUrl>().as_ref() != Ok(url) {
            let texts = [("file", shown.as_str()), ("theirs", &other.url), ("ours", &url.to_string())];
            let sentence = console.fill("doctor-other-url", &texts);
            let hint = console.fill("doctor-other-url-hint", &[("theirs", &other.url)]);
            console.complain(&sentence, Some(&hint));
            return Err(Exit::Usage);
        }
        Ok(other)
    };
    files.map(read).collect()
}

/// What this machine is called.
fn machine() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    if name.trim().is_empty() { "localhost".to_owned() } else { name.trim().to_owned() }
}

/// How often the line with the running checks is drawn again.
const BEAT: Duration = Duration::from_millis(100);
