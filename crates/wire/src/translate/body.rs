//! The body of a request that came in pieces, framed as HTTP/1.1 has it.

use super::fields::{Untold, write_trailers};
use crate::Framing;
use crate::http1::{CHUNK_END, write_chunk_size, write_last_chunk};
use bytes::{Buf, Bytes};
use http::HeaderMap;

/// Takes the pieces of a body and gives them framed as [`super::write_request`] said. It counts: a body that is not as
/// long as its head said makes the message malformed (RFC 9113 §8.1.1, RFC 9114 §4.1.2).
#[derive(Debug)]
pub struct BodyWriter {
    /// Framing that stands before `data`.
    framing: Vec<u8>,
    data: Bytes,
    left: Left,
    has_ended: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Left {
    /// So many bytes are to come.
    Bytes(u64),
    /// Any number, in chunks.
    Chunks,
    /// Any number, as they are: a tunnel.
    Raw,
}

impl BodyWriter {
    /// For a body that is framed like this.
    #[must_use]
    pub fn new(framing: Framing) -> Self {
        let left = match framing {
            Framing::Length(length) => Left::Bytes(length),
            Framing::None => Left::Bytes(0),
            Framing::Chunked => Left::Chunks,
            Framing::UntilClose => Left::Raw,
        };
        Self { framing: Vec::new(), data: Bytes::new(), left, has_ended: false }
    }

    /// Whether everything that came was given.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.framing.is_empty() && self.data.is_empty()
    }

    /// Data that came and was not given yet, in bytes; framing not counted.
    #[must_use]
    pub fn held(&self) -> usize {
        self.data.len()
    }

    /// Whether the body is whole.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.has_ended
    }

    /// Takes the next piece, once everything before it was given.
    ///
    /// # Errors
    ///
    /// The body is longer than was said.
    pub fn data(&mut self, data: Bytes) -> Result<(), Untold> {
        match &mut self.left {
            Left::Chunks => write_chunk_size(&mut self.framing, data.len()),
            Left::Raw => {}
            Left::Bytes(left) => *left = left.checked_sub(data.len() as u64).ok_or(Untold::BadLength)?,
        }
        self.data = data;
        Ok(())
    }

    /// The body ends, with these trailers if there are any; a body with a stated length has no place for them.
    ///
    /// # Errors
    ///
    /// It is shorter than was said, or the trailers make the message malformed.
    pub fn end(&mut self, trailers: Option<&HeaderMap>) -> Result<(), Untold> {
        let mut lines = Vec::new();
        if let Some(trailers) = trailers {
            write_trailers(trailers, &mut lines)?;
        }
        match self.left {
            Left::Chunks => write_last_chunk(&mut self.framing, &lines),
            Left::Raw | Left::Bytes(0) => {}
            Left::Bytes(_) => return Err(Untold::BadLength),
        }
        self.has_ended = true;
        Ok(())
    }

    /// Copies what came into `room`; says how much.
    pub fn give(&mut self, room: &mut [u8]) -> usize {
        let mut given = 0;
        loop {
            let free = room.get_mut(given..).unwrap_or_default();
            if free.is_empty() || self.is_empty() {
                return given;
            }
            if self.framing.is_empty() {
                let taken = copy(&self.data, free);
                self.data.advance(taken);
                given += taken;
                if self.data.is_empty() && self.left == Left::Chunks {
                    self.framing.extend_from_slice(CHUNK_END);
                }
            } else {
                let taken = copy(&self.framing, free);
                self.framing.drain(..taken);
                given += taken;
            }
        }
    }
}

/// Copies as much as fits.
fn copy(from: &[u8], to: &mut [u8]) -> usize {
    let count = from.len().min(to.len());
    if let (Some(from), Some(to)) = (from.get(..count), to.get_mut(..count)) {
        to.copy_from_slice(from);
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is given in pieces of `room` bytes when these pieces come, and an end.
    fn check(
        framing: Framing,
        pieces: &[&str],
        trailers: Option<&HeaderMap>,
        room: usize,
    ) -> Result<String, Untold> {
        let mut body = BodyWriter::new(framing);
        let mut out = Vec::new();
        let mut drain = |body: &mut BodyWriter| {
            let mut buffer = vec![0; room];
            while !body.is_empty() {
                let given = body.give(&mut buffer);
                out.extend_from_slice(&buffer[..given]);
            }
        };
        for piece in pieces {
            body.data(Bytes::copy_from_slice(piece.as_bytes()))?;
            drain(&mut body);
        }
        body.end(trailers)?;
        drain(&mut body);
        assert!(body.has_ended());
        Ok(String::from_utf8(out).unwrap())
    }

    #[test]
    fn a_body_of_unknown_length_is_chunked_wherever_it_is_cut() {
        let mut trailers = HeaderMap::new();
        trailers.insert("x-sum", "1".parse().unwrap());
        for room in 1..40 {
            let chunked = check(Framing::Chunked, &["hello", "", "0123456789abcdefg"], Some(&trailers), room);
            let expected = "5\r\nhello\r\n11\r\n0123456789abcdefg\r\n0\r\nx-sum: 1\r\n\r\n";
            assert_eq!(chunked.as_deref(), Ok(expected), "{room}");
        }
    }

    #[test]
    fn a_body_is_as_long_as_its_head_says() {
        assert_eq!(check(Framing::Length(5), &["he", "llo"], None, 3).as_deref(), Ok("hello"));
        assert_eq!(check(Framing::Length(4), &["he", "llo"], None, 3), Err(Untold::BadLength));
        assert_eq!(check(Framing::Length(6), &["he", "llo"], None, 3), Err(Untold::BadLength));
        assert_eq!(check(Framing::None, &["x"], None, 3), Err(Untold::BadLength));
        assert_eq!(check(Framing::None, &[], None, 3).as_deref(), Ok(""));
    }

    #[test]
    fn what_a_tunnel_carries_is_given_as_it_is() {
        assert_eq!(check(Framing::UntilClose, &["he", "", "llo"], None, 3).as_deref(), Ok("hello"));
    }

    #[test]
    fn held_counts_data_only() {
        let mut body = BodyWriter::new(Framing::Chunked);
        body.data(Bytes::from_static(b"hello")).unwrap();
        assert_eq!((body.held(), body.give(&mut [0; 5]), body.held()), (5, 5, 3));
    }

    #[test]
    fn trailers_about_the_connection_are_malformed() {
        let mut trailers = HeaderMap::new();
        trailers.insert("connection", "close".parse().unwrap());
        assert_eq!(check(Framing::Chunked, &[], Some(&trailers), 9), Err(Untold::ConnectionField));
    }
}
