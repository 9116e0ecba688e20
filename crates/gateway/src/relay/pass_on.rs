//! Chooses the passage for the answer's body and sees it through.
//!
//! Until the head goes out every failure is a `Stop`: it may be retried, and otherwise becomes an honest answer. From
//! then on a failure can only be shown by an aborted message, so this returns `Ok` and leaves the rest to the evidence.

use super::ask::Reply;
use super::hold::{self, Held};
use super::{copy, transform, tunnel};
use crate::apart::apart;
use crate::body::{BodyReader, exceeds};
use crate::cache;
use crate::clock::Moment;
use crate::connect::Outgoing;
use crate::exchange::Exchange;
use crate::outcome;
use crate::response_head::{self, Way};
use torwart_cause::{Ending, Limit, Step};
use torwart_dial::Stop;
use torwart_record::ServedBy;
use torwart_wire::{Framing, Version};

/// What the exchange left of its link.
pub enum Link {
    /// It can carry another request.
    Clean {
        /// Since when.
        at: Moment,
    },
    /// It cannot.
    Spent,
    /// The answer was put aside, for another upstream may have a better one.
    Declined {
        /// Since when the link can carry another request, if it can.
        at: Option<Moment>,
    },
}

/// Passes the answer on to the client.
pub async fn pass_on(x: &mut Exchange<'_>, outgoing: &mut Outgoing, mut reply: Reply) -> Result<Link, Stop> {
    let response = reply.response;
    let limit = x.pool().and_then(|pool| pool.limits.body).map_or(u64::MAX, |limit| limit.bytes());
    if exceeds(response.framing, limit) {
        return Err(body_failed(x, Ending::TooLarge(Limit::BodyBytes), reply.at));
    }
    let mut body = BodyReader::new(response.framing, limit);
    let held = hold::hold(x, outgoing, &mut body, &mut reply).await?;
    if response.status >= 400
        && let Some(length) = held.whole()
        && outcome::declines(x, response.status, &outgoing.desk.response)
    {
        return Ok(decline(x, outgoing, &reply, length));
    }
    let version = x.request.map_or(Version::Http11, |request| request.version);
    let mut way = Way::of(response.framing, version, held.whole());
    if !reply.upload.is_done() {
        // What is left of the request may never be read, so nothing can follow it on this connection.
        x.keeps_client = false;
    }
    if let (Framing::UntilClose, Held::Whole(length)) = (response.framing, held) {
        body = BodyReader::new(Framing::Length(length), limit);
    }
    let mut changed = None;
    if x.route().is_some_and(|route| route.compress.is_some()) {
        changed = transform::begin(x, outgoing, &mut body, &reply, held);
        way = changed.as_ref().map_or(way, |changed| changed.way);
    }
    commit(x, outgoing, &reply, way);
    if response.switches {
        apart(tunnel::run(x, outgoing, reply.at)).await;
        return Ok(Link::Spent);
    }
    let coded = changed.and_then(|changed| {
        x.desk.out.bytes().extend_from_slice(&changed.whole);
        changed.coded
    });
    let ending = match coded {
        None => copy::run(x, outgoing, &mut body, way, &mut reply.upload).await,
        Some(coded) => apart(transform::run(x, outgoing, &mut body, coded, &mut reply.upload)).await,
    };
    Ok(conclude(x, outgoing, &reply, &body, way, ending))
}

/// The head is written down to go out: from here on the status stands.
fn commit(x: &mut Exchange<'_>, outgoing: &mut Outgoing, reply: &Reply, way: Way) {
    x.desk.borrow_room(&mut outgoing.desk);
    response_head::write(x, &outgoing.desk.response, &reply.response, way, reply.at);
    x.status = Some(reply.response.status);
    x.put_off_leaving();
    x.served_by = ServedBy::Upstream;
    if x.invalidates {
        cache::invalidate(x, &outgoing.desk.response, reply.response.status);
    }
}

/// The answer is put aside; the link goes on where nothing is left on it.
#[cold]
fn decline(x: &mut Exchange<'_>, outgoing: &mut Outgoing, reply: &Reply, length: u64) -> Link {
    let now = Moment::now();
    x.attempt().body = Step::Done { took: now.since(reply.at) };
    let response = &mut outgoing.desk.response;
    // Of a body that came in chunks the framing lies here too.
    let is_plain = matches!(reply.response.framing, Framing::Length(_) | Framing::None);
    let is_clean = is_plain && response.buffer.unread().len() as u64 == length;
    response.buffer.consume(usize::try_from(length).unwrap_or(0));
    let may_go_on = is_clean && reply.response.keeps_alive && reply.upload.is_done();
    Link::Declined { at: may_go_on.then_some(now) }
}

fn conclude(
    x: &mut Exchange<'_>,
    outgoing: &Outgoing,
    reply: &Reply,
    body: &BodyReader,
    way: Way,
    ending: Result<(), copy::Cut>,
) -> Link {
    let now = Moment::now();
    let took = now.since(reply.at);
    match ending {
        Ok(()) => {
            x.is_complete = true;
            x.attempt().body = Step::Done { took };
            let is_clean = body.is_done() && outgoing.desk.response.buffer.unread().is_empty();
            if is_clean && reply.response.keeps_alive && reply.upload.is_done() {
                return Link::Clean { at: now };
            }
        }
        Err(copy::Cut::Upstream(ending)) => {
            x.attempt().body = Step::Failed { ending, after: took };
            abort(x, way);
        }
        Err(copy::Cut::Client(ending)) => {
            x.desk.evidence.client.answer = Step::Failed { ending, after: x.elapsed() };
            abort(x, way);
        }
    }
    Link::Spent
}

/// The client must not take what it got for the whole: no last chunk, short of the length, or a reset where only the
/// close would tell.
#[cold]
pub fn abort(x: &mut Exchange<'_>, way: Way) {
    x.keeps_client = false;
    x.is_complete = false;
    if way == Way::UntilClose {
        // Without a reset the close would end the message. There is nobody to tell if it fails.
        let _ = x.client.stream.descriptor().map(torwart_kernel::socket::set_linger_reset);
    }
}

/// The body failed while nothing had gone out.
#[cold]
pub fn body_failed(x: &mut Exchange<'_>, ending: Ending, since: Moment) -> Stop {
    x.attempt().body = Step::Failed { ending, after: since.elapsed() };
    Stop
}
