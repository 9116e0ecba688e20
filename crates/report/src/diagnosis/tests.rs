//! Reports say the same in every form and both languages, hold to their schema, and are read again.

use super::*;
use serde_json::Value;
use std::time::Duration;
use torwart_cause::finding::{
    CheckMade, CheckState, Contact, Finding, Fix, Hop, NotChecked, Outcome, Said, Severity, Station,
    StationState, Where, connect, said as say,
};

const SETTING: Setting<'_> = Setting { program: "torwart", version: "0.1.0", at: "2026-11-21T03:00:00Z" };

fn refused() -> Finding {
    let place = Where::hop(Hop::Upstream).address("10.0.0.11:3000").file("/etc/nginx/conf.d/shop.conf", 12);
    Finding::new(&connect::REFUSED_NOTHING_LISTENS, 97, place)
        .proof_by(Said::Text("refused <b>after</b> 0.4 ms `[1]`".into()), "nc -vz 10.0.0.11 3000")
        .proof(say("no-such-key").with("address", "10.0.0.11").with("took", "1.50 s"))
        .fix(Fix {
            product: Some("nginx".into()),
            file: Some(("/etc/nginx/conf.d/shop.conf".into(), 12)),
            before: Some("proxy_pass http://10.0.0.11:3000;".into()),
            after: "proxy_pass http://10.0.0.12:3000;".into(),
        })
}

fn faulty() -> Diagnosis {
    let note = refused().severity(Severity::Info);
    let place = Where::hop(Hop::Upstream).address("10.0.0.12:3000");
    let station = |hop, state| Station { hop, name: Some(format!("{hop:?} of the shop")), state };
    let mut diagnosis = Diagnosis {
        url: "https://shop.example/".into(),
        seen_from: "gate1".into(),
        outcome: Outcome::Faulty,
        findings: vec![Finding { place, ..note }, refused()],
        checks: vec![CheckMade {
            name: "refused".into(),
            state: CheckState::Found,
            said: None,
            took: Duration::from_millis(3),
        }],
        not_checked: vec![NotChecked {
            why: Said::Text("not root".into()),
            command: Some("ss -ltnp".into()),
        }],
        hops: vec![
            station(Hop::You, StationState::Well),
            station(Hop::Dns, StationState::Well),
            station(Hop::Gateway, StationState::Doubtful),
            station(Hop::Path, StationState::Well),
            station(Hop::Upstream, StationState::Broken),
            station(Hop::Application, StationState::Unknown),
        ],
        products: vec!["nginx".into()],
        contacts: vec![Contact { host: "10.0.0.11".into(), connections: 1, requests: 2 }],
        notes: vec![Said::Text("http_proxy=http://proxy:3128".into())],
        others: Vec::new(),
        took: Duration::from_millis(1500),
        is_cut_short: false,
    };
    diagnosis.rank();
    diagnosis
}

fn healthy() -> Diagnosis {
    Diagnosis { url: "https://shop.example/".into(), outcome: Outcome::Healthy, ..Diagnosis::default() }
}

fn forms() -> [Form; 5] {
    [Form::Text(Style::PLAIN), Form::Short(Style::PLAIN), Form::Json, Form::Markdown, Form::Html]
}

#[test]
fn every_form_names_the_finding_and_its_place() {
    for lang in Lang::ALL {
        for form in forms() {
            let text = report(&faulty(), lang, form, SETTING);
            assert!(text.contains("connect.refused_nothing_listens"), "{lang} {form:?}: {text}");
            assert!(text.contains("10.0.0.11:3000"), "{lang} {form:?}: {text}");
        }
    }
}

#[test]
fn what_a_visitor_cannot_reach_is_called_the_gateway() {
    let place = Where::hop(Hop::Gateway).address("192.0.2.1:443");
    let finding = Finding::new(&connect::REFUSED_NOTHING_LISTENS, 90, place);
    for (lang, whose) in [(Lang::En, "the gateway's port"), (Lang::De, "Port des Gateways")] {
        let diagnosis = Diagnosis { findings: vec![finding.clone()], ..faulty() };
        for form in forms() {
            let text = report(&diagnosis, lang, form, SETTING);
            assert!(text.replace("&#x27;", "'").contains(whose), "{lang} {form:?}: {text}");
        }
        let upstream = report(&faulty(), lang, Form::Short(Style::PLAIN), SETTING);
        assert!(upstream.contains("pstream"), "{upstream}");
    }
}

