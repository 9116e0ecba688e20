//! A file on its way to the client: whole or in parts, or only that it has not changed (RFC 9110 §13 and §14).

use super::{Chosen, Opened};
use crate::clock::Moment;
use crate::compress::{self, Coded, TURN};
use crate::exchange::Exchange;
use crate::relay::abort;
use crate::response_head::{self, Way};
use crate::send_out::rest;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use torwart_cause::{Ending, Step};
use torwart_kernel::folder::read_cached;
use torwart_policy::files::conditional::{Sent, State, judge};
use torwart_policy::files::range::Part;
use torwart_policy::files::{content_type, http_date};
use torwart_record::ServedBy;
use torwart_wire::http1::{Response, write_number};
use torwart_wire::{Framing, Head, Version};

/// What goes out after the head: texts and parts of the file in turn.
struct Body {
    pieces: Vec<(Vec<u8>, Part)>,
    tail: Vec<u8>,
}

/// Sends the file, or says why it need not be sent.
pub(super) async fn send(x: &mut Exchange<'_>, chosen: Chosen) {
    let method = x.desk.request.method();
    if !matches!(method, b"GET" | b"HEAD") {
        let status = if method == b"OPTIONS" { 204 } else { 405 };
        let mut head = Head::response(if status == 204 { b"No Content" } else { b"Method Not Allowed" });
        head.push_field(b"Allow", b"GET, HEAD, OPTIONS");
        let way = if status == 204 { Way::NoBody } else { Way::Length(0) };
        return deliver(x, status, &head, way, &chosen.opened, Body::nothing(), None).await;
    }
    let facts = chosen.opened.facts;
    let etag = format!("\"{:x}-{:x}-{:x}.{:x}\"", facts.inode, facts.size, facts.modified, facts.nanos);
    let state = State { etag: etag.as_bytes(), modified: facts.modified, size: facts.size };
    let sent = judge(&x.desk.request, state);
    let whole = Part { start: 0, len: facts.size };
    let (status, reason) = match &sent {
        Sent::Whole => (200, "OK"),
        Sent::Parts(_) => (206, "Partial Content"),
        Sent::NotModified => (304, "Not Modified"),
        Sent::Failed => (412, "Precondition Failed"),
        Sent::NotSatisfiable => (416, "Range Not Satisfiable"),
    };
    let mut head = Head::response(reason.as_bytes());
    let kind = content_type::of(&chosen.path);
    let mut body = Body::nothing();
    if matches!(sent, Sent::Whole | Sent::Parts(_) | Sent::NotModified) {
        describe(x, &chosen, &etag, &mut head);
    }
    match &sent {
        Sent::Whole => {
            head.push_field(b"Content-Type", kind.as_bytes());
            body.pieces.push((Vec::new(), whole));
        }
        Sent::Parts(parts) => match parts.as_slice() {
            [part] => {
                head.push_field(b"Content-Type", kind.as_bytes());
                head.push_field(b"Content-Range", &content_range(*part, facts.size));
                body.pieces.push((Vec::new(), *part));
            }
            parts => {
                let boundary = x.id.text();
                let full = [b"multipart/byteranges; boundary=".as_slice(), &boundary].concat();
                head.push_field(b"Content-Type", &full);
                body = Body::of_parts(parts, kind, &boundary, facts.size);
            }
        },
        Sent::NotSatisfiable => {
            head.push_field(b"Content-Range", format!("bytes */{}", facts.size).as_bytes())
        }
        Sent::NotModified | Sent::Failed => {}
    }
    let length = body.length();
    // A neighbour that lies there compressed says so, and stays as it is.
    let coded = compress::begin(x, status, &head, Some(length));
    let mut way = coded.as_ref().map_or(Way::Length(length), |coded| coded.way());
    if status == 304 {
        way = Way::NoBody;
    } else if x.is_head() {
        let mut text = Vec::new();
        write_number(&mut text, length);
        head.push_field(b"Content-Length", &text);
        way = Way::NoBody;
        body = Body::nothing();
    }
    deliver(x, status, &head, way, &chosen.opened, body, coded).await;
}

/// What every answer about the file says, unchanged ones too (RFC 9110 §15.4.5).
fn describe(x: &Exchange<'_>, chosen: &Chosen, etag: &str, head: &mut Head) {
    head.push_field(b"ETag", etag.as_bytes());
    let mut date = Vec::with_capacity(32);
    http_date::write(chosen.opened.facts.modified, &mut date);
    head.push_field(b"Last-Modified", &date);
    head.push_field(b"Accept-Ranges", b"bytes");
    let Some(files) = x.route().and_then(|route| route.files.as_ref()) else { return };
    if !files.precompressed.is_empty() {
        head.push_field(b"Vary", b"Accept-Encoding");
    }
    if let Some(coding) = chosen.coding {
        head.push_field(b"Content-Encoding", coding.coding().as_bytes());
    }
    if let Some(cache_control) = &files.cache_control {
        head.push_field(b"Cache-Control", cache_control.as_bytes());
    }
    // What an uploader calls a picture must not become a page.
    head.push_field(b"X-Content-Type-Options", b"nosniff");
}

