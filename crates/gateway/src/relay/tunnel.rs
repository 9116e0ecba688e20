//! After an upgrade: bytes pass both ways, unread, until the upstream has ended or nothing moves any more.
//!
//! The end of the client's side is passed on as such (a half-close), and the upstream may still say its last words.

use super::copy::{Cut, cut_client};
use crate::client::poll_fill;
use crate::clock::Moment;
use crate::connect::Outgoing;
use crate::exchange::Exchange;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use torwart_cause::{Deadline, Step};
use torwart_dial::ending_of;
use torwart_record::ClientState;
use torwart_wire::Buffer;

/// Tunnels until the end.
pub async fn run(x: &mut Exchange<'_>, outgoing: &mut Outgoing, since: Moment) {
    x.client.guard.set(ClientState::Tunnel);
    x.keeps_client = false;
    let mut up = Direction::default();
    let mut down = Direction::default();
    let mut moved_at = Moment::now();
    let mut was_half_closed = false;
    let result = poll_fn(|cx| {
        let before = (x.sent, x.received);
        let passed = poll_both(cx, x, outgoing, &mut up, &mut down);
        if passed.is_ready() {
            return passed;
        }
        if before != (x.sent, x.received) || (up.is_over && !was_half_closed) {
            moved_at = Moment::now();
            was_half_closed |= up.is_over;
        }
        // Silence for that long is the end of a tunnel, not a fault.
        let silence = if up.is_over { x.deadlines.tunnel.min(LAST_WORDS) } else { x.deadlines.tunnel };
        x.client.poll_deadline(cx, moved_at + silence).map(Ok)
    })
    .await;
    x.is_complete = true;
    let took = since.elapsed();
    match result {
        Ok(()) => x.attempt().body = Step::Done { took },
        Err(Cut::Upstream(ending)) => x.attempt().body = Step::Failed { ending, after: took },
        Err(Cut::Client(ending)) => {
            x.attempt().body = Step::Done { took };
            x.desk.evidence.client.answer = Step::Failed { ending, after: x.elapsed() };
        }
    }
}

fn poll_both(
    cx: &mut Context<'_>,
    x: &mut Exchange<'_>,
    outgoing: &mut Outgoing,
    up: &mut Direction,
    down: &mut Direction,
) -> Poll<Result<(), Cut>> {
    // The head of the answer goes first.
    while !x.desk.out.is_empty() {
        let sent = ready!(x.desk.out.poll_send(cx, &mut x.client.stream, &[])).map_err(cut_client)?;
        x.sent += sent.all as u64;
    }
    let (mut received, mut sent) = (0, 0);
    let rising = up.poll(
        cx,
        &mut x.client.stream,
        &mut outgoing.link.stream,
        &mut x.desk.request.buffer,
        &mut received,
    );
    let falling = down.poll(
        cx,
        &mut outgoing.link.stream,
        &mut x.client.stream,
        &mut outgoing.desk.response.buffer,
        &mut sent,
    );
    x.received += received;
    x.sent += sent;
    let attempt = x.attempt();
    attempt.sent += received;
    attempt.received += sent;
    for (polled, reads_client) in [(rising, true), (falling, false)] {
        if let Poll::Ready(Err((is_reading, error))) = polled {
            let is_client = reads_client == is_reading;
            return Poll::Ready(Err(if is_client {
                cut_client(error)
            } else {
                Cut::Upstream(ending_of(&error, Deadline::BetweenBytes))
            }));
        }
    }
    // When the upstream has ended there is nobody left to talk to.
    if down.is_over { Poll::Ready(Ok(())) } else { Poll::Pending }
}

/// How long an upstream may be silent after its client has ended.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// One direction of a tunnel.
#[derive(Default)]
struct Direction {
    has_ended: bool,
    is_over: bool,
}

impl Direction {
    /// Moves what can be moved. An error tells whether it came from reading.
    fn poll<R, W>(
        &mut self,
        cx: &mut Context<'_>,
        from: &mut R,
        to: &mut W,
        buffer: &mut Buffer,
        moved: &mut u64,
    ) -> Poll<Result<(), (bool, std::io::Error)>>
    where
        R: AsyncRead + Unpin,
        W: AsyncWrite + Unpin,
    {
        loop {
            if self.is_over {
                return Poll::Ready(Ok(()));
            }
            while !buffer.unread().is_empty() {
                let written = ready!(Pin::new(&mut *to).poll_write(cx, buffer.unread()))
                    .map_err(|error| (false, error))?;
                buffer.consume(written);
                *moved += written as u64;
            }
            if self.has_ended {
                ready!(Pin::new(&mut *to).poll_shutdown(cx)).map_err(|error| (false, error))?;
                self.is_over = true;
                continue;
            }
            ready!(Pin::new(&mut *to).poll_flush(cx)).map_err(|error| (false, error))?;
            let read = ready!(poll_fill(from, cx, buffer, usize::MAX)).map_err(|error| (true, error))?;
            self.has_ended = read == 0;
        }
    }
}
