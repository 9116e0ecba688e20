//! `torwart doctor`: exit codes, forms, languages, and who hears what.

use crate::program::{Folder, Outcome, PATIENCE, Program, run, run_with};
use crate::upstream::Upstream;
use rustix::process::Signal;
use serde_json::Value;
use std::net::TcpListener;

/// A port on which nobody listens.
fn closed_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("loopback is there");
    listener.local_addr().expect("it is bound").port()
}

/// The doctor about a closed port, in this form.
fn about_nothing(arguments: &[&str]) -> Outcome {
    let url = format!("http://127.0.0.1:{}/", closed_port());
    run(&[&["doctor", &url], arguments].concat())
}

#[test]
fn a_healthy_site_ends_with_0_and_no_finding_above_info() {
    let upstream = Upstream::start("hello");
    let url = format!("{}/", upstream.url());
    let outcome = run(&["doctor", &url, "--format", "json"]);
    let report = outcome.json();
    assert_eq!((outcome.code, &report["healthy"]), (Some(0), &Value::Bool(true)), "{report:#}");
    let findings = report["findings"].as_array().expect("a list");
    assert!(findings.iter().all(|finding| finding["severity"] == "info"), "{findings:#?}");
    let contacts = report["contacts"].as_array().expect("a list");
    assert!(contacts.iter().any(|contact| contact["host"] == "127.0.0.1"), "{contacts:#?}");
    assert_eq!(outcome.err, "", "a program reads it, nobody watches");
}

#[test]
fn a_fault_ends_with_1_and_is_named_first_in_every_form() {
    let json = about_nothing(&["--format", "json"]);
    assert_eq!(json.code, Some(1), "{json:#?}");
    let report = json.json();
    let id = report["findings"][0]["id"].as_str().expect("a finding").to_owned();
    assert_eq!(report["verdict"]["id"], id.as_str());
    assert_eq!(report["findings"][0]["severity"], "critical");
    for format in ["text", "markdown", "html"] {
        let outcome = about_nothing(&["--format", format]);
        assert_eq!(outcome.code, Some(1));
        assert!(outcome.out.contains(&id), "{format}: {}", outcome.out);
        assert!(!outcome.out.contains('\u{1b}') && !outcome.err.contains('\u{1b}'), "{format}");
    }
    let short = about_nothing(&["--short"]);
    assert!(short.code == Some(1) && short.out.contains(&id) && short.out.lines().count() <= 2, "{short:#?}");
}

#[test]
fn the_report_speaks_both_languages_and_the_json_keeps_its_ids() {
    let english = about_nothing(&["--lang", "en"]).out;
    let german = about_nothing(&["--lang", "de"]).out;
    assert!(english.contains("Fault: ") && english.contains("How we know"), "{english}");
    assert!(german.contains("Fehler: ") && german.contains("Was zu tun ist"), "{german}");
    let ids = |arguments: &[&str]| about_nothing(arguments).json()["findings"][0]["id"].clone();
    assert_eq!(ids(&["--format", "json", "--lang", "de"]), ids(&["--format", "json"]));
}

#[test]
fn what_the_environment_takes_part_in_is_told_without_passwords() {
    let url = format!("http://127.0.0.1:{}/", closed_port());
    let variables = [("http_proxy", "http://me:secret@127.0.0.1:9"), ("no_proxy", "127.0.0.1")];
    let outcome = run_with(&["doctor", &url], &variables);
    assert!(outcome.out.contains("http_proxy=") && outcome.out.contains("no_proxy="), "{}", outcome.out);
    assert!(!outcome.out.contains("secret") && !outcome.err.contains("secret"), "{}", outcome.out);
}

#[test]
fn progress_is_told_line_by_line_where_nobody_can_watch_one_change() {
    let outcome = about_nothing(&[]);
    assert!(outcome.err.lines().count() > 3 && outcome.err.contains("FOUND"), "{}", outcome.err);
}

