//! Help, wrong command lines, languages and colours.

use crate::program::{command, run, run_with};
use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use std::io::Read;

const COMMANDS: [&str; 10] =
    ["demo", "serve", "check", "doctor", "explain", "lab", "upstreams", "purge", "upgrade", "health"];

#[test]
fn every_command_explains_itself_in_both_languages() {
    for name in COMMANDS {
        let english = run(&[name, "--help"]);
        assert_eq!(english.code, Some(0));
        for part in ["Usage:", "Options:", "Examples:", "Exit codes:"] {
            assert!(english.out.contains(part), "{name} {part}: {}", english.out);
        }
        let german = run_with(&["help", name], &[("LANG", "de_AT.UTF-8")]);
        assert_eq!(german.code, Some(0));
        for part in ["Aufruf:", "Optionen:", "Beispiele:", "Exit-Codes:"] {
            assert!(german.out.contains(part), "{name} {part}: {}", german.out);
        }
    }
}

#[test]
fn the_whole_help_names_every_command() {
    let help = run(&["--lang", "de", "--help"]).out;
    for name in COMMANDS {
        assert!(help.contains(&format!("\n  {name} ")), "{name}: {help}");
    }
    assert!(run(&["--version"]).out.starts_with("torwart "));
}

#[test]
fn wrong_command_lines_are_told_with_what_was_meant() {
    let check = |arguments: &[&str], expected: &str| {
        let outcome = run(arguments);
        assert_eq!((outcome.code, outcome.out.as_str()), (Some(2), ""), "{arguments:?}");
        assert!(outcome.err.contains(expected), "{arguments:?}: {}", outcome.err);
    };
    check(&["chek"], "did you mean check?");
    check(&["serve", "--lisen", "8080"], "did you mean --listen?");
    check(&["serve", "--listen", "nowhere", "--to", "http://a"], "127.0.0.1:8080");
    check(&["serve", "--config", "a", "--to", "http://a"], "do not go together");
    check(&["serve", "--to"], "needs a value");
    check(&["demo", "--for", "30"], "30s");
    check(&["--lang", "fr", "demo"], "en, de");
    check(&["--lang", "de", "chek"], "meinten Sie check?");
    check(&[], "torwart serve --to");
}

#[test]
fn colours_appear_on_terminals_only_and_not_where_they_are_refused() {
    let check = |variables: &[(&str, &str)], expected: bool| {
        let shown = on_a_terminal(&["explain", "connect_refused"], variables);
        assert_eq!(shown.contains('\u{1b}'), expected, "{variables:?}: {shown:?}");
    };
    check(&[("TERM", "xterm")], true);
    check(&[("TERM", "xterm"), ("NO_COLOR", "1")], false);
    check(&[("TERM", "xterm"), ("NO_COLOR", "")], true);
    check(&[("TERM", "dumb")], false);
    assert!(!run(&["explain", "connect_refused"]).out.contains('\u{1b}'));
}

/// What a terminal gets to see.
fn on_a_terminal(arguments: &[&str], variables: &[(&str, &str)]) -> String {
    let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("there are terminals");
    grantpt(&terminal).expect("it is ours");
    unlockpt(&terminal).expect("it is ours");
    let name = ptsname(&terminal, Vec::new()).expect("it has a name");
    let end = rustix::fs::open(&name, OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).expect("it is ours");
    let mut child = command(arguments, variables).stdout(end).spawn().expect("the program was built");
    // Our end reports an error once the program has closed the other one: that is the end.
    let mut shown = Vec::new();
    let mut terminal = std::fs::File::from(terminal);
    let mut part = [0; 4096];
    while let Ok(count @ 1..) = terminal.read(&mut part) {
        shown.extend_from_slice(&part[..count]);
    }
    assert!(child.wait().expect("it is our child").success());
    String::from_utf8_lossy(&shown).into_owned()
}
