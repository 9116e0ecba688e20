//! One question to one name server: over UDP, over TCP where the answer was cut.
//!
//! An answer counts only if it comes from the asked server, bears the question's random number and repeats the
//! question; anything else that arrives is ignored, as a forger would send it.

use crate::ending_of;
use hickory_proto::op::{Edns, Message, MessageType, Query, ResponseCode};
use hickory_proto::rr::{Name, RecordType};
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::timeout;
use torwart_cause::{Deadline, Ending, NameFault};

/// Asks one server, within `patience`.
pub(super) async fn ask(
    server: SocketAddr,
    name: &Name,
    kind: RecordType,
    patience: Duration,
) -> Result<Message, Ending> {
    let exchange = async {
        let answer = exchange(server, &question(name, kind, true)).await?;
        if answer.metadata.response_code == ResponseCode::FormErr && answer.edns.is_none() {
            // Servers from before RFC 6891 do not understand the extension.
            return exchange(server, &question(name, kind, false)).await;
        }
        Ok(answer)
    };
    timeout(patience, exchange).await.unwrap_or(Err(Ending::TimedOut(Deadline::Resolve)))
}

async fn exchange(server: SocketAddr, question: &Message) -> Result<Message, Ending> {
    let bytes = question.to_vec().map_err(|_| GARBLED)?;
    match over_udp(server, question, &bytes).await? {
        Reply::Whole(answer) => Ok(answer),
        Reply::Cut => over_tcp(server, question, &bytes).await,
    }
}

enum Reply {
    Whole(Message),
    /// The server set TC: all of it comes over TCP only.
    Cut,
}

async fn over_udp(server: SocketAddr, question: &Message, bytes: &[u8]) -> Result<Reply, Ending> {
    let local = match server {
        SocketAddr::V4(_) => SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)),
        SocketAddr::V6(_) => SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0)),
    };
    let socket = UdpSocket::bind(local).await.map_err(|error| server_ending(&error))?;
    socket.connect(server).await.map_err(|error| server_ending(&error))?;
    socket.send(bytes).await.map_err(|error| server_ending(&error))?;
    let mut buffer = vec![0; LARGEST_DATAGRAM];
    loop {
        let length = socket.recv(&mut buffer).await.map_err(|error| server_ending(&error))?;
        let datagram = buffer.get(..length).unwrap_or_default();
        // Without the right number it is somebody else's, or a forgery.
        if datagram.get(..2) != bytes.get(..2) {
            continue;
        }
        if is_cut(datagram) {
            return Ok(Reply::Cut);
        }
        match Message::from_vec(datagram) {
            Ok(answer) if fits(question, &answer) => return Ok(Reply::Whole(answer)),
            Ok(_) => {}
            Err(_) => return Err(GARBLED),
        }
    }
}

async fn over_tcp(server: SocketAddr, question: &Message, bytes: &[u8]) -> Result<Message, Ending> {
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
        _ => server_ending(&error),
    })?;
    let answer = Message::from_vec(&answer).map_err(|_| GARBLED)?;
    if answer.metadata.id == question.metadata.id && fits(question, &answer) {
        Ok(answer)
    } else {
        Err(GARBLED)
    }
}

fn question(name: &Name, kind: RecordType, is_extended: bool) -> Message {
    // The number comes from the operating system's randomness, as does the source port.
    let mut message = Message::query();
    message.metadata.recursion_desired = true;
    message.add_query(Query::query(name.clone(), kind));
    if is_extended {
        let mut edns = Edns::new();
        edns.set_max_payload(PAYLOAD);
        message.set_edns(edns);
    }
    message
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

/// A failed socket to a name server: lacking descriptors is this host's fault, all else that server's.
fn server_ending(error: &io::Error) -> Ending {
    match ending_of(error, Deadline::Resolve) {
        spent @ Ending::ResourcesSpent => spent,
        late @ Ending::TimedOut(_) => late,
        _ => Ending::Name(NameFault::Unreachable),
    }
}

const GARBLED: Ending = Ending::Name(NameFault::Garbled);

/// What passes every network without fragments (DNS Flag Day 2020).
const PAYLOAD: u16 = 1232;

/// More than was asked for: some servers do not care.
const LARGEST_DATAGRAM: usize = 4096;
