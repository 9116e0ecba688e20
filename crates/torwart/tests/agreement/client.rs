//! A raw client: plays steps on a socket and reads what comes, with a deadline for everything.

use crate::answer::{self, Answer, End};
use crate::scenario::Exchange;
use crate::stream::Stream;
use socket2::SockRef;
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::{Duration, Instant};
use torwart_lab::Step;

/// A connection to the gateway.
pub(crate) struct Client {
    stream: Option<Stream>,
    received: Vec<u8>,
    end: End,
}

/// What a client got out of an exchange.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// The answers, in order; the last may be incomplete.
    pub(crate) answers: Vec<Answer>,
    /// Bytes that are no answer.
    pub(crate) surplus: Vec<u8>,
    pub(crate) end: End,
    pub(crate) took: Duration,
}

impl Client {
    /// Connects; `authority` is the certificate to trust where the gateway is spoken to by TLS.
    pub(crate) fn connect(address: SocketAddr, authority: Option<&str>) -> std::io::Result<Self> {
        let tcp = TcpStream::connect_timeout(&address, PATIENCE)?;
        tcp.set_nodelay(true)?;
        tcp.set_write_timeout(Some(PATIENCE))?;
        let stream = match authority {
            Some(authority) => Stream::tls(tcp, authority)?,
            None => Stream::Plain(tcp),
        };
        Ok(Self { stream: Some(stream), received: Vec::new(), end: End::Open })
    }

    /// Does what the exchange says and reads as many answers as it expects.
    pub(crate) fn play(&mut self, exchange: &Exchange) -> Outcome {
        let began = Instant::now();
        self.received.clear();
        for step in steps(exchange) {
            if self.step(&step, began).is_err() {
                // The gateway has ended the connection; it may have answered before.
                break;
            }
        }
        let method = method(exchange);
        let wanted = 1 + exchange.expect.then.len();
        let mut answers = self.answers(&method, wanted, began);
        if exchange.expect.closes == Some(true)
            || answers.last().is_none_or(|(answer, _)| !answer.is_complete)
        {
            while self.end == End::Open && began.elapsed() < PATIENCE && self.fill(began + PATIENCE) {}
            answers = self.answers(&method, wanted, began);
        }
        let used = answers.last().map_or(0, |(_, used)| *used);
        Outcome {
            surplus: self.received.get(used..).unwrap_or_default().to_vec(),
            answers: answers.into_iter().map(|(answer, _)| answer).collect(),
            end: self.end,
            took: began.elapsed(),
        }
    }

    /// Says goodbye and gives whatever came after the last answer.
    pub(crate) fn finish(mut self) -> Vec<u8> {
        self.received.clear();
        if let Some(stream) = &self.stream {
            // A connection that has ended cannot be ended again.
            let _ = stream.tcp().shutdown(Shutdown::Write);
        }
        let deadline = Instant::now() + GOODBYE;
        while self.end == End::Open && self.fill(deadline) {}
        self.received
    }

    fn answers(&mut self, method: &str, wanted: usize, began: Instant) -> Vec<(Answer, usize)> {
        loop {
            let (mut answers, mut at) = (Vec::new(), 0);
            while answers.len() < wanted {
                let Some((answer, count)) = answer::take(&self.received[at..], method, self.end) else {
                    break;
                };
                at += count;
                let is_complete = answer.is_complete;
                answers.push((answer, at));
                if !is_complete {
                    break;
                }
            }
            let all = answers.len() == wanted && answers.iter().all(|(answer, _)| answer.is_complete);
            if all || self.end != End::Open || began.elapsed() >= PATIENCE {
                return answers;
            }
            // Everything is read anew each time, so not before there is twice as much, or nothing more for now.
            let goal = 2 * self.received.len();
            self.fill(began + PATIENCE);
            while self.received.len() < goal && self.fill(Instant::now() + QUIET) {}
        }
    }

