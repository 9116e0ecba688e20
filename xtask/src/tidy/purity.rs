//! Rule `purity`: lower floors do no I/O and read neither clock nor chance; only the binary reads the environment.
//!
//! A text rule on product code (tests are free): it looks for the doors, not for what goes through them. Printing and
//! ending the process are guarded by clippy (`print_stdout`, `print_stderr`, `disallowed_methods`).

use super::{Complaint, is_test_file, product_lines};
use crate::tree::Tree;
use anyhow::Result;

pub(crate) fn check(tree: &Tree) -> Result<Vec<Complaint>> {
    let mut complaints = Vec::new();
    for file in tree.with_ending(".rs").filter(|file| !is_test_file(file)) {
        let Some(krate) = file.strip_prefix("crates/").and_then(|path| path.split_once("/src/")) else {
            continue;
        };
        let Some(text) = tree.text(file)? else { continue };
        complaints.extend(judge(file, krate.0, &text));
    }
    Ok(complaints)
}

fn judge(file: &str, krate: &str, text: &str) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    for (number, line) in product_lines(text) {
        for (crates, doors, sentence) in RULES {
            if !crates.contains(&krate) {
                continue;
            }
            if let Some(door) = doors.iter().find(|door| line.contains(**door)) {
                complaints.push(Complaint::new(file, number, format!("`{door}`: {sentence}")));
            }
        }
    }
    complaints
}

type Doors = (&'static [&'static str], &'static [&'static str], &'static str);

const RULES: &[Doors] = &[
    (
        &["cause", "wire", "config", "dialect", "policy"],
        &["std::fs", "std::net::Tcp", "std::net::Udp", "std::process", "tokio", "io::stdin", "ToSocketAddrs"],
        "this crate does no I/O; take a reader or a value as an argument",
    ),
    (
        &["cause", "wire", "config", "dialect", "policy"],
        &["Instant::now", "SystemTime::now", "thread_rng", "rand::", "RandomState::new"],
        "this crate knows neither clock nor chance; take them as arguments",
    ),
    (
        &[
            "cause", "wire", "config", "dialect", "kernel", "policy", "record", "dial", "lab", "report",
            "gateway", "doctor", "logs", "pcap", "load", "monitor", "fleet", "web",
        ],
        &["env::var", "env::args", "env::vars", "env::current_dir"],
        "only the binary reads the environment",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pure_crate_has_no_clock() {
        let text =
            "fn now() { Instant::now(); } // Instant::now\n#[cfg(test)]\nmod tests { Instant::now(); }\n";
        assert_eq!(judge("a.rs", "policy", text).len(), 1);
        assert_eq!(judge("a.rs", "gateway", text).len(), 0);
    }

    #[test]
    fn only_the_binary_reads_the_environment() {
        let text = "let home = std::env::var(\"HOME\");\n";
        assert_eq!(judge("a.rs", "gateway", text).len(), 1);
        assert_eq!(judge("a.rs", "torwart", text).len(), 0);
    }
}
