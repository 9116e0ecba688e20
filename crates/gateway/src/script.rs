//! A request as a FastCGI application gets it: its environment, its body with a length, and what it complained about.
//!
//! The fields it gets are those an HTTP upstream would get, made by the same file (`request_head.rs`), each as a
//! variable; the connection itself (`torwart_dial::fastcgi`) reads like one of HTTP, so the relay is the same as well.

use crate::body::Look;
use crate::client::poll_fill;
use crate::clock::Moment;
use crate::connect::Outgoing;
use crate::exchange::Exchange;
use crate::request_head;
use crate::route::decided;
use std::future::poll_fn;
use std::path::Path;
use std::sync::Arc;
use std::task::{Context, Poll};
use torwart_cause::{Address, Deadline, Decision, Ending, Limit, Step};
use torwart_config::plan;
use torwart_dial::fastcgi::Begin;
use torwart_dial::{Stop, ending_of};
use torwart_kernel::socket::local_address;
use torwart_kernel::untaken::{has_untaken, is_untaken};
use torwart_policy::files::{self, Unserved};
use torwart_policy::path::normalise;
use torwart_policy::route::host_of;
use torwart_policy::script;
use torwart_record::{Client as Peer, Protocol};
use torwart_wire::fastcgi::{Params, stdin_header, write_begin};
use torwart_wire::http1::ResponseLimits;
use torwart_wire::{Framing, Version};

/// The script that answers a request.
#[derive(Clone, Debug, Default)]
pub struct Script {
    /// Its path, from the document root.
    pub name: Vec<u8>,
    /// What follows it in the request's path.
    pub info: Vec<u8>,
    /// The query it gets, where it is not the client's.
    pub query: Option<Vec<u8>>,
    /// The length of a body that came without one and was gathered.
    pub gathered: Option<u64>,
}

/// Chooses the script, where none was found among files, and gathers a body of unknown length.
pub async fn prepare(x: &mut Exchange<'_>) -> Result<(), Stop> {
    let Some(plan) = x.route().and_then(|route| route.script.clone()) else { return Ok(()) };
    if x.script.is_none() {
        let Some(found) = without_files(x, &plan) else {
            x.desk.evidence.local.route = decided(Decision::NoFile);
            return Err(Stop);
        };
        x.script = Some(Box::new(found));
    }
    if x.body.framing() != Framing::Chunked {
        return Ok(());
    }
    let length = gather(x).await;
    match (length, &mut x.script) {
        (Ok(length), Some(script)) => {
            script.gathered = Some(length);
            Ok(())
        }
        (Ok(_), None) => Err(Stop),
        (Err(ending), _) => {
            x.keeps_client = false;
            x.desk.evidence.client.body = Step::Failed { ending, after: x.elapsed() };
            Err(Stop)
        }
    }
}

fn without_files(x: &Exchange<'_>, plan: &plan::Script) -> Option<Script> {
    let mut scratch = x.core.scratch.borrow_mut();
    let path = normalise(x.desk.request.path(), &mut scratch).ok()?;
    let front = plan.front.as_deref();
    match files::decoded(path, false) {
        Ok(path) => {
            let (name, info) = script::without_files(&path, &plan.suffixes, &plan.index, front)?;
            Some(Script { name, info: info.to_vec(), ..Script::default() })
        }
        Err(Unserved::Hidden) => None,
        // What stands for everything else stands for this too.
        Err(Unserved::Unclear) => front.map(|name| Script { name: name.into(), ..Script::default() }),
    }
}

/// Applications learn the length of a body before its first byte, so one that comes without is read to its end first, as
/// far as the replay limit goes.
async fn gather(x: &mut Exchange<'_>) -> Result<u64, Ending> {
    x.body.rewind(&mut x.desk.request.buffer);
    x.body.keep(true);
    if x.request.is_some_and(|request| request.expects_continue) && !x.was_told_to_continue {
        x.was_told_to_continue = true;
        x.desk.out.bytes().extend_from_slice(b"HTTP/1.1 100 Continue\r\n\r\n");
    }
    let patience = x.view.snapshot.plan.deadlines.body;
    let mut until = Moment::now() + patience;
    poll_fn(|cx| {
        loop {
            match poll_gather(cx, x) {
                Poll::Ready(Ok(None)) => until = Moment::now() + patience,
                Poll::Ready(Ok(Some(length))) => return Poll::Ready(Ok(length)),
                Poll::Ready(Err(ending)) => return Poll::Ready(Err(ending)),
                Poll::Pending => break,
            }
        }
        x.client.poll_deadline(cx, until).map(|()| Err(Ending::TimedOut(Deadline::ClientBody)))
    })
    .await
}

