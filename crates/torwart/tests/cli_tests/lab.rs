//! `torwart lab`.

use crate::program::{Program, get, run};
use rustix::process::Signal;
use serde_json::Value;

#[test]
fn all_faults_are_listed() {
    let outcome = run(&["lab", "--list"]);
    assert_eq!(outcome.code, Some(0));
    assert!(outcome.out.contains("head-cut") && outcome.out.contains("TLS"), "{}", outcome.out);
    let german = run(&["lab", "--list", "--lang", "de"]);
    assert!(german.out.contains("Der Antwortkopf"), "{}", german.out);
    let faults = run(&["lab", "--list", "--format", "json"]).json();
    assert!(faults["faults"].as_array().is_some_and(|faults| faults.len() > 50));
}

#[test]
fn the_lab_serves_its_faults_until_it_is_stopped() {
    let mut program = Program::start(&["lab", "--listen", "127.0.0.1:0", "--format", "json"], &[]);
    let line: Value = serde_json::from_str(&program.wait_for("\"schema\"")).expect("it is JSON");
    let address = line["http"].as_str().and_then(|url| url.strip_prefix("http://")).expect("an address");
    let (status, body) = get(address.parse().expect("an address"), "/");
    assert_eq!(status, 200);
    assert!(body.contains("head-cut"), "{body}");
    let authority = std::path::PathBuf::from(line["authority"].as_str().expect("a file"));
    assert!(authority.exists());
    program.signal(Signal::TERM);
    assert_eq!(program.end().code, Some(0));
    assert!(!authority.exists(), "its folder goes with it");
}

#[test]
fn people_are_told_what_to_try() {
    let mut program = Program::start(&["--lang", "de", "lab", "--listen", "127.0.0.1:0"], &[]);
    program.wait_for("Das Labor ist geöffnet");
    program.wait_for("/fault/head-cut");
    program.wait_for("Strg-C");
    program.signal(Signal::INT);
    assert_eq!(program.end().code, Some(0));
}
