//! nginx's error log: time, level, message, phase, and the request it is about.
//!
//! The phase (`while reading response header from upstream`) tells the stage, the message how it ended; the tables of
//! that are in [`decode`]. nginx writes an access line beside it, which [`join`](super::join) finds.

mod decode;

use super::{LogLine, Stamp, Try, access, meaning};
use crate::Product;
use crate::config::LogKind;

/// nginx's own access format.
pub(super) const COMBINED: &str = "$remote_addr - $remote_user [$time_local] \"$request\" $status $body_bytes_sent \
                                   \"$http_referer\" \"$http_user_agent\"";

/// Reads a line of an error log.
pub(super) fn read(line: &str) -> Option<LogLine> {
    let line = line.trim_start();
    let time = Stamp::parse_ymd(line.get(..TIME)?)?;
    let rest = line.get(TIME..)?.trim_start().strip_prefix('[')?;
    let (level, rest) = rest.split_once("] ")?;
    // `1234#5678: *9 message`; the number of the connection is missing where there is none.
    let (process, rest) = rest.split_once(": ")?;
    if !process.contains('#') || process.len() > 40 {
        return None;
    }
    let mut told = LogLine::new(Product::Nginx, LogKind::Error);
    told.time = Some(time);
    told.words.level = Some(level.to_owned());
    let rest = match rest.strip_prefix('*').and_then(|rest| rest.split_once(' ')) {
        Some((number, rest)) if number.bytes().all(|byte| byte.is_ascii_digit()) => {
            let process = process.split('#').next().unwrap_or_default();
            told.request.connection = Some(format!("{process}*{number}"));
            rest
        }
        _ => rest,
    };
    let (message, fields) = split_fields(rest);
    told.words.message = Some(message.to_owned());
    fill(&mut told, fields);
    let (text, phase) = split_phase(message);
    let decoded = decode::decode(&decode::Message {
        text,
        phase,
        upstream: told.upstream().unwrap_or_default(),
        path: told.request.path.as_deref().unwrap_or_default(),
    });
    told.words.said = decoded.said.or_else(|| decoded.evidence.as_ref().and_then(meaning::of));
    told.evidence = decoded.evidence;
    Some(told)
}

/// Splits the message from `, client: …, server: …`.
fn split_fields(text: &str) -> (&str, &str) {
    match text.find(", client: ").or_else(|| text.find(", upstream: \"")).or_else(|| text.find(", server: "))
    {
        Some(place) => text.split_at(place),
        None => (text, ""),
    }
}

/// Splits the message from its phase, the last `while …`.
fn split_phase(message: &str) -> (&str, &str) {
    match message.rfind(" while ") {
        Some(place) => {
            let (text, phase) = message.split_at(place);
            (text, phase.strip_prefix(" while ").unwrap_or_default())
        }
        None => (message, ""),
    }
}

fn fill(told: &mut LogLine, fields: &str) {
    told.request.client = field(fields, "client: ", ',').map(str::to_owned);
    let server = field(fields, "server: ", ',').filter(|name| *name != "_");
    let host = field(fields, "host: \"", '"').or(server);
    told.request.host = host.map(|host| host.to_ascii_lowercase());
    if let Some(request) = field(fields, "request: \"", '"') {
        (told.request.method, told.request.path) = access::request_line(request);
    }
    if let Some(upstream) = field(fields, "upstream: \"", '"') {
        told.tries.push(Try { upstream: authority_of(upstream).to_owned(), ..Try::default() });
    }
}

/// The part of `http://10.0.0.1:80/path` that names the upstream, with its scheme.
fn authority_of(url: &str) -> &str {
    let begin = url.find("://").map_or(0, |place| place + 3);
    let rest = url.get(begin..).unwrap_or_default();
    let end = match rest.strip_prefix("unix:") {
        Some(path) => path.find(':').map_or(rest.len(), |place| place + 5),
        None => rest.find('/').unwrap_or(rest.len()),
    };
    url.get(..begin + end).unwrap_or(url)
}

/// The value behind `, name: `, up to `end`; a quoted one may hold anything but its quote.
fn field<'a>(fields: &'a str, name: &str, end: char) -> Option<&'a str> {
    let begin = fields
        .match_indices(name)
        .map(|(place, _)| place)
        .find(|place| *place >= 2 && fields.get(place - 2..*place) == Some(", "))?;
    let rest = fields.get(begin + name.len()..)?;
    let value = rest.split(end).next()?.trim();
    (!value.is_empty()).then_some(value)
}

/// `2026/11/21 16:05:12`.
const TIME: usize = 19;
