//! House rules and chores as a program: `cargo xtask tidy` checks the tree, `cargo xtask docs` writes generated pages.
//!
//! Every rule is one file under `tidy/` and returns complaints with file and line; this file only chooses what runs
//! and turns the outcome into an exit code: 0 all well, 1 complaints, 2 the task itself could not run.

mod docs;
mod tidy;
mod tree;

use std::io::Write as _;
use std::process::ExitCode;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let outcome = match words.as_slice() {
        ["tidy"] => tidy::run(),
        ["docs"] => docs::write(),
        _ => {
            say(USAGE);
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            say(&format!("xtask: {error:#}"));
            ExitCode::from(2)
        }
    }
}

/// Prints one line. A closed pipe is no reason to fail.
fn say(line: &str) {
    let _closed_pipe = writeln!(std::io::stdout().lock(), "{line}");
}

const USAGE: &str = "usage: cargo xtask <task>
  tidy   check the house rules (layers, sizes, names, texts, pages, paths, invariants)
  docs   write the generated pages under docs/";
