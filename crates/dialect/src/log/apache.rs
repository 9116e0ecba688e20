//! Apache's error log: the numbered messages (`AH01102`) of mod_proxy and its companions.
//!
//! A failed request leaves several lines: one of the connection, without the client, and one or two of the request.
//! Each is read for itself; [`join`](super::join) puts those of one process and thread together.

mod numbers;

use super::{LogLine, Stamp, Try, errno, meaning, steps, tls};
use crate::Product;
use crate::config::LogKind;
use numbers::Meaning;
use torwart_cause::finding::said;
use torwart_cause::{CertificateFault, Deadline, Decision, Ending, Evidence, NameFault, Stage};

/// Apache's `combined` format.
pub(super) const COMBINED: &str = r#"%h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-Agent}i""#;
/// Apache's `common` format.
pub(super) const COMMON: &str = r#"%h %l %u %t "%r" %>s %b"#;
/// Debian's `vhost_combined` format.
pub(super) const VHOST_COMBINED: &str = r#"%v:%p %h %l %u %t "%r" %>s %O "%{Referer}i" "%{User-Agent}i""#;

/// Reads a line of an error log.
pub(super) fn read(line: &str) -> Option<LogLine> {
    let (time, mut rest) = line.strip_prefix('[')?.split_once("] ")?;
    let mut told = LogLine::new(Product::Apache, LogKind::Error);
    told.time = Some(Stamp::parse_ctime(time).or_else(|| Stamp::parse_ymd(time))?);
    let mut process = None;
    while let Some((field, after)) = rest.strip_prefix('[').and_then(|inner| inner.split_once("] ")) {
        rest = after;
        if let Some(client) = field.strip_prefix("client ") {
            told.request.client = Some(without_port(client).to_owned());
        } else if let Some(ids) = field.strip_prefix("pid ") {
            process = Some(ids.replace(":tid ", ":"));
        } else if let Some((_, level)) = field.split_once(':').filter(|(name, _)| !name.contains(' ')) {
            told.words.level = Some(level.to_owned());
        } else if !field.contains(' ') {
            told.words.level = Some(field.to_owned());
        }
    }
    told.words.level.as_ref()?;
    told.request.connection = process;
    let message = rest.split(", referer: ").next().unwrap_or(rest);
    told.words.message = Some(message.to_owned());
    let number = number_of(message);
    let upstream = upstream_of(message);
    told.tries.extend(upstream.map(|upstream| Try { upstream: upstream.to_owned(), ..Try::default() }));
    if number == Some(898) {
        told.request.path = message.rsplit_once(" returned by ").map(|(_, path)| path.to_owned());
    }
    decode(&mut told, number, message);
    Some(told)
}

fn without_port(address: &str) -> &str {
    match address.rsplit_once(':') {
        Some((host, port)) if !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) => {
            host.trim_start_matches('[').trim_end_matches(']')
        }
        _ => address,
    }
}

/// The number in `AH01102: `.
fn number_of(message: &str) -> Option<u32> {
    let place = message.match_indices("AH").map(|(place, _)| place).find(|place| {
        message
            .get(place + 2..place + 7)
            .is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))
    })?;
    message.get(place + 2..place + 7)?.parse().ok()
}

/// The address in `attempt to connect to 10.0.0.1:80 (app) failed`, `remote server app:80`, `for (app:80)`.
fn upstream_of(message: &str) -> Option<&str> {
    [
        "attempt to connect to Unix domain socket ",
        "attempt to connect to ",
        "remote server ",
        "to backend: ",
        "for (",
        "worker (",
    ]
    .iter()
    .find_map(|words| message.split_once(words))
    .map(|(_, rest)| rest.split([' ', ')', ',']).next().unwrap_or_default())
    .filter(|address| !matches!(*address, "" | "returned"))
}

