//! `torwart explain`.

use crate::program::{Gateway, run, run_with};

#[test]
fn a_cause_is_explained_in_both_languages() {
    let outcome = run(&["explain", "connect_refused"]);
    assert_eq!(outcome.code, Some(0));
    assert!(
        outcome.out.starts_with("The upstream refused the connection  connect_refused\n"),
        "{}",
        outcome.out
    );
    let outcome = run_with(&["explain", "Connect-Refused"], &[("LANG", "de_DE.UTF-8")]);
    assert!(outcome.out.contains("Was zu tun ist"), "{}", outcome.out);
    let outcome =
        run_with(&["explain", "connect_refused"], &[("LC_ALL", "en_GB.UTF-8"), ("LANG", "de_DE.UTF-8")]);
    assert!(outcome.out.contains("What to do"), "{}", outcome.out);
}

#[test]
fn where_only_ascii_can_be_shown_umlauts_are_spelled_out() {
    let outcome = run_with(&["--lang", "de", "explain", "connect_timed_out"], &[("LC_ALL", "C")]);
    assert_eq!(outcome.code, Some(0));
    assert!(outcome.out.is_ascii() && outcome.out.contains("ue"), "{}", outcome.out);
}

#[test]
fn causes_are_explained_to_programs_and_pages() {
    let outcome = run(&["explain", "connect_refused", "--format", "json"]).json();
    assert_eq!((&outcome["id"], &outcome["status"]), (&"connect_refused".into(), &502.into()));
    let overview = run(&["explain", "--format", "json"]).json();
    assert!(overview["causes"].as_array().is_some_and(|causes| causes.len() > 50));
    assert!(run(&["explain", "connect_refused", "--format", "markdown"]).out.starts_with("# "));
}

#[test]
fn without_anything_there_is_an_overview() {
    let outcome = run(&["explain"]);
    assert_eq!(outcome.code, Some(0));
    assert!(outcome.out.contains("tls_expired") && outcome.out.contains("head_timed_out"));
}

#[test]
fn a_status_names_its_causes() {
    let outcome = run(&["explain", "504"]);
    assert_eq!(outcome.code, Some(0));
    assert!(outcome.out.contains("head_timed_out") && !outcome.out.contains("connect_refused"));
}

#[test]
fn an_unknown_word_gets_a_suggestion() {
    let outcome = run(&["explain", "conect_refused"]);
    assert_eq!((outcome.code, outcome.out.as_str()), (Some(2), ""));
    assert!(outcome.err.contains("did you mean connect_refused"), "{}", outcome.err);
    let outcome = run(&["explain", "--lang", "de", "quark"]);
    assert_eq!(outcome.code, Some(2));
    assert!(outcome.err.contains("es gibt weder eine Ursache noch eine Erkenntnis"), "{}", outcome.err);
}

#[test]
fn a_request_id_becomes_a_story() {
    let arguments =
        ["--to", "http://127.0.0.1:1", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--log", "json"];
    let mut gateway = Gateway::serve(&arguments);
    let admin = gateway.admin.expect("it was asked for").to_string();
    assert_eq!(gateway.get("/cart").0, 502);
    let line: serde_json::Value =
        serde_json::from_str(&gateway.program.wait_for("\"path\":\"/cart\"")).expect("it is JSON");
    let id = line["id"].as_str().expect("every exchange has one");
    let outcome = run(&["explain", id, "--admin", &admin]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.err);
    for part in [id, "connect_refused", "/cart", "127.0.0.1:1"] {
        assert!(outcome.out.contains(part), "{part}: {}", outcome.out);
    }
    let words: Vec<&str> = id.split('-').collect();
    let spoken = [&["--lang", "de", "explain"], &words[..], &["--admin", &admin]].concat();
    assert!(run(&spoken).out.contains("Ursache"));
    assert_eq!(run(&["explain", id, "--admin", &admin, "--format", "json"]).json()["id"], id);
    let outcome = run(&["explain", "babab-babab-babab", "--admin", &admin]);
    assert_eq!((outcome.code, outcome.out.as_str()), (Some(1), ""));
}

#[test]
fn a_gateway_that_does_not_run_cannot_be_asked() {
    let outcome = run(&["explain", "babab-babab-babab", "--admin", "127.0.0.1:1"]);
    assert_eq!(outcome.code, Some(3));
    assert!(outcome.err.contains("--admin"), "{}", outcome.err);
}
