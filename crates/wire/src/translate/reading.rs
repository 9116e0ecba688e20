//! A whole response as the engine writes it, read piece by piece and told in the words of HTTP/2 and HTTP/3.

use super::response::{Reply, read_response, read_trailers};
use crate::Framing;
use crate::http1::{ChunkDecoder, ChunkLimits, Piece};
use http::{HeaderMap, Response, StatusCode, header};

/// What a piece of a response says.
#[derive(Debug)]
pub enum Told {
    /// Nothing yet.
    Nothing,
    /// An interim head.
    Interim(Response<()>),
    /// The final head; `ends` tells that no body follows.
    Head {
        /// Status and fields.
        head: Response<()>,
        /// Whether the response ends with it.
        ends: bool,
    },
    /// So many of the next bytes are data; whoever takes some of them says so by [`ResponseReader::took`].
    Data(usize),
    /// The response ends, with these trailers if there are any.
    End(HeaderMap),
}

/// Reads a response of the engine, which is well-formed: what cannot be read is a fault of ours.
#[derive(Debug)]
pub struct ResponseReader {
    /// A head that was not written in one piece.
    head: Vec<u8>,
    body: Body,
    is_to_head: bool,
}

#[derive(Debug)]
enum Body {
    /// The head is still to come.
    NotYet,
    /// So much data is still to come.
    Length(u64),
    /// Chunks; so much of the one under way.
    Chunked(Box<ChunkDecoder>, usize),
    /// Whatever comes is data.
    UntilClose,
    /// Everything was read.
    Ended,
}

/// The bytes are no response of the engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unreadable;

impl ResponseReader {
    /// For the response to a request; `is_to_head` where that was HEAD.
    #[must_use]
    pub fn new(is_to_head: bool) -> Self {
        Self { head: Vec::new(), body: Body::NotYet, is_to_head }
    }

