//! Log lines and documents are valid whatever a peer sends, and say what happened.

use crate::sample::{Sample, failed, good, turned_away};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::time::Duration;
use torwart_cause::{Address, Cause, Ending, Step};
use torwart_record::{HumanLog, JsonLog, OwnedRecord, RequestId, write_document, write_summary};

fn line(sample: &Sample) -> String {
    let mut out = Vec::new();
    JsonLog::new(false).write(&sample.record(), &mut out);
    String::from_utf8(out).unwrap()
}

fn human(sample: &Sample, is_coloured: bool) -> String {
    let mut out = Vec::new();
    HumanLog::new(is_coloured).write(&sample.record(), &mut out);
    String::from_utf8(out).unwrap()
}

fn human_of(record: &torwart_record::Record<'_>) -> String {
    let mut out = Vec::new();
    HumanLog::new(false).write(record, &mut out);
    String::from_utf8(out).unwrap()
}

fn document(sample: &Sample) -> Value {
    let mut out = Vec::new();
    write_document(&OwnedRecord::from_record(&sample.record()), &mut out);
    serde_json::from_slice(&out).unwrap()
}

#[test]
fn a_line_has_the_promised_fields_in_the_promised_order() {
    assert_eq!(
        line(&good()),
        concat!(
            r#"{"ts":"2026-11-21T12:34:56.789012Z","id":"bakim-toruf-zalan","client":"192.0.2.7:4711","#,
            r#""method":"GET","host":"shop.example","path":"/cart","protocol":"HTTP/1.1","status":200,"#,
            r#""served_by":"upstream","complete":true,"site":"shop.example","route":"/","pool":"shop","#,
            r#""cause":null,"stage":null,"queue_ms":null,"duration_ms":9.042,"sent":1210,"received":290,"#,
            r#""user_agent":"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0","#,
            r#""referer":"https://shop.example/","trace_id":"4bf92f3577b34da6a3ce929d0e0e4736","crawler":null,"attempts":["#,
            r#"{"upstream":"http://10.0.0.12:3000","address":"10.0.0.12:3000","reused":true,"#,
            r#""resolve_ms":null,"connect_ms":null,"tls_ms":null,"first_byte_ms":8.500,"body_ms":0.400,"#,
            r#""sent":310,"received":1210,"status":200,"cause":null,"ending":null}]}"#,
            "\n"
        )
    );
}

#[test]
fn the_query_is_shown_where_it_is_asked_for() {
    let sample = good();
    let record = torwart_record::Record { query: Some(b"utm_source=mail"), ..sample.record() };
    let (mut json, mut human) = (Vec::new(), Vec::new());
    JsonLog::new(true).write(&record, &mut json);
    HumanLog::new(false).with_query(true).write(&record, &mut human);
    let value: Value = serde_json::from_slice(&json).unwrap();
    assert_eq!(value["path"], "/cart?utm_source=mail");
    assert!(String::from_utf8(human).unwrap().contains(" shop.example/cart?utm_source=mail 200 "));
    for silent in [line(&sample), human_of(&record)] {
        assert!(!silent.contains("utm_source"), "{silent}");
    }
}

#[test]
fn a_failed_exchange_tells_each_attempts_cause_and_ending() {
    let value: Value = serde_json::from_str(&line(&failed())).unwrap();
    assert_eq!(value["cause"], "not_http");
    assert_eq!(value["stage"], "head");
    assert_eq!(value["attempts"][0]["cause"], "connect_refused");
    assert_eq!(value["attempts"][0]["ending"], "refused");
    assert_eq!(value["attempts"][0]["connect_ms"], json!(0.25));
    assert_eq!(value["attempts"][0]["status"], Value::Null);
    assert_eq!(value["attempts"][1]["ending"], "malformed:not_http@0");
}

#[test]
fn what_was_not_reached_is_null() {
    let value: Value = serde_json::from_str(&line(&turned_away())).unwrap();
    for field in ["site", "route", "pool"] {
        assert_eq!(value[field], Value::Null, "{field}");
    }
    assert_eq!(value["cause"], "no_route");
    assert_eq!(value["attempts"], json!([]));
}

#[test]
fn the_query_is_logged_only_if_asked_for() {
    assert!(!line(&good()).contains("secret"));
    let mut out = Vec::new();
    JsonLog::new(true).write(&good().record(), &mut out);
    let value: Value = serde_json::from_slice(&out).unwrap();
    assert_eq!(value["path"], "/cart?token=secret");
}

#[test]
fn long_texts_are_cut_at_a_character() {
    let mut sample = good();
    sample.record.user_agent = "ü".repeat(1000).leak().as_bytes();
    let value: Value = serde_json::from_str(&line(&sample)).unwrap();
    let text = value["user_agent"].as_str().unwrap();
    assert_eq!(text, format!("{}…", "ü".repeat(256)));
}

#[test]
fn one_writer_follows_the_clock_from_second_to_second() {
    let mut log = JsonLog::new(false);
    let mut sample = good();
    for (micros, text) in [(0, "1970-01-01T00:00:00.000000Z"), (1_500_000, "1970-01-01T00:00:01.500000Z")] {
        sample.record.at = torwart_record::Timestamp::from_micros(micros);
        let mut out = Vec::new();
        log.write(&sample.record(), &mut out);
        let value: Value = serde_json::from_slice(&out).unwrap();
        assert_eq!(value["ts"], text);
    }
}

#[test]
fn a_human_line_shows_the_way_through_the_upstreams() {
    assert_eq!(
        human(&failed(), false),
        "12:34:56.789012Z bakim-toruf-zalan 192.0.2.7:4711 GET shop.example/cart 502 not_http 9.042 ms \
         > http://10.0.0.11:3000 (refused) > http://10.0.0.12:3000 (malformed:not_http@0)\n"
    );
    assert!(human(&failed(), true).contains("\x1b[31m502\x1b[0m"));
    assert!(!human(&good(), false).contains('\x1b'));
}