fn decode(told: &mut LogLine, number: Option<u32>, message: &str) {
    let upstream = told.upstream().unwrap_or_default().to_owned();
    let Some(row) = number.and_then(numbers::meaning) else { return };
    let evidence = match row {
        Meaning::Remark(key) => {
            told.words.said =
                Some(said(key).with("upstream", &upstream).with("words", message).with("path", ""));
            return;
        }
        Meaning::Ended(stage, ending) => Some(steps::of_failure(&upstream, stage, ending)),
        Meaning::Failed(stage) => Some(failed(&upstream, stage, message)),
        Meaning::Pick(decision) => {
            let mut evidence = Evidence::default();
            evidence.local.pick = steps::failed(Ending::Decided(decision), None);
            Some(evidence)
        }
        Meaning::Verification => {
            let code =
                message.split_once("Error ").and_then(|(_, rest)| errno::number_in(rest)).unwrap_or_default();
            Some(steps::of_failure(
                &upstream,
                Stage::Handshake,
                Ending::Certificate(tls::fault_of_x509(code)),
            ))
        }
        Meaning::OpenSsl => {
            let is_verification = message.contains("verify failed");
            let ending = match tls::ending_of_openssl(message) {
                Ending::Certificate(_) if !is_verification => {
                    Ending::Certificate(CertificateFault::Untrusted)
                }
                ending => ending,
            };
            Some(steps::of_failure(&upstream, Stage::Handshake, ending))
        }
        Meaning::ToClient => Some(to_client(&upstream, message)),
        Meaning::LocalResources => {
            let mut evidence = Evidence::default();
            evidence.local.admit = steps::failed(Ending::Decided(Decision::GatewayFull), None);
            Some(evidence)
        }
    };
    told.words.said = evidence.as_ref().and_then(meaning::of);
    told.evidence = evidence;
}

/// Failed at a stage, as the error before the number says: `(111)Connection refused: AH00957: …`.
fn failed(upstream: &str, stage: Stage, message: &str) -> Evidence {
    let mut attempt = steps::unseen(upstream);
    match ending_before_number(message, stage) {
        Some(ending) => steps::fail(&mut attempt, stage, ending, None),
        None if stage == Stage::Head && message.contains("AH01102") => {
            // Nothing was read, and no error: the upstream closed.
            steps::fail(&mut attempt, stage, Ending::Closed, None);
        }
        None => steps::end_before(&mut attempt, stage),
    }
    steps::of(attempt)
}

fn ending_before_number(message: &str, stage: Stage) -> Option<Ending> {
    let head = message.split("AH").next().unwrap_or_default();
    match errno::number_in(head)? {
        TIMED_OUT => Some(Ending::TimedOut(errno::deadline_of(stage))),
        END_OF_FILE => Some(Ending::Closed),
        INTERNAL => None,
        number => Some(errno::ending_of(number, stage)),
    }
}

/// `AH00898`: the words that the client was shown.
fn to_client(upstream: &str, message: &str) -> Evidence {
    let (stage, ending) = if message.contains("DNS lookup failure") {
        (Stage::Resolve, Some(Ending::Name(NameFault::NoAddress)))
    } else if message.contains("Error during SSL Handshake") {
        (Stage::Handshake, None)
    } else if message.contains("Timeout on 100-Continue") {
        (Stage::Head, Some(Ending::TimedOut(Deadline::FirstByte)))
    } else if message.contains("Corrupt status line") {
        (Stage::Head, Some(numbers::broken(torwart_cause::Malformation::BadStatusLine)))
    } else {
        (Stage::Head, None)
    };
    let mut attempt = steps::unseen(upstream);
    match ending {
        Some(ending) => steps::fail(&mut attempt, stage, ending, None),
        None => steps::end_before(&mut attempt, stage),
    }
    steps::of(attempt)
}

/// APR's numbers for errors that are not the system's.
const TIMED_OUT: i32 = 70007;
const END_OF_FILE: i32 = 70014;
const INTERNAL: i32 = 20014;
