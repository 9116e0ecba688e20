//! Against httparse, a tokenizer that knows no framing: what it cannot read we refuse, what both read we read alike, and
//! what we refuse although it can be read is on a list of rules that it does not know.

use crate::outcome::{STRICT, WHOLE, response_in};
use crate::properties::{REQUEST_STARTS, RESPONSE_STARTS, soup};
use crate::requests::request;
use proptest::prelude::*;
use torwart_wire::Head;
use torwart_wire::http1::{Asked, RequestLimits, ResponseLimits, parse_request};

/// Rules beyond the grammar that httparse reads by, or stricter than it.
const OUR_RULES: &[&str] = &[
    "bare_lf",
    "bad_target",
    "bad_host",
    "host_missing",
    "host_repeated",
    "length_and_coding",
    "lengths_differ",
    "bad_length",
    "bad_coding",
    "unknown_coding",
    "coding_in_http10",
    "bad_expectation",
    "bad_upgrade",
    "bad_method",
    "bad_status",
    "bad_status_line",
    "space_before_colon",
    "obs_fold",
    "too large:",
    "unsupported_method",
    "control_byte",
    "framing_forbidden",
    "unknown_version",
];

fn is_our_rule(outcome: &str) -> bool {
    OUR_RULES.iter().any(|rule| outcome.starts_with(rule))
}

fn is_refused(outcome: &str) -> bool {
    outcome.contains(" at ") || outcome.starts_with("too large")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn requests_are_read_alike(bytes in soup(REQUEST_STARTS)) {
        let ours = request(&bytes);
        let ends = || request(&[&bytes, b"\r\n\r\n".as_slice()].concat());
        let mut fields = [httparse::EMPTY_HEADER; 100];
        let mut theirs = httparse::Request::new(&mut fields);
        match theirs.parse(&bytes) {
            // Some faults in start lines we see only at the end of the line.
            Err(error) => {
                let is_late = ours == "more" && is_refused(&ends());
                prop_assert!(is_refused(&ours) || is_late, "{error}, we say {ours}: {}", bytes.escape_ascii());
            }
            Ok(httparse::Status::Partial) => {
                prop_assert!(ours == "more" || is_refused(&ours), "{ours}: {}", bytes.escape_ascii());
            }
            Ok(httparse::Status::Complete(_)) if is_refused(&ours) => {
                // A minor version above 1 and other majors are no versions to httparse.
                prop_assert!(is_our_rule(&ours), "{ours}: {}", bytes.escape_ascii());
            }
            Ok(httparse::Status::Complete(len)) => same_request(&bytes, &theirs, len)?,
        }
    }

    #[test]
    fn responses_are_read_alike(bytes in soup(RESPONSE_STARTS)) {
        let asked = Asked { upgrade: Some(b"x, websocket"), ..Asked::default() };
        let read = |bytes: &[u8]| response_in(bytes, WHOLE, asked, &ResponseLimits::default(), &STRICT);
        let ours = read(&bytes);
        let mut fields = [httparse::EMPTY_HEADER; 100];
        let mut theirs = httparse::Response::new(&mut fields);
        let mut config = httparse::ParserConfig::default();
        config.allow_spaces_after_header_name_in_responses(true);
        config.allow_obsolete_multiline_headers_in_responses(true);
        match config.parse_response(&mut theirs, &bytes) {
            Err(error) => {
                let is_late = ours == "more" && is_refused(&read(&[&bytes, b"\r\n\r\n".as_slice()].concat()));
                prop_assert!(is_refused(&ours) || is_late, "{error}, we say {ours}: {}", bytes.escape_ascii());
            }
            Ok(httparse::Status::Partial) => {
                prop_assert!(ours == "more" || is_refused(&ours), "{ours}: {}", bytes.escape_ascii());
            }
            Ok(httparse::Status::Complete(_)) => {
                let status = theirs.code.unwrap_or_default();
                let is_same = ours.split(' ').nth(1) == Some(status.to_string().as_str());
                prop_assert!(is_same || is_our_rule(&ours) || ours.starts_with("not_http"), "{ours}: {}", bytes.escape_ascii());
            }
        }
    }
}

fn same_request(bytes: &[u8], theirs: &httparse::Request<'_, '_>, len: usize) -> Result<(), TestCaseError> {
    let mut head = Head::with_capacity(bytes.len());
    head.buffer.spare().copy_from_slice(bytes);
    head.buffer.commit(bytes.len());
    let parsed = parse_request(&mut head, &RequestLimits::default(), &STRICT);
    prop_assert!(matches!(parsed, Ok(Some(_))), "{parsed:?}: {}", bytes.escape_ascii());
    prop_assert_eq!(head.len(), len);
    prop_assert_eq!(head.method(), theirs.method.unwrap_or_default().as_bytes());
    if !bytes.windows(3).any(|w| w == b"://") {
        prop_assert_eq!(head.target(), theirs.path.unwrap_or_default().as_bytes());
    }
    let ours: Vec<_> = head.fields().map(|field| (field.name, field.value)).collect();
    let theirs: Vec<_> = theirs.headers.iter().map(|field| (field.name.as_bytes(), field.value)).collect();
    prop_assert_eq!(ours, theirs);
    Ok(())
}
