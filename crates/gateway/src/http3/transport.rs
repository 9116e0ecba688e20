//! QUIC by `quinn` as the HTTP/3 layer (`h3`) wants to see it.
//!
//! The layer keeps whatever it cannot read yet: a frame of fields is decoded only when it is whole, however long it says
//! it is. So each stream may give it only so many bytes until it makes something of them; see [`Allowance`].
//!
//! A stream that is dropped before its end was written is reset, because what was written must not look whole.

mod words;

pub(super) use words::code;

use bytes::{Buf, Bytes};
use h3::error::Code;
use h3::quic::{self, ConnectionErrorIncoming, StreamErrorIncoming, StreamId, WriteBuf};
use quinn::{ConnectionError, StoppedError, VarInt};
use std::cell::{Cell, RefCell};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use words::{connection_error, lost, number, read_error, stream_id, write_error};

/// A client's connection.
pub(super) struct Transport {
    opener: Opener,
    bidi: Option<Pending<(quinn::SendStream, quinn::RecvStream)>>,
    uni: Option<Pending<quinn::RecvStream>>,
    shared: Rc<Shared>,
}

/// What the connection's task knows of the streams.
pub(super) struct Shared {
    /// What is known of the stream that was accepted last, until somebody takes it.
    pub(super) newest: RefCell<Option<Accepted>>,
    /// Whether new requests are refused.
    pub(super) is_leaving: Cell<bool>,
    /// What a request stream may give at once.
    at_once: usize,
    /// What streams without requests may give; every request brings some.
    beside: Allowance,
}

/// A request stream, besides what the HTTP/3 layer holds of it.
pub(super) struct Accepted {
    /// Ready when the client reads no more, or has read everything.
    pub(super) stopped: Stopped,
    /// What the stream may give until something was made of it.
    pub(super) allowance: Allowance,
}

/// The end of a stream's sending side: the client's code where it gave up, nothing where it has everything.
pub(super) type Stopped = Pin<Box<dyn Future<Output = Result<Option<VarInt>, StoppedError>>>>;

type Pending<T> = Pin<Box<dyn Future<Output = Result<T, ConnectionError>>>>;

/// How many bytes may still be read of what nothing has been made of.
#[derive(Clone)]
pub(super) struct Allowance {
    left: Rc<Cell<usize>>,
    full: usize,
}

impl Allowance {
    fn new(full: usize) -> Self {
        Self { left: Rc::new(Cell::new(full)), full }
    }

    /// Something was made of what was read.
    pub(super) fn refill(&self) {
        self.left.set(self.full);
    }

    /// Whether the client has sent more than is kept.
    pub(super) fn is_spent(&self) -> bool {
        self.left.get() == 0
    }

    fn grow(&self, by: usize) {
        self.left.set(self.left.get().saturating_add(by).min(self.full));
    }

    fn spend(&self, count: usize) {
        self.left.set(self.left.get().saturating_sub(count));
    }
}

impl Transport {
    /// The transport of a connection whose request streams may give so many bytes at once.
    pub(super) fn new(connection: quinn::Connection, at_once: usize) -> Self {
        let shared = Shared {
            newest: RefCell::new(None),
            is_leaving: Cell::new(false),
            at_once,
            beside: Allowance::new(BESIDE),
        };
        Self {
            opener: Opener { connection, bidi: None, send: None },
            bidi: None,
            uni: None,
            shared: Rc::new(shared),
        }
    }

    /// What its task is to know.
    pub(super) fn shared(&self) -> Rc<Shared> {
        Rc::clone(&self.shared)
    }
}

impl quic::Connection<Bytes> for Transport {
    type RecvStream = Recv;
    type OpenStreams = Opener;

    fn poll_accept_recv(&mut self, cx: &mut Context<'_>) -> Poll<Result<Recv, ConnectionErrorIncoming>> {
        let connection = &self.opener.connection;
        let accepting = self.uni.get_or_insert_with(|| {
            let connection = connection.clone();
            Box::pin(async move { connection.accept_uni().await })
        });
        let accepted = ready!(accepting.as_mut().poll(cx));
        self.uni = None;
        let stream = accepted.map_err(connection_error)?;
        Poll::Ready(Ok(Recv { stream, allowance: self.shared.beside.clone() }))
    }

