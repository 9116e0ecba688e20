//! The body of an answer, by its framing.

use super::{fill, within};
use std::time::Duration;
use tokio::io::AsyncRead;
use torwart_cause::{Deadline, Ending, Limit};
use torwart_wire::http1::{ChunkDecoder, ChunkLimits, Piece};
use torwart_wire::{Framing, Head};

/// Reads the whole body, at most `limit` bytes.
pub(super) async fn read_body(
    reader: &mut (impl AsyncRead + Unpin),
    head: &mut Head,
    framing: Framing,
    limit: usize,
    between_bytes: Duration,
    received: &mut u64,
) -> Result<Vec<u8>, Ending> {
    let mut body = Vec::new();
    let mut rest = match framing {
        Framing::None => return Ok(body),
        Framing::Length(length) => Rest::Length(length),
        Framing::Chunked => Rest::Chunks(Box::new(ChunkDecoder::new(ChunkLimits::default()))),
        Framing::UntilClose => Rest::Everything,
    };
    loop {
        if rest.take(head, &mut body)? {
            return Ok(body);
        }
        if body.len() > limit {
            return Err(Ending::TooLarge(Limit::BodyBytes));
        }
        let reading = fill(reader, head, Deadline::BetweenBytes);
        let read = within(between_bytes, Deadline::BetweenBytes, reading).await?;
        *received += read as u64;
        if read == 0 {
            // Only a body without length or chunks may end like this.
            return if matches!(rest, Rest::Everything) { Ok(body) } else { Err(Ending::Closed) };
        }
    }
}

/// What is still to come.
enum Rest {
    Length(u64),
    Chunks(Box<ChunkDecoder>),
    Everything,
}

impl Rest {
    /// Moves what has arrived into the body; `true` once it is complete.
    fn take(&mut self, head: &mut Head, body: &mut Vec<u8>) -> Result<bool, Ending> {
        match self {
            Self::Length(rest) => {
                let unread = head.buffer.unread();
                let length = usize::try_from(*rest).map_or(unread.len(), |rest| rest.min(unread.len()));
                body.extend(unread.iter().take(length));
                head.buffer.consume(length);
                *rest -= length as u64;
                Ok(*rest == 0)
            }
            Self::Chunks(decoder) => loop {
                match decoder.decode(head.buffer.unread())? {
                    Piece::Data { skip, len } => {
                        body.extend(head.buffer.unread().iter().skip(skip).take(len));
                        head.buffer.consume(skip + len);
                    }
                    Piece::More { skip } => {
                        head.buffer.consume(skip);
                        return Ok(false);
                    }
                    Piece::End { skip } => {
                        head.buffer.consume(skip);
                        return Ok(true);
                    }
                }
            },
            Self::Everything => {
                body.extend_from_slice(head.buffer.unread());
                head.buffer.consume(head.buffer.unread().len());
                Ok(false)
            }
        }
    }
}
