//! The other end of the admin address: one small blocking request, for `torwart explain <request-id>`,
//! `torwart upstreams` and `torwart upgrade`.
//!
//! It connects to an address, not a name, follows nothing, and gives up at a deadline.

use crate::words::fill;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};
use torwart_report::Lang;

/// A question to an admin address.
#[derive(Clone, Copy)]
pub struct Question<'a> {
    /// The admin address.
    pub address: SocketAddr,
    /// The path, such as `/exchanges/bakim-toruf-zalan`.
    pub path: &'a str,
    /// Whether something is to be changed: POST instead of GET.
    pub is_order: bool,
    /// Whether the answer shall be JSON rather than text.
    pub is_json_wanted: bool,
    /// The language of the answer.
    pub lang: Lang,
    /// The token, where the address asks for one.
    pub token: Option<&'a str>,
    /// How long all of it may take.
    pub deadline: Duration,
}

/// What the admin address answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdminReply {
    /// The status.
    pub status: u16,
    /// The body.
    pub body: String,
}

/// Why there is no answer.
#[derive(Debug)]
pub enum ClientError {
    /// The connection was not established.
    Connect {
        /// The address tried.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// The connection broke, or what came is no answer of an admin address.
    Read {
        /// The address asked.
        address: SocketAddr,
        /// What went wrong.
        source: io::Error,
    },
    /// The deadline passed.
    Deadline {
        /// The address asked.
        address: SocketAddr,
    },
}

impl ClientError {
    /// The error as a sentence.
    pub fn sentence(&self, lang: Lang) -> String {
        match self {
            Self::Connect { address, source } => fill(
                "error-connect",
                lang,
                &[("address", &address.to_string()), ("error", &source.to_string())],
            ),
            Self::Read { address, source } => {
                fill("error-read", lang, &[("address", &address.to_string()), ("error", &source.to_string())])
            }
            Self::Deadline { address } => fill("error-deadline", lang, &[("address", &address.to_string())]),
        }
    }
}

impl std::fmt::Display for ClientError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.sentence(Lang::En))
    }
}

impl std::error::Error for ClientError {}

/// Asks an admin address and waits for the whole answer.
pub fn ask(question: Question<'_>) -> Result<AdminReply, ClientError> {
    let address = question.address;
    let end = Instant::now() + question.deadline;
    let judge = |source: io::Error| match source.kind() {
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => ClientError::Deadline { address },
        _ => ClientError::Read { address, source },
    };
    let mut stream =
        TcpStream::connect_timeout(&address, question.deadline).map_err(|source| match source.kind() {
            io::ErrorKind::TimedOut => ClientError::Deadline { address },
            _ => ClientError::Connect { address, source },
        })?;
    let request = request(question);
    stream.set_write_timeout(Some(left(end).map_err(judge)?)).map_err(judge)?;
    stream.write_all(request.as_bytes()).map_err(judge)?;
    let mut answer = Vec::new();
    let mut part = [0; 8192];
    loop {
        stream.set_read_timeout(Some(left(end).map_err(judge)?)).map_err(judge)?;
        match stream.read(&mut part) {
            Ok(0) => break,
            Ok(length) => answer.extend_from_slice(part.get(..length).unwrap_or_default()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(judge(error)),
        }
        if answer.len() > MAX_ANSWER {
            return Err(judge(io::ErrorKind::InvalidData.into()));
        }
    }
    understand(&answer).ok_or_else(|| judge(io::ErrorKind::InvalidData.into()))
}

fn request(question: Question<'_>) -> String {
    // Only what may stand in a target, so that no caller can smuggle a second line into the request.
    let path: String = question.path.chars().filter(char::is_ascii_graphic).collect();
    let accept = if question.is_json_wanted { "application/json" } else { "text/plain" };
    // Nor can a token.
    let token: String = question.token.unwrap_or_default().chars().filter(char::is_ascii_graphic).collect();
    let authorization =
        if token.is_empty() { String::new() } else { format!("Authorization: Bearer {token}\r\n") };
    let (method, length) = if question.is_order { ("POST", "Content-Length: 0\r\n") } else { ("GET", "") };
    format!(
        "{method} {path} HTTP/1.1\r\nHost: {}\r\nAccept: {accept}\r\nAccept-Language: {}\r\n{authorization}{length}Connection: close\r\n\r\n",
        question.address,
        question.lang.tag()
    )
}

fn left(end: Instant) -> io::Result<Duration> {
    let left = end.saturating_duration_since(Instant::now());
    if left.is_zero() { Err(io::ErrorKind::TimedOut.into()) } else { Ok(left) }
}

/// Status and body of a whole answer. The admin server gives every answer a length; one cut short is none.
fn understand(answer: &[u8]) -> Option<AdminReply> {
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n")?;
    let (head, body) = (std::str::from_utf8(answer.get(..end)?).ok()?, answer.get(end + 4..)?);
    let mut lines = head.split("\r\n");
    let status = lines.next()?.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()?;
    let fields = lines.filter_map(|line| line.split_once(':'));
    let length = fields.into_iter().find(|(name, _)| name.eq_ignore_ascii_case("content-length"))?.1;
    let body = body.get(..length.trim().parse().ok()?)?;
    Some(AdminReply { status, body: String::from_utf8(body.to_vec()).ok()? })
}

const MAX_ANSWER: usize = 16 << 20;