/// The length once it is known; `None` when some bytes came.
fn poll_gather(cx: &mut Context<'_>, x: &mut Exchange<'_>) -> Poll<Result<Option<u64>, Ending>> {
    while !x.desk.out.is_empty() {
        match x.desk.out.poll_send(cx, &mut x.client.stream, &[]) {
            Poll::Ready(Ok(sent)) => x.sent += sent.all as u64,
            Poll::Ready(Err(error)) => return Poll::Ready(Err(ending_of(&error, Deadline::ClientBody))),
            Poll::Pending => break,
        }
    }
    let most = x.buffers.replay.as_usize();
    let head = x.desk.request.len();
    let buffer = &mut x.desk.request.buffer;
    loop {
        match x.body.look(buffer)? {
            Look::Data => {
                let here = x.body.data(buffer).len();
                x.body.take(buffer, here);
                if x.body.taken() > most as u64 {
                    return Poll::Ready(Err(Ending::TooLarge(Limit::BodyBytes)));
                }
            }
            Look::End => return Poll::Ready(Ok(Some(x.body.taken()))),
            Look::More => break,
        }
    }
    if buffer.spare().is_empty() {
        // As much again for the framing of small chunks.
        let largest = head + 2 * most + LEAST_ROOM;
        if buffer.capacity() >= largest {
            return Poll::Ready(Err(Ending::TooLarge(Limit::BodyBytes)));
        }
        let wanted = (buffer.capacity() * 2).min(largest);
        buffer.grow(wanted);
    }
    match std::task::ready!(poll_fill(&mut x.client.stream, cx, buffer, usize::MAX)) {
        Ok(0) => Poll::Ready(Err(Ending::Closed)),
        Ok(read) => {
            x.received += read as u64;
            Poll::Ready(Ok(None))
        }
        Err(error) => Poll::Ready(Err(ending_of(&error, Deadline::ClientBody))),
    }
}

/// Writes the request as records and begins it on the link.
pub fn write(x: &Exchange<'_>, outgoing: &mut Outgoing, limits: ResponseLimits) {
    let (Some(found), Some(request)) = (&x.script, &x.request) else { return };
    let Some(plan) = x.route().and_then(|route| route.script.clone()) else { return };
    let body = match request.framing {
        Framing::Length(length) => length,
        Framing::Chunked => found.gathered.unwrap_or_default(),
        Framing::None | Framing::UntilClose => 0,
    };
    let keeps = x.pool.and_then(|pool| x.view.pools.get(pool.0)).is_some_and(|pool| pool.keep.links > 0);
    let mut text = Vec::with_capacity(1024);
    request_head::write(x, &outgoing.upstream.upstream.authority, &mut text);
    let out = outgoing.desk.out.bytes();
    let start = out.len();
    write_begin(out, keeps);
    let mut params = Params::new(out);
    let is_own = |name: &[u8]| plan.variables.iter().any(|(own, _)| own.as_bytes() == name);
    let length = (request.framing != Framing::None).then_some(body);
    tell(x, found, &plan, length, |name, value| {
        if !is_own(name) {
            params.push(name, value);
        }
    });
    for (name, value) in variables(&text) {
        if !is_own(&name) {
            params.push(&name, &value);
        }
    }
    for (name, value) in &plan.variables {
        params.push(name.as_bytes(), value.as_bytes());
    }
    params.finish();
    if body == 0 {
        out.extend_from_slice(&stdin_header(0));
    }
    let records = out.len() - start;
    if let Some(link) = outgoing.link.stream.as_fastcgi_mut() {
        link.begin(&Begin { records, body, is_head: x.is_head(), keeps, limits });
    }
}

