//! An answer under way from a fetch on to a client, as it comes.

use super::fill::{Ended, Found, Reader, Reply};
use super::send::{append_lines, response};
use crate::clock::Moment;
use crate::compress::{self, Coded, TURN};
use crate::exchange::Exchange;
use crate::relay::abort;
use crate::response_head::{self, Way};
use crate::send_out::rest;
use std::future::poll_fn;
use std::task::Poll;
use torwart_cause::{Ending, Step};
use torwart_policy::cache::conditional::{Sent, judge};
use torwart_policy::cache::status::Said;
use torwart_record::ServedBy;
use torwart_wire::{Framing, Head, Known, Version, http1};

/// Passes it on; `leads` tells whether the fetch was made for this client.
pub async fn pass(x: &mut Exchange<'_>, reader: &Reader, reply: &Reply, said: Said<'_>, leads: bool) {
    let status = reply.status;
    x.keeps_client = x.keeps_client && x.body.is_done() && !x.client.place.is_extra;
    // A client that has it already is told so, whether it may be kept or not.
    let now = x.core.wall_clock().as_secs();
    let is_known = status == 200
        && reply.form.is_some()
        && judge(&x.desk.request, status, &reply.head, reply.length.unwrap_or(0), now) == Sent::NotModified;
    let has_body = !is_known && !matches!(status, 204 | 304) && !x.is_head();
    let version = x.request.map_or(Version::Http11, |request| request.version);
    let framing = match reply.length {
        _ if !has_body => Framing::None,
        Some(length) => Framing::Length(length),
        None => Framing::Chunked,
    };
    let way = Way::of(framing, version, reader.whole_length().filter(|_| has_body));
    let way = match (way, reader.whole_length()) {
        (Way::Chunked, Some(length)) => Way::Length(length),
        (way, _) => way,
    };
    let (head, status) = if is_known { (Some(unchanged(&reply.head)), 304) } else { (None, status) };
    let length = reply.length.or(reader.whole_length());
    let coded = compress::begin(x, status, head.as_ref().unwrap_or(&reply.head), length);
    let way = coded.as_ref().map_or(way, |coded| coded.way());
    response_head::write(x, head.as_ref().unwrap_or(&reply.head), &response(status), way, Moment::now());
    append_lines(x, None, said, None);
    x.status = Some(status);
    x.served_by = if leads { ServedBy::Upstream } else { ServedBy::Cache };
    x.put_off_leaving();
    let passed = if has_body { body(x, reader, way, coded).await } else { rest(x, &[]).await.map(|()| None) };
    match passed {
        Ok(ended) => conclude(x, reader, ended, way, leads).await,
        Err(ending) => {
            x.desk.evidence.client.answer = Step::Failed { ending, after: x.elapsed() };
            abort(x, way);
        }
    }
}

async fn body(
    x: &mut Exchange<'_>,
    reader: &Reader,
    way: Way,
    mut coded: Option<Box<Coded>>,
) -> Result<Option<Ended>, Ending> {
    loop {
        let mut has_queued = !x.desk.out.is_empty() || coded.as_ref().is_some_and(|coded| coded.is_behind());
        let found = poll_fn(|cx| match reader.poll_next(cx) {
            Poll::Ready(found) => Poll::Ready(Ok(Some(found))),
            // What is queued goes out before anything is waited for.
            Poll::Pending if std::mem::take(&mut has_queued) => Poll::Ready(Ok(None)),
            Poll::Pending => x.poll_leaving(cx).map_or(Poll::Pending, |ending| Poll::Ready(Err(ending))),
        })
        .await?;
        match found {
            None => {
                if let Some(coded) = &mut coded {
                    coded.flush(x.desk.out.bytes()).map_err(|_| Ending::ResourcesSpent)?;
                }
                rest(x, &[]).await?;
            }
            Some(Found::Data(data)) if let Some(coded) = &mut coded => code(x, coded, &data).await?,
            Some(Found::Data(data)) if way == Way::Chunked => {
                let out = x.desk.out.bytes();
                http1::write_chunk_size(out, data.len());
                out.extend_from_slice(&data);
                out.extend_from_slice(http1::CHUNK_END);
                if out.len() >= QUEUED {
                    rest(x, &[]).await?;
                }
            }
            Some(Found::Data(data)) => rest(x, &data).await?,
            Some(Found::Ended(ended)) => {
                if let Some(coded) = &mut coded {
                    // A cut body's stream never gets its end.
                    let out = x.desk.out.bytes();
                    let ending = if ended.is_whole { coded.finish(&[], out) } else { coded.flush(out) };
                    ending.map_err(|_| Ending::ResourcesSpent)?;
                } else if ended.is_whole && way == Way::Chunked {
                    http1::write_last_chunk(x.desk.out.bytes(), &[]);
                }
                rest(x, &[]).await?;
                return Ok(Some(ended));
            }
        }
    }
}

async fn code(x: &mut Exchange<'_>, coded: &mut Coded, data: &[u8]) -> Result<(), Ending> {
    for some in data.chunks(TURN) {
        coded.push(some, x.desk.out.bytes()).map_err(|_| Ending::ResourcesSpent)?;
        if x.desk.out.len() >= QUEUED {
            rest(x, &[]).await?;
        }
        if some.len() == TURN {
            tokio::task::yield_now().await;
        }
    }
    Ok(())
}

/// What the fetch observed is part of the exchange it was made for; of the others' only where it went wrong.
async fn conclude(x: &mut Exchange<'_>, reader: &Reader, ended: Option<Ended>, way: Way, leads: bool) {
    let ended = match ended {
        Some(ended) => ended,
        // It ends with its head, which is here.
        None if !leads => return x.is_complete = true,
        None => drain(reader).await,
    };
    if leads || !ended.is_whole {
        x.desk.evidence.attempts.clone_from(&ended.evidence.attempts);
    }
    if ended.is_whole || x.is_head() || x.status == Some(304) {
        x.is_complete = true;
        return;
    }
    if x.desk.evidence.attempts.iter().all(|attempt| !attempt.body.is_failed()) {
        x.desk.evidence.client.answer = ended.evidence.client.answer.clone();
    }
    abort(x, way);
}

/// Reads on for nobody, so that the fetch goes on.
async fn drain(reader: &Reader) -> Ended {
    loop {
        if let Found::Ended(ended) = poll_fn(|cx| reader.poll_next(cx)).await {
            return ended;
        }
    }
}

fn unchanged(head: &Head) -> Head {
    let mut kept = Head::response(b"Not Modified");
    let is_kept = |known: Known| {
        !matches!(
            known,
            Known::ContentLength | Known::ContentType | Known::ContentEncoding | Known::ContentRange
        )
    };
    for field in head.fields().filter(|field| is_kept(field.known)) {
        kept.push_field(field.name, field.value);
    }
    kept
}

/// Chunks are gathered up to this much before they are sent.
const QUEUED: usize = 16 << 10;