#[test]
fn every_form_but_the_short_one_has_evidence_command_and_change() {
    for form in forms().into_iter().filter(|form| !matches!(form, Form::Short(_))) {
        let text = report(&faulty(), Lang::De, form, SETTING).replace("&#x2f;", "/");
        for part in ["nc -vz 10.0.0.11 3000", "proxy_pass http://10.0.0.12:3000;", "ss -ltnp", "http_proxy="]
        {
            assert!(text.contains(part), "{form:?} {part}: {text}");
        }
    }
}

#[test]
fn the_short_form_is_one_line() {
    let style = Style { width: 400, ..Style::PLAIN };
    for diagnosis in [faulty(), healthy(), Diagnosis::default()] {
        assert_eq!(report(&diagnosis, Lang::En, Form::Short(style), SETTING).lines().count(), 1);
    }
}

#[test]
fn the_picture_marks_the_break() {
    let text = report(&faulty(), Lang::En, Form::Text(Style::PLAIN), SETTING);
    assert!(
        text.contains("✓ You ") && text.contains("✗ Upstream") && text.contains("? Application"),
        "{text}"
    );
    assert!(text.contains("▲ here it breaks"), "{text}");
    let narrow = Style { width: 50, ..Style::PLAIN };
    let text = report(&faulty(), Lang::De, Form::Text(narrow), SETTING);
    assert!(text.lines().any(|line| line == "  ✗ Upstream  Upstream of the shop"), "{text}");
}

#[test]
fn a_terminal_with_ascii_alone_gets_ascii_without_colours() {
    let style = Style { is_ascii: true, ..Style::PLAIN };
    for diagnosis in [faulty(), healthy()] {
        let text = report(&diagnosis, Lang::De, Form::Text(style), SETTING);
        assert!(text.is_ascii() && !text.contains('\u{1b}'), "{text}");
    }
}

#[test]
fn lines_fit_the_terminal_but_commands_stay_whole() {
    for width in [40, 72, 100] {
        let style = Style { width, ..Style::PLAIN };
        let text = report(&faulty(), Lang::De, Form::Text(style), SETTING);
        let is_copied = |line: &str| line.contains("$ ") || line.contains("proxy_pass") || line.contains('`');
        for line in text.lines().filter(|line| !is_copied(line) && line.contains(' ')) {
            let longest_word = line.split_whitespace().map(str::len).max().unwrap_or(0);
            assert!(line.chars().count() <= width.max(longest_word + 24), "{width}: {line}");
        }
    }
}

#[test]
fn raw_facts_cannot_break_out_of_a_page() {
    let html = report(&faulty(), Lang::En, Form::Html, SETTING);
    assert!(!html.contains("<b>after") && html.contains("&lt;b&gt;after"), "{html}");
    assert!(!html.contains("<script") && !html.contains("http-equiv=\"refresh"), "{html}");
    let outside = html.matches("src=").count() + html.matches("<link").count() + html.matches("url(").count();
    assert_eq!(outside, 0, "everything is in the file");
    assert!(report(&faulty(), Lang::En, Form::Markdown, SETTING).contains("&lt;b>after"));
}

#[test]
fn a_healthy_site_says_so_and_has_no_verdict() {
    for (lang, word) in [(Lang::En, "Healthy"), (Lang::De, "Gesund")] {
        for form in [Form::Text(Style::PLAIN), Form::Markdown, Form::Html] {
            assert!(report(&healthy(), lang, form, SETTING).contains(word), "{lang} {form:?}");
        }
    }
    let json: Value = serde_json::from_str(&report(&healthy(), Lang::En, Form::Json, SETTING)).expect("JSON");
    assert_eq!((&json["healthy"], &json["verdict"]), (&Value::Bool(true), &Value::Null));
}

#[test]
fn a_report_is_read_again() {
    let written = report(&faulty(), Lang::En, Form::Json, SETTING);
    let read = read(&written, Lang::En).expect("it is ours");
    assert_eq!(
        report(&read, Lang::En, Form::Short(Style::PLAIN), SETTING),
        report(&faulty(), Lang::En, Form::Short(Style::PLAIN), SETTING)
    );
    let first = read.findings.first().expect("there is one");
    assert_eq!(first.fixes, refused().fixes);
    assert_eq!(first.place, refused().place);
    assert_eq!(read.hops, faulty().hops);
    assert!(super::read("{}", Lang::En).is_err() && super::read("", Lang::En).is_err());
    assert!(super::read(&written.replace("doctor/1", "doctor/9"), Lang::En).is_err());
}