    fn poll_accept_bidi(&mut self, cx: &mut Context<'_>) -> Poll<Result<Bidi, ConnectionErrorIncoming>> {
        loop {
            let connection = &self.opener.connection;
            let accepting = self.bidi.get_or_insert_with(|| {
                let connection = connection.clone();
                Box::pin(async move { connection.accept_bi().await })
            });
            let accepted = ready!(accepting.as_mut().poll(cx));
            self.bidi = None;
            let (mut send, mut recv) = accepted.map_err(connection_error)?;
            if self.shared.is_leaving.get() {
                // It was told, or will be: the client may send it again elsewhere (RFC 9114 §5.2). Streams that are
                // closed already need nothing.
                let _ = recv.stop(code(Code::H3_REQUEST_REJECTED));
                let _ = send.reset(code(Code::H3_REQUEST_REJECTED));
                continue;
            }
            let allowance = Allowance::new(self.shared.at_once);
            self.shared.beside.grow(BESIDE_A_REQUEST);
            let accepted = Accepted { stopped: Box::pin(send.stopped()), allowance: allowance.clone() };
            self.shared.newest.replace(Some(accepted));
            return Poll::Ready(Ok(Bidi { send: Send::new(send), recv: Recv { stream: recv, allowance } }));
        }
    }

    fn opener(&self) -> Opener {
        Opener { connection: self.opener.connection.clone(), bidi: None, send: None }
    }
}

impl quic::OpenStreams<Bytes> for Transport {
    type BidiStream = Bidi;
    type SendStream = Send;

    fn poll_open_bidi(&mut self, cx: &mut Context<'_>) -> Poll<Result<Bidi, StreamErrorIncoming>> {
        self.opener.poll_open_bidi(cx)
    }

    fn poll_open_send(&mut self, cx: &mut Context<'_>) -> Poll<Result<Send, StreamErrorIncoming>> {
        self.opener.poll_open_send(cx)
    }

    fn close(&mut self, code: Code, reason: &[u8]) {
        self.opener.close(code, reason);
    }
}

/// Opens streams of our own: those of the HTTP/3 layer.
pub(super) struct Opener {
    connection: quinn::Connection,
    bidi: Option<Pending<(quinn::SendStream, quinn::RecvStream)>>,
    send: Option<Pending<quinn::SendStream>>,
}

impl quic::OpenStreams<Bytes> for Opener {
    type BidiStream = Bidi;
    type SendStream = Send;

    fn poll_open_bidi(&mut self, cx: &mut Context<'_>) -> Poll<Result<Bidi, StreamErrorIncoming>> {
        let connection = &self.connection;
        let opening = self.bidi.get_or_insert_with(|| {
            let connection = connection.clone();
            Box::pin(async move { connection.open_bi().await })
        });
        let opened = ready!(opening.as_mut().poll(cx));
        self.bidi = None;
        let (send, stream) = opened.map_err(lost)?;
        Poll::Ready(Ok(Bidi {
            send: Send::new(send),
            recv: Recv { stream, allowance: Allowance::new(BESIDE) },
        }))
    }

    fn poll_open_send(&mut self, cx: &mut Context<'_>) -> Poll<Result<Send, StreamErrorIncoming>> {
        let connection = &self.connection;
        let opening = self.send.get_or_insert_with(|| {
            let connection = connection.clone();
            Box::pin(async move { connection.open_uni().await })
        });
        let opened = ready!(opening.as_mut().poll(cx));
        self.send = None;
        Poll::Ready(opened.map(Send::new).map_err(lost))
    }

    fn close(&mut self, reason: Code, text: &[u8]) {
        self.connection.close(code(reason), text);
    }
}

/// Both sides of a stream.
pub(super) struct Bidi {
    send: Send,
    recv: Recv,
}

/// The sending side of a stream.
pub(super) struct Send {
    stream: quinn::SendStream,
    /// What is to be sent before anything else.
    waiting: Option<WriteBuf<Bytes>>,
    is_closed: bool,
}

/// The receiving side of a stream.
pub(super) struct Recv {
    stream: quinn::RecvStream,
    allowance: Allowance,
}

impl Send {
    fn new(stream: quinn::SendStream) -> Self {
        Self { stream, waiting: None, is_closed: false }
    }
}