#[test]
fn wrong_command_lines_end_with_2_and_say_what_to_do() {
    let check = |arguments: &[&str], expected: &str| {
        let outcome = run(&[&["doctor"], arguments].concat());
        assert_eq!((outcome.code, outcome.out.as_str()), (Some(2), ""), "{arguments:?}");
        assert!(outcome.err.contains(expected), "{arguments:?}: {}", outcome.err);
    };
    check(&[], "--help");
    check(&["ftp://shop.example"], "http://");
    check(&["shop.example", "--upstream", "app:0"], "65535");
    check(&["shop.example", "--upstream", "fastcgi://app"], "fastcgi://127.0.0.1:9000");
    check(&["shop.example", "--resolver", "dns.example"], "9.9.9.9");
    check(&["shop.example", "--resolve", "shop.example"], "shop.example:443:");
    check(&["shop.example", "-X", "DELETE"], "GET, HEAD");
    check(&["shop.example", "--skip", "no-such-check"], "possible are");
    check(&["shop.example", "--deadline", "30"], "30s");
    check(&["shop.example", "-4", "-6"], "do not go together");
    check(&["shop.example", "--control", "ftp://a.example"], "http://");
    check(&["shop.example", "--control", "none", "--control", "a.example"], "`none`");
    check(
        &["shop.example", "--control", "a", "--control", "b", "--control", "c", "--control", "d"],
        "up to 3",
    );
    check(&["shop.example", "--cert", "a.pem"], "--key");
    check(&["shop.example", "--short", "--format", "json"], "do not go together");
}

#[test]
fn files_that_cannot_be_read_end_with_3() {
    let folder = Folder::new();
    let report = folder.write("other.json", "{\"schema\": \"weather/1\"}");
    for option in ["--config", "--log", "--cacert", "--follow-up"] {
        let missing = folder.path().join("missing").display().to_string();
        let outcome = run(&["doctor", "shop.example", option, &missing]);
        assert_eq!(outcome.code, Some(3), "{option}: {outcome:#?}");
        assert!(outcome.err.contains(&missing), "{option}: {}", outcome.err);
    }
    let outcome = run(&["doctor", "shop.example", "--follow-up", &report]);
    assert!(outcome.code == Some(3) && outcome.err.contains("weather/1"), "{outcome:#?}");
}

#[test]
fn a_run_at_another_place_is_merged() {
    let folder = Folder::new();
    let there = about_nothing(&["--format", "json"]);
    let mut report = there.json();
    report["seen_from"] = "gate1".into();
    let file = folder.write("gate1.json", &report.to_string());
    let upstream = Upstream::start("hello");
    let url = format!("{}/", upstream.url());
    let differs = run(&["doctor", &url, "--follow-up", &file, "--format", "json"]);
    assert_eq!(differs.code, Some(2), "{differs:#?}");
    assert!(differs.err.contains(&url) && differs.err.contains("--connect-to"), "{}", differs.err);
    report["url"] = url.as_str().into();
    let file = folder.write("gate1.json", &report.to_string());
    let merged = run(&["doctor", &url, "--follow-up", &file, "--format", "json"]);
    let merged_report = merged.json();
    assert_eq!((merged.code, &merged_report["healthy"]), (Some(1), &Value::Bool(false)));
    assert_eq!(merged_report["others"][0], "gate1");
    assert_eq!(merged_report["findings"][0]["seen_from"][0], "gate1");
    assert_eq!(merged_report["findings"][0]["id"], report["findings"][0]["id"]);
    let notes = merged_report["notes"].to_string();
    assert!(notes.contains("gate1") && notes.contains("the site works"), "{notes}");
}

#[test]
fn the_schema_is_the_published_one() {
    let published = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/doctor.schema.json");
    let published: Value =
        serde_json::from_str(&std::fs::read_to_string(published).expect("it is published")).expect("JSON");
    assert_eq!(run(&["doctor", "--schema"]).json(), published);
}

#[test]
fn an_interrupt_shows_what_was_found_so_far() {
    // It takes connections and never answers.
    let silent = TcpListener::bind(("127.0.0.1", 0)).expect("loopback is there");
    let url = format!("http://{}/", silent.local_addr().expect("it is bound"));
    let program = Program::start(&["doctor", &url, "--format", "json", "--deadline", "60s"], &[]);
    silent.accept().expect("it asks");
    program.signal(Signal::INT);
    let begun = std::time::Instant::now();
    let outcome = program.end();
    assert!(begun.elapsed() < PATIENCE / 2, "it ends soon");
    let report = outcome.json();
    assert_eq!(report["cut_short"], true, "{report:#}");
    assert!(matches!(outcome.code, Some(1 | 3)), "{:?}", outcome.code);
}

#[test]
fn findings_are_explained() {
    let outcome = run(&["explain", "connect.refused_nothing_listens"]);
    assert!(outcome.code == Some(0) && outcome.out.contains("What to do"), "{outcome:#?}");
    let all = run(&["explain", "--findings", "--format", "json"]).json();
    assert!(all["findings"].as_array().is_some_and(|all| all.len() > 50));
    let near = run(&["explain", "connect.refused_nothing_listen"]);
    assert!(near.code == Some(2) && near.err.contains("connect.refused_nothing_listens"), "{near:#?}");
    let unknown = run(&["explain", "connect.refused_nothing_listens", "--product", "weather"]);
    assert_eq!(unknown.code, Some(2));
}
