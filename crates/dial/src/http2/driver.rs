//! The task of a connection: moves frames both ways, sends once per turn, and notices a peer that has fallen silent.

use super::gather::{Gather, Outlet, gather};
use super::{MOST_STREAMS, Options, Shared, fault, lock};
use crate::{Stream, ending_of};
use bytes::Bytes;
use h2::client::{Builder, Connection, SendRequest};
use h2::{Ping, PingPong};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::{Instant, Sleep, sleep};
use torwart_cause::{Deadline, Ending};

/// Moves one connection. Ends when the connection has ended, and tells its streams how.
pub struct Driver {
    /// `None` once it has ended.
    connection: Option<Connection<Gather<Stream>, Bytes>>,
    outlet: Outlet<Stream>,
    pings: Option<PingPong>,
    shared: Arc<Shared>,
    beat: Pin<Box<Sleep>>,
    silence: Duration,
    /// Bytes heard at the last beat.
    heard: u64,
    /// Whether the peer was asked since for a sign of life.
    was_asked: bool,
    /// Whether writing failed: what is there to be read is read, and that was it.
    is_deaf: bool,
}

pub(super) async fn begin(
    stream: Stream,
    options: &Options,
    shared: Arc<Shared>,
) -> io::Result<(SendRequest<Bytes>, Driver)> {
    let (socket, outlet) = gather(stream);
    // The peer counts 32 bytes for each field on top of its own (RFC 9113 §6.5.2).
    let list = (options.head_bytes + options.fields * 32).saturating_mul(2).clamp(LEAST_LIST, MOST_LIST);
    let mut builder = Builder::new();
    builder
        .enable_push(false)
        .initial_window_size(WINDOW)
        .initial_connection_window_size(WINDOW * MOST_STREAMS as u32)
        .max_frame_size(FRAME)
        .max_header_list_size(u32::try_from(list).unwrap_or(u32::MAX))
        .initial_max_send_streams(MOST_STREAMS)
        .max_send_buffer_size(SEND_BUFFER)
        .max_concurrent_reset_streams(RESET_STREAMS)
        // Without a limit on its own resets: every answer that breaks a rule costs one, and ending the connection for
        // the thousandth would hit exchanges that have done nothing wrong.
        .max_local_error_reset_streams(None);
    // The socket only gathers, so this neither waits nor fails.
    let (send, mut connection) = builder.handshake(socket).await.map_err(io::Error::other)?;
    let mut pings = connection.ping_pong();
    if let Some(pings) = &mut pings {
        // The answer proves that the settings, which must come first, are known.
        let _ = pings.send_ping(Ping::opaque());
    }
    let driver = Driver {
        connection: Some(connection),
        outlet,
        pings,
        shared,
        beat: Box::pin(sleep(options.silence)),
        silence: options.silence,
        heard: 0,
        was_asked: true,
        is_deaf: false,
    };
    Ok((send, driver))
}

impl Driver {
    fn conclude(&mut self, ending: Ending) {
        // The first ending is the true one.
        let _ = self.shared.ending.set(ending);
        // Streams learn from this that the connection is gone.
        self.connection = None;
        self.shared.settings_known();
        lock(&self.shared.ending_streams).clear();
    }

    fn ending(&self, result: Result<(), h2::Error>) -> Ending {
        let heard = self.outlet.heard();
        match result {
            Err(error) if error.is_library() || heard.end.is_some() => {
                if let Some(ending) = fault::not_http2(&heard.first) {
                    let _ = self.shared.first_bytes.set(heard.first.clone().into());
                    return ending;
                }
                heard.end.filter(|_| !error.is_library()).unwrap_or_else(fault::bad_frame)
            }
            Err(error) => match error.get_io() {
                Some(error) => ending_of(error, Deadline::BetweenBytes),
                None => Ending::Closed,
            },
            Ok(()) => heard.end.unwrap_or(Ending::Closed),
        }
    }

