//! A name server that says what the test wants, over UDP and TCP on one port of loopback.

use hickory_proto::op::{Message, MessageType, OpCode, ResponseCode};
use hickory_proto::rr::rdata::{A, AAAA, CNAME, NS};
use hickory_proto::rr::{Name, RData, Record, RecordType};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, UdpSocket};
use tokio::task::JoinSet;

/// What to say to a question.
pub(crate) enum Say {
    Nothing,
    Message(Box<Message>),
    /// The question's number, then these bytes.
    Bytes(Vec<u8>),
    Several(Vec<Say>),
}

type Script = Box<dyn Fn(&Message) -> Say + Send>;

/// Stops when dropped.
pub(crate) struct NameServer {
    pub(crate) address: SocketAddr,
    script: Arc<Mutex<Script>>,
    asked: Arc<AtomicUsize>,
    _tasks: JoinSet<()>,
}

impl NameServer {
    pub(crate) fn start(script: impl Fn(&Message) -> Say + Send + 'static) -> Self {
        let (udp, tcp) = sockets();
        let address = udp.local_addr().unwrap();
        let script: Arc<Mutex<Script>> = Arc::new(Mutex::new(Box::new(script)));
        let asked = Arc::new(AtomicUsize::new(0));
        let mut tasks = JoinSet::new();
        tasks.spawn(serve_udp(udp, Arc::clone(&script), Arc::clone(&asked)));
        tasks.spawn(serve_tcp(tcp, Arc::clone(&script)));
        Self { address, script, asked, _tasks: tasks }
    }

    /// From now on it says something else.
    pub(crate) fn change(&self, script: impl Fn(&Message) -> Say + Send + 'static) {
        *self.script.lock().unwrap() = Box::new(script);
    }

    /// How many questions came over UDP.
    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

impl Say {
    pub(crate) fn code(question: &Message, code: ResponseCode) -> Self {
        let mut message = answer_to(question);
        message.metadata.response_code = code;
        Self::Message(Box::new(message))
    }

    /// Those of the addresses that are of the asked family.
    pub(crate) fn addresses(question: &Message, ttl: u32, addresses: &[&str]) -> Self {
        let mut message = answer_to(question);
        add_addresses(&mut message, &question.queries[0].name, question, ttl, addresses);
        Self::Message(Box::new(message))
    }

    /// An answer that repeats another question.
    pub(crate) fn addresses_of(name: &str, question: &Message, addresses: &[&str]) -> Self {
        let mut message = answer_to(question);
        message.queries[0].name = full(name);
        add_addresses(&mut message, &full(name), question, 60, addresses);
        Self::Message(Box::new(message))
    }

    pub(crate) fn alias(question: &Message, from: &str, to: &str) -> Self {
        let mut message = answer_to(question);
        message.add_answer(Record::from_rdata(full(from), 60, RData::CNAME(CNAME(full(to)))));
        Self::Message(Box::new(message))
    }

    pub(crate) fn alias_then_addresses(question: &Message, from: &str, to: &str, addresses: &[&str]) -> Self {
        let mut message = answer_to(question);
        message.add_answer(Record::from_rdata(full(from), 60, RData::CNAME(CNAME(full(to)))));
        add_addresses(&mut message, &full(to), question, 60, addresses);
        Self::Message(Box::new(message))
    }

    /// An answer after more has been done to it.
    pub(crate) fn with(question: &Message, change: impl FnOnce(&mut Message)) -> Self {
        let mut message = answer_to(question);
        change(&mut message);
        Self::Message(Box::new(message))
    }

    pub(crate) fn referral(question: &Message) -> Self {
        let mut message = answer_to(question);
        message.metadata.recursion_available = false;
        let server = RData::NS(NS(full("ns.elsewhere.example")));
        message.add_authority(Record::from_rdata(full("example"), 60, server));
        Self::Message(Box::new(message))
    }

    pub(crate) fn with_another_number(self) -> Self {
        match self {
            Self::Message(mut message) => {
                message.metadata.id = message.metadata.id.wrapping_add(1);
                Self::Message(message)
            }
            other => other,
        }
    }

    /// The messages to send, in order.
    fn into_bytes(self, question: &Message) -> Vec<Vec<u8>> {
        match self {
            Self::Nothing => Vec::new(),
            Self::Message(message) => vec![message.to_vec().unwrap()],
            Self::Bytes(bytes) => vec![[&question.metadata.id.to_be_bytes()[..], &bytes].concat()],
            Self::Several(list) => list.into_iter().flat_map(|say| say.into_bytes(question)).collect(),
        }
    }
}

fn answer_to(question: &Message) -> Message {
    let mut message = Message::new(question.metadata.id, MessageType::Response, OpCode::Query);
    message.metadata.recursion_available = true;
    message.queries.clone_from(&question.queries);
    message
}

fn add_addresses(message: &mut Message, name: &Name, question: &Message, ttl: u32, addresses: &[&str]) {
    for address in addresses {
        let data = match (address.parse().unwrap(), question.queries[0].query_type) {
            (IpAddr::V4(address), RecordType::A) => RData::A(A(address)),
            (IpAddr::V6(address), RecordType::AAAA) => RData::AAAA(AAAA(address)),
            _ => continue,
        };
        message.add_answer(Record::from_rdata(name.clone(), ttl, data));
    }
}

pub(crate) fn full(name: &str) -> Name {
    let mut name = Name::from_ascii(name).unwrap();
    name.set_fqdn(true);
    name
}

/// UDP and TCP on one free port.
fn sockets() -> (UdpSocket, TcpListener) {
    for _ in 0..100 {
        let udp = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        let Ok(tcp) = std::net::TcpListener::bind(udp.local_addr().unwrap()) else { continue };
        udp.set_nonblocking(true).unwrap();
        tcp.set_nonblocking(true).unwrap();
        return (UdpSocket::from_std(udp).unwrap(), TcpListener::from_std(tcp).unwrap());
    }
    panic!("no port is free for both UDP and TCP");
}

async fn serve_udp(socket: UdpSocket, script: Arc<Mutex<Script>>, asked: Arc<AtomicUsize>) {
    let mut buffer = [0; 4096];
    while let Ok((length, from)) = socket.recv_from(&mut buffer).await {
        let Ok(question) = Message::from_vec(&buffer[..length]) else { continue };
        asked.fetch_add(1, Ordering::SeqCst);
        let says = script.lock().unwrap()(&question);
        for bytes in says.into_bytes(&question) {
            // As a real server does: what does not fit is cut, and TC says so.
            let room = question.edns.as_ref().map_or(512, |edns| usize::from(edns.max_payload()));
            let bytes = if bytes.len() > room { cut(&question) } else { bytes };
            let _ = socket.send_to(&bytes, from).await;
        }
    }
}

fn cut(question: &Message) -> Vec<u8> {
    let mut message = answer_to(question);
    message.metadata.truncation = true;
    message.to_vec().unwrap()
}

async fn serve_tcp(listener: TcpListener, script: Arc<Mutex<Script>>) {
    while let Ok((mut stream, _)) = listener.accept().await {
        let talk = async {
            let length = stream.read_u16().await?;
            let mut bytes = vec![0; length.into()];
            stream.read_exact(&mut bytes).await?;
            let question = Message::from_vec(&bytes).map_err(io::Error::other)?;
            let says = script.lock().unwrap()(&question);
            for bytes in says.into_bytes(&question) {
                stream.write_u16(bytes.len().try_into().unwrap()).await?;
                stream.write_all(&bytes).await?;
            }
            io::Result::Ok(())
        };
        let _ = talk.await;
    }
}
