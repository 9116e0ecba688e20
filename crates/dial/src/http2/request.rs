//! The request on its way into a stream: a head and a body as HTTP/1.1 has them become frames.

use super::Shared;
use super::answer::Begun;
use super::fault;
use super::websocket;
use bytes::Bytes;
use h2::SendStream;
use h2::client::SendRequest;
use h2::ext::Protocol;
use http::Method;
use http::uri::Scheme;
use std::task::{Context, Poll, ready};
use torwart_cause::{Decision, Ending};
use torwart_wire::http1::{ChunkDecoder, ChunkLimits, Piece};
use torwart_wire::{Framing, translate};

/// A request on its way.
pub(super) struct Request {
    state: State,
    stream: Option<SendStream<Bytes>>,
}

enum State {
    /// The head is being written; what is here of it.
    Head(Vec<u8>),
    /// The head is whole and waits for the stream to begin.
    Waiting(Bytes),
    /// So much of the body is to come.
    Length(u64),
    /// The body comes in chunks; so many bytes of the current one are next.
    Chunked(Box<ChunkDecoder>, usize),
    /// What comes goes out as it is.
    Tunnel,
    /// The request has been written.
    Done,
}

/// Why a request cannot go on.
pub(super) enum Fault {
    /// The stream failed.
    Stream(h2::Error),
    /// It ended so.
    Ending(Ending),
}

impl Fault {
    pub(super) fn ending(&self, shared: &Shared) -> Ending {
        match self {
            Self::Stream(error) => shared.stream_ending(error),
            Self::Ending(ending) => *ending,
        }
    }
}

impl Default for Request {
    fn default() -> Self {
        Self { state: State::Head(Vec::new()), stream: None }
    }
}

impl Request {
    /// Takes bytes as far as they belong to the head; `None` once that is whole.
    pub(super) fn take_head(&mut self, bytes: &[u8]) -> Option<usize> {
        let State::Head(head) = &mut self.state else { return None };
        let from = head.len().saturating_sub(BLANK_LINE.len());
        head.extend_from_slice(bytes);
        let tail = head.get(from..).unwrap_or_default();
        let Some(at) = tail.windows(BLANK_LINE.len()).position(|window| window == BLANK_LINE) else {
            return Some(bytes.len());
        };
        let surplus = head.len() - (from + at + BLANK_LINE.len());
        head.truncate(head.len() - surplus);
        self.state = State::Waiting(Bytes::from(std::mem::take(head)));
        Some(bytes.len() - surplus)
    }

    /// Whether the head is whole and the stream has not begun.
    pub(super) fn is_head_waiting(&self) -> bool {
        matches!(self.state, State::Waiting(_))
    }

    /// Whether the head that waits asks for WebSocket.
    pub(super) fn wants_upgrade(&self) -> bool {
        matches!(&self.state, State::Waiting(head) if websocket::is_asked_for(head))
    }

    /// Whether the whole request has been taken.
    pub(super) fn is_sent(&self) -> bool {
        matches!(self.state, State::Done)
    }

    /// Begins the stream with the head that waits.
    pub(super) fn begin(&mut self, send: &mut SendRequest<Bytes>, scheme: &Scheme) -> Result<Begun, Fault> {
        let State::Waiting(head) = std::mem::replace(&mut self.state, State::Done) else {
            return Err(Fault::Ending(Ending::Closed));
        };
        let (mut request, framing, upgrade) = translate::read_request(&head, scheme)
            .ok_or(Fault::Ending(Ending::Decided(Decision::Misconfigured)))?;
        let is_head = *request.method() == Method::HEAD;
        let is_websocket = upgrade.is_some_and(|offer| websocket::is_named_by(&offer))
            && send.is_extended_connect_protocol_enabled();
        let mut accept = None;
        if is_websocket {
            // RFC 8441 §5: the handshake's key has no meaning there, but the client waits for what proves it was read.
            let key = request.headers_mut().remove(http::header::SEC_WEBSOCKET_KEY);
            accept = key.map(|key| websocket::accept(key.as_bytes()));
            *request.method_mut() = Method::CONNECT;
            request.extensions_mut().insert(Protocol::from_static("websocket"));
        }
        let state = match framing {
            _ if accept.is_some() => State::Tunnel,
            Framing::None | Framing::Length(0) | Framing::UntilClose => State::Done,
            Framing::Length(length) => State::Length(length),
            Framing::Chunked => State::Chunked(Box::new(ChunkDecoder::new(ChunkLimits::default())), 0),
        };
        let ends = matches!(state, State::Done);
        let (response, stream) = send.send_request(request, ends).map_err(Fault::Stream)?;
        self.state = state;
        self.stream = (!ends).then_some(stream);
        Ok(Begun { response, is_head, accept })
    }

