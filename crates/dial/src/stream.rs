//! An established connection to an upstream: TCP, unix socket, TLS over either, a stream of an HTTP/2 connection, or
//! FastCGI read like HTTP.

use crate::ending_of;
use crate::fastcgi::FastCgi;
use crate::http2::StreamLink;
use crate::tap::Tap;
use std::io::{self, IoSlice};
use std::os::fd::{AsFd, BorrowedFd};
use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, UnixStream};
use tokio_rustls::client::TlsStream;
use torwart_cause::{Deadline, Ending};

/// An established connection to an upstream.
pub struct Stream(Inner);

enum Inner {
    Tcp(TcpStream),
    Unix(UnixStream),
    Tls(Box<TlsStream<Tap>>),
    Http2(Box<StreamLink>),
    FastCgi(Box<FastCgi>),
}

/// What an idle connection that should be silent did instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Idle {
    /// It ended: an orderly close, a reset, a TLS alert.
    Ended(Ending),
    /// It sent this byte (and perhaps more) unasked; whatever follows would be taken for an answer.
    Spoke(u8),
}

impl Stream {
    pub(crate) fn tls(stream: TlsStream<Tap>) -> Self {
        Self(Inner::Tls(Box::new(stream)))
    }

    /// The TCP socket, when bytes pass through it as they are: for splice and readiness. `None` for TLS.
    pub fn as_tcp(&self) -> Option<&TcpStream> {
        match &self.0 {
            Inner::Tcp(stream) => Some(stream),
            Inner::Unix(_) | Inner::Tls(_) | Inner::Http2(_) | Inner::FastCgi(_) => None,
        }
    }

    /// The unix socket, when bytes pass through it as they are. `None` for TLS.
    pub fn as_unix(&self) -> Option<&UnixStream> {
        match &self.0 {
            Inner::Unix(stream) => Some(stream),
            Inner::Tcp(_) | Inner::Tls(_) | Inner::Http2(_) | Inner::FastCgi(_) => None,
        }
    }

    /// Whether bytes are encrypted on the way.
    pub fn is_tls(&self) -> bool {
        match &self.0 {
            Inner::Tls(_) => true,
            Inner::Http2(stream) => stream.is_tls(),
            Inner::Tcp(_) | Inner::Unix(_) | Inner::FastCgi(_) => false,
        }
    }

    /// Whether it is one stream of a connection: good for one exchange, and never idle.
    pub fn is_multiplexed(&self) -> bool {
        matches!(self.0, Inner::Http2(_))
    }

    /// What the peer sent first, where it does not speak the protocol that was expected and nothing could be read of it.
    pub fn first_bytes(&self) -> Option<&[u8]> {
        match &self.0 {
            Inner::Http2(stream) => stream.first_bytes(),
            Inner::FastCgi(stream) => {
                stream.told().map(|told| told.first.as_slice()).filter(|it| !it.is_empty())
            }
            Inner::Tcp(_) | Inner::Unix(_) | Inner::Tls(_) => None,
        }
    }

    /// The FastCGI below, where that is what is spoken.
    pub fn as_fastcgi(&self) -> Option<&FastCgi> {
        match &self.0 {
            Inner::FastCgi(stream) => Some(stream),
            Inner::Tcp(_) | Inner::Unix(_) | Inner::Tls(_) | Inner::Http2(_) => None,
        }
    }

    /// The FastCGI below, to begin a request.
    pub fn as_fastcgi_mut(&mut self) -> Option<&mut FastCgi> {
        match &mut self.0 {
            Inner::FastCgi(stream) => Some(stream),
            Inner::Tcp(_) | Inner::Unix(_) | Inner::Tls(_) | Inner::Http2(_) => None,
        }
    }

    /// Whether written bytes may stay behind until they are flushed.
    pub fn needs_flush(&self) -> bool {
        self.is_tls() || matches!(self.0, Inner::FastCgi(_))
    }

    /// What was agreed on in the TLS handshake: version, cipher suite, protocol, the peer's certificates.
    pub fn tls_session(&self) -> Option<&rustls::ClientConnection> {
        match &self.0 {
            Inner::Tls(stream) => Some(stream.get_ref().1),
            Inner::Tcp(_) | Inner::Unix(_) | Inner::Http2(_) | Inner::FastCgi(_) => None,
        }
    }

    /// Ready once the socket below has something to read, or has ended. Under TLS that need not be data: session
    /// tickets make it readable too. Use [`Stream::poll_idle`] to judge an idle connection.
    pub fn poll_readable(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &self.0 {
            Inner::Tcp(stream) => stream.poll_read_ready(context),
            Inner::Unix(stream) => stream.poll_read_ready(context),
            Inner::Tls(stream) => stream.get_ref().0.stream.poll_readable(context),
            // Nothing is known below the connection's own task, so reading has to tell.
            Inner::Http2(_) => Poll::Ready(Ok(())),
            Inner::FastCgi(stream) => stream.stream().poll_readable(context),
        }
    }