    /// Whether the response is whole.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        matches!(self.body, Body::Ended)
    }

    /// Whether the response is whole where nothing more is written.
    #[must_use]
    pub fn may_end(&self) -> bool {
        matches!(self.body, Body::Ended | Body::UntilClose)
    }

    /// Reads on; says how many bytes were read, which data are not.
    ///
    /// # Errors
    ///
    /// The bytes go on after the end, or are no response of the engine.
    pub fn read(&mut self, bytes: &[u8]) -> Result<(usize, Told), Unreadable> {
        match &mut self.body {
            Body::NotYet => Ok(self.read_head(bytes)),
            Body::Length(left) => {
                let most = usize::try_from(*left).unwrap_or(usize::MAX);
                Ok((0, Told::Data(bytes.len().min(most))))
            }
            Body::Chunked(_, 0) => self.read_chunk_line(bytes),
            Body::Chunked(_, left) => Ok((0, Told::Data(bytes.len().min(*left)))),
            Body::UntilClose => Ok((0, Told::Data(bytes.len()))),
            Body::Ended => Err(Unreadable),
        }
    }

    /// So many bytes of data were taken. Says whether the response ends with them.
    pub fn took(&mut self, count: usize) -> bool {
        match &mut self.body {
            Body::Length(left) => {
                *left = left.saturating_sub(count as u64);
                if *left == 0 {
                    self.body = Body::Ended;
                }
            }
            Body::Chunked(_, left) => *left = left.saturating_sub(count),
            Body::NotYet | Body::UntilClose | Body::Ended => {}
        }
        self.has_ended()
    }

    fn read_head(&mut self, bytes: &[u8]) -> (usize, Told) {
        let before = self.head.len();
        let reply = if before == 0 {
            read_response(bytes)
        } else {
            self.head.extend_from_slice(bytes);
            read_response(&self.head)
        };
        let Some(Reply { mut head, framing, len }) = reply else {
            if before == 0 {
                self.head.extend_from_slice(bytes);
            }
            return (bytes.len(), Told::Nothing);
        };
        let read = len.saturating_sub(before);
        self.head = Vec::new();
        if head.status() == StatusCode::SWITCHING_PROTOCOLS {
            // What an upgrade is in HTTP/1.1, a plain success is here (RFC 8441 §5).
            *head.status_mut() = StatusCode::OK;
            head.headers_mut().remove(header::SEC_WEBSOCKET_ACCEPT);
            self.body = Body::UntilClose;
        } else if head.status().is_informational() {
            return (read, Told::Interim(head));
        } else {
            self.body = match framing {
                _ if self.is_to_head => Body::Ended,
                Framing::None | Framing::Length(0) => Body::Ended,
                Framing::Length(length) => Body::Length(length),
                Framing::Chunked => Body::Chunked(Box::new(ChunkDecoder::new(ChunkLimits::default())), 0),
                Framing::UntilClose => Body::UntilClose,
            };
        }
        (read, Told::Head { head, ends: self.has_ended() })
    }

    /// Reads framing that the engine wrote.
    fn read_chunk_line(&mut self, bytes: &[u8]) -> Result<(usize, Told), Unreadable> {
        let Body::Chunked(decoder, left) = &mut self.body else { return Err(Unreadable) };
        match decoder.decode(bytes).map_err(|_| Unreadable)? {
            Piece::Data { skip, len } => {
                *left = len;
                Ok((skip, Told::Nothing))
            }
            Piece::More { skip: 0 } => Err(Unreadable),
            Piece::More { skip } => Ok((skip, Told::Nothing)),
            Piece::End { skip } => {
                let trailers = read_trailers(decoder.trailers());
                self.body = Body::Ended;
                Ok((skip, Told::End(trailers)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is told of a response that is written in pieces of `size` bytes.
    fn check(text: &str, is_to_head: bool, size: usize) -> String {
        let mut reader = ResponseReader::new(is_to_head);
        let (mut told, mut data) = (String::new(), String::new());
        for piece in text.as_bytes().chunks(size) {
            let mut rest = piece;
            while !rest.is_empty() {
                let (read, said) = reader.read(rest).expect("it can be read");
                rest = &rest[read..];
                match said {
                    Told::Nothing => {}
                    Told::Interim(head) => told += &format!("interim {}; ", head.status().as_u16()),
                    Told::Head { head, ends } => {
                        told += &format!("head {} {} {ends}; ", head.status().as_u16(), head.headers().len());
                    }
                    Told::Data(count) => {
                        data += std::str::from_utf8(&rest[..count]).unwrap();
                        rest = &rest[count..];
                        reader.took(count);
                    }
                    Told::End(trailers) => told += &format!("end {}; ", trailers.len()),
                }
            }
        }
        format!("{told}{data}; {} {}", reader.has_ended(), reader.may_end())
    }

    #[test]
    fn a_response_is_told_the_same_wherever_it_is_cut() {
        let chunked = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nA: b\r\n\r\n\
                       3\r\nabc\r\nA\r\n0123456789\r\n0\r\nx: y\r\n\r\n";
        let known = "HTTP/1.1 404 Not Found\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc";
        for size in 1..chunked.len() {
            assert_eq!(
                check(chunked, false, size),
                "interim 100; head 200 1 false; end 1; abc0123456789; true true"
            );
            assert_eq!(check(known, false, size), "head 404 1 false; abc; true true");
        }
    }

    #[test]
    fn the_end_is_known_where_there_is_no_body() {
        let empty = "HTTP/1.1 204 No Content\r\n\r\n";
        assert_eq!(check(empty, false, 99), "head 204 0 true; ; true true");
        let head = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n";
        assert_eq!(check(head, true, 99), "head 200 1 true; ; true true");
    }

    #[test]
    fn what_is_not_whole_does_not_look_so() {
        let cut = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc";
        assert_eq!(check(cut, false, 99), "head 200 1 false; abc; false false");
        let cut = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n";
        assert_eq!(check(cut, false, 99), "head 200 0 false; abc; false false");
        let open = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\nabc";
        assert_eq!(check(open, false, 99), "head 200 0 false; abc; false true");
    }

    #[test]
    fn nothing_follows_the_end() {
        let mut reader = ResponseReader::new(false);
        reader.read(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap();
        assert!(reader.read(b"x").is_err());
    }
}
