//! A connection as the lab holds it: TCP or unix, plain or under TLS, and the rough ways to end it.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::{TcpStream, UnixStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// The transport below any TLS.
pub(crate) enum Transport {
    Tcp(TcpStream),
    Unix(UnixStream),
}

/// A connection.
pub(crate) enum Stream {
    Plain(Transport),
    Tls(Box<TlsStream<Transport>>),
    /// Ended by us, or lost in a failed handshake.
    Gone,
}

impl Stream {
    pub(crate) async fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(transport) => transport.read(buffer).await,
            Self::Tls(tls) => tls.read(buffer).await,
            Self::Gone => Ok(0),
        }
    }

    pub(crate) async fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Plain(transport) => transport.write_all(bytes).await,
            Self::Tls(tls) => {
                tls.write_all(bytes).await?;
                tls.flush().await
            }
            Self::Gone => Err(io::ErrorKind::NotConnected.into()),
        }
    }

    /// Ends the sending direction: close_notify where there is TLS, then FIN.
    pub(crate) async fn shutdown_write(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(transport) => transport.shutdown().await,
            Self::Tls(tls) => tls.shutdown().await,
            Self::Gone => Ok(()),
        }
    }

    /// Takes the TLS handshake as server. The transport is gone when it fails, alert sent.
    pub(crate) async fn handshake(&mut self, acceptor: &TlsAcceptor) -> io::Result<()> {
        let Self::Plain(transport) = std::mem::replace(self, Self::Gone) else {
            return Err(io::ErrorKind::NotConnected.into());
        };
        *self = Self::Tls(Box::new(acceptor.accept(transport).await?));
        Ok(())
    }

    /// Closes: close_notify where there is TLS, then FIN in both directions.
    ///
    /// What has arrived is taken off the socket first, because Linux turns a close over unread bytes into a reset.
    pub(crate) async fn close(&mut self) {
        if let Self::Tls(tls) = self {
            // The peer may be gone already; there is nobody left to tell.
            let _ = tokio::time::timeout(CLOSE_TIME, tls.shutdown()).await;
        }
        self.take_transport();
    }

    /// FIN under TLS, without close_notify.
    pub(crate) fn close_without_notify(&mut self) {
        self.take_transport();
    }

    /// RST. A unix socket has none; closing it over unread bytes is the nearest.
    pub(crate) fn reset(&mut self) {
        let linger = Some(Duration::ZERO);
        let transport = match std::mem::replace(self, Self::Gone) {
            Self::Plain(transport) => transport,
            Self::Tls(tls) => tls.into_inner().0,
            Self::Gone => return,
        };
        if let Transport::Tcp(tcp) = transport {
            // A failing option means that the peer has ended the connection already.
            let _ = socket2::SockRef::from(&tcp).set_linger(linger);
        }
    }

    fn take_transport(&mut self) {
        let transport = match std::mem::replace(self, Self::Gone) {
            Self::Plain(transport) => transport,
            Self::Tls(tls) => tls.into_inner().0,
            Self::Gone => return,
        };
        let mut rest = [0; 4096];
        while matches!(transport.try_read(&mut rest), Ok(1..)) {}
    }
}

impl Transport {
    fn try_read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(tcp) => tcp.try_read(buffer),
            Self::Unix(unix) => unix.try_read(buffer),
        }
    }
}

impl AsyncRead for Transport {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(tcp) => Pin::new(tcp).poll_read(context, buffer),
            Self::Unix(unix) => Pin::new(unix).poll_read(context, buffer),
        }
    }
}

impl AsyncWrite for Transport {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Tcp(tcp) => Pin::new(tcp).poll_write(context, bytes),
            Self::Unix(unix) => Pin::new(unix).poll_write(context, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(tcp) => Pin::new(tcp).poll_flush(context),
            Self::Unix(unix) => Pin::new(unix).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(tcp) => Pin::new(tcp).poll_shutdown(context),
            Self::Unix(unix) => Pin::new(unix).poll_shutdown(context),
        }
    }
}

/// How long a close_notify may take to leave.
const CLOSE_TIME: Duration = Duration::from_secs(1);