#[test]
fn runs_from_two_places_become_one_that_says_who_saw_what() {
    let own = Diagnosis { seen_from: "laptop".into(), ..healthy() };
    let merged = merge(own, faulty());
    assert_eq!(merged.outcome, Outcome::Faulty);
    assert_eq!(merged.verdict().map(|finding| finding.seen_from.clone()), Some(vec!["gate1".to_owned()]));
    assert_eq!(merged.others, ["gate1"]);
    for form in [Form::Text(Style::PLAIN), Form::Markdown, Form::Html] {
        let text = report(&merged, Lang::En, form, SETTING);
        assert!(text.contains("laptop, gate1"), "{form:?}: {text}");
    }
    let both = merge(Diagnosis { seen_from: "gate2".into(), ..faulty() }, faulty());
    assert_eq!(both.findings.len(), faulty().findings.len());
    assert_eq!(both.verdict().map(|finding| finding.seen_from.len()), Some(2));
    assert_eq!(both.contacts.first().map(|contact| contact.connections), Some(2));
    let well = merge(Diagnosis { seen_from: "a".into(), ..healthy() }, healthy());
    assert_eq!(well.outcome, Outcome::Healthy);
}

#[test]
fn every_report_holds_to_the_published_schema() {
    let schema = schema();
    for diagnosis in [faulty(), healthy(), Diagnosis::default(), merge(healthy(), faulty())] {
        for lang in Lang::ALL {
            let document =
                serde_json::from_str(&report(&diagnosis, lang, Form::Json, SETTING)).expect("JSON");
            let mut faults = Vec::new();
            validate(&document, &schema, &schema, "", &mut faults);
            assert!(faults.is_empty(), "{}", faults.join("\n"));
        }
    }
    let mut faults = Vec::new();
    validate(&serde_json::json!({ "schema": 1 }), &schema, &schema, "", &mut faults);
    assert!(faults.len() > 10, "the test itself must be able to fail: {faults:?}");
}

/// The part of JSON Schema that ours uses.
fn validate(value: &Value, schema: &Value, root: &Value, at: &str, faults: &mut Vec<String>) {
    if let Some(name) = schema["$ref"].as_str().and_then(|path| path.strip_prefix("#/$defs/")) {
        validate(value, &root["$defs"][name], root, at, faults);
    }
    if let Some(options) = schema["anyOf"].as_array() {
        let fits = |option: &Value| {
            let mut faults = Vec::new();
            validate(value, option, root, at, &mut faults);
            faults.is_empty()
        };
        if !options.iter().any(fits) {
            faults.push(format!("{at}: {value} fits none of {options:?}"));
        }
    }
    let is_type = |name: &str| match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_u64() || value.is_i64(),
        "null" => value.is_null(),
        _ => false,
    };
    let types: Vec<&str> = match &schema["type"] {
        Value::String(one) => vec![one],
        Value::Array(several) => several.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    if !types.is_empty() && !types.iter().any(|name| is_type(name)) {
        faults.push(format!("{at}: {value} is not {types:?}"));
    }
    if schema["enum"].as_array().is_some_and(|all| !all.contains(value))
        || schema.get("const").is_some_and(|only| only != value)
    {
        faults.push(format!("{at}: {value} is not one of {}", schema["enum"]));
    }
    if let (Some(number), Some(most)) = (value.as_u64(), schema["maximum"].as_u64())
        && number > most
    {
        faults.push(format!("{at}: {number} > {most}"));
    }
    for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        if value.get(name).is_none() {
            faults.push(format!("{at}: no {name}"));
        }
    }
    if let (Some(fields), Some(known)) = (value.as_object(), schema["properties"].as_object()) {
        for (name, field) in fields {
            match known.get(name) {
                Some(schema) => validate(field, schema, root, &format!("{at}/{name}"), faults),
                None => faults.push(format!("{at}/{name} is not in the schema")),
            }
        }
    }
    for (index, item) in value.as_array().into_iter().flatten().enumerate() {
        validate(item, &schema["items"], root, &format!("{at}/{index}"), faults);
    }
}
