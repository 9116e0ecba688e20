//! One client connection: its socket, its deadline, and what is known about who is behind it.

pub mod tcp;

use crate::accept::Place;
use crate::cache::Intake;
use crate::certificates::Identity;
use crate::clock::Moment;
use crate::http2;
use crate::http3;
use crate::origin::Origin;
use crate::per_core::Core;
use crate::wheel::Timer;
use std::io::{self, IoSlice, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::os::fd::{AsFd, BorrowedFd};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use tcp::ClientTcp;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, UnixStream};
use tokio_rustls::server::TlsStream;
use torwart_record::{Client as Peer, ClientGuard, ClientState, Protocol};
use torwart_wire::Buffer;

/// A client connection between and during its exchanges.
pub struct Client {
    /// The socket.
    pub stream: ClientStream,
    /// Its one deadline; which one it is, the waiting code knows.
    pub timer: Timer,
    /// Who it is on the network.
    pub peer: Peer,
    /// The same in the forms that forwarding fields want.
    pub name: ClientName,
    /// Its place among the connections.
    pub place: Place,
    /// Whether a request of it was served.
    pub has_asked: bool,
    /// Whether its side has ended.
    pub is_gone: bool,
    /// Whether it came to a TLS listener.
    pub is_tls: bool,
    /// Whether the plan trusts it: its forwarding fields are believed, and it is shown details.
    pub is_trusted: bool,
    /// Where it connected to, where a load balancer said so.
    pub stated_server: Option<SocketAddr>,
    /// Counts it among the clients, by state.
    pub guard: ClientGuard,
}

/// What forwarding fields say about a client: its address as text, without an allocation for every connection.
#[derive(Clone)]
pub struct ClientName {
    text: [u8; LONGEST],
    len: u8,
    is_v6: bool,
    is_tls: bool,
    /// What its certificate says, where it showed one that was asked for.
    pub identity: Option<Arc<Identity>>,
}

impl ClientName {
    /// The name of this peer; `unknown` where it has no address (RFC 7239 §6.2).
    pub fn of(peer: Peer, is_tls: bool) -> Self {
        let mut name = Self { text: [0; LONGEST], len: 0, is_v6: false, is_tls, identity: None };
        let mut rest = name.text.as_mut_slice();
        // The longest address fits, so nothing can fail.
        let _ = match peer {
            Peer::Ip(address) => match address.ip().to_canonical() {
                IpAddr::V4(address) => write_v4(&mut rest, address),
                IpAddr::V6(address) => {
                    name.is_v6 = true;
                    write!(rest, "{address}")
                }
            },
            Peer::Unix => rest.write_all(b"unknown"),
        };
        let left = rest.len();
        name.len = u8::try_from(LONGEST - left).unwrap_or(0);
        name
    }

    /// The plain address.
    pub fn address(&self) -> &[u8] {
        self.text.get(..usize::from(self.len)).unwrap_or_default()
    }

    /// Appends `X-Forwarded-For` and `X-Forwarded-Proto` for a client that nobody stands behind.
    pub fn write_lines(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"X-Forwarded-For: ");
        out.extend_from_slice(self.address());
        out.extend_from_slice(if self.is_tls {
            b"\r\nX-Forwarded-Proto: https\r\n"
        } else {
            b"\r\nX-Forwarded-Proto: http\r\n"
        });
    }

    /// Appends `Forwarded` (RFC 7239) up to the host.
    pub fn write_forwarded(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(if self.is_v6 { b"Forwarded: for=\"[" } else { b"Forwarded: for=" });
        out.extend_from_slice(self.address());
        out.extend_from_slice(match (self.is_v6, self.is_tls) {
            (true, true) => b"]\";proto=https",
            (true, false) => b"]\";proto=http",
            (false, true) => b";proto=https",
            (false, false) => b";proto=http",
        });
    }
}

fn write_v4(out: &mut &mut [u8], address: Ipv4Addr) -> io::Result<()> {
    for (index, octet) in address.octets().into_iter().enumerate() {
        if index > 0 {
            out.write_all(b".")?;
        }
        let digits = [b'0' + octet / 100, b'0' + octet / 10 % 10, b'0' + octet % 10];
        let zeros = if octet < 10 { 2 } else { usize::from(octet < 100) };
        out.write_all(digits.get(zeros..).unwrap_or_default())?;
    }
    Ok(())
}

/// The longest IPv6 address, and some.
const LONGEST: usize = 46;

