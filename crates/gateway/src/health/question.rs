//! One question to an upstream, and what is wrong with the answer.

use super::host_of;
use crate::upstream::Upstream;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};
use torwart_cause::{Attempt, Cause, Deadline, Ending, Evidence, Limit, Step, diagnose};
use torwart_config::plan::{self, Expected, HealthPlan, HealthQuestion, LinkDeadlines, Protocol};
use torwart_dial::ask::{AnswerLimits, Heard, Question as Request, hear};
use torwart_dial::fastcgi::Begin;
use torwart_dial::{Resolver, Stream, Target, fastcgi, http2, open};
use torwart_wire::fastcgi::{Params, stdin_header, write_begin};
use torwart_wire::http1::ResponseLimits;

/// What an upstream is asked, ready to be asked.
pub struct Question {
    target: Target,
    protocol: Protocol,
    links: LinkDeadlines,
    asked: Asked,
}

enum Asked {
    /// Whether it takes a connection.
    Connection { is_fastcgi: bool },
    /// A request.
    Request { request: Request, fastcgi: Option<Begin>, expected: Expected },
}

/// Why an upstream is held to be not well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The cause.
    pub cause: Cause,
    /// What was wrong with an answer that came.
    pub unfit: Option<Unfit>,
}

/// What is wrong with an answer that came whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unfit {
    /// Another status was expected.
    Status(u16),
    /// The expected text is not in its body.
    Body,
    /// It lacks the expected field, or that has another value.
    Header,
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(status) => write!(f, "status {status}"),
            Self::Body => f.write_str("body without the expected text"),
            Self::Header => f.write_str("head without the expected field"),
        }
    }
}

impl Question {
    /// What an upstream of a pool is asked.
    pub fn of(
        plan: &torwart_config::Plan,
        pool: &plan::Pool,
        upstream: &Upstream,
        health: &HealthPlan,
    ) -> Self {
        let is_fastcgi = upstream.target.is_fastcgi;
        let asked = match &health.question {
            HealthQuestion::Connection => Asked::Connection { is_fastcgi },
            HealthQuestion::Request { is_head, target, host, expected } => {
                let host = host.as_ref().map_or_else(|| host_of(plan, pool, upstream), ToString::to_string);
                let method = if *is_head { "HEAD" } else { "GET" };
                let (request, fastcgi) = if is_fastcgi {
                    let (request, begin) = script_request(method, &host, target);
                    (request, Some(begin))
                } else {
                    (Request::new(method, &host, target, &[]), None)
                };
                Asked::Request { request, fastcgi, expected: expected.clone() }
            }
        };
        let deadlines = &pool.deadlines;
        Self {
            // With a question for a free worker the connection is spoken to by hand.
            target: Target {
                is_fastcgi: is_fastcgi && matches!(asked, Asked::Request { .. }),
                ..upstream.target.clone()
            }
            .for_ourselves(pool.proxy_protocol),
            protocol: upstream.protocol,
            links: LinkDeadlines {
                resolve: deadlines.resolve.min(health.deadline),
                connect: deadlines.connect.min(health.deadline),
                handshake: deadlines.handshake.min(health.deadline),
            },
            asked,
        }
    }

    /// Whether asking the other one is the same.
    pub fn is_like(&self, other: &Self) -> bool {
        let is_tls_same = match (&self.target.tls, &other.target.tls) {
            (None, None) => true,
            (Some(one), Some(another)) => Arc::ptr_eq(one, another),
            _ => false,
        };
        let is_asked_same = match (&self.asked, &other.asked) {
            (Asked::Connection { .. }, Asked::Connection { .. }) => true,
            (Asked::Request { request, .. }, Asked::Request { request: other, .. }) => request == other,
            _ => false,
        };
        is_tls_same
            && is_asked_same
            && self.target.place == other.target.place
            && self.target.prelude == other.target.prelude
            && self.protocol == other.protocol
            && self.links == other.links
    }

    /// Asks once, within this time.
    pub async fn ask(&self, resolver: &Resolver, deadline: Duration) -> Result<(), Fault> {
        let mut attempt = Attempt::default();
        let begun = Instant::now();
        let asking = self.ask_with(resolver, deadline, &mut attempt);
        let unfit = match tokio::time::timeout(deadline, asking).await {
            Ok(unfit) => unfit,
            Err(_) => {
                mark_late(&mut attempt, self.target.tls.is_some(), begun.elapsed());
                None
            }
        };
        let evidence = Evidence { attempts: vec![attempt], ..Evidence::default() };
        let cause = diagnose(&evidence).cause();
        match (cause, unfit) {
            (None, None) => Ok(()),
            // An answer that is not fit is the upstream's own word, whatever its status.
            (cause, Some(unfit)) => {
                Err(Fault { cause: cause.unwrap_or(Cause::UpstreamSaidSo), unfit: Some(unfit) })
            }
            // A 5xx that is expected is as good as any other.
            (Some(Cause::UpstreamSaidSo), None) => Ok(()),
            (Some(cause), None) => Err(Fault { cause, unfit: None }),
        }
    }

