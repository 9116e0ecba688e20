//! `torwart demo`.

use crate::program::{Program, get, run};
use rustix::process::Signal;
use serde_json::Value;
use std::net::TcpListener;

#[test]
fn a_short_demonstration_shows_masked_and_answered_faults() {
    let outcome = run(&["demo", "--listen", "127.0.0.1:0", "--for", "6s", "--format", "json"]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.err);
    let events: Vec<Value> =
        outcome.out.lines().map(|line| serde_json::from_str(line).expect("it is JSON")).collect();
    assert_eq!(events.first().map(|event| &event["event"]), Some(&"started".into()));
    let summary = events.last().expect("there is one");
    assert_eq!(summary["event"], "summary");
    let fate = |name: &str| events.iter().find(|event| event["fate"] == name);
    let masked = fate("masked").unwrap_or_else(|| panic!("nothing was masked: {}", outcome.out));
    assert!(masked["cause"].is_null() && masked["attempts"].as_array().is_some_and(|all| all.len() > 1));
    assert!(summary["well"].as_u64().is_some_and(|well| well > 5), "{summary}");
}

#[test]
fn people_see_what_to_open_and_how_it_ended() {
    let outcome = run(&["--lang", "de", "demo", "--listen", "127.0.0.1:0", "--for", "1s"]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.err);
    for part in ["Öffnen Sie", "/alone/", "torwart explain", "-- shop-3 ", "Das war es", "gingen gut"] {
        assert!(outcome.out.contains(part), "{part}: {}", outcome.out);
    }
    assert!(!outcome.out.contains('\u{1b}'), "no colours on a pipe");
}

#[test]
fn a_taken_port_is_no_obstacle_and_the_shop_is_open() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
    let address = taken.local_addr().expect("it is bound").to_string();
    let mut program = Program::start(&["demo", "--listen", &address], &[]);
    let told = program.wait_for("is taken");
    let chosen = told.rsplit(' ').next().and_then(|last| last.trim_end_matches('.').parse().ok());
    let (status, page) = get(chosen.expect("an address"), "/");
    assert_eq!(status, 200);
    assert!(page.contains("<html"), "{page}");
    program.signal(Signal::INT);
    let outcome = program.end();
    assert_eq!(outcome.code, Some(0));
    assert!(outcome.out.contains("For the visitors"), "{}", outcome.out);
}

#[test]
fn the_demonstration_ends_when_nobody_looks_any_more() {
    let arguments = ["demo", "--listen", "127.0.0.1:0"];
    let mut command = crate::program::command(&arguments, &[]);
    let mut child = command.stdout(std::process::Stdio::piped()).spawn().expect("the program was built");
    drop(child.stdout.take());
    let until = std::time::Instant::now() + crate::program::PATIENCE;
    while child.try_wait().expect("it is our child").is_none() {
        if std::time::Instant::now() > until {
            child.kill().expect("it runs");
            panic!("it goes on for nobody");
        }
        std::thread::park_timeout(std::time::Duration::from_millis(20));
    }
}
