//! A stored answer on its way to a client: whole, in parts, or only that it has not changed.

use super::arena::Extent;
use super::entry::Stored;
use crate::clock::Moment;
use crate::compress::{self, Coded, TURN};
use crate::exchange::Exchange;
use crate::relay::abort;
use crate::response_head::{self, Way};
use crate::send_out::rest;
use std::future::poll_fn;
use std::task::{Poll, ready};
use std::time::Duration;
use torwart_cause::{Deadline, Ending, Step};
use torwart_dial::ending_of;
use torwart_policy::cache::conditional::{Sent, judge};
use torwart_policy::cache::status::Said;
use torwart_policy::files::range::Part;
use torwart_record::ServedBy;
use torwart_wire::http1::{Response, write_number};
use torwart_wire::{Framing, Head, Version};

/// What goes out after the head: texts and parts of the body in turn.
#[derive(Default)]
struct Plan {
    pieces: Vec<(Vec<u8>, Part)>,
    tail: Vec<u8>,
    length: u64,
}

/// Sends it.
pub async fn stored(
    x: &mut Exchange<'_>,
    stored: &Stored,
    said: Said<'_>,
    served_by: ServedBy,
    now: Duration,
) {
    let size = stored.body.len();
    let came = stored.freshness.received.as_secs();
    let sent = judge(&x.desk.request, stored.status, &stored.head, size, came);
    let status = match &sent {
        Sent::Whole => stored.status,
        Sent::Parts(_) => 206,
        Sent::NotModified => 304,
        Sent::NotSatisfiable => 416,
    };
    let has_body = !matches!(status, 204 | 304) && !x.is_head();
    x.keeps_client = x.keeps_client && x.body.is_done() && !x.client.place.is_extra;
    let mut plan = Plan::default();
    let head = described(x, stored, &sent, &mut plan);
    let length = plan.length;
    let coded = compress::begin(x, status, head.as_ref().unwrap_or(&stored.head), Some(length));
    let way = match &coded {
        Some(coded) => coded.way(),
        None if has_body => Way::Length(length),
        None => Way::NoBody,
    };
    response_head::write(x, head.as_ref().unwrap_or(&stored.head), &response(status), way, Moment::now());
    let states_length = x.is_head() && status != 204 && !compress::is_coded(x);
    append_lines(x, Some(stored.freshness.age(now)), said, states_length.then_some(length));
    x.status = Some(status);
    x.served_by = served_by;
    let ended = match coded {
        Some(coded) => code(x, stored, *coded).await,
        None if has_body => pieces(x, stored, &plan).await,
        None => rest(x, &[]).await,
    };
    match ended {
        Ok(()) => x.is_complete = true,
        Err(ending) => {
            x.desk.evidence.client.answer = Step::Failed { ending, after: x.elapsed() };
            abort(x, way);
        }
    }
}

/// A response of ours for [`response_head::write`].
pub fn response(status: u16) -> Response {
    Response {
        version: Version::Http11,
        status,
        framing: Framing::None,
        keeps_alive: true,
        is_interim: false,
        switches: false,
        idle_hint: None,
    }
}

/// Adds to the head that was written last what is true of this very answer.
pub fn append_lines(x: &mut Exchange<'_>, age: Option<Duration>, said: Said<'_>, length: Option<u64>) {
    response_head::append(x, |out| {
        if let Some(age) = age {
            out.extend_from_slice(b"Age: ");
            write_number(out, age.as_secs());
            out.extend_from_slice(b"\r\n");
        }
        if let Some(length) = length {
            out.extend_from_slice(b"Content-Length: ");
            write_number(out, length);
            out.extend_from_slice(b"\r\n");
        }
        said.write(crate::answer::PROXY, out);
    });
}

/// The head where it is not just the stored one; and the body that belongs to it.
fn described(x: &Exchange<'_>, stored: &Stored, sent: &Sent, plan: &mut Plan) -> Option<Head> {
    let size = stored.body.len();
    let reason: &[u8] = match sent {
        Sent::Whole => {
            plan.length = size;
            plan.pieces.push((Vec::new(), Part { start: 0, len: size }));
            return None;
        }
        Sent::Parts(_) => b"Partial Content",
        Sent::NotModified => b"Not Modified",
        Sent::NotSatisfiable => b"Range Not Satisfiable",
    };
    let mut head = Head::response(reason);
    for field in stored.head.fields().filter(|field| is_kept(sent, field.name)) {
        head.push_field(field.name, field.value);
    }
    match sent {
        Sent::Parts(parts) => match parts.as_slice() {
            [part] => {
                head.push_field(b"Content-Range", &content_range(*part, size));
                plan.pieces.push((Vec::new(), *part));
            }
            parts => {
                let boundary = x.id.text();
                let full = [b"multipart/byteranges; boundary=".as_slice(), &boundary].concat();
                head.push_field(b"Content-Type", &full);
                let kind = stored.head.find("content-type").unwrap_or(b"application/octet-stream");
                plan.pieces =
                    parts.iter().map(|part| (part_head(*part, kind, &boundary, size), *part)).collect();
                plan.tail = [b"\r\n--".as_slice(), &boundary, b"--\r\n"].concat();
            }
        },
        Sent::NotSatisfiable => head.push_field(b"Content-Range", format!("bytes */{size}").as_bytes()),
        Sent::Whole | Sent::NotModified => {}
    }
    let pieces = plan.pieces.iter().map(|(text, part)| text.len() as u64 + part.len);
    plan.length = pieces.sum::<u64>() + plan.tail.len() as u64;
    Some(head)
}

