//! HAProxy's log: `httplog`, `httpslog` and `tcplog` lines, failed client connections, and news of servers.
//!
//! All stand in one log, often behind the head of syslog. The termination state says who ended the exchange and in
//! which phase; it does not tell a FIN from a reset nor a refusal from a missing route, so those verdicts stay likely
//! or open.

mod flags;
mod server_news;

pub use flags::explain_flags;

use super::{LogLine, Stamp, Try, access, meaning};
use crate::Product;
use crate::config::LogKind;
use std::time::Duration;
use torwart_cause::finding::said;
use torwart_cause::{Ending, Evidence, TlsFault};

/// Reads a line of HAProxy's log.
pub(super) fn read(line: &str) -> Option<LogLine> {
    let line = after_syslog(line);
    server_news::read(line).or_else(|| traffic(line))
}

/// The message behind `<134>Nov 21 16:05:12 host haproxy[1234]: `, or the line itself.
fn after_syslog(line: &str) -> &str {
    let head: &str =
        line.get(..line.len().min(SYSLOG)).unwrap_or_else(|| line.split('[').next().unwrap_or(line));
    let Some(place) = head.find("haproxy") else { return line.trim_start() };
    let rest = line.get(place..).unwrap_or_default();
    let message = match rest.split_once("]: ") {
        Some((name, message)) if name.len() < 40 => message,
        _ => match rest.strip_prefix("haproxy: ") {
            Some(message) => message,
            // RFC 5424: `haproxy 1234 - - message`.
            None => rest.splitn(5, ' ').nth(4).unwrap_or(rest),
        },
    };
    message.trim_start()
}

/// A line about a connection or a request.
fn traffic(line: &str) -> Option<LogLine> {
    let (client, rest) = line.split_once(" [")?;
    let client = client.rsplit_once(':').map_or(client, |(address, _)| address);
    let (time, rest) = rest.split_once("] ")?;
    let mut told = LogLine::new(Product::Haproxy, LogKind::Access);
    told.time = Some(Stamp::parse_clf(time)?);
    told.request.client = Some(client.trim_start_matches('[').trim_end_matches(']').to_owned());
    let mut words = rest.splitn(4, ' ');
    let (frontend, target, timers) = (words.next()?, words.next()?, words.next()?);
    if frontend.ends_with(':') {
        return Some(failed_connection(told, rest.split_once(": ")?.1));
    }
    let (backend, server) = target.split_once('/')?;
    let timers = Timers::parse(timers)?;
    let rest = words.next()?;
    let ended = if timers.is_http { Ended::parse_http(rest)? } else { Ended::parse_tcp(rest)? };
    told.words.flags = Some(ended.flags.to_owned());
    fill(&mut told, &ended, &timers);
    if !server.starts_with('<') {
        told.tries.push(Try {
            upstream: format!("{backend}/{server}"),
            status: ended.status,
            connect: timers.connect,
            first_byte: timers.response,
            total: None,
        });
    }
    told.evidence = Some(flags::evidence_of(&flags::Exchange {
        flags: ended.flags,
        status: ended.status,
        upstream: (!server.starts_with('<')).then(|| format!("{backend}/{server}")),
        connect: timers.connect,
        response: timers.response,
        is_without_backend: backend == frontend.trim_end_matches('~') && timers.request.is_none(),
        total: timers.total,
    }));
    told.words.said = flags::sentence(ended.flags).map(|key| said(key).with("upstream", target));
    Some(told)
}

fn fill(told: &mut LogLine, ended: &Ended<'_>, timers: &Timers) {
    told.answer.status = ended.status;
    told.answer.bytes = ended.bytes;
    told.answer.total = timers.total;
    told.answer.reading = timers.request;
    told.answer.queue = timers.queue;
    if let Some(request) = ended.request {
        (told.request.method, told.request.path) = access::request_line(request);
        // In HTTP/2 the target is absolute.
        if let Some((host, path)) = told.request.path.as_deref().and_then(split_absolute) {
            (told.request.host, told.request.path) = (Some(host), Some(path));
        }
    }
}