    /// One turn: all that can be done now, then one write.
    fn poll_turn(&mut self, cx: &mut Context<'_>) -> Poll<Ending> {
        loop {
            let Some(connection) = &mut self.connection else { return Poll::Ready(Ending::Closed) };
            if let Poll::Ready(result) = Pin::new(connection).poll(cx) {
                return Poll::Ready(self.ending(result));
            }
            if self.is_deaf {
                return Poll::Ready(self.outlet.heard().end.unwrap_or(Ending::Reset));
            }
            self.poll_pong(cx);
            self.poll_ending_streams(cx);
            match self.outlet.poll_send(cx) {
                // What the peer said before it went is still read.
                Poll::Ready(Err(_)) => self.is_deaf = true,
                Poll::Ready(Ok(())) | Poll::Pending if !self.outlet.take_waited_for() => break,
                Poll::Ready(Ok(())) | Poll::Pending => {}
            }
        }
        self.poll_beat(cx)
    }

    fn poll_pong(&mut self, cx: &mut Context<'_>) {
        if let Some(pings) = &mut self.pings
            && pings.poll_pong(cx).is_ready()
            && !self.shared.has_settings.load(Ordering::Relaxed)
        {
            self.shared.settings_known();
        }
    }

    /// Answers that were read whole wait here for the frame that ends them, so that they need not be reset.
    fn poll_ending_streams(&mut self, cx: &mut Context<'_>) {
        let mut streams = lock(&self.shared.ending_streams);
        if streams.is_empty() {
            return;
        }
        streams.retain_mut(|stream| match stream.poll_data(cx) {
            Poll::Pending => true,
            Poll::Ready(Some(Ok(data))) => data.is_empty(),
            Poll::Ready(Some(Err(_))) => false,
            Poll::Ready(None) => stream.poll_trailers(cx).is_pending(),
        });
        let surplus = streams.len().saturating_sub(ENDING_STREAMS);
        streams.drain(..surplus);
    }

    /// A connection with streams on it from which nothing has come for a while is asked for a sign of life, and given up
    /// if there is none.
    fn poll_beat(&mut self, cx: &mut Context<'_>) -> Poll<Ending> {
        while self.beat.as_mut().poll(cx).is_ready() {
            self.beat.as_mut().reset(Instant::now() + self.silence);
            let heard = self.outlet.heard().bytes;
            let has_spoken = std::mem::replace(&mut self.heard, heard) != heard;
            if has_spoken || self.shared.active.load(Ordering::Relaxed) == 0 {
                self.was_asked = false;
            } else if std::mem::replace(&mut self.was_asked, true) {
                return Poll::Ready(Ending::TimedOut(Deadline::BetweenBytes));
            } else if let Some(pings) = &mut self.pings {
                // One that is still under way will do as well.
                let _ = pings.send_ping(Ping::opaque());
                cx.waker().wake_by_ref();
            }
        }
        Poll::Pending
    }
}

impl Future for Driver {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let driver = &mut *self;
        driver.poll_turn(cx).map(|ending| driver.conclude(ending))
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.conclude(Ending::Closed);
    }
}

/// What a stream may send before it is read: enough for a usual answer to come in one go, and small enough that those of
/// all streams may fill at once.
const WINDOW: u32 = 128 << 10;

/// The standard's own; a larger one would let one stream keep the others waiting.
const FRAME: u32 = 16 << 10;

/// Bytes of a request that wait in a stream for their turn.
const SEND_BUFFER: usize = 64 << 10;

/// Heads above this are refused by the framing layer, which cannot say why; those below by the engine, which can.
const LEAST_LIST: usize = 256 << 10;
const MOST_LIST: usize = 64 << 20;

/// Reset streams that are remembered, so that frames which were under way are known for what they are.
const RESET_STREAMS: usize = 256;

/// Streams whose end is waited for.
const ENDING_STREAMS: usize = 64;
