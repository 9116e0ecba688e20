//! Waiting for somebody else's judgement, as long as the client and the exchange last.

use crate::clock::Moment;
use crate::exchange::Exchange;
use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use torwart_cause::{Deadline, Ending};

/// Waits for `work`, but not past `until`, the end of the exchange, or the client's leaving.
pub(super) async fn until<T>(
    x: &mut Exchange<'_>,
    until: Moment,
    work: impl Future<Output = T>,
) -> Result<T, Ending> {
    let mut work = pin!(work);
    poll_fn(|cx| {
        if let Poll::Ready(done) = work.as_mut().poll(cx) {
            return Poll::Ready(Ok(done));
        }
        if let Some(ending) = x.poll_leaving(cx) {
            return Poll::Ready(Err(ending));
        }
        let end = x.nearest_end().filter(|end| *end < until);
        if x.client.poll_deadline(cx, end.unwrap_or(until)).is_pending() {
            return Poll::Pending;
        }
        Poll::Ready(Err(match end {
            Some(_) => x.end_reached(),
            None => Ending::TimedOut(Deadline::Authorise),
        }))
    })
    .await
}
