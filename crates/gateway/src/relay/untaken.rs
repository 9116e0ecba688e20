//! Whether an upstream can have read anything of a request that went out on a link it had closed.
//!
//! A link that its upstream closed while it was idle looks the same at first as one whose upstream read the request and
//! died: the stream ends. But TCP knows more. Whoever closed before the request came answers it by a reset and
//! acknowledges no byte of it (RFC 9293 §3.10.7.4); whoever read it acknowledged it. So a request none of whose bytes was
//! acknowledged when the reset came, on a link that had ended in an orderly way, was not taken and may go again,
//! whatever its method.

use crate::clock::Moment;
use crate::connect::Outgoing;
use crate::exchange::Exchange;
use std::future::poll_fn;
use std::os::fd::AsFd;
use std::task::Poll;
use std::time::Duration;
use torwart_cause::Ending;
use torwart_kernel::{TcpInfo, socket};
use torwart_policy::retry;

/// Whether the failed attempt is worth the question: a request that may not be repeated otherwise, on a reused link that
/// ended without a byte.
pub fn is_open_question(x: &Exchange<'_>, outgoing: &Outgoing) -> bool {
    let Some(attempt) = x.desk.evidence.attempts.last() else { return false };
    let ended = [&attempt.head, &attempt.send].into_iter().find_map(|step| step.ending());
    attempt.is_reused
        && attempt.received == 0
        && attempt.sent > 0
        && ended == Some(&Ending::Closed)
        && outgoing.link.stream.as_tcp().is_some()
        && !retry::is_idempotent(x.desk.request.method())
}

/// Waits for the reset that proves it, for as long as it may be on its way. What was not taken counts as not sent.
pub async fn settle(x: &mut Exchange<'_>, outgoing: &Outgoing) {
    let until = Moment::now() + LONGEST;
    loop {
        let stream = &outgoing.link.stream;
        let (Ok(info), Ok(queued)) =
            (TcpInfo::of(stream.as_fd()), socket::unacknowledged_bytes(stream.as_fd()))
        else {
            return;
        };
        let is_untouched = queued as u64 >= x.attempt().sent;
        if !is_untouched || Moment::now() >= until {
            return;
        }
        if info.is_closed() {
            x.attempt().sent = 0;
            return;
        }
        let next = Moment::now() + STEP;
        let is_gone = poll_fn(|cx| {
            if x.poll_leaving(cx).is_some() {
                return Poll::Ready(true);
            }
            x.client.poll_deadline(cx, next).map(|()| false)
        })
        .await;
        if is_gone {
            return;
        }
    }
}

/// Longer than a round trip to any upstream that is near.
const LONGEST: Duration = Duration::from_millis(300);

const STEP: Duration = Duration::from_millis(10);
