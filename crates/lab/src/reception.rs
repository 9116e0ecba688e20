//! What reached an upstream: the requests of a connection, each whole or cut, as one who only reads would judge it.
//!
//! This is a deliberately simple reader. It trusts `Content-Length` and `chunked` as they stand, because the question
//! is what an ordinary upstream would have made of the bytes, not whether they were right.

use std::time::Duration;

/// Everything one connection brought.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// All bytes received, below any TLS.
    pub bytes: u64,
    /// The requests in order; the last one may be cut.
    pub requests: Vec<Request>,
    /// Whether a request has begun that is not whole.
    pub is_inside: bool,
    /// How the peer ended the connection, if it did.
    pub end: PeerEnd,
    /// How long the connection lasted, once it is over.
    pub lasted: Option<Duration>,
}

/// One request as it arrived.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// The head, bytes outside of UTF-8 replaced.
    pub head: String,
    /// The beginning of the body, unframed, at most 64 KiB.
    pub body: Vec<u8>,
    /// The body's size so far.
    pub body_bytes: u64,
    /// Whether it arrived whole.
    pub is_whole: bool,
}

/// How the peer ended a connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PeerEnd {
    /// It did not, as far as was watched.
    #[default]
    Open,
    /// FIN.
    Closed,
    /// RST or another error.
    Reset,
}

/// How much of a request reached an upstream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reached {
    /// Not a byte.
    Nothing,
    /// Something, but not a whole request.
    Cut,
    /// At least one whole request, and nothing cut after it.
    Whole,
}

impl Seen {
    /// How much of a request this connection brought.
    pub fn reached(&self) -> Reached {
        match self.bytes {
            0 => Reached::Nothing,
            _ if self.is_inside || self.requests.is_empty() => Reached::Cut,
            _ => Reached::Whole,
        }
    }
}

impl Request {
    /// The method.
    pub fn method(&self) -> &str {
        self.head.split(' ').next().unwrap_or_default()
    }

    /// The target as it stands in the request line.
    pub fn target(&self) -> &str {
        self.head.split([' ', '\r', '\n']).nth(1).unwrap_or_default()
    }

    /// The values of a field, in order.
    pub fn field<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.fields().filter(move |(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// Names and values of all fields, in order.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        self.head
            .lines()
            .skip(1)
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name, value.trim()))
    }
}

/// Reads requests from bytes as they come.
#[derive(Debug, Default)]
pub(crate) struct Reception {
    state: State,
    line: Vec<u8>,
}

#[derive(Debug, Default)]
enum State {
    #[default]
    Head,
    Length(u64),
    ChunkSize,
    ChunkData(u64),
    ChunkEnd,
    Trailers,
    /// The bytes are no request an upstream could follow.
    Lost,
}

impl Reception {
    /// Takes bytes in and notes what they mean in `seen`.
    pub(crate) fn take(&mut self, bytes: &[u8], seen: &mut Seen) {
        seen.bytes += bytes.len() as u64;
        self.split(bytes, seen);
        seen.is_inside = !matches!(self.state, State::Head) || !self.line.is_empty();
    }

    fn split(&mut self, bytes: &[u8], seen: &mut Seen) {
        let mut rest = bytes;
        while let Some((&byte, tail)) = rest.split_first() {
            match self.state {
                State::Length(left) | State::ChunkData(left) => {
                    let count = rest.len().min(usize::try_from(left).unwrap_or(usize::MAX));
                    let (data, tail) = rest.split_at(count);
                    add_body(seen, data);
                    rest = tail;
                    self.consumed(left - count as u64, seen);
                }
                State::Lost => return,
                _ => {
                    rest = tail;
                    self.line.push(byte);
                    if self.line.len() > HEAD_LIMIT {
                        self.state = State::Lost;
                    } else if byte == b'\n' {
                        self.line_ended(seen);
                    }
                }
            }
        }
    }

    fn consumed(&mut self, left: u64, seen: &mut Seen) {
        self.state = match (&self.state, left) {
            (State::Length(_), 0) => return self.whole(seen),
            (State::Length(_), _) => State::Length(left),
            (_, 0) => State::ChunkEnd,
            _ => State::ChunkData(left),
        };
    }

    fn line_ended(&mut self, seen: &mut Seen) {
        match self.state {
            State::Head => {
                let is_blank_before_request = self.line == b"\r\n" || self.line == b"\n";
                if is_blank_before_request {
                    self.line.clear();
                } else if self.line.ends_with(b"\n\r\n") || self.line.ends_with(b"\n\n") {
                    self.head_ended(seen);
                }
            }
            State::ChunkSize => {
                let size = String::from_utf8_lossy(&self.line);
                let size = size.split(';').next().unwrap_or_default().trim();
                self.state = match u64::from_str_radix(size, 16) {
                    Ok(0) => State::Trailers,
                    Ok(size) => State::ChunkData(size),
                    Err(_) => State::Lost,
                };
                self.line.clear();
            }
            State::ChunkEnd => {
                self.state = if self.line == b"\r\n" { State::ChunkSize } else { State::Lost };
                self.line.clear();
            }
            State::Trailers => {
                let is_end = self.line == b"\r\n" || self.line == b"\n";
                self.line.clear();
                if is_end {
                    self.whole(seen);
                }
            }
            State::Length(_) | State::ChunkData(_) | State::Lost => {}
        }
    }

    fn head_ended(&mut self, seen: &mut Seen) {
        let head = String::from_utf8_lossy(&self.line).into_owned();
        self.line.clear();
        let request = Request { head, ..Request::default() };
        let is_chunked =
            request.field("transfer-encoding").any(|value| value.to_ascii_lowercase().contains("chunked"));
        let length = request.field("content-length").next().and_then(|value| value.parse().ok());
        if seen.requests.len() < REQUEST_LIMIT {
            seen.requests.push(request);
        }
        match (is_chunked, length) {
            (true, _) => self.state = State::ChunkSize,
            (false, Some(length)) if length > 0 => self.state = State::Length(length),
            _ => self.whole(seen),
        }
    }

    fn whole(&mut self, seen: &mut Seen) {
        self.state = State::Head;
        if let Some(request) = seen.requests.last_mut() {
            request.is_whole = true;
        }
    }
}

fn add_body(seen: &mut Seen, data: &[u8]) {
    if let Some(request) = seen.requests.last_mut() {
        request.body_bytes += data.len() as u64;
        let room = BODY_KEPT.saturating_sub(request.body.len()).min(data.len());
        request.body.extend_from_slice(data.get(..room).unwrap_or_default());
    }
}

const HEAD_LIMIT: usize = 256 * 1024;
const BODY_KEPT: usize = 64 * 1024;
/// Requests remembered per connection.
const REQUEST_LIMIT: usize = 1000;

#[cfg(test)]
mod tests;
