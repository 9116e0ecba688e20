//! Moves a large body between two plain sockets inside the kernel.
//!
//! One pipe per passage, taken from the core's few; bytes that went into it count as received, those that came out as
//! sent. Anything the kernel cannot splice falls back to copying before a byte was moved.

use super::copy::{Cut, cut_client, poll_upload};
use super::upload::Upload;
use super::waiting::Waiting;
use crate::body::BodyReader;
use crate::clock::Moment;
use crate::connect::Outgoing;
use crate::exchange::Exchange;
use crate::response_head::Way;
use std::future::poll_fn;
use std::io;
use std::task::{Context, Poll, ready};
use tokio::io::Interest;
use torwart_cause::{By, Deadline, Ending};
use torwart_dial::ending_of;
use torwart_kernel::{Pipe, splice_in, splice_out};

/// Whether what is left of the body should be spliced.
pub fn is_worth_it(x: &mut Exchange<'_>, outgoing: &Outgoing, body: &BodyReader, way: Way) -> bool {
    matches!(way, Way::Length(_))
        && body.unseen().is_some_and(|unseen| unseen > LEAST)
        && x.client.stream.as_tcp().is_some_and(|client| client.watched().is_ok())
        && outgoing.link.stream.as_tcp().is_some()
        && x.core.has_pipe()
}

/// Splices the rest of the body.
pub async fn run(
    x: &mut Exchange<'_>,
    outgoing: &mut Outgoing,
    body: &mut BodyReader,
    upload: &mut Upload,
) -> Result<(), Cut> {
    let Some(pipe) = x.core.take_pipe() else { return Err(Cut::Upstream(Ending::ResourcesSpent)) };
    let mut waiting = Waiting::new(Deadline::BetweenBytes, Moment::now());
    let result = poll_fn(|cx| {
        poll_upload(cx, x, outgoing, upload);
        let mut moved = false;
        let passed = poll_pass(cx, x, outgoing, body, &pipe, &mut moved);
        if passed.is_ready() {
            return passed;
        }
        if moved {
            x.put_off_leaving();
        }
        let waits_for_client = !pipe.is_empty();
        if !waits_for_client && let Some(ending) = x.poll_leaving(cx) {
            return Poll::Ready(Err(Cut::Client(ending)));
        }
        waiting
            .wait_for(if waits_for_client { Deadline::ClientWrite } else { Deadline::BetweenBytes }, moved);
        let ending = ready!(waiting.poll(x, cx));
        let is_clients = waits_for_client || ending == Ending::Cancelled(By::Client);
        Poll::Ready(Err(if is_clients { Cut::Client(ending) } else { Cut::Upstream(ending) }))
    })
    .await;
    x.core.give_pipe(pipe);
    result
}

fn poll_pass(
    cx: &mut Context<'_>,
    x: &mut Exchange<'_>,
    outgoing: &Outgoing,
    body: &mut BodyReader,
    pipe: &Pipe,
    moved: &mut bool,
) -> Poll<Result<(), Cut>> {
    let (Some(from), Some(to)) =
        (outgoing.link.stream.as_tcp(), x.client.stream.as_tcp().and_then(|client| client.as_watched()))
    else {
        return Poll::Ready(Err(Cut::Upstream(Ending::ResourcesSpent)));
    };
    loop {
        while !pipe.is_empty() {
            ready!(to.poll_write_ready(cx)).map_err(cut_client)?;
            match to.try_io(Interest::WRITABLE, || splice_out(pipe, to, pipe.held())) {
                Ok(sent) => {
                    x.sent += sent as u64;
                    *moved = true;
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Poll::Ready(Err(cut_client(error))),
            }
        }
        let left = body.unseen().unwrap_or_default();
        if left == 0 {
            return Poll::Ready(Ok(()));
        }
        ready!(from.poll_read_ready(cx)).map_err(|error| cut_upstream(&error))?;
        let most = usize::try_from(left).unwrap_or(usize::MAX).min(pipe.capacity());
        match from.try_io(Interest::READABLE, || splice_in(from, pipe, most)) {
            Ok(0) => return Poll::Ready(Err(Cut::Upstream(Ending::Closed))),
            Ok(received) => {
                body.take_unseen(received);
                *moved = true;
                if let Some(attempt) = x.desk.evidence.attempts.last_mut() {
                    attempt.received += received as u64;
                }
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Poll::Ready(Err(cut_upstream(&error))),
        }
    }
}

fn cut_upstream(error: &io::Error) -> Cut {
    Cut::Upstream(ending_of(error, Deadline::BetweenBytes))
}

/// Below this, two copies cost less than the calls.
const LEAST: u64 = 16 << 10;
