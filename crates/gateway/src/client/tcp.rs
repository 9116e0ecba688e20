//! A client's TCP socket, which joins the event loop only when it has to wait.
//!
//! A new connection mostly has its request in its socket already, and often its answer goes out a moment later and it
//! closes. Such a one is read, answered and closed without the event loop ever hearing of it, which saves the kernel
//! two calls and the bookkeeping between them.

use crate::clock::Moment;
use std::io::{self, IoSlice, Read, Write};
use std::net::Shutdown;
use std::os::fd::{AsFd, BorrowedFd};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};
use tokio::net::TcpStream;
use torwart_kernel::MemoryFile;
use torwart_kernel::socket::send_last;

/// A non-blocking TCP socket.
pub struct ClientTcp(State);

enum State {
    /// The event loop does not know it yet. It has to by this moment, if the connection still lives: without it nobody
    /// notices that a client leaves.
    Fresh { stream: std::net::TcpStream, until: Moment },
    /// The event loop tells of it.
    Watched(TcpStream),
    /// It could not join the event loop.
    Lost,
}

impl ClientTcp {
    /// A socket that was just accepted, non-blocking.
    pub fn new(stream: std::net::TcpStream) -> Self {
        Self(State::Fresh { stream, until: Moment::now() + UNWATCHED })
    }

    /// When the socket has to join the event loop; `None` if it has.
    pub fn unwatched_until(&self) -> Option<Moment> {
        match &self.0 {
            State::Fresh { until, .. } => Some(*until),
            State::Watched(_) | State::Lost => None,
        }
    }

    /// The socket as the event loop knows it, which it joins now if it has not.
    pub fn watched(&mut self) -> io::Result<&mut TcpStream> {
        if matches!(self.0, State::Fresh { .. })
            && let State::Fresh { stream, .. } = std::mem::replace(&mut self.0, State::Lost)
        {
            self.0 = State::Watched(TcpStream::from_std(stream)?);
        }
        match &mut self.0 {
            State::Watched(stream) => Ok(stream),
            State::Fresh { .. } | State::Lost => Err(io::ErrorKind::NotConnected.into()),
        }
    }

    /// The socket as the event loop knows it, if it does.
    pub fn as_watched(&self) -> Option<&TcpStream> {
        match &self.0 {
            State::Watched(stream) => Some(stream),
            State::Fresh { .. } | State::Lost => None,
        }
    }

    /// The descriptor, unless the socket was lost.
    pub fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        match &self.0 {
            State::Fresh { stream, .. } => Some(stream.as_fd()),
            State::Watched(stream) => Some(stream.as_fd()),
            State::Lost => None,
        }
    }

    /// Writes the last bytes of a connection that closes next: they leave together with the FIN.
    pub fn poll_write_last(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if let Some(sent) = self.at_once(|stream| send_last(stream, bytes)) {
            return Poll::Ready(sent);
        }
        let stream = self.watched()?;
        loop {
            ready!(stream.poll_write_ready(cx))?;
            match stream.try_io(Interest::WRITABLE, || send_last(&*stream, bytes)) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                sent => return Poll::Ready(sent),
            }
        }
    }

    /// Sends a part of a file without copying it.
    pub fn poll_send_file(
        &mut self,
        cx: &mut Context<'_>,
        file: &MemoryFile,
        at: u64,
        most: usize,
    ) -> Poll<io::Result<usize>> {
        if let Some(sent) = self.at_once(|stream| file.send(stream, at, most)) {
            return Poll::Ready(sent);
        }
        let stream = self.watched()?;
        loop {
            ready!(stream.poll_write_ready(cx))?;
            match stream.try_io(Interest::WRITABLE, || file.send(&*stream, at, most)) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                sent => return Poll::Ready(sent),
            }
        }
    }

    /// What a call gave that need not wait; `None` where it has to, or where the event loop knows better.
    fn at_once<T>(
        &self,
        mut call: impl FnMut(&std::net::TcpStream) -> io::Result<T>,
    ) -> Option<io::Result<T>> {
        let State::Fresh { stream, .. } = &self.0 else { return None };
        loop {
            match call(stream) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return None,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                done => return Some(done),
            }
        }
    }
}

impl AsyncRead for ClientTcp {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if let Some(read) = this.at_once(|mut stream| stream.read(buffer.initialize_unfilled())) {
            return Poll::Ready(read.map(|read| buffer.advance(read)));
        }
        Pin::new(this.watched()?).poll_read(cx, buffer)
    }
}

impl AsyncWrite for ClientTcp {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if let Some(sent) = this.at_once(|mut stream| stream.write(bytes)) {
            return Poll::Ready(sent);
        }
        Pin::new(this.watched()?).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if let Some(sent) = this.at_once(|mut stream| stream.write_vectored(slices)) {
            return Poll::Ready(sent);
        }
        Pin::new(this.watched()?).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if let Some(shut) = this.at_once(|stream| stream.shutdown(Shutdown::Write)) {
            return Poll::Ready(shut);
        }
        Pin::new(this.watched()?).poll_shutdown(cx)
    }
}

/// How long a connection may live before somebody has to notice that its client leaves.
const UNWATCHED: Duration = Duration::from_millis(20);