    fn step(&mut self, step: &Step, began: Instant) -> std::io::Result<()> {
        match step {
            Step::Wait(span) => pause(span.0),
            Step::Read(count) => while self.received.len() < *count && self.fill(began + PATIENCE) {},
            Step::Reset => {
                if let Some(stream) = self.stream.take() {
                    SockRef::from(stream.tcp()).set_linger(Some(Duration::ZERO))?;
                }
                self.end = End::Closed;
            }
            Step::Close => {
                self.stream = None;
                self.end = End::Closed;
            }
            Step::Loop(inner) => {
                for _ in 0..inner.times {
                    for step in &inner.steps {
                        self.step(step, began)?;
                    }
                }
            }
            writing => {
                let Some(stream) = &mut self.stream else { return Err(ErrorKind::NotConnected.into()) };
                match writing {
                    Step::Send(octets) => stream.write_all(&octets.0)?,
                    Step::Repeat(repeat) => send_many(stream, &repeat.text.0, repeat.times)?,
                    Step::Drip(drip) => {
                        for byte in &drip.text.0 {
                            stream.write_all(&[*byte])?;
                            pause(drip.every.0);
                        }
                    }
                    Step::ShutdownWrite => stream.tcp().shutdown(Shutdown::Write)?,
                    other => panic!("a client has no step {other:?}"),
                }
            }
        }
        Ok(())
    }

    /// Reads once; false when the deadline has passed or the connection has ended.
    fn fill(&mut self, deadline: Instant) -> bool {
        // A socket tells its reset once; a second read would find a clean end.
        let Some(stream) = self.stream.as_mut().filter(|_| self.end == End::Open) else { return false };
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() || stream.tcp().set_read_timeout(Some(left)).is_err() {
            return false;
        }
        let mut buffer = [0; 64 * 1024];
        match stream.read(&mut buffer) {
            Ok(0) => self.end = End::Closed,
            Ok(count) => {
                self.received.extend_from_slice(&buffer[..count]);
                return true;
            }
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(_) => self.end = End::Reset,
        }
        false
    }
}

/// A pause of the script: what a client does, not a wait for luck.
pub(crate) fn pause(length: Duration) {
    let until = Instant::now() + length;
    while let Some(left) = until.checked_duration_since(Instant::now()).filter(|left| !left.is_zero()) {
        std::thread::park_timeout(left);
    }
}

fn send_many(stream: &mut Stream, text: &[u8], times: u64) -> std::io::Result<()> {
    let block = text.repeat(BLOCK / text.len().max(1));
    let mut left = u64::try_from(text.len()).unwrap_or(0) * times;
    while left > 0 {
        let count = block.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        stream.write_all(&block[..count])?;
        left -= count as u64;
    }
    Ok(())
}

/// What the client does: its steps, or those that make up a good request.
fn steps(exchange: &Exchange) -> Vec<Step> {
    let Some(request) = &exchange.request else { return exchange.client.clone() };
    let mut head = format!("{request} HTTP/1.1\r\n");
    if !exchange.fields.iter().any(|field| field.to_ascii_lowercase().starts_with("host:")) {
        head.push_str("Host: shop.example\r\n");
    }
    for field in &exchange.fields {
        head.push_str(field);
        head.push_str("\r\n");
    }
    let length = match (&exchange.body, &exchange.large_body) {
        (Some(body), _) => Some(body.0.len() as u64),
        (None, Some(large)) => Some(large.text.0.len() as u64 * large.times),
        (None, None) => None,
    };
    if let Some(length) = length {
        head.push_str(&format!("Content-Length: {length}\r\n"));
    }
    head.push_str("\r\n");
    let mut bytes = head.into_bytes();
    if let Some(body) = &exchange.body {
        bytes.extend_from_slice(&body.0);
    }
    let mut steps = vec![Step::Send(torwart_lab::script::Octets(bytes))];
    steps.extend(exchange.large_body.clone().map(Step::Repeat));
    steps.extend(exchange.client.iter().cloned());
    steps
}

fn method(exchange: &Exchange) -> String {
    let text = match (&exchange.request, exchange.client.first()) {
        (Some(request), _) => request.clone(),
        (None, Some(Step::Send(octets))) => String::from_utf8_lossy(&octets.0).into_owned(),
        _ => String::new(),
    };
    text.split(' ').next().unwrap_or_default().to_owned()
}

/// The longest any exchange may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// So long without a byte, what has come is looked at.
const QUIET: Duration = Duration::from_millis(10);
/// How long the gateway may take to close after the client has.
const GOODBYE: Duration = Duration::from_secs(2);
const BLOCK: usize = 16 * 1024;