#[test]
fn a_human_line_keeps_no_control_character_of_the_client() {
    let mut sample = good();
    sample.record.path = "/\x1b]0;evil\x07\r\n\u{9b}31m\u{202e}".as_bytes();
    let text = human(&sample, false);
    assert_eq!(text.lines().count(), 1);
    assert!(
        text.trim_end().chars().all(|character| !character.is_control() && character != '\u{202e}'),
        "{text:?}"
    );
}

#[test]
fn a_document_holds_every_step_and_the_first_bytes() {
    let value = document(&failed());
    assert_eq!(value["schema"], 1);
    assert_eq!(value["verdict"]["cause"], "not_http");
    assert_eq!(value["verdict"]["error_type"], "http_protocol_error");
    assert_eq!(value["client_side"]["head"], json!({"state": "done", "ms": 0.04}));
    assert_eq!(value["attempts"][0]["steps"]["connect"]["ending"], "refused");
    assert_eq!(value["attempts"][0]["steps"]["handshake"], json!({"state": "not_reached"}));
    let bytes = &value["attempts"][1]["first_bytes"];
    assert_eq!(bytes["hex"], "5353482d322e302d4f70656e5353485f392e360d0a00ff22");
    assert_eq!(bytes["text"], "SSH-2.0-OpenSSH_9.6\\r\\n\\u{0}\\xff\"");
}

#[test]
fn a_summary_names_the_last_upstream() {
    let mut out = Vec::new();
    write_summary(&OwnedRecord::from_record(&failed().record()), &mut out);
    let value: Value = serde_json::from_slice(&out).unwrap();
    assert_eq!(value["upstream"], "http://10.0.0.12:3000");
    assert_eq!(value["cause"], "not_http");
}

fn ending() -> impl Strategy<Value = Option<Ending>> {
    prop_oneof![
        Just(None),
        Just(Some(Ending::Reset)),
        any::<i32>().prop_map(|number| Some(Ending::Os(number))),
        any::<u64>().prop_map(|code| Some(Ending::StreamReset(code))),
        any::<u8>().prop_map(|number| Some(Ending::TlsAlert(number))),
    ]
}

/// Bytes that look for trouble: quotes, backslashes, line ends, controls, broken and whole UTF-8.
fn hostile() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..20),
        "[ -~]{0,40}".prop_map(String::into_bytes),
        any::<String>().prop_map(String::into_bytes),
        Just(b"\"\\\r\n\x00\x1b\x7f\xe2\x80".to_vec()),
        Just("\u{2028}\u{9b}\u{202e}ü🦀".as_bytes().to_vec()),
    ];
    proptest::collection::vec(piece, 0..30).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn every_line_and_document_is_valid_json_on_one_line(
        texts in proptest::collection::vec(hostile(), 8),
        status in any::<Option<u16>>(),
        numbers in any::<[u64; 4]>(),
        took in any::<Duration>(),
        bits in any::<u64>(),
        ending in ending(),
    ) {
        let mut sample = if ending.is_some() { failed() } else { good() };
        let name = String::from_utf8_lossy(&texts[6]).into_owned();
        let attempt = &mut sample.evidence.attempts[0];
        attempt.upstream = name.as_str().into();
        attempt.address = Some(Address::Unix(name.as_str().into()));
        attempt.first_bytes = Some(texts[7].clone().into());
        attempt.sent = numbers[0];
        if let Some(ending) = ending {
            attempt.connect = Step::Failed { ending, after: took };
        }
        sample.causes[0] = Some(Cause::ConnectReset);
        let sample = &sample;
        let record = torwart_record::Record {
            id: RequestId::from_bits(bits),
            at: torwart_record::Timestamp::from_micros(numbers[1]),
            method: &texts[0],
            host: &texts[1],
            path: &texts[2],
            query: Some(&texts[3]),
            user_agent: &texts[4],
            referer: &texts[5],
            trace_id: &texts[0],
            status,
            duration: took,
            sent: numbers[2],
            received: numbers[3],
            ..sample.record()
        };
        for is_query_logged in [false, true] {
            let mut out = Vec::new();
            JsonLog::new(is_query_logged).write(&record, &mut out);
            prop_assert_eq!(out.iter().filter(|byte| **byte == b'\n').count(), 1);
            prop_assert!(out.len() < 64 * 1024);
            let value: Value = serde_json::from_slice(&out).unwrap();
            prop_assert_eq!(&value["sent"], &json!(numbers[2]));
            prop_assert!(!std::str::from_utf8(&out).unwrap().trim_end().contains(char::is_control));
        }
        let mut out = Vec::new();
        HumanLog::new(false).write(&record, &mut out);
        prop_assert!(!std::str::from_utf8(&out).unwrap().trim_end_matches('\n').contains(char::is_control));
        let mut out = Vec::new();
        write_document(&OwnedRecord::from_record(&record), &mut out);
        prop_assert!(serde_json::from_slice::<Value>(&out).is_ok());
        prop_assert!(!out.contains(&b'\n'));
    }

    #[test]
    fn text_that_is_text_comes_back_as_it_was(text in "[^\\p{C}]{0,200}") {
        let mut sample = good();
        sample.record.user_agent = text.clone().into_bytes().leak();
        prop_assume!(!text.is_empty() && text.len() <= 512);
        let value: Value = serde_json::from_str(&line(&sample)).unwrap();
        prop_assert_eq!(value["user_agent"].as_str().unwrap(), text);
    }
}