/// The socket of a client.
pub enum ClientStream {
    /// Plain TCP.
    Tcp(ClientTcp),
    /// TLS over TCP.
    Tls(Box<TlsStream<TcpStream>>),
    /// A unix socket.
    Unix(UnixStream),
    /// A stream of a connection that carries many.
    Http2(Box<http2::Stream>),
    /// The same over QUIC.
    Http3(Box<http3::Stream>),
    /// The cache, which fetches for others.
    Fetch(Box<Intake>),
    /// It lies elsewhere: with whatever deals its streams out.
    Lent,
}

impl Client {
    /// The client of one stream of this connection.
    pub fn of_stream(&self, core: &Core, stream: ClientStream, place: Place) -> Self {
        Self {
            stream,
            timer: core.wheel.timer(),
            peer: self.peer,
            name: self.name.clone(),
            place,
            has_asked: false,
            is_gone: false,
            is_tls: self.is_tls,
            is_trusted: self.is_trusted,
            stated_server: self.stated_server,
            guard: core.recorder.metrics().client(ClientState::Active),
        }
    }

    /// What it speaks.
    pub fn protocol(&self) -> Option<Protocol> {
        match self.stream {
            ClientStream::Http2(_) => Some(Protocol::Http2),
            ClientStream::Http3(_) => Some(Protocol::Http3),
            ClientStream::Tcp(_)
            | ClientStream::Tls(_)
            | ClientStream::Unix(_)
            | ClientStream::Fetch(_)
            | ClientStream::Lent => None,
        }
    }

    /// Ready when `until` has passed. Whoever waits for a client ends here, so this is where a socket that the event
    /// loop does not know yet joins it in time.
    pub fn poll_deadline(&mut self, cx: &Context<'_>, until: Moment) -> Poll<()> {
        if let ClientStream::Tcp(stream) = &mut self.stream
            && let Some(unwatched) = stream.unwatched_until()
            && unwatched < until
        {
            self.timer.set(unwatched);
            ready!(self.timer.poll(cx));
            // Should it fail, the next call on the socket says so.
            let _ = stream.watched();
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        self.timer.set(until);
        self.timer.poll(cx)
    }
}

impl ClientStream {
    /// Writes the last bytes of a connection that closes next: on plain TCP they leave together with the FIN, which
    /// saves both sides a segment.
    pub fn poll_write_last(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self {
            Self::Tcp(stream) => stream.poll_write_last(cx, bytes),
            Self::Tls(_) | Self::Unix(_) | Self::Http2(_) | Self::Http3(_) | Self::Fetch(_) | Self::Lent => {
                Pin::new(self).poll_write(cx, bytes)
            }
        }
    }

    /// The TCP socket when bytes pass as they are.
    pub fn as_tcp(&mut self) -> Option<&mut ClientTcp> {
        match self {
            Self::Tcp(stream) => Some(stream),
            Self::Tls(_) | Self::Unix(_) | Self::Http2(_) | Self::Http3(_) | Self::Fetch(_) | Self::Lent => {
                None
            }
        }
    }

    /// Whether the event loop does not know the socket yet, so that nothing is to be heard of it.
    pub fn is_unwatched(&self) -> bool {
        matches!(self, Self::Tcp(stream) if stream.unwatched_until().is_some())
    }

    /// The descriptor, unless the socket was lost.
    pub fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        match self {
            Self::Tcp(stream) => stream.descriptor(),
            Self::Tls(stream) => Some(stream.get_ref().0.as_fd()),
            Self::Unix(stream) => Some(stream.as_fd()),
            Self::Http2(_) | Self::Http3(_) | Self::Fetch(_) | Self::Lent => None,
        }
    }

    /// What its connection was made for, where it shares one with others and that is known.
    pub fn origin(&self) -> Option<&Origin> {
        match self {
            Self::Http2(stream) => stream.origin(),
            Self::Http3(stream) => stream.origin(),
            Self::Tcp(_) | Self::Tls(_) | Self::Unix(_) | Self::Fetch(_) | Self::Lent => None,
        }
    }

    /// Whether its request is an extended CONNECT, which no answer but a switch of protocols may seem to grant.
    pub fn is_tunnel(&self) -> bool {
        matches!(self, Self::Http2(stream) if stream.is_tunnel())
    }

    /// Whether its handshake is not complete yet, so that somebody else may be repeating what it sends.
    pub fn is_early(&self) -> bool {
        matches!(self, Self::Http3(stream) if stream.is_early())
    }
}

