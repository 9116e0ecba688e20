//! One client connection from accept to close.
//!
//! Between requests it owns no buffer and no large future: an idle connection is a socket, a deadline and a few flags.
//! With the first byte it borrows a desk from the core and runs exchanges until it has been quiet for a moment.

use crate::client::{Client, poll_fill};
use crate::clock::{Moment, in_turns};
use crate::flow::{self, After};
use crate::http2;
use crate::per_core::{Core, Desk};
use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use torwart_kernel::socket::shutdown_write;
use torwart_record::ClientState;

/// Serves a connection until it closes.
pub async fn serve(core: Rc<Core>, mut client: Client) {
    loop {
        let keep_alive = core.view().snapshot.plan.deadlines.keep_alive;
        let Wake::Request(desk) = next_bytes(&core, &mut client, None, Moment::now() + keep_alive).await
        else {
            break;
        };
        if !client.has_asked && http2::begins_with_preface(desk.request.buffer.unread()) {
            let ahead = desk.request.buffer.unread().to_vec();
            core.give_desk(desk);
            return Box::pin(http2::serve(core, client, &ahead)).await;
        }
        // Boxed once per busy spell, so that the idle connection stays small.
        match in_turns(Box::pin(busy(&core, &mut client, desk))).await {
            After::Next => {}
            After::Close => break,
            After::Linger => return linger(&core, &mut client).await,
            // Dropped without an orderly end: on TLS the missing close_notify tells.
            After::Cut => return,
        }
    }
    close(&mut client).await;
}

/// What woke an idle connection.
enum Wake {
    Request(Box<Desk>),
    Over,
}

/// Runs exchanges one after the other; returns [`After::Next`] when the connection has gone quiet.
async fn busy(core: &Rc<Core>, client: &mut Client, mut desk: Box<Desk>) -> After {
    loop {
        client.guard.set(ClientState::Active);
        let after = flow::run(core, client, &mut desk, Moment::now()).await;
        client.has_asked = true;
        if after != After::Next {
            core.give_desk(desk);
            return after;
        }
        client.guard.set(ClientState::Idle);
        if !desk.request.buffer.unread().is_empty() {
            // The next request was already here (pipelining).
            continue;
        }
        match next_bytes(core, client, Some(desk), Moment::now() + QUIET).await {
            Wake::Request(borrowed) => desk = borrowed,
            Wake::Over if client.is_gone => return After::Close,
            Wake::Over if core.shared.is_draining() && !core.shared.is_handed_over() => return After::Close,
            Wake::Over => return After::Next,
        }
    }
}

/// Waits for the first bytes of a request. A desk is borrowed only while reading; `kept` is the one in hand, if any.
async fn next_bytes(
    core: &Rc<Core>,
    client: &mut Client,
    mut kept: Option<Box<Desk>>,
    until: Moment,
) -> Wake {
    let mut drained = None;
    poll_fn(|cx| {
        let mut desk = kept.take().unwrap_or_else(|| core.take_desk());
        match poll_fill(&mut client.stream, cx, &mut desk.request.buffer, usize::MAX) {
            Poll::Ready(Ok(read)) if read > 0 => return Poll::Ready(Wake::Request(desk)),
            Poll::Ready(_) => {
                core.give_desk(desk);
                client.is_gone = true;
                return Poll::Ready(Wake::Over);
            }
            Poll::Pending => core.give_desk(desk),
        }
        let until = match (core.shared.is_draining(), client.has_asked) {
            (false, _) => until,
            // Another process serves by now: nobody need be cut off, but hears of it with the next answer.
            (true, _) if core.shared.is_handed_over() => {
                until.min(*drained.get_or_insert_with(|| Moment::now() + core.view().snapshot.plan.drain / 2))
            }
            (true, true) => return Poll::Ready(Wake::Over),
            // Its first request is on the way: a close now would look like a failure to whoever sent it.
            (true, false) => until.min(*drained.get_or_insert_with(|| Moment::now() + FIRST_REQUEST)),
        };
        client.poll_deadline(cx, until).map(|()| Wake::Over)
    })
    .await
}

/// An orderly close: close_notify on TLS, FIN by the drop that follows.
async fn close(client: &mut Client) {
    let until = Moment::now() + CLOSE;
    if let Some(stream) = client.stream.as_tcp().and_then(|stream| stream.descriptor()) {
        // The last bytes leave with the FIN now; a close with unread bytes would throw them away. Whoever has gone
        // already needs no farewell.
        let _ = shutdown_write(stream);
    } else if matches!(client.stream, crate::client::ClientStream::Tls(_)) {
        poll_fn(|cx| {
            // Whether the client took the farewell changes nothing.
            let done = Pin::new(&mut client.stream).poll_shutdown(cx).map(drop);
            if done.is_ready() { done } else { client.poll_deadline(cx, until) }
        })
        .await;
    }
}

/// Lets the client read our last words: a close with unread bytes is a reset, and would eat them (RFC 9112 §9.6).
async fn linger(core: &Core, client: &mut Client) {
    let until = Moment::now() + core.view().snapshot.plan.deadlines.linger;
    let mut left = LINGER_BYTES;
    let mut is_shut = false;
    poll_fn(|cx| {
        if !is_shut {
            match Pin::new(&mut client.stream).poll_shutdown(cx) {
                Poll::Ready(Ok(())) => is_shut = true,
                Poll::Ready(Err(_)) => return Poll::Ready(()),
                Poll::Pending => {}
            }
        }
        while left > 0 {
            match poll_discard(client, cx) {
                Poll::Pending => return client.poll_deadline(cx, until),
                Poll::Ready(0) => return Poll::Ready(()),
                Poll::Ready(read) => left = left.saturating_sub(read),
            }
        }
        Poll::Ready(())
    })
    .await;
}

fn poll_discard(client: &mut Client, cx: &mut Context<'_>) -> Poll<usize> {
    let mut bin = [0; 4096];
    let mut target = ReadBuf::new(&mut bin);
    match Pin::new(&mut client.stream).poll_read(cx, &mut target) {
        Poll::Pending => Poll::Pending,
        Poll::Ready(Ok(())) => Poll::Ready(target.filled().len()),
        Poll::Ready(Err(_)) => Poll::Ready(0),
    }
}

/// After this much quiet a connection counts as idle and gives its large future back.
const QUIET: Duration = Duration::from_secs(1);

/// How long a new connection may take for its first request once the gateway drains.
const FIRST_REQUEST: Duration = Duration::from_secs(1);

/// How long a farewell may take.
const CLOSE: Duration = Duration::from_secs(1);

/// Most bytes read and thrown away so that a client can read its answer.
const LINGER_BYTES: usize = 4 << 20;

#[cfg(test)]
mod size;
