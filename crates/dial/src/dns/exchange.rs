//! One DNS message to one server and back: over UDP, over TCP where the answer was cut.
//!
//! An answer counts only if it comes from the asked server, bears the question's random number and repeats the
//! question; anything else that arrives is ignored, as a forger would send it.

use super::FailureKind;
use crate::ending_of;
use hickory_proto::op::{Message, MessageType, ResponseCode};
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::{Instant, timeout_at};
use torwart_cause::{Deadline, Ending};

/// A whole answer.
#[derive(Debug)]
pub(crate) struct Answered {
    pub(crate) message: Message,
    pub(crate) is_over_tcp: bool,
    /// How often the question was sent over UDP.
    pub(crate) sent: u8,
}

/// Why there is none. Lateness is the caller's to notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) kind: FailureKind,
    pub(crate) os: Option<i32>,
}

impl Refusal {
    pub(crate) const fn of(kind: FailureKind) -> Self {
        Self { kind, os: None }
    }
}

/// Sends the question, again after each of the pauses in `resends`, and waits for its answer without end.
pub(crate) async fn exchange(
    server: SocketAddr,
    question: &Message,
    resends: &[Duration],
) -> Result<Answered, Refusal> {
    let bytes = question.to_vec().map_err(|_| GARBLED)?;
    let (reply, sent) = over_udp(server, question, &bytes, resends).await?;
    match reply {
        Some(message) => Ok(Answered { message, is_over_tcp: false, sent }),
        None => {
            let answer = over_tcp(server, question, &bytes).await;
            let message = answer.map_err(|refusal| match refusal.kind {
                FailureKind::ResourcesSpent => refusal,
                _ => Refusal { kind: FailureKind::OnlyCut, ..refusal },
            })?;
            Ok(Answered { message, is_over_tcp: true, sent })
        }
    }
}

/// The answer, or `None` where the server set TC: all of it comes over TCP only.
async fn over_udp(
    server: SocketAddr,
    question: &Message,
    bytes: &[u8],
    resends: &[Duration],
) -> Result<(Option<Message>, u8), Refusal> {
    let local = match server {
        SocketAddr::V4(_) => SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)),
        SocketAddr::V6(_) => SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0)),
    };
    let socket = UdpSocket::bind(local).await.map_err(|error| refusal(&error))?;
    socket.connect(server).await.map_err(|error| refusal(&error))?;
    socket.send(bytes).await.map_err(|error| refusal(&error))?;
    let mut sent: u8 = 1;
    let mut pauses = resends.iter();
    let mut next = pauses.next().map(|pause| Instant::now() + *pause);
    let mut buffer = vec![0; LARGEST_DATAGRAM];
    loop {
        let received = match next {
            Some(at) => timeout_at(at, socket.recv(&mut buffer)).await,
            None => Ok(socket.recv(&mut buffer).await),
        };
        let Ok(received) = received else {
            socket.send(bytes).await.map_err(|error| refusal(&error))?;
            sent = sent.saturating_add(1);
            next = pauses.next().map(|pause| Instant::now() + *pause);
            continue;
        };
        let length = received.map_err(|error| refusal(&error))?;
        let datagram = buffer.get(..length).unwrap_or_default();
        // Without the right number it is somebody else's, or a forgery.
        if datagram.get(..2) != bytes.get(..2) {
            continue;
        }
        if is_cut(datagram) {
            return Ok((None, sent));
        }
        match Message::from_vec(datagram) {
            Ok(answer) if fits(question, &answer) => return Ok((Some(answer), sent)),
            Ok(_) => {}
            Err(_) => return Err(GARBLED),
        }
    }
}

async fn over_tcp(server: SocketAddr, question: &Message, bytes: &[u8]) -> Result<Message, Refusal> {
    let length = u16::try_from(bytes.len()).map_err(|_| GARBLED)?;
    let talk = async {
        let mut stream = TcpStream::connect(server).await?;
        let mut framed = length.to_be_bytes().to_vec();
        framed.extend_from_slice(bytes);
        stream.write_all(&framed).await?;
        let length = stream.read_u16().await?;
        let mut answer = Vec::new();
        stream.take(length.into()).read_to_end(&mut answer).await?;
        io::Result::Ok(answer)
    };
    let answer = talk.await.map_err(|error| match error.kind() {
        io::ErrorKind::UnexpectedEof => GARBLED,
        _ => refusal(&error),
    })?;
    let answer = Message::from_vec(&answer).map_err(|_| GARBLED)?;
    if answer.metadata.id == question.metadata.id && fits(question, &answer) {
        Ok(answer)
    } else {
        Err(GARBLED)
    }
}

/// Whether it answers this question. A server that understood nothing need not repeat it.
fn fits(question: &Message, answer: &Message) -> bool {
    let repeats = match (question.queries.as_slice(), answer.queries.as_slice()) {
        ([asked], [repeated]) => {
            asked.query_type == repeated.query_type
                && asked.name.to_lowercase() == repeated.name.to_lowercase()
        }
        (_, []) => answer.metadata.response_code != ResponseCode::NoError,
        _ => false,
    };
    answer.metadata.message_type == MessageType::Response && repeats
}

/// TC, in the third byte of the header (RFC 1035 §4.1.1). Read by hand: a cut message need not be readable.
fn is_cut(datagram: &[u8]) -> bool {
    datagram.get(2).is_some_and(|flags| flags & 0x02 != 0)
}

/// What a failed socket to a name server says about it, or about this host.
fn refusal(error: &io::Error) -> Refusal {
    let kind = match (ending_of(error, Deadline::Resolve), error.kind()) {
        // The address to send from: with IPv6 switched off there is none. Ports for datagrams do not run out.
        (_, io::ErrorKind::AddrNotAvailable) => FailureKind::Unreachable,
        (Ending::ResourcesSpent, _) => FailureKind::ResourcesSpent,
        (Ending::TimedOut(_), _) => FailureKind::TimedOut,
        (_, io::ErrorKind::ConnectionRefused) => FailureKind::Refused,
        (_, io::ErrorKind::PermissionDenied) => FailureKind::Denied,
        _ => FailureKind::Unreachable,
    };
    Refusal { kind, os: error.raw_os_error() }
}

const GARBLED: Refusal = Refusal::of(FailureKind::Garbled);

/// What passes every network without fragments (DNS Flag Day 2020).
pub(crate) const PAYLOAD: u16 = 1232;

/// More than was asked for: some servers do not care.
const LARGEST_DATAGRAM: usize = 4096;
