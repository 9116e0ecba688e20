//! A message body as it lies in a read buffer: how much of it is there, and when it is over.
//!
//! The reader never does I/O. It looks at the unread bytes of the buffer behind the head, strips framing, and offers
//! plain body bytes. While it *keeps*, bytes that were taken stay in the buffer, so that the body can be read again
//! from its first byte; that is how requests are replayed and how held answers are written.

use torwart_cause::{Ending, Limit};
use torwart_wire::http1::{ChunkDecoder, ChunkLimits, Piece};
use torwart_wire::{Buffer, Framing};

/// Reads one body.
#[derive(Debug)]
pub struct BodyReader {
    framing: Framing,
    rest: Rest,
    /// Body bytes at the front of the buffer's unread part.
    ready: usize,
    /// Body bytes taken so far.
    taken: u64,
    limit: u64,
    keeps: bool,
}

#[derive(Debug)]
enum Rest {
    Length(u64),
    Chunked(ChunkDecoder),
    UntilClose,
    Nothing,
}

/// What the buffer holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// Body bytes: [`BodyReader::data`].
    Data,
    /// Nothing yet; read more into the buffer.
    More,
    /// The body is complete.
    End,
}

impl BodyReader {
    /// A reader for a body framed like this, of at most `limit` bytes.
    pub fn new(framing: Framing, limit: u64) -> Self {
        Self { framing, rest: Rest::of(framing), ready: 0, taken: 0, limit, keeps: false }
    }

    /// No body at all.
    pub fn none() -> Self {
        Self::new(Framing::None, 0)
    }

    /// How the body is framed on its way here.
    pub const fn framing(&self) -> Framing {
        self.framing
    }

    /// Body bytes taken so far.
    pub const fn taken(&self) -> u64 {
        self.taken
    }

    /// Keeps taken bytes in the buffer from now on, or no longer. Keeping can only begin before the first byte.
    pub fn keep(&mut self, keeps: bool) {
        self.keeps = keeps;
    }

    /// Whether the body can be read again from its first byte.
    pub fn is_kept(&self) -> bool {
        self.keeps || (self.taken == 0 && self.ready == 0) || self.framing == Framing::None
    }

    /// Starts again at the first byte; only while [`BodyReader::is_kept`].
    pub fn rewind(&mut self, buffer: &mut Buffer) {
        if self.taken > 0 || self.ready > 0 || matches!(self.rest, Rest::Chunked(_)) {
            buffer.rewind();
        }
        self.rest = Rest::of(self.framing);
        self.ready = 0;
        self.taken = 0;
    }

    /// Whether the body is complete.
    pub fn is_done(&self) -> bool {
        self.ready == 0
            && match &self.rest {
                Rest::Length(left) => *left == 0,
                Rest::Chunked(decoder) => decoder.is_done(),
                Rest::UntilClose => false,
                Rest::Nothing => true,
            }
    }

    /// Looks at the buffer.
    ///
    /// # Errors
    /// Broken chunk framing, or a body above its limit.
    #[inline(always)]
    pub fn look(&mut self, buffer: &mut Buffer) -> Result<Look, Ending> {
        while self.ready == 0 {
            match &mut self.rest {
                Rest::Nothing | Rest::Length(0) => return Ok(Look::End),
                Rest::Length(left) => {
                    let here = buffer.unread().len();
                    self.ready = usize::try_from(*left).map_or(here, |left| left.min(here));
                    *left -= self.ready as u64;
                    if self.ready == 0 {
                        return Ok(Look::More);
                    }
                }
                Rest::UntilClose => {
                    self.ready = buffer.unread().len();
                    if self.ready == 0 {
                        return Ok(Look::More);
                    }
                }
                Rest::Chunked(_) => {
                    if let Some(look) = self.look_at_chunk(buffer)? {
                        return Ok(look);
                    }
                }
            }
        }
        if self.taken + self.ready as u64 > self.limit {
            return Err(Ending::TooLarge(Limit::BodyBytes));
        }
        Ok(Look::Data)
    }

    /// Decodes what is here of a chunked body; `None` when there are body bytes now.
    #[inline(never)]
    fn look_at_chunk(&mut self, buffer: &mut Buffer) -> Result<Option<Look>, Ending> {
        let Rest::Chunked(decoder) = &mut self.rest else { return Ok(None) };
        if decoder.is_done() {
            return Ok(Some(Look::End));
        }
        let (skip, len, is_end) = match decoder.decode(buffer.unread())? {
            Piece::Data { skip, len } => (skip, len, false),
            Piece::More { skip } => (skip, 0, false),
            Piece::End { skip } => (skip, 0, true),
        };
        self.ready = len;
        self.pass(buffer, skip);
        Ok(match (is_end, len) {
            (true, _) => Some(Look::End),
            (false, 0) => Some(Look::More),
            (false, _) => None,
        })
    }

    /// The body bytes that are here.
    pub fn data<'b>(&self, buffer: &'b Buffer) -> &'b [u8] {
        buffer.unread().get(..self.ready).unwrap_or_default()
    }

    /// Takes `n` of them.
    pub fn take(&mut self, buffer: &mut Buffer, n: usize) {
        let n = n.min(self.ready);
        self.ready -= n;
        self.taken += n as u64;
        self.pass(buffer, n);
    }

    /// Takes `n` bytes that never came into the buffer (spliced ones).
    pub fn take_unseen(&mut self, n: usize) {
        if let Rest::Length(left) = &mut self.rest {
            *left = left.saturating_sub(n as u64);
        }
        self.taken += n as u64;
    }

    /// Bytes of a known length that are neither taken nor in the buffer.
    pub const fn unseen(&self) -> Option<u64> {
        match self.rest {
            Rest::Length(left) => Some(left),
            Rest::Chunked(_) | Rest::UntilClose | Rest::Nothing => None,
        }
    }

    /// What the end of the stream means here: the end of a close-delimited body, or a cut.
    pub fn ended_by_close(&mut self) -> bool {
        let is_end = matches!(self.rest, Rest::UntilClose);
        if is_end {
            self.rest = Rest::Nothing;
        }
        is_end
    }

    /// The trailer section, validated; empty unless chunked and complete.
    pub fn trailers(&self) -> &[u8] {
        match &self.rest {
            Rest::Chunked(decoder) => decoder.trailers(),
            Rest::Length(_) | Rest::UntilClose | Rest::Nothing => &[],
        }
    }

    fn pass(&self, buffer: &mut Buffer, n: usize) {
        if self.keeps {
            buffer.skip(n);
        } else {
            buffer.consume(n);
        }
    }
}

impl Rest {
    fn of(framing: Framing) -> Self {
        match framing {
            Framing::None => Self::Nothing,
            Framing::Length(length) => Self::Length(length),
            Framing::Chunked => Self::Chunked(ChunkDecoder::new(ChunkLimits::default())),
            Framing::UntilClose => Self::UntilClose,
        }
    }
}

/// A declared length above the limit is known to be too large before a byte of it arrives.
pub fn exceeds(framing: Framing, limit: u64) -> bool {
    matches!(framing, Framing::Length(length) if length > limit)
}