    /// What is wrong with the answer; how far it came stands in the attempt.
    async fn ask_with(
        &self,
        resolver: &Resolver,
        deadline: Duration,
        attempt: &mut Attempt,
    ) -> Option<Unfit> {
        let Ok(mut stream) = open(&self.target, resolver, &self.links, attempt).await else { return None };
        match &self.asked {
            Asked::Connection { is_fastcgi: false } => None,
            Asked::Connection { is_fastcgi: true } => {
                let begun = Instant::now();
                attempt.head = match fastcgi::ask_for_worker(&mut stream, deadline).await {
                    Ok(()) => Step::Done { took: begun.elapsed() },
                    Err(ending) => Step::Failed { ending, after: begun.elapsed() },
                };
                None
            }
            Asked::Request { request, fastcgi, expected } => {
                if let (Some(begin), Some(link)) = (fastcgi, stream.as_fastcgi_mut()) {
                    link.begin(begin);
                }
                let heard = self.request(stream, request, deadline, attempt).await?;
                judge(&heard, expected, attempt)
            }
        }
    }

    async fn request(
        &self,
        mut stream: Stream,
        request: &Request,
        deadline: Duration,
        attempt: &mut Attempt,
    ) -> Option<Heard> {
        let deadlines = plan::ExchangeDeadlines {
            send: deadline,
            first_byte: deadline,
            between_bytes: deadline,
            ..plan::ExchangeDeadlines::default()
        };
        let limits = AnswerLimits::default();
        let is_http2 = match self.protocol {
            Protocol::Http1 => false,
            Protocol::Http2 => true,
            Protocol::Auto => {
                stream.tls_session().is_some_and(|session| session.alpn_protocol() == Some(http2::ALPN))
            }
        };
        if !is_http2 {
            return Some(hear(&mut stream, request, &deadlines, &limits, attempt).await);
        }
        let begun = Instant::now();
        let options = http2::Options { head_bytes: 64 << 10, fields: 200, silence: http2::SILENCE };
        let (streams, driver) = match http2::begin(stream, &options).await {
            Ok(begun) => begun,
            Err(error) => {
                let ending = torwart_dial::ending_of(&error, Deadline::FirstByte);
                attempt.head = Step::Failed { ending, after: begun.elapsed() };
                return None;
            }
        };
        let mut stream = Stream::from(streams.open());
        let driven = async {
            driver.await;
            // Its streams tell how it ended.
            std::future::pending::<()>().await;
        };
        tokio::select! {
            heard = hear(&mut stream, request, &deadlines, &limits, attempt) => Some(heard),
            () = driven => None,
        }
    }
}

/// What is wrong with an answer.
fn judge(heard: &Heard, expected: &Expected, attempt: &mut Attempt) -> Option<Unfit> {
    let response = heard.response?;
    if attempt.body.ending() == Some(&Ending::TooLarge(Limit::BodyBytes)) {
        // As much as was asked for came.
        attempt.body = Step::Done { took: attempt.body.duration().unwrap_or_default() };
    }
    if !expected.takes(response.status) {
        return Some(Unfit::Status(response.status));
    }
    if let Some((name, value)) = &expected.header {
        let is_there = heard.head.fields().any(|field| {
            field.name.eq_ignore_ascii_case(name.as_bytes())
                && value.as_ref().is_none_or(|value| field.value == value.as_bytes())
        });
        if !is_there {
            return Some(Unfit::Header);
        }
    }
    let text = expected.body.as_ref()?.as_bytes();
    let is_there = heard.body.windows(text.len()).any(|window| window == text);
    (!is_there && !attempt.body.is_failed()).then_some(Unfit::Body)
}

/// The first step that did not end is the one that took too long.
fn mark_late(attempt: &mut Attempt, is_tls: bool, after: Duration) {
    let (step, deadline) = if !attempt.connect.is_done() {
        match attempt.address {
            None => (&mut attempt.resolve, Deadline::Resolve),
            Some(_) => (&mut attempt.connect, Deadline::Connect),
        }
    } else if is_tls && !attempt.handshake.is_done() {
        (&mut attempt.handshake, Deadline::Handshake)
    } else if attempt.head.is_done() {
        (&mut attempt.body, Deadline::BetweenBytes)
    } else {
        attempt.send = Step::Done { took: Duration::ZERO };
        (&mut attempt.head, Deadline::FirstByte)
    };
    *step = Step::Failed { ending: Ending::TimedOut(deadline), after };
}

/// A request to an application, with what PHP-FPM needs to know its own pages (`ping.path`, `pm.status_path`).
fn script_request(method: &str, host: &str, target: &str) -> (Request, Begin) {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut bytes = Vec::with_capacity(512);
    write_begin(&mut bytes, false);
    let mut params = Params::new(&mut bytes);
    for (name, value) in [
        ("GATEWAY_INTERFACE", "CGI/1.1"),
        ("SERVER_PROTOCOL", "HTTP/1.1"),
        ("SERVER_SOFTWARE", "torwart"),
        ("SERVER_NAME", host),
        ("REQUEST_METHOD", method),
        ("REQUEST_URI", target),
        ("SCRIPT_NAME", path),
        ("SCRIPT_FILENAME", path),
        ("DOCUMENT_URI", path),
        ("QUERY_STRING", query),
        ("REMOTE_ADDR", "127.0.0.1"),
        ("HTTP_HOST", host),
    ] {
        params.push(name.as_bytes(), value.as_bytes());
    }
    params.finish();
    bytes.extend_from_slice(&stdin_header(0));
    let is_head = method == "HEAD";
    let limits = ResponseLimits::default();
    let begin = Begin { records: bytes.len(), body: 0, is_head, keeps: false, limits };
    (Request { bytes, is_head, upgrade: None }, begin)
}
