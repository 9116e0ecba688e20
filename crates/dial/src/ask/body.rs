//! The body of an answer, by its framing.

use super::{fill, within};
use std::time::Duration;
use tokio::io::AsyncRead;
use torwart_cause::{Deadline, Ending, Limit};
use torwart_wire::http1::{ChunkDecoder, ChunkLimits, Piece};
use torwart_wire::{Framing, Head};

/// How a body is read.
pub(super) struct Reading<'a> {
    /// How it ends.
    pub(super) framing: Framing,
    /// The most bytes taken.
    pub(super) limit: usize,
    /// The longest silence.
    pub(super) between_bytes: Duration,
    /// Counts what comes.
    pub(super) received: &'a mut u64,
}

/// Reads the whole body into `body`, which keeps what came where it is not whole.
pub(super) async fn read_body(
    reader: &mut (impl AsyncRead + Unpin),
    head: &mut Head,
    reading: Reading<'_>,
    body: &mut Vec<u8>,
) -> Result<(), Ending> {
    let mut rest = match reading.framing {
        Framing::None => return Ok(()),
        Framing::Length(length) => Rest::Length(length),
        Framing::Chunked => Rest::Chunks(Box::new(ChunkDecoder::new(ChunkLimits::default()))),
        Framing::UntilClose => Rest::Everything,
    };
    loop {
        if rest.take(head, body)? {
            return Ok(());
        }
        if body.len() > reading.limit {
            return Err(Ending::TooLarge(Limit::BodyBytes));
        }
        let filling = fill(reader, head, Deadline::BetweenBytes);
        let read = within(reading.between_bytes, Deadline::BetweenBytes, filling).await?;
        *reading.received += read as u64;
        if read == 0 {
            // Only a body without length or chunks may end like this.
            return if matches!(rest, Rest::Everything) { Ok(()) } else { Err(Ending::Closed) };
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