async fn deliver(
    x: &mut Exchange<'_>,
    status: u16,
    head: &Head,
    way: Way,
    opened: &Opened,
    body: Body,
    coded: Option<Box<Coded>>,
) {
    let response = Response {
        version: Version::Http11,
        status,
        framing: Framing::None,
        keeps_alive: true,
        is_interim: false,
        switches: false,
        idle_hint: None,
    };
    // A body that was not read cannot be followed by another request.
    x.keeps_client = x.keeps_client && x.body.is_done();
    x.desk.out.clear();
    response_head::write(x, head, &response, way, Moment::now());
    x.status = Some(status);
    x.served_by = ServedBy::Files;
    match stream(x, opened, body, coded).await {
        Ok(()) => x.is_complete = true,
        Err(ending) => {
            x.desk.evidence.client.answer = Step::Failed { ending, after: x.elapsed() };
            abort(x, way);
        }
    }
}

async fn stream(
    x: &mut Exchange<'_>,
    opened: &Opened,
    body: Body,
    mut coded: Option<Box<Coded>>,
) -> Result<(), Ending> {
    let most = if coded.is_some() { TURN } else { CHUNK };
    for (text, part) in body.pieces {
        x.desk.out.bytes().extend_from_slice(&text);
        let end = part.start + part.len;
        let mut at = part.start;
        while at < end {
            let room = usize::try_from(end - at).map_or(most, |left| left.min(most));
            let read = read(x, opened, at, room).await.map_err(|error| {
                tracing::warn!(%error, path = %x.desk.request.path().escape_ascii(), "a file cannot be read to its end");
                Ending::Os(error.raw_os_error().unwrap_or(0))
            })?;
            at += read as u64;
            if let Some(coded) = &mut coded {
                code(x, coded, read).map_err(|_| Ending::ResourcesSpent)?;
                tokio::task::yield_now().await;
            }
            rest(x, &[]).await?;
        }
    }
    x.desk.out.bytes().extend_from_slice(&body.tail);
    if let Some(coded) = &mut coded {
        coded.finish(&[], x.desk.out.bytes()).map_err(|_| Ending::ResourcesSpent)?;
    }
    rest(x, &[]).await
}

/// Codes the last so many bytes of what goes out.
fn code(x: &mut Exchange<'_>, coded: &mut Coded, read: usize) -> Result<(), compress::Broken> {
    let out = x.desk.out.bytes();
    let plain = out.split_off(out.len().saturating_sub(read));
    coded.push(&plain, out)
}

/// Appends some bytes of the file to what goes out: at once what lies in the cache, otherwise by a thread that may wait.
async fn read(x: &mut Exchange<'_>, opened: &Opened, at: u64, room: usize) -> io::Result<usize> {
    let out = x.desk.out.bytes();
    let start = out.len();
    out.resize(start + room, 0);
    let cached = read_cached(&opened.file, at, out.get_mut(start..).unwrap_or_default());
    let read = match cached {
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
            out.truncate(start);
            let file = Arc::clone(&opened.file);
            let waiting = tokio::task::spawn_blocking(move || {
                let mut bytes = vec![0; room];
                let read = file.read_at(&mut bytes, at)?;
                bytes.truncate(read);
                Ok::<_, io::Error>(bytes)
            });
            let bytes = waiting.await.unwrap_or_else(|_| Err(io::ErrorKind::Other.into()))?;
            x.desk.out.bytes().extend_from_slice(&bytes);
            bytes.len()
        }
        Err(error) => {
            out.truncate(start);
            return Err(error);
        }
        Ok(read) => {
            out.truncate(start + read);
            read
        }
    };
    // The file became shorter while it was sent.
    if read == 0 { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(read) }
}

impl Body {
    fn nothing() -> Self {
        Self { pieces: Vec::new(), tail: Vec::new() }
    }

    /// Several parts, each with its own head (RFC 9110 §14.6).
    fn of_parts(parts: &[Part], kind: &str, boundary: &[u8], size: u64) -> Self {
        let piece = |part: &Part| {
            let mut text = b"\r\n--".to_vec();
            text.extend_from_slice(boundary);
            text.extend_from_slice(b"\r\nContent-Type: ");
            text.extend_from_slice(kind.as_bytes());
            text.extend_from_slice(b"\r\nContent-Range: ");
            text.extend_from_slice(&content_range(*part, size));
            text.extend_from_slice(b"\r\n\r\n");
            (text, *part)
        };
        let tail = [b"\r\n--".as_slice(), boundary, b"--\r\n"].concat();
        Self { pieces: parts.iter().map(piece).collect(), tail }
    }

    fn length(&self) -> u64 {
        let pieces = self.pieces.iter().map(|(text, part)| text.len() as u64 + part.len);
        pieces.sum::<u64>() + self.tail.len() as u64
    }
}

fn content_range(part: Part, size: u64) -> Vec<u8> {
    format!("bytes {}-{}/{size}", part.start, part.start + part.len - 1).into_bytes()
}

/// As much of a file as is read at once: more gains nothing, and a slow client holds no more than this.
const CHUNK: usize = 64 << 10;