fn tell(
    x: &Exchange<'_>,
    found: &Script,
    plan: &plan::Script,
    length: Option<u64>,
    push: impl FnMut(&[u8], &[u8]),
) {
    let head = &x.desk.request;
    let target = head.path_and_query();
    let query = target.get(head.path().len() + 1..).unwrap_or_default();
    let authority = head.authority();
    let host = host_of(authority);
    let stated = authority.get(host.len()..).and_then(|rest| rest.strip_prefix(b":"));
    let stated = stated.and_then(|port| std::str::from_utf8(port).ok()?.parse().ok());
    let root = plan.root.clone().or_else(|| {
        let (_, index) = x.route?;
        x.view.snapshot.folders.get(index)?.as_ref().map(|folder| Arc::clone(&folder.path))
    });
    let facts = script::Facts {
        root: root.as_deref().unwrap_or_default().as_bytes(),
        name: &found.name,
        info: &found.info,
        method: head.method(),
        target,
        query: found.query.as_deref().unwrap_or(query),
        protocol: match (x.client.protocol(), x.request.map(|request| request.version)) {
            (Some(Protocol::Http2), _) => b"HTTP/2.0",
            (Some(Protocol::Http3), _) => b"HTTP/3.0",
            (_, Some(Version::Http10)) => b"HTTP/1.0",
            _ => b"HTTP/1.1",
        },
        host,
        is_tls: x.client.is_tls,
        client: match x.visitor() {
            Peer::Ip(address) => Some(address),
            Peer::Unix => None,
        },
        port: stated.unwrap_or(if x.client.is_tls { 443 } else { 80 }),
        length,
    };
    script::environment(&facts, push);
}

/// The variables of a request's fields. Several of one name become one, as RFC 9110 §5.3 joins them.
fn variables(text: &[u8]) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut variables: Vec<(Vec<u8>, Vec<u8>)> = Vec::new();
    for line in text.split(|byte| *byte == b'\n').skip(1) {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let Some(colon) = line.iter().position(|byte| *byte == b':') else { continue };
        let (field, value) = line.split_at_checked(colon).unwrap_or_default();
        let value = value.get(1..).unwrap_or_default().trim_ascii();
        const FRAMING: [&[u8]; 5] =
            [b"content-length", b"transfer-encoding", b"connection", b"te", b"upgrade"];
        let mut name = Vec::with_capacity(field.len() + 5);
        if FRAMING.iter().any(|framing| field.eq_ignore_ascii_case(framing))
            || !script::variable_of(field, &mut name)
        {
            continue;
        }
        match variables.iter_mut().find(|(known, _)| *known == name) {
            Some((_, before)) => {
                before.extend_from_slice(if name == b"HTTP_COOKIE" { b"; " } else { b", " });
                before.extend_from_slice(value);
            }
            None => variables.push((name, value.to_vec())),
        }
    }
    variables
}

/// Keeps what the application complained about, and what its answer began with where that was wrong.
#[cold]
pub fn keep_told(x: &mut Exchange<'_>, outgoing: &Outgoing) {
    let Some(told) = outgoing.link.stream.as_fastcgi().and_then(|link| link.told()) else { return };
    let attempt = x.attempt();
    if !told.errors.is_empty() {
        attempt.stderr = Some(told.errors.as_slice().into());
    }
    if (attempt.head.is_failed() || attempt.body.is_failed()) && !told.first.is_empty() {
        attempt.first_bytes = Some(told.first.as_slice().into());
    }
}

/// Whether the application said nothing at all for as long as it was given.
pub fn was_silent(x: &mut Exchange<'_>) -> bool {
    let attempt = x.attempt();
    attempt.received == 0 && attempt.head.ending() == Some(&Ending::TimedOut(Deadline::FirstByte))
}

/// Tells a busy pool from a slow script, where the application runs on this host: as long as no worker has taken a
/// connection, the kernel shows it without an owner.
pub async fn look_into_queue(x: &mut Exchange<'_>, outgoing: &Outgoing) {
    let ours = local_address(&outgoing.link.stream).ok();
    let address = outgoing.link.address.clone();
    let looking = tokio::task::spawn_blocking(move || match (address, ours) {
        (Address::Ip(theirs), Some(ours)) => is_untaken(ours, theirs),
        (Address::Unix(path), _) => has_untaken(Path::new(&*path)),
        (Address::Ip(_), None) => false,
    });
    if looking.await.unwrap_or(false)
        && let Step::Failed { ending, .. } = &mut x.attempt().head
    {
        *ending = Ending::TimedOut(Deadline::Queue);
    }
}

/// Room for the framing of one chunk.
const LEAST_ROOM: usize = 8 << 10;