/// `https://shop.example/path` into name and path.
fn split_absolute(target: &str) -> Option<(String, String)> {
    let (_, rest) = target.split_once("://").filter(|(scheme, _)| scheme.len() <= 5)?;
    let place = rest.find('/').unwrap_or(rest.len());
    let (host, path) = rest.split_at(place);
    let path = if path.is_empty() { "/" } else { path };
    Some((host.to_ascii_lowercase(), path.to_owned()))
}

/// `Connection error during SSL handshake`: no request was seen.
fn failed_connection(mut told: LogLine, message: &str) -> LogLine {
    told.kind = LogKind::Error;
    told.words.message = Some(message.to_owned());
    let mut evidence = Evidence::default();
    let lower = message.to_ascii_lowercase();
    let ending = if lower.contains("timeout") {
        Ending::TimedOut(torwart_cause::Deadline::ClientHandshake)
    } else if lower.contains("closed") || lower.contains("abort") {
        Ending::Closed
    } else {
        Ending::Tls(TlsFault::Broken)
    };
    evidence.client.handshake = super::steps::failed(ending, None);
    told.words.said = meaning::of(&evidence);
    told.evidence = Some(evidence);
    told
}

/// `TR/Tw/Tc/Tr/Ta` of HTTP, or `Tw/Tc/Tt` of TCP, in milliseconds; -1 where a phase was not passed.
struct Timers {
    is_http: bool,
    request: Option<Duration>,
    queue: Option<Duration>,
    connect: Option<Duration>,
    response: Option<Duration>,
    total: Option<Duration>,
}

impl Timers {
    fn parse(text: &str) -> Option<Self> {
        let times: Vec<i64> = text
            .split('/')
            .take(6)
            .map(|part| part.trim_start_matches('+').parse().ok())
            .collect::<Option<_>>()?;
        let time = |value: i64| u64::try_from(value).ok().map(Duration::from_millis);
        match *times.as_slice() {
            [request, queue, connect, response, total] => Some(Timers {
                is_http: true,
                request: time(request),
                queue: time(queue),
                connect: time(connect),
                response: time(response),
                total: time(total),
            }),
            [queue, connect, total] => Some(Timers {
                is_http: false,
                request: None,
                queue: time(queue),
                connect: time(connect),
                response: None,
                total: time(total),
            }),
            _ => None,
        }
    }
}

/// What stands behind the timers.
struct Ended<'a> {
    status: Option<u16>,
    bytes: Option<u64>,
    flags: &'a str,
    request: Option<&'a str>,
}

impl<'a> Ended<'a> {
    /// `503 217 - - SC-- 1/1/0/0/3 0/0 {host|agent} {} "GET / HTTP/1.1"`.
    fn parse_http(text: &'a str) -> Option<Self> {
        let mut words = text.splitn(8, ' ');
        let (status, bytes) = (words.next()?, words.next()?);
        let flags = words.nth(2).filter(|flags| flags.len() == 4 && flags.is_ascii())?;
        words.next().filter(|counts| counts.matches('/').count() == 4)?;
        let request = words.nth(1).and_then(|rest| rest.find('"').and_then(|place| rest.get(place + 1..)));
        let request =
            request.map(|request| request.rfind('"').and_then(|end| request.get(..end)).unwrap_or(request));
        Some(Ended { status: access::status(status), bytes: number(bytes), flags, request })
    }

    /// `0 SC 1/1/0/0/3 0/0`.
    fn parse_tcp(text: &'a str) -> Option<Self> {
        let mut words = text.split(' ');
        let bytes = words.next()?;
        let flags = words.next().filter(|flags| flags.len() == 2 && flags.is_ascii())?;
        words.next().filter(|counts| counts.matches('/').count() == 4)?;
        Some(Ended { status: None, bytes: number(bytes), flags, request: None })
    }
}

fn number(text: &str) -> Option<u64> {
    text.trim_start_matches('+').parse().ok()
}

/// How far into a line the name of the process may stand.
const SYSLOG: usize = 200;
