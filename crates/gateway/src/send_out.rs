//! What the gateway itself has to say goes out to the client, within the deadline for clients that do not read.

use crate::clock::Moment;
use crate::exchange::Exchange;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::AsyncWrite;
use torwart_cause::{Deadline, Ending};
use torwart_dial::ending_of;

/// Sends what is queued and these bytes behind it, which are not copied together.
pub async fn rest(x: &mut Exchange<'_>, mut tail: &[u8]) -> Result<(), Ending> {
    let patience = x.view.snapshot.plan.deadlines.send;
    let mut until = Moment::now() + patience;
    poll_fn(|cx| poll_rest(cx, x, &mut tail, &mut until, patience)).await
}

fn poll_rest(
    cx: &mut Context<'_>,
    x: &mut Exchange<'_>,
    tail: &mut &[u8],
    until: &mut Moment,
    patience: Duration,
) -> Poll<Result<(), Ending>> {
    let wrong = |error: &io::Error| ending_of(error, Deadline::ClientWrite);
    while !x.desk.out.is_empty() || !tail.is_empty() {
        match x.desk.out.poll_send(cx, &mut x.client.stream, tail) {
            Poll::Ready(Ok(sent)) => {
                x.sent += sent.all as u64;
                *tail = tail.get(sent.of_tail..).unwrap_or_default();
                *until = Moment::now() + patience;
            }
            Poll::Ready(Err(error)) => return Poll::Ready(Err(wrong(&error))),
            Poll::Pending => {
                ready!(x.client.poll_deadline(cx, *until));
                return Poll::Ready(Err(Ending::TimedOut(Deadline::ClientWrite)));
            }
        }
    }
    Poll::Ready(ready!(Pin::new(&mut x.client.stream).poll_flush(cx)).map_err(|error| wrong(&error)))
}
