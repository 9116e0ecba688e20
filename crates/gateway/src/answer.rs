//! The answer when no upstream's response is passed on: the status of the table, the cause for those who may know it.
//!
//! `Proxy-Status` names the error type to everybody, as RFC 9209 wants; next hop and details only to trusted peers.

use crate::clock::Moment;
use crate::exchange::Exchange;
use crate::grpc;
use crate::guard::{self, PassedBack};
use crate::http3;
use crate::identity;
use crate::outcome;
use crate::relay::abort;
use crate::response_head::Way;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::SystemTime;
use tokio::io::AsyncWrite;
use torwart_cause::{Cause, Deadline, Ending, NameFault, Step};
use torwart_config::plan::{Action, Answers};
use torwart_dial::ending_of;
use torwart_policy::{language, rewrite};
use torwart_record::ServedBy;
use torwart_report::answer::{Answer, Details, Rendered, Waits, choose_format};
use torwart_report::{Lang, sentence};
use torwart_wire::fields::proxy_status::ProxyStatus;
use torwart_wire::fields::structured::Bare;
use torwart_wire::http1::{write_field, write_number, write_status_line};
use torwart_wire::{Known, Version};

/// How this gateway calls itself in `Proxy-Status`.
pub const PROXY: &str = "torwart";

/// Answers a request that was stopped.
pub async fn send(x: &mut Exchange<'_>) {
    let (cause, _) = outcome::cause(x);
    let Some(mut status) = cause.status() else {
        // The client is gone; there is nobody to tell.
        x.keeps_client = false;
        return;
    };
    if status >= 500 || cause.stage() <= torwart_cause::Stage::Parse {
        x.keeps_client = x.keeps_client && x.body.is_done();
    }
    let crawler_wait = guard::comes_again(x, status).await;
    if crawler_wait.is_some() {
        status = 503;
    }
    let notes = x.notes.as_deref();
    // Whole seconds, and never too few.
    let wait = crawler_wait
        .or_else(|| notes.and_then(|notes| notes.retry_after))
        .map(|wait| wait.as_secs_f64().ceil() as u32);
    let retry_after = wait.map(|wait| wait.max(1)).or_else(|| retry_after(cause));
    let rendered = render(x, cause, status, retry_after);
    let mut fields = Vec::with_capacity(512);
    fields.extend_from_slice(b"Proxy-Status: ");
    write_proxy_status(x, cause, &mut fields);
    fields.extend_from_slice(b"\r\n");
    if let Some(seconds) = retry_after {
        fields.extend_from_slice(b"Retry-After: ");
        write_number(&mut fields, u64::from(seconds));
        fields.extend_from_slice(b"\r\n");
    }
    if let Some(notes) = x.notes.as_deref() {
        fields.extend_from_slice(&notes.answer_fields);
        fields.extend_from_slice(&notes.passed_fields);
    }
    write_field(&mut fields, b"X-Request-Id", &x.id.text());
    write_field(&mut fields, b"Cache-Control", b"no-store");
    if status == 405 || status == 501 {
        write_field(&mut fields, b"Allow", b"GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
    }
    if grpc::is_call(&x.desk.request) {
        grpc::write_status(cause, status, &mut fields);
        let rendered = Rendered { content_type: Some(grpc::CONTENT_TYPE), ..nothing() };
        return write(x, 200, &fields, &rendered).await;
    }
    write(x, status, &fields, &rendered).await;
}

/// Answers a CA that looks whether a name is ours (RFC 8555 §8.3).
pub async fn prove(x: &mut Exchange<'_>, text: &str) {
    let content_type = Some("application/octet-stream");
    write(x, 200, &[], &Rendered { body: text.into(), content_type, ..nothing() }).await;
}

/// Answers as the service wants that says who may come in.
pub async fn pass_back(x: &mut Exchange<'_>, passed_back: &PassedBack) {
    let mut fields = passed_back.fields.clone();
    write_field(&mut fields, b"X-Request-Id", &x.id.text());
    write(x, passed_back.status, &fields, &Rendered { body: passed_back.body.clone(), ..nothing() }).await;
}

/// Whether the gateway answers this request itself, without any fault: a redirect, or a request that ends here.
pub fn is_ours(x: &Exchange<'_>) -> bool {
    x.pool.is_none() || ends_here(x)
}

/// Answers a request that ends at the gateway.
pub async fn own(x: &mut Exchange<'_>) {
    if ends_here(x) && x.pool.is_some() {
        return end_here(x).await;
    }
    let mut location = Vec::new();
    let redirect = x.route().and_then(|route| match &route.action {
        Action::Redirect(redirect) => Some(redirect.clone()),
        Action::Forward(_) | Action::Files | Action::Deny => None,
    });
    let status = if let Some(redirect) = &redirect {
        let id = x.id.text();
        let values = x.template_values(&id);
        rewrite::location(redirect, &values, &mut location);
        redirect.status
    } else {
        rewrite::https_location(&x.view.snapshot.plan, &x.desk.request, &mut location);
        308
    };
    let mut fields = Vec::new();
    write_field(&mut fields, b"Location", &location);
    write(x, status, &fields, &nothing()).await;
}

/// Sends the client elsewhere.
pub async fn redirect(x: &mut Exchange<'_>, status: u16, location: &[u8]) {
    let mut fields = Vec::new();
    write_field(&mut fields, b"Location", location);
    write(x, status, &fields, &nothing()).await;
}

/// An answer without a body.
fn nothing() -> Rendered {
    Rendered { body: Vec::new(), content_type: None, content_language: None, content_security_policy: None }
}

/// `Max-Forwards: 0`: the request was meant for us (RFC 9110 §7.6.2).
fn ends_here(x: &Exchange<'_>) -> bool {
    x.request.is_some_and(|request| request.max_forwards == Some(0))
}

async fn end_here(x: &mut Exchange<'_>) {
    if x.desk.request.method() != b"TRACE" {
        let mut fields = Vec::new();
        write_field(&mut fields, b"Allow", b"GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS, TRACE");
        return write(x, 200, &fields, &nothing()).await;
    }
    // What was received, without what could be a secret (RFC 9110 §9.3.8).
    let mut body = Vec::new();
    body.extend_from_slice(b"TRACE ");
    body.extend_from_slice(x.desk.request.target());
    body.extend_from_slice(b" HTTP/1.1\r\n");
    for field in x.desk.request.fields() {
        if !matches!(field.known, Known::Cookie | Known::Authorization | Known::ProxyAuthorization) {
            write_field(&mut body, field.name, field.value);
        }
    }
    body.extend_from_slice(b"\r\n");
    let rendered = Rendered { body, content_type: Some("message/http"), ..nothing() };
    write(x, 200, &[], &rendered).await;
}

fn render(x: &Exchange<'_>, cause: Cause, status: u16, retry_after: Option<u32>) -> Rendered {
    let plan = &x.view.snapshot.plan;
    let answers: &Answers = x.site().map_or(&plan.answers, |site| &site.answers);
    let head = &x.desk.request;
    let lang = language::choose(head.all(Known::AcceptLanguage), answers.language);
    let lang = Lang::from_tag(lang.tag()).unwrap_or_default();
    let format = choose_format(head.get(Known::Accept), head.path(), head.find("sec-fetch-dest"));
    let id = x.id.text();
    let last = x.desk.evidence.attempts.last();
    let (_, stage) = outcome::cause(x);
    let details = x.is_insider().then(|| Details {
        stage,
        ending: ending(x),
        upstream: last.map(|attempt| &*attempt.upstream),
        address: last.and_then(|attempt| attempt.address.as_ref()),
        attempts: x.desk.evidence.attempts.len(),
    });
    let answer = Answer {
        status,
        cause,
        request_id: std::str::from_utf8(&id).unwrap_or_default(),
        site: x.site().map(|site| &*site.name).filter(|name| *name != "*"),
        lang,
        format,
        time: SystemTime::now(),
        retry_after,
        support: answers.support.as_deref(),
        status_page: answers.status_page.as_deref(),
        waits: x.notes.as_ref().and_then(|notes| notes.waits).map(|waits| Waits {
            position: waits.position,
            estimate: u32::try_from(waits.estimate.as_secs()).unwrap_or(u32::MAX),
        }),
        is_safe_to_repeat: x.is_get_or_head(),
        details,
    };
    match x.view.snapshot.templates.find(x.site, status) {
        Some(template) => {
            let (rendered, fault) = answer.render_with(template);
            if let Some(fault) = fault {
                tracing::warn!(%fault, status, "an answer page failed; the built-in one went out");
            }
            rendered
        }
        None => answer.render(),
    }
}

/// The ending of the step that decided.
fn ending(x: &Exchange<'_>) -> Option<Ending> {
    let evidence = &x.desk.evidence;
    let client = &evidence.client;
    let local = &evidence.local;
    let of_client = [&client.head, &local.route, &local.guard, &local.admit, &client.body];
    let of_attempt = evidence
        .attempts
        .last()
        .map(|last| [&last.resolve, &last.connect, &last.handshake, &last.head, &last.send, &last.body]);
    let steps = of_client.into_iter().chain(of_attempt.into_iter().flatten()).chain([&local.pick]);
    steps.into_iter().find_map(Step::ending).copied()
}

/// When it makes sense to come back, where that is known.
fn retry_after(cause: Cause) -> Option<u32> {
    match cause {
        Cause::Draining | Cause::LocalResourcesSpent => Some(2),
        _ if cause.status() == Some(503) => Some(5),
        _ => None,
    }
}

fn write_proxy_status(x: &Exchange<'_>, cause: Cause, out: &mut Vec<u8>) {
    let ending = ending(x);
    let last = x.desk.evidence.attempts.last();
    let is_trusted = x.is_insider();
    let address = last.and_then(|attempt| attempt.address.as_ref()).map(ToString::to_string);
    let next_hop = address.as_deref().or_else(|| last.map(|attempt| &*attempt.upstream));
    let details = ending.filter(|_| is_trusted).map(|ending| sentence(&ending, Lang::En));
    let details = details.map(|said| format!("{cause}: {said}"));
    let mut extra = Vec::new();
    match ending {
        Some(Ending::Name(fault)) => {
            let rcode = match fault {
                NameFault::NxDomain => Some("NXDOMAIN"),
                NameFault::NoAddress => Some("NOERROR"),
                NameFault::Rcode(1) => Some("FORMERR"),
                NameFault::Rcode(2) => Some("SERVFAIL"),
                NameFault::Rcode(4) => Some("NOTIMP"),
                NameFault::Rcode(5) => Some("REFUSED"),
                _ => None,
            };
            extra.extend(rcode.map(|rcode| ("rcode", Bare::Text(rcode))));
        }
        Some(Ending::TlsAlert(number)) => {
            extra.push(("alert-id", Bare::Integer(i64::from(number))));
            extra.push(("alert-message", Bare::Text(sentence::alert_name(number))));
        }
        _ => {}
    }
    let status = ProxyStatus {
        proxy: PROXY,
        error: cause.error_type(),
        next_hop: next_hop.filter(|_| is_trusted),
        next_protocol: None,
        received_status: last.and_then(|attempt| attempt.status),
        details: details.as_deref(),
        extra: &extra,
    };
    status.write(out);
}

/// Writes a whole answer: head with our own framing, and body unless the client asked by HEAD.
async fn write(x: &mut Exchange<'_>, status: u16, fields: &[u8], rendered: &Rendered) {
    let now = Moment::now();
    let has_body = status != 204 && status != 304;
    x.desk.out.clear();
    let mut out = std::mem::take(x.desk.out.bytes());
    write_status_line(&mut out, Version::Http11, status, reason(status).as_bytes());
    out.extend_from_slice(b"Date: ");
    x.core.write_date(now, &mut out);
    out.extend_from_slice(b"\r\n");
    out.extend_from_slice(fields);
    identity::write_transport_security(x, &mut out);
    http3::write_offer(x, &mut out);
    let facts = [
        ("Content-Type", rendered.content_type),
        ("Content-Language", rendered.content_language),
        ("Content-Security-Policy", rendered.content_security_policy),
    ];
    for (name, value) in facts {
        if let Some(value) = value {
            write_field(&mut out, name.as_bytes(), value.as_bytes());
        }
    }
    if has_body {
        out.extend_from_slice(b"Content-Length: ");
        write_number(&mut out, rendered.body.len() as u64);
        out.extend_from_slice(b"\r\n");
    }
    let is_10 = x.request.is_some_and(|request| request.version == Version::Http10);
    // A body that was not read cannot be followed by another request.
    x.keeps_client = x.keeps_client && x.body.is_done();
    out.extend_from_slice(match (x.keeps_client, is_10) {
        (false, _) => b"Connection: close\r\n\r\n".as_slice(),
        (true, true) => b"Connection: keep-alive\r\n\r\n",
        (true, false) => b"\r\n",
    });
    if has_body && !x.is_head() {
        out.extend_from_slice(&rendered.body);
    }
    *x.desk.out.bytes() = out;
    x.status = Some(status);
    x.served_by = ServedBy::Answer;
    let until = now + x.view.snapshot.plan.deadlines.send;
    match poll_fn(|cx| poll_write(cx, x, until)).await {
        Ok(()) => x.is_complete = true,
        Err(ending) => {
            if x.desk.evidence.client.answer == Step::NotReached {
                x.desk.evidence.client.answer = Step::Failed { ending, after: x.elapsed() };
            }
            abort(x, Way::Length(0));
        }
    }
}

fn poll_write(cx: &mut Context<'_>, x: &mut Exchange<'_>, until: Moment) -> Poll<Result<(), Ending>> {
    while !x.desk.out.is_empty() {
        let polled = if x.keeps_client {
            x.desk.out.poll_send(cx, &mut x.client.stream, &[])
        } else {
            x.desk.out.poll_send_last(cx, &mut x.client.stream)
        };
        match polled {
            Poll::Ready(Ok(sent)) => x.sent += sent.all as u64,
            Poll::Ready(Err(error)) => return Poll::Ready(Err(ending_of(&error, Deadline::ClientWrite))),
            Poll::Pending => {
                return x
                    .client
                    .poll_deadline(cx, until)
                    .map(|()| Err(Ending::TimedOut(Deadline::ClientWrite)));
            }
        }
    }
    ready!(Pin::new(&mut x.client.stream).poll_flush(cx))
        .map_err(|error| ending_of(&error, Deadline::ClientWrite))?;
    Poll::Ready(Ok(()))
}

/// The reason phrase of a status we send (RFC 9110 §15).
fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        301 => "Moved Permanently",
        302 => "Found",
        303 => "See Other",
        307 => "Temporary Redirect",
        308 => "Permanent Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        408 => "Request Timeout",
        413 => "Content Too Large",
        414 => "URI Too Long",
        417 => "Expectation Failed",
        421 => "Misdirected Request",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        505 => "HTTP Version Not Supported",
        _ => "",
    }
}
