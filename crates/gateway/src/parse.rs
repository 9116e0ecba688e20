//! The request head: read within one deadline, understood, or refused with the byte that was wrong.

use crate::body::{BodyReader, exceeds};
use crate::client::poll_fill;
use crate::clock::Moment;
use crate::exchange::Exchange;
use crate::per_core::REQUEST_BUFFER;
use std::future::poll_fn;
use std::task::{Context, Poll};
use torwart_cause::{Deadline, Ending, Fault, Limit, Malformation, Step};
use torwart_dial::{Stop, ending_of};
use torwart_wire::http1::{RequestLimits, TargetForm, parse_request};
use torwart_wire::{Framing, Head};

/// Reads and parses the head whose first bytes are on the desk.
pub async fn head(x: &mut Exchange<'_>) -> Result<(), Stop> {
    let plan = &x.view.snapshot.plan;
    let limits = RequestLimits {
        head_bytes: plan.limits.head.as_usize(),
        target_bytes: plan.limits.target.as_usize(),
        fields: plan.limits.fields,
    };
    let lenient = x.view.snapshot.leniency;
    let until = x.started + plan.deadlines.head;
    let mut is_late = false;
    loop {
        match parse_request(&mut x.desk.request, &limits, &lenient) {
            Ok(Some(request)) => {
                x.received = x.desk.request.len() as u64 + body_bytes(&x.desk.request, request.framing);
                x.keeps_client = request.keeps_alive;
                x.request = Some(request);
                if is_late {
                    x.desk.request.buffer.grow(REQUEST_BUFFER);
                }
                return accept(x);
            }
            Ok(None) => {}
            Err(ending) => return Err(refuse(x, ending)),
        }
        is_late = true;
        make_room(x, limits.head_bytes);
        poll_fn(|cx| poll_more(x, cx, until)).await.map_err(|ending| refuse(x, ending))?;
    }
}

/// Body bytes that came together with the head; what lies behind them is the next request.
fn body_bytes(request: &Head, framing: Framing) -> u64 {
    let here = request.buffer.unread().len() as u64;
    match framing {
        Framing::Length(length) => here.min(length),
        Framing::Chunked => here,
        Framing::None | Framing::UntilClose => 0,
    }
}

/// What can be said before a route is known.
fn accept(x: &mut Exchange<'_>) -> Result<(), Stop> {
    let Some(request) = &x.request else { return Err(Stop) };
    if request.form == TargetForm::Authority {
        let fault = Fault { what: Malformation::UnsupportedMethod, at: 0 };
        return Err(refuse(x, Ending::Malformed(fault)));
    }
    x.body = BodyReader::new(request.framing, u64::MAX);
    x.body.keep(true);
    // The head came with the read that began the exchange: no clock is asked for it.
    x.desk.evidence.client.head = Step::Done { took: std::time::Duration::ZERO };
    Ok(())
}

/// Sets the body's limit, once the route says what it is.
pub fn limit_body(x: &mut Exchange<'_>, limit: u64) -> Result<(), Stop> {
    let framing = x.body.framing();
    if exceeds(framing, limit) {
        x.keeps_client = false;
        let after = x.elapsed();
        x.desk.evidence.client.body = Step::Failed { ending: Ending::TooLarge(Limit::BodyBytes), after };
        return Err(Stop);
    }
    x.body = BodyReader::new(framing, limit);
    x.body.keep(true);
    Ok(())
}

#[cold]
fn make_room(x: &mut Exchange<'_>, most: usize) {
    let buffer = &mut x.desk.request.buffer;
    if buffer.spare().is_empty() {
        // One byte more than the limit, so that the parser sees that it is exceeded.
        let wanted = (buffer.capacity() * 2).min(most + 1).max(buffer.capacity() + 1);
        buffer.grow(wanted);
    }
}

#[inline(never)]
fn poll_more(x: &mut Exchange<'_>, cx: &mut Context<'_>, until: Moment) -> Poll<Result<(), Ending>> {
    let buffer = &mut x.desk.request.buffer;
    match poll_fill(&mut x.client.stream, cx, buffer, usize::MAX) {
        Poll::Ready(Ok(0)) => return Poll::Ready(Err(Ending::Closed)),
        Poll::Ready(Ok(_)) => {
            if buffer.spare().is_empty() {
                buffer.grow(REQUEST_BUFFER);
            }
            return Poll::Ready(Ok(()));
        }
        Poll::Ready(Err(error)) => return Poll::Ready(Err(ending_of(&error, Deadline::ClientHead))),
        Poll::Pending => {}
    }
    // A head that is late may be late for long, on purpose and on thousands of connections: its room is given back until
    // it is needed.
    let needed = buffer.unread().len() + LATE_ROOM;
    if buffer.capacity() > 2 * needed {
        buffer.shrink(needed);
    }
    x.client.poll_deadline(cx, until).map(|()| Err(Ending::TimedOut(Deadline::ClientHead)))
}

#[cold]
fn refuse(x: &mut Exchange<'_>, ending: Ending) -> Stop {
    x.keeps_client = false;
    x.received = x.desk.request.buffer.unread().len() as u64 + x.desk.request.len() as u64;
    let after = x.elapsed();
    x.desk.evidence.client.head = Step::Failed { ending, after };
    // Who has this desk next finds it as large as any.
    x.desk.request.buffer.grow(REQUEST_BUFFER);
    Stop
}

/// Room for the next piece of a head that is late.
const LATE_ROOM: usize = 1 << 10;