    /// Pending as long as an idle connection is quiet. No system call unless the socket was reported readable.
    pub fn poll_idle(&mut self, context: &mut Context<'_>) -> Poll<Idle> {
        if let Inner::Http2(stream) = &self.0 {
            // A stream carries one exchange: it says nothing before it is asked.
            return if stream.has_ended() { Poll::Ready(Idle::Ended(Ending::Closed)) } else { Poll::Pending };
        }
        if let Inner::FastCgi(stream) = &mut self.0 {
            return stream.poll_idle(context);
        }
        if matches!(self.0, Inner::Tcp(_) | Inner::Unix(_)) {
            // A clear readiness flag is proof enough; only a set one needs a look.
            match ready!(self.poll_readable(context)) {
                Ok(()) => {}
                Err(error) => return Poll::Ready(Idle::Ended(ending_of(&error, Deadline::BetweenBytes))),
            }
        }
        let mut byte = [0];
        let mut buffer = ReadBuf::new(&mut byte);
        let result = ready!(Pin::new(self).poll_read(context, &mut buffer));
        Poll::Ready(match (result, buffer.filled()) {
            (Ok(()), []) => Idle::Ended(Ending::Closed),
            (Ok(()), [byte, ..]) => Idle::Spoke(*byte),
            (Err(error), _) => Idle::Ended(ending_of(&error, Deadline::BetweenBytes)),
        })
    }

    /// Whether an idle connection may be used again. A connection that is not quiet must be dropped: the look may have
    /// taken a byte.
    pub fn is_quiet(&mut self) -> bool {
        self.poll_idle(&mut Context::from_waker(Waker::noop())).is_pending()
    }
}

impl From<TcpStream> for Stream {
    fn from(stream: TcpStream) -> Self {
        Self(Inner::Tcp(stream))
    }
}

impl From<StreamLink> for Stream {
    fn from(stream: StreamLink) -> Self {
        Self(Inner::Http2(Box::new(stream)))
    }
}

impl From<FastCgi> for Stream {
    fn from(stream: FastCgi) -> Self {
        Self(Inner::FastCgi(Box::new(stream)))
    }
}

impl From<UnixStream> for Stream {
    fn from(stream: UnixStream) -> Self {
        Self(Inner::Unix(stream))
    }
}

/// The socket below, whatever lies above it: for socket options and facts, never for reading or writing.
impl AsFd for Stream {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match &self.0 {
            Inner::Tcp(stream) => stream.as_fd(),
            Inner::Unix(stream) => stream.as_fd(),
            Inner::Tls(stream) => stream.get_ref().0.stream.as_fd(),
            Inner::Http2(stream) => stream.as_fd(),
            Inner::FastCgi(stream) => stream.as_fd(),
        }
    }
}

impl std::fmt::Debug for Stream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self.0 {
            Inner::Tcp(_) => "Stream::Tcp",
            Inner::Unix(_) => "Stream::Unix",
            Inner::Tls(_) => "Stream::Tls",
            Inner::Http2(_) => "Stream::Http2",
            Inner::FastCgi(_) => "Stream::FastCgi",
        })
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match &mut self.get_mut().0 {
            Inner::Tcp(stream) => Pin::new(stream).poll_read(context, buffer),
            Inner::Unix(stream) => Pin::new(stream).poll_read(context, buffer),
            Inner::Tls(stream) => Pin::new(stream).poll_read(context, buffer),
            Inner::Http2(stream) => Pin::new(stream).poll_read(context, buffer),
            Inner::FastCgi(stream) => Pin::new(stream).poll_read(context, buffer),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match &mut self.get_mut().0 {
            Inner::Tcp(stream) => Pin::new(stream).poll_write(context, bytes),
            Inner::Unix(stream) => Pin::new(stream).poll_write(context, bytes),
            Inner::Tls(stream) => Pin::new(stream).poll_write(context, bytes),
            Inner::Http2(stream) => Pin::new(stream).poll_write(context, bytes),
            Inner::FastCgi(stream) => Pin::new(stream).poll_write(context, bytes),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match &mut self.get_mut().0 {
            Inner::Tcp(stream) => Pin::new(stream).poll_write_vectored(context, slices),
            Inner::Unix(stream) => Pin::new(stream).poll_write_vectored(context, slices),
            Inner::Tls(stream) => Pin::new(stream).poll_write_vectored(context, slices),
            Inner::Http2(stream) => Pin::new(stream).poll_write_vectored(context, slices),
            Inner::FastCgi(stream) => Pin::new(stream).poll_write_vectored(context, slices),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match &self.0 {
            Inner::Tcp(stream) => stream.is_write_vectored(),
            Inner::Unix(stream) => stream.is_write_vectored(),
            Inner::Tls(stream) => stream.is_write_vectored(),
            Inner::Http2(stream) => stream.is_write_vectored(),
            Inner::FastCgi(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().0 {
            Inner::Tcp(stream) => Pin::new(stream).poll_flush(context),
            Inner::Unix(stream) => Pin::new(stream).poll_flush(context),
            Inner::Tls(stream) => Pin::new(stream).poll_flush(context),
            Inner::Http2(stream) => Pin::new(stream).poll_flush(context),
            Inner::FastCgi(stream) => Pin::new(stream).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().0 {
            Inner::Tcp(stream) => Pin::new(stream).poll_shutdown(context),
            Inner::Unix(stream) => Pin::new(stream).poll_shutdown(context),
            Inner::Tls(stream) => Pin::new(stream).poll_shutdown(context),
            Inner::Http2(stream) => Pin::new(stream).poll_shutdown(context),
            Inner::FastCgi(stream) => Pin::new(stream).poll_shutdown(context),
        }
    }
}