fn lent() -> io::Error {
    io::ErrorKind::NotConnected.into()
}

/// Reads once into the buffer's spare room, at most `most` bytes; 0 is the end of the stream.
pub fn poll_fill<R: AsyncRead + Unpin>(
    stream: &mut R,
    cx: &mut Context<'_>,
    buffer: &mut Buffer,
    most: usize,
) -> Poll<io::Result<usize>> {
    let spare = buffer.spare();
    let room = spare.len().min(most);
    let mut target = ReadBuf::new(spare.get_mut(..room).unwrap_or_default());
    ready!(Pin::new(stream).poll_read(cx, &mut target))?;
    let read = target.filled().len();
    buffer.commit(read);
    Poll::Ready(Ok(read))
}

impl AsyncRead for ClientStream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_read(cx, buffer),
            Self::Tls(stream) => Pin::new(stream).poll_read(cx, buffer),
            Self::Unix(stream) => Pin::new(stream).poll_read(cx, buffer),
            Self::Http2(stream) => Pin::new(stream).poll_read(cx, buffer),
            Self::Http3(stream) => Pin::new(stream).poll_read(cx, buffer),
            Self::Fetch(stream) => Pin::new(stream).poll_read(cx, buffer),
            Self::Lent => Poll::Ready(Err(lent())),
        }
    }
}

impl AsyncWrite for ClientStream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_write(cx, bytes),
            Self::Tls(stream) => Pin::new(stream).poll_write(cx, bytes),
            Self::Unix(stream) => Pin::new(stream).poll_write(cx, bytes),
            Self::Http2(stream) => Pin::new(stream).poll_write(cx, bytes),
            Self::Http3(stream) => Pin::new(stream).poll_write(cx, bytes),
            Self::Fetch(stream) => Pin::new(stream).poll_write(cx, bytes),
            Self::Lent => Poll::Ready(Err(lent())),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_write_vectored(cx, slices),
            Self::Tls(stream) => Pin::new(stream).poll_write_vectored(cx, slices),
            Self::Unix(stream) => Pin::new(stream).poll_write_vectored(cx, slices),
            Self::Http2(stream) => Pin::new(stream).poll_write_vectored(cx, slices),
            Self::Http3(stream) => Pin::new(stream).poll_write_vectored(cx, slices),
            Self::Fetch(stream) => Pin::new(stream).poll_write_vectored(cx, slices),
            Self::Lent => Poll::Ready(Err(lent())),
        }
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_flush(cx),
            Self::Tls(stream) => Pin::new(stream).poll_flush(cx),
            Self::Unix(stream) => Pin::new(stream).poll_flush(cx),
            Self::Http2(stream) => Pin::new(stream).poll_flush(cx),
            Self::Http3(stream) => Pin::new(stream).poll_flush(cx),
            Self::Fetch(stream) => Pin::new(stream).poll_flush(cx),
            Self::Lent => Poll::Ready(Ok(())),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Unix(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Http2(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Http3(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Fetch(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Lent => Poll::Ready(Ok(())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(peer: &str, is_tls: bool, expected: [&str; 3]) {
        let name = ClientName::of(Peer::Ip(peer.parse().expect("an address")), is_tls);
        let (mut lines, mut forwarded) = (Vec::new(), Vec::new());
        name.write_lines(&mut lines);
        name.write_forwarded(&mut forwarded);
        let said = [name.address(), &lines, &forwarded];
        assert_eq!(said.map(|part| String::from_utf8_lossy(part).into_owned()), expected);
    }

    #[test]
    fn an_ipv4_client_is_named_plainly() {
        let lines = "X-Forwarded-For: 192.0.2.10\r\nX-Forwarded-Proto: http\r\n";
        check("192.0.2.10:9", false, ["192.0.2.10", lines, "Forwarded: for=192.0.2.10;proto=http"]);
    }

    #[test]
    fn an_ipv6_client_is_bracketed_where_the_rfc_wants_it() {
        let lines = "X-Forwarded-For: 2001:db8::1\r\nX-Forwarded-Proto: https\r\n";
        check(
            "[2001:db8::1]:9",
            true,
            ["2001:db8::1", lines, "Forwarded: for=\"[2001:db8::1]\";proto=https"],
        );
    }

    #[test]
    fn a_mapped_address_is_its_ipv4_self() {
        let lines = "X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-Proto: http\r\n";
        check("[::ffff:192.0.2.1]:9", false, ["192.0.2.1", lines, "Forwarded: for=192.0.2.1;proto=http"]);
    }
}