impl Drop for Send {
    fn drop(&mut self) {
        if !self.is_closed {
            // Fails only where the stream is closed.
            let _ = self.stream.reset(code(Code::H3_INTERNAL_ERROR));
        }
    }
}

impl Drop for Recv {
    fn drop(&mut self) {
        // What was not read is not wanted any more (RFC 9114 §4.1); fails only where everything was.
        let _ = self.stream.stop(code(Code::H3_NO_ERROR));
    }
}

impl quic::SendStream<Bytes> for Send {
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), StreamErrorIncoming>> {
        while let Some(waiting) = self.waiting.as_mut().filter(|waiting| waiting.has_remaining()) {
            let written = ready!(Pin::new(&mut self.stream).poll_write(cx, waiting.chunk()));
            waiting.advance(written.map_err(write_error)?);
        }
        self.waiting = None;
        Poll::Ready(Ok(()))
    }

    fn send_data<T: Into<WriteBuf<Bytes>>>(&mut self, data: T) -> Result<(), StreamErrorIncoming> {
        if self.waiting.is_some() {
            let told = "data was sent before the stream was ready".to_owned();
            let connection_error = ConnectionErrorIncoming::InternalError(told);
            return Err(StreamErrorIncoming::ConnectionErrorIncoming { connection_error });
        }
        self.waiting = Some(data.into());
        Ok(())
    }

    fn poll_finish(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), StreamErrorIncoming>> {
        ready!(self.poll_ready(cx))?;
        self.is_closed = true;
        // Fails only where the stream is closed, which the next one to ask is told.
        let _ = self.stream.finish();
        Poll::Ready(Ok(()))
    }

    fn reset(&mut self, reset_code: u64) {
        self.is_closed = true;
        let _ = self.stream.reset(number(reset_code));
    }

    fn send_id(&self) -> StreamId {
        stream_id(self.stream.id())
    }
}

impl quic::RecvStream for Recv {
    type Buf = Bytes;

    fn poll_data(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>, StreamErrorIncoming>> {
        if self.allowance.is_spent() {
            return Poll::Ready(Err(StreamErrorIncoming::Unknown("a frame is too long".into())));
        }
        // The stream keeps what it has to between two calls, so the future may be a new one each time.
        let read = pin!(self.stream.read_chunk(PIECE, true)).poll(cx);
        let chunk = ready!(read).map_err(read_error)?;
        Poll::Ready(Ok(chunk.map(|chunk| {
            self.allowance.spend(chunk.bytes.len());
            chunk.bytes
        })))
    }

    fn stop_sending(&mut self, error_code: u64) {
        // Fails only where the stream is closed.
        let _ = self.stream.stop(number(error_code));
    }

    fn recv_id(&self) -> StreamId {
        stream_id(self.stream.id())
    }
}

impl quic::SendStream<Bytes> for Bidi {
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), StreamErrorIncoming>> {
        self.send.poll_ready(cx)
    }

    fn send_data<T: Into<WriteBuf<Bytes>>>(&mut self, data: T) -> Result<(), StreamErrorIncoming> {
        self.send.send_data(data)
    }

    fn poll_finish(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), StreamErrorIncoming>> {
        self.send.poll_finish(cx)
    }

    fn reset(&mut self, reset_code: u64) {
        self.send.reset(reset_code);
    }

    fn send_id(&self) -> StreamId {
        self.send.send_id()
    }
}

impl quic::RecvStream for Bidi {
    type Buf = Bytes;

    fn poll_data(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>, StreamErrorIncoming>> {
        self.recv.poll_data(cx)
    }

    fn stop_sending(&mut self, error_code: u64) {
        self.recv.stop_sending(error_code);
    }

    fn recv_id(&self) -> StreamId {
        self.recv.recv_id()
    }
}

impl quic::BidiStream<Bytes> for Bidi {
    type SendStream = Send;
    type RecvStream = Recv;

    fn split(self) -> (Send, Recv) {
        (self.send, self.recv)
    }
}

/// Read at once, at most.
const PIECE: usize = 64 << 10;

/// What all streams without requests may give: settings, priorities, and what nobody knows.
const BESIDE: usize = 64 << 10;

/// What a request adds to that: browsers say with each how urgent it is.
const BESIDE_A_REQUEST: usize = 1 << 10;