    /// Takes bytes of the body.
    pub(super) fn poll_body(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize, Fault>> {
        let gone = || Fault::Ending(Ending::Closed);
        let Some(stream) = &mut self.stream else { return Poll::Ready(Err(gone())) };
        match &mut self.state {
            State::Head(_) | State::Waiting(_) | State::Done => Poll::Ready(Err(gone())),
            State::Tunnel => poll_data(stream, cx, bytes, false),
            State::Length(left) => {
                let most = usize::try_from(*left).unwrap_or(usize::MAX).min(bytes.len());
                let piece = bytes.get(..most).unwrap_or_default();
                let sent = ready!(poll_data(stream, cx, piece, most as u64 == *left))?;
                *left -= sent as u64;
                if *left == 0 {
                    self.finish();
                }
                Poll::Ready(Ok(sent))
            }
            State::Chunked(decoder, ready) => {
                let (taken, is_over) = ready!(poll_chunks(stream, cx, bytes, decoder, ready))?;
                if is_over {
                    self.finish();
                }
                Poll::Ready(Ok(taken))
            }
        }
    }

    /// The sender says no more.
    pub(super) fn end(&mut self) -> Result<(), Fault> {
        if let (State::Tunnel, Some(stream)) = (&self.state, &mut self.stream) {
            stream.send_data(Bytes::new(), true).map_err(Fault::Stream)?;
            self.finish();
        }
        Ok(())
    }

    fn finish(&mut self) {
        self.state = State::Done;
        self.stream = None;
    }
}

/// Decodes chunks and sends their data, until the bytes or the stream's window are used up. Tells how many bytes were
/// taken, and whether the body is over.
fn poll_chunks(
    stream: &mut SendStream<Bytes>,
    cx: &mut Context<'_>,
    bytes: &[u8],
    decoder: &mut ChunkDecoder,
    next: &mut usize,
) -> Poll<Result<(usize, bool), Fault>> {
    let mut taken = 0;
    while let Some(rest) = bytes.get(taken..).filter(|rest| !rest.is_empty()) {
        if *next == 0 {
            match decoder.decode(rest).map_err(Fault::Ending)? {
                Piece::Data { skip, len } => {
                    taken += skip;
                    *next = len;
                }
                Piece::More { skip } => taken += skip,
                Piece::End { skip } => {
                    end_with(stream, decoder.trailers())?;
                    return Poll::Ready(Ok((taken + skip, true)));
                }
            }
            continue;
        }
        let piece = rest.get(..*next).unwrap_or(rest);
        match poll_data(stream, cx, piece, false)? {
            Poll::Ready(sent) => {
                *next -= sent;
                taken += sent;
            }
            // What was decoded counts as taken: it is not decoded again.
            Poll::Pending if taken > 0 => break,
            Poll::Pending => return Poll::Pending,
        }
    }
    Poll::Ready(Ok((taken, false)))
}

fn end_with(stream: &mut SendStream<Bytes>, trailers: &[u8]) -> Result<(), Fault> {
    let trailers = translate::read_trailers(trailers);
    if trailers.is_empty() {
        stream.send_data(Bytes::new(), true).map_err(Fault::Stream)
    } else {
        stream.send_trailers(trailers).map_err(Fault::Stream)
    }
}

/// Sends as much as the stream's window takes; `ends` where the body ends with these bytes.
fn poll_data(
    stream: &mut SendStream<Bytes>,
    cx: &mut Context<'_>,
    bytes: &[u8],
    ends: bool,
) -> Poll<Result<usize, Fault>> {
    // Reserved is exactly what is at hand: more would be window that other streams of the connection wait for.
    stream.reserve_capacity(bytes.len());
    while stream.capacity() == 0 {
        match ready!(stream.poll_capacity(cx)) {
            Some(Ok(_)) => {}
            Some(Err(error)) => return Poll::Ready(Err(Fault::Stream(error))),
            None => return Poll::Ready(Err(closed(stream, cx))),
        }
    }
    let piece = bytes.get(..stream.capacity()).unwrap_or(bytes);
    let is_last = ends && piece.len() == bytes.len();
    match stream.send_data(Bytes::copy_from_slice(piece), is_last) {
        Ok(()) => Poll::Ready(Ok(piece.len())),
        Err(error) if error.reason().is_none() && !error.is_io() => Poll::Ready(Err(closed(stream, cx))),
        Err(error) => Poll::Ready(Err(Fault::Stream(error))),
    }
}

/// Why a stream takes no more.
fn closed(stream: &mut SendStream<Bytes>, cx: &mut Context<'_>) -> Fault {
    match stream.poll_reset(cx) {
        Poll::Ready(Ok(reason)) => Fault::Ending(fault::reset_ending(reason)),
        Poll::Ready(Err(error)) => Fault::Stream(error),
        Poll::Pending => Fault::Ending(Ending::Closed),
    }
}

const BLANK_LINE: &[u8] = b"\r\n\r\n";
