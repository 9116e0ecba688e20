//! Explanations fit their terminal, stay readable for programs, and find what was meant.

use super::*;

#[test]
fn nearest_finds_what_was_meant() {
    let check = |typed: &str, expected: Cause| {
        assert_eq!(nearest(typed).first(), Some(&expected), "{typed}");
    };
    check("connect-refused", Cause::ConnectRefused);
    check("Connect Refused", Cause::ConnectRefused);
    check("conect_refussed", Cause::ConnectRefused);
    check("tls_expire", Cause::TlsExpired);
    check("stall", Cause::BodyStalled);
    assert!(nearest("tls").len() == 3);
    assert!(nearest("zzzzzzzz").is_empty());
    assert!(nearest("").is_empty());
    assert!(nearest(&"ä".repeat(100_000)).is_empty());
}

#[test]
fn lines_fit_the_terminal() {
    let style = Style { width: 72, ..Style::PLAIN };
    for &cause in Cause::ALL {
        for lang in Lang::ALL {
            let explained = explain(cause, lang, Format::Text(style));
            for line in explained.lines().skip(1).filter(|line| !line.contains('`')) {
                assert!(line.chars().count() <= 72, "{lang} {cause}: {line}");
            }
        }
    }
}

#[test]
fn ascii_is_ascii() {
    let style = Style { is_ascii: true, ..Style::PLAIN };
    for &cause in Cause::ALL {
        let explained = explain(cause, Lang::De, Format::Text(style));
        let asked = explain(cause, Lang::De, Format::Text(Style::PLAIN)).matches('?').count();
        assert!(explained.is_ascii(), "{cause}: {explained}");
        assert_eq!(
            explained.matches('?').count(),
            asked,
            "{cause}: a character has no stand-in: {explained}"
        );
    }
    assert!(explain_all(Lang::De, Format::Text(style)).is_ascii());
}

#[test]
fn programs_read_a_versioned_form() {
    let read = |text: &str| serde_json::from_str::<serde_json::Value>(text).expect("it is JSON");
    let one = read(&explain(Cause::ConnectRefused, Lang::En, Format::Json));
    assert_eq!(one["schema"], SCHEMA);
    assert_eq!(one["id"], "connect_refused");
    assert_eq!(one["status"], 502);
    let all = read(&explain_all(Lang::De, Format::Json));
    assert_eq!(all["causes"].as_array().map(Vec::len), Some(Cause::ALL.len()));
}

#[test]
fn the_overview_names_every_cause() {
    for lang in Lang::ALL {
        for format in [Format::Text(Style::PLAIN), Format::Markdown] {
            let overview = explain_all(lang, format);
            assert!(Cause::ALL.iter().all(|cause| overview.contains(cause.id())));
        }
    }
    assert!(Cause::ALL.iter().all(|cause| cause.id().len() <= WIDEST_ID));
}

#[test]
fn findings_are_explained_for_people_and_programs() {
    let read = |text: &str| serde_json::from_str::<serde_json::Value>(text).expect("it is JSON");
    let style = Style { is_ascii: true, ..Style::PLAIN };
    for kind in torwart_cause::finding::FindingKind::all() {
        for lang in Lang::ALL {
            assert!(explain_finding(kind, lang, Format::Text(Style::PLAIN), None).contains(kind.id));
            assert!(explain_finding(kind, lang, Format::Markdown, None).starts_with("# "));
            assert_eq!(read(&explain_finding(kind, lang, Format::Json, None))["id"], kind.id);
        }
        let text = explain_finding(kind, Lang::De, Format::Text(style), None);
        assert!(text.is_ascii(), "{}: {text}", kind.id);
    }
    let all = torwart_cause::finding::FindingKind::all().count();
    let overview = read(&explain_findings(Lang::De, Format::Json));
    assert_eq!(overview["findings"].as_array().map(Vec::len), Some(all));
    assert!(
        explain_findings(Lang::En, Format::Text(Style::PLAIN)).contains("connect.refused_nothing_listens")
    );
}

#[test]
fn nearest_finds_the_finding_that_was_meant() {
    let first = |typed: &str| nearest_findings(typed).first().map(|kind| kind.id);
    assert_eq!(first("conect.refused_nothing_listen"), Some("connect.refused_nothing_listens"));
    assert_eq!(first("refused-nothing-listens"), Some("connect.refused_nothing_listens"));
    assert_eq!(first("zzzzzzzzzzzz"), None);
}