/// Whether a field describes what goes out.
fn is_kept(sent: &Sent, name: &[u8]) -> bool {
    match sent {
        Sent::Parts(parts) if parts.len() > 1 => !is(name, b"content-type"),
        Sent::NotSatisfiable => !is(name, b"content-type"),
        // RFC 9110 §15.4.5.
        Sent::NotModified => {
            let is_about_content = name.get(..8).is_some_and(|start| is(start, b"content-"));
            !is_about_content || is(name, b"content-location")
        }
        Sent::Whole | Sent::Parts(_) => true,
    }
}

fn is(name: &[u8], other: &[u8]) -> bool {
    name.eq_ignore_ascii_case(other)
}

/// Several parts, each with its own head (RFC 9110 §14.6).
fn part_head(part: Part, kind: &[u8], boundary: &[u8], size: u64) -> Vec<u8> {
    let mut text = b"\r\n--".to_vec();
    text.extend_from_slice(boundary);
    text.extend_from_slice(b"\r\nContent-Type: ");
    text.extend_from_slice(kind);
    text.extend_from_slice(b"\r\nContent-Range: ");
    text.extend_from_slice(&content_range(part, size));
    text.extend_from_slice(b"\r\n\r\n");
    text
}

fn content_range(part: Part, size: u64) -> Vec<u8> {
    format!("bytes {}-{}/{size}", part.start, part.start + part.len - 1).into_bytes()
}

async fn pieces(x: &mut Exchange<'_>, stored: &Stored, plan: &Plan) -> Result<(), Ending> {
    for (text, part) in &plan.pieces {
        x.desk.out.bytes().extend_from_slice(text);
        if let Some(extent) = stored.body.extent() {
            from_file(x, extent, *part).await?;
            continue;
        }
        for piece in stored.body.part(part.start, part.len) {
            if piece.len() <= JOINED {
                x.desk.out.bytes().extend_from_slice(piece);
            } else {
                rest(x, piece).await?;
            }
        }
    }
    x.desk.out.bytes().extend_from_slice(&plan.tail);
    rest(x, &[]).await
}

/// The whole body, through a coder.
async fn code(x: &mut Exchange<'_>, stored: &Stored, mut coded: Coded) -> Result<(), Ending> {
    if let Some(extent) = stored.body.extent() {
        let mut room = vec![0; TURN];
        let mut at = 0;
        while at < stored.body.len() {
            let most = usize::try_from(stored.body.len() - at).map_or(TURN, |left| left.min(TURN));
            let some = room.get_mut(..most).unwrap_or_default();
            let read = extent.file().read(some, extent.place(at));
            read.map_err(|error| Ending::Os(error.raw_os_error().unwrap_or(0)))?;
            code_some(x, &mut coded, some).await?;
            at += most as u64;
        }
    } else {
        for piece in stored.body.part(0, stored.body.len()) {
            for some in piece.chunks(TURN) {
                code_some(x, &mut coded, some).await?;
            }
        }
    }
    coded.finish(&[], x.desk.out.bytes()).map_err(|_| Ending::ResourcesSpent)?;
    rest(x, &[]).await
}

async fn code_some(x: &mut Exchange<'_>, coded: &mut Coded, some: &[u8]) -> Result<(), Ending> {
    coded.push(some, x.desk.out.bytes()).map_err(|_| Ending::ResourcesSpent)?;
    if x.desk.out.len() >= QUEUED {
        rest(x, &[]).await?;
    }
    if some.len() == TURN {
        tokio::task::yield_now().await;
    }
    Ok(())
}

/// Sends a part of a body as it lies: without copying it to plain sockets, else in pieces.
async fn from_file(x: &mut Exchange<'_>, extent: &Extent, part: Part) -> Result<(), Ending> {
    let end = part.start + part.len;
    let mut at = part.start;
    if x.client.stream.as_tcp().is_none() {
        while at < end {
            let most = usize::try_from(end - at).map_or(CHUNK, |left| left.min(CHUNK));
            let out = x.desk.out.bytes();
            let start = out.len();
            out.resize(start + most, 0);
            let read = extent.file().read(out.get_mut(start..).unwrap_or_default(), extent.place(at));
            read.map_err(|error| Ending::Os(error.raw_os_error().unwrap_or(0)))?;
            at += most as u64;
            rest(x, &[]).await?;
        }
        return Ok(());
    }
    rest(x, &[]).await?;
    let patience = x.view.snapshot.plan.deadlines.send;
    let mut until = Moment::now() + patience;
    poll_fn(|cx| {
        while at < end {
            let Some(client) = x.client.stream.as_tcp() else { return Poll::Ready(Err(Ending::Closed)) };
            let most = usize::try_from(end - at).unwrap_or(usize::MAX);
            match client.poll_send_file(cx, extent.file(), extent.place(at), most) {
                Poll::Ready(Ok(0)) => return Poll::Ready(Err(Ending::Closed)),
                Poll::Ready(Ok(sent)) => {
                    at += sent as u64;
                    x.sent += sent as u64;
                    until = Moment::now() + patience;
                }
                Poll::Ready(Err(error)) => return Poll::Ready(Err(ending_of(&error, Deadline::ClientWrite))),
                Poll::Pending => {
                    ready!(x.client.poll_deadline(cx, until));
                    return Poll::Ready(Err(Ending::TimedOut(Deadline::ClientWrite)));
                }
            }
        }
        Poll::Ready(Ok(()))
    })
    .await
}

/// Coded bytes are gathered up to this much before they are sent.
const QUEUED: usize = 16 << 10;

/// A small piece joins what is queued: cheaper than two pieces in one call.
const JOINED: usize = 4 << 10;

/// As much as is read at once for a client that needs a copy.
const CHUNK: usize = 64 << 10;
