//! HTTP/2 toward an upstream: many exchanges on one connection, each presented as a connection of its own.
//!
//! [`begin`] takes an established [`crate::Stream`] and gives two things: [`Streams`], which opens streams, and a
//! [`Driver`], the future that moves the connection and must be run until it ends. An opened stream speaks HTTP/1.1: what
//! is written to it is one request, what is read from it is one response, and the way it ended is kept exactly
//! (`StreamRefused`, `StreamReset`, the connection's own ending). A stream's window opens as its answer is read, and the
//! connection's window is as large as those of all its streams, so that a slow reader never stalls the others.

pub mod gather;

mod answer;
mod driver;
mod fault;
mod request;
mod stream_link;
mod websocket;

pub use driver::Driver;
pub use stream_link::StreamLink;

use crate::Stream;
use bytes::Bytes;
use h2::RecvStream;
use h2::client::SendRequest;
use http::uri::Scheme;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use torwart_cause::Ending;

/// The ALPN name of HTTP/2 (RFC 9113 §3.2).
pub const ALPN: &[u8] = b"h2";

/// How a connection is set up.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Most bytes of a head that the engine accepts; the framing layer lets heads above it through, so that they are
    /// refused with their proper cause.
    pub head_bytes: usize,
    /// Most fields of a head.
    pub fields: usize,
    /// Silence of that long, while streams are under way, draws a question, and as long again the end.
    pub silence: Duration,
}

/// The silence that is usual: a peer that works on a request but is too busy to answer a PING has other troubles.
pub const SILENCE: Duration = Duration::from_secs(10);

/// Opens streams on one connection. Dropping it ends the connection once its streams have ended.
pub struct Streams {
    send: SendRequest<Bytes>,
    shared: Arc<Shared>,
}

/// What a connection and its streams know of each other.
struct Shared {
    scheme: Scheme,
    /// The socket below, for options and facts.
    socket: OwnedFd,
    /// How the connection ended.
    ending: OnceLock<Ending>,
    /// The first bytes of a peer that does not speak HTTP/2.
    first_bytes: OnceLock<Box<[u8]>>,
    /// Whether the peer's settings are known.
    has_settings: AtomicBool,
    /// Streams that wait for the settings.
    waiting: Mutex<Vec<Waker>>,
    /// Streams whose answer was read whole but for the sign of its end.
    ending_streams: Mutex<Vec<RecvStream>>,
    active: AtomicUsize,
    opened: AtomicU64,
}

/// Begins HTTP/2 on an established stream: nothing is sent before the driver runs.
///
/// # Errors
///
/// No descriptor is left.
pub async fn begin(stream: Stream, options: &Options) -> io::Result<(Streams, Driver)> {
    let shared = Arc::new(Shared {
        scheme: if stream.is_tls() { Scheme::HTTPS } else { Scheme::HTTP },
        socket: stream.as_fd().try_clone_to_owned()?,
        ending: OnceLock::new(),
        first_bytes: OnceLock::new(),
        has_settings: AtomicBool::new(false),
        waiting: Mutex::default(),
        ending_streams: Mutex::default(),
        active: AtomicUsize::new(0),
        opened: AtomicU64::new(0),
    });
    let (send, driver) = driver::begin(stream, options, Arc::clone(&shared)).await?;
    Ok((Streams { send, shared }, driver))
}

impl Streams {
    /// A new stream. Should the connection have ended meanwhile, the first write says so.
    pub fn open(&self) -> StreamLink {
        StreamLink::new(self.send.clone(), Arc::clone(&self.shared))
    }

    /// Whether new streams may be opened: the connection has not ended, and the peer has not announced its end.
    pub fn is_usable(&mut self) -> bool {
        let mut context = Context::from_waker(Waker::noop());
        self.shared.ending.get().is_none()
            && matches!(self.send.poll_ready(&mut context), Poll::Ready(Ok(())) | Poll::Pending)
    }

    /// Streams under way.
    pub fn active(&self) -> usize {
        self.shared.active.load(Ordering::Relaxed)
    }

    /// Streams opened since the connection began.
    pub fn opened(&self) -> u64 {
        self.shared.opened.load(Ordering::Relaxed)
    }

    /// Whether another stream may begin at once: below the peer's limit and our own.
    pub fn has_room(&self) -> bool {
        self.active() < self.send.current_max_send_streams().min(MOST_STREAMS)
    }
}

impl std::fmt::Debug for Streams {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Streams").field("active", &self.active()).finish_non_exhaustive()
    }
}

impl Shared {
    /// Ready once the peer's settings are known, or never will be.
    fn poll_settings(&self, cx: &Context<'_>) -> Poll<()> {
        if self.has_settings.load(Ordering::Relaxed) || self.ending.get().is_some() {
            return Poll::Ready(());
        }
        lock(&self.waiting).push(cx.waker().clone());
        Poll::Pending
    }

    fn settings_known(&self) {
        self.has_settings.store(true, Ordering::Relaxed);
        lock(&self.waiting).drain(..).for_each(Waker::wake);
    }

    /// The ending of a stream that failed like this.
    fn stream_ending(&self, error: &h2::Error) -> Ending {
        fault::stream_ending(error, self.ending.get().copied())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing that is done under these locks can leave them half done.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Most streams of a connection at once, whatever the peer would take: its window has to hold all of theirs.
const MOST_STREAMS: usize = 100;

#[cfg(test)]
mod tests;
