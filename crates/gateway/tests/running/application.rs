//! A FastCGI application that is played by the test.

use crate::PATIENCE;
use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use torwart_wire::fastcgi::read_params;

/// An application on a port of its own.
pub(crate) struct Application {
    pub(crate) address: SocketAddr,
    seen: Arc<Mutex<Vec<Request>>>,
    connections: Arc<AtomicUsize>,
}

/// A request as the application got it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Request {
    pub(crate) variables: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
    pub(crate) keeps: bool,
}

impl Application {
    /// Answers every request with the bytes this gives, and closes where the request does not ask to go on.
    pub(crate) fn start(answer: impl Fn(&Request) -> Vec<u8> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let seen = Arc::new(Mutex::new(Vec::new()));
        let connections = Arc::new(AtomicUsize::new(0));
        let (told, counted, answer) = (Arc::clone(&seen), Arc::clone(&connections), Arc::new(answer));
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                counted.fetch_add(1, Ordering::SeqCst);
                let (told, answer) = (Arc::clone(&told), Arc::clone(&answer));
                // A connection that ends early ends its thread.
                std::thread::spawn(move || serve(stream, &told, &*answer));
            }
        });
        Self { address, seen, connections }
    }

    pub(crate) fn seen(&self) -> Vec<Request> {
        self.seen.lock().expect("nobody panics with it").clone()
    }

    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

impl Request {
    pub(crate) fn variable(&self, name: &str) -> &str {
        self.variables.get(name).map_or("", String::as_str)
    }
}

fn serve(
    mut stream: TcpStream,
    seen: &Mutex<Vec<Request>>,
    answer: &dyn Fn(&Request) -> Vec<u8>,
) -> io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    loop {
        let Some(request) = read(&mut stream)? else { return Ok(()) };
        seen.lock().expect("nobody panics with it").push(request.clone());
        stream.write_all(&answer(&request))?;
        if !request.keeps {
            return Ok(());
        }
    }
}

fn read(stream: &mut TcpStream) -> io::Result<Option<Request>> {
    let mut request = Request::default();
    let mut params = Vec::new();
    loop {
        let mut header = [0; 8];
        if let Err(error) = stream.read_exact(&mut header) {
            return if params.is_empty() { Ok(None) } else { Err(error) };
        }
        let [1, kind, 0, 1, high, low, padding, _] = header else { panic!("no record: {header:?}") };
        let mut content = vec![0; usize::from(u16::from_be_bytes([high, low])) + usize::from(padding)];
        stream.read_exact(&mut content)?;
        content.truncate(content.len() - usize::from(padding));
        match kind {
            1 => request.keeps = content[2] == 1,
            4 if content.is_empty() => {
                let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
                let pairs = read_params(&params).expect("whole pairs");
                request.variables = pairs.iter().map(|(name, value)| (text(name), text(value))).collect();
            }
            4 => params.extend_from_slice(&content),
            5 if content.is_empty() => return Ok(Some(request)),
            5 => request.body.extend_from_slice(&content),
            _ => panic!("a record of kind {kind}"),
        }
    }
}

/// A record of an answer.
pub(crate) fn record(kind: u8, content: &[u8]) -> Vec<u8> {
    let [high, low] = u16::try_from(content.len()).expect("a short content").to_be_bytes();
    [&[1, kind, 0, 1, high, low, 0, 0], content].concat()
}

/// What ends an answer.
pub(crate) fn end(protocol: u8) -> Vec<u8> {
    record(3, &[0, 0, 0, 0, protocol, 0, 0, 0])
}

/// A whole answer.
pub(crate) fn whole(head: &str, body: &str) -> Vec<u8> {
    [record(6, format!("{head}\r\n\r\n{body}").as_bytes()), end(0)].concat()
}
