//! The chunked transfer coding (RFC 9112 §7.1), read byte by byte without keeping chunk lines.
//!
//! Strict in both directions, because here everybody's tolerance has been somebody's hole: lines end in CRLF, a size is
//! 1 to 16 hexadecimal digits, extensions follow their grammar, are bounded for the whole body and are never passed on.

use super::{ChunkLimits, trailer};
use crate::ascii::{self, TOKEN};
use torwart_cause::{Ending, Fault, Limit, Malformation};

/// Reads a chunked body. It keeps no body bytes, only the trailer section.
#[derive(Clone, Debug)]
pub struct ChunkDecoder {
    limits: ChunkLimits,
    state: State,
    /// Data bytes of the current chunk that are still to come; while its size is read, the size so far.
    remaining: u64,
    /// Digits of the size so far.
    digits: u8,
    /// Bytes of extensions so far, in all chunks.
    extensions: usize,
    /// Bytes of the body so far.
    position: u64,
    trailers: Vec<u8>,
    /// Where the trailer line begins that is being read.
    trailer_line: usize,
    /// Bytes of the trailer section so far, removed ones included.
    trailer_bytes: usize,
    trailer_fields: usize,
}

/// What the next unread bytes are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Skip `skip` bytes of framing; then `len` bytes of data follow, which is not always the whole chunk.
    Data {
        /// Framing bytes before the data.
        skip: usize,
        /// Bytes of data.
        len: usize,
    },
    /// All was framing: skip it and feed more.
    More {
        /// Framing bytes.
        skip: usize,
    },
    /// The message is complete.
    End {
        /// The last framing bytes, trailer section included.
        skip: usize,
    },
}

impl ChunkDecoder {
    /// A decoder at the beginning of a body.
    pub fn new(limits: ChunkLimits) -> Self {
        Self {
            limits,
            state: State::Size,
            remaining: 0,
            digits: 0,
            extensions: 0,
            position: 0,
            trailers: Vec::new(),
            trailer_line: 0,
            trailer_bytes: 0,
            trailer_fields: 0,
        }
    }

    /// Looks at unread bytes. The caller consumes what the answer names, `skip` and `len`, before it asks again.
    ///
    /// # Errors
    /// [`Ending::Malformed`], whose offset counts from the first byte of the body, or [`Ending::TooLarge`].
    pub fn decode(&mut self, input: &[u8]) -> Result<Piece, Ending> {
        let mut rest = input.iter();
        loop {
            let skip = input.len() - rest.len();
            match self.state {
                State::Done => return Ok(Piece::End { skip }),
                State::Data => {
                    let have = rest.len();
                    let len = usize::try_from(self.remaining).map_or(have, |remaining| remaining.min(have));
                    if len == 0 {
                        return Ok(Piece::More { skip });
                    }
                    self.remaining -= len as u64;
                    self.position += len as u64;
                    if self.remaining == 0 {
                        self.state = State::DataCr;
                    }
                    return Ok(Piece::Data { skip, len });
                }
                _ => {}
            }
            let Some(&byte) = rest.next() else { return Ok(Piece::More { skip }) };
            self.state = if self.state == State::Trailer { self.trailer(byte)? } else { self.framing(byte)? };
            self.position += 1;
        }
    }

    /// The trailer fields as checked lines, each with CRLF; those that must not stand there are left out.
    pub fn trailers(&self) -> &[u8] {
        if self.is_done() { &self.trailers } else { &[] }
    }

    /// Whether the body is complete.
    pub fn is_done(&self) -> bool {
        self.state == State::Done
    }

    /// One byte of a chunk line or of the line end after data.
    fn framing(&mut self, byte: u8) -> Result<State, Ending> {
        match (self.state, byte) {
            (State::Size, _) if byte.is_ascii_hexdigit() => return self.digit(byte),
            (State::Size, _) if self.digits == 0 => return self.refuse(byte, Malformation::BadChunkSize),
            (State::Size | State::ExtensionName | State::ExtensionToken | State::AfterValue, b'\r') => {
                return Ok(State::SizeLf);
            }
            (State::SizeLf, b'\n') => return Ok(self.size_ends()),
            (State::DataCr, b'\r') => return Ok(State::DataLf),
            (State::DataLf, b'\n') => return Ok(State::Size),
            (State::DataCr | State::DataLf, _) => return self.fail(Malformation::BadChunkEnd),
            (State::SizeLf, _) => return self.fail_before(Malformation::BareCr),
            _ => {}
        }
        self.extensions = self.extensions.saturating_add(1);
        if self.extensions > self.limits.extension_bytes {
            return Err(Ending::TooLarge(Limit::ChunkExtensions));
        }
        match extension(self.state, byte) {
            Some(state) => Ok(state),
            None if matches!(self.state, State::Size | State::AfterSize) => {
                self.refuse(byte, Malformation::BadChunkSize)
            }
            None => self.refuse(byte, Malformation::BadChunkExtension),
        }
    }

    fn digit(&mut self, byte: u8) -> Result<State, Ending> {
        let value = match byte {
            b'0'..=b'9' => byte - b'0',
            _ => (byte | 0x20) - b'a' + 10,
        };
        // 16 digits, and no size that somebody behind us could take for a negative one.
        if self.digits == 16 || self.remaining >> 59 != 0 {
            return self.fail(Malformation::BadChunkSize);
        }
        self.remaining = self.remaining << 4 | u64::from(value);
        self.digits += 1;
        Ok(State::Size)
    }

    fn size_ends(&mut self) -> State {
        self.digits = 0;
        if self.remaining == 0 { State::Trailer } else { State::Data }
    }

    /// One byte of the trailer section.
    fn trailer(&mut self, byte: u8) -> Result<State, Ending> {
        self.trailer_bytes += 1;
        if self.trailer_bytes > self.limits.trailer_bytes.saturating_add(BLANK_LINE) {
            return Err(Ending::TooLarge(Limit::Trailers));
        }
        self.trailers.push(byte);
        let line = self.trailers.get(self.trailer_line..).unwrap_or_default();
        if byte != b'\n' {
            // A CR must be the last but one: the byte after it would have to be LF.
            let is_after_cr = matches!(line, [.., b'\r', _]);
            return if is_after_cr { self.fail_before(Malformation::BareCr) } else { Ok(State::Trailer) };
        }
        let [line @ .., b'\r', b'\n'] = line else { return self.fail(Malformation::BareLf) };
        if line.is_empty() {
            self.trailers.truncate(self.trailer_line);
            return Ok(State::Done);
        }
        let line_at = self.position + 1 - line.len() as u64 - BLANK_LINE as u64;
        let is_kept = trailer::check(line).map_err(|bad| match bad {
            Ending::Malformed(Fault { what, at }) => Ending::Malformed(Fault { what, at: line_at + at }),
            other => other,
        })?;
        self.trailer_fields += 1;
        if self.trailer_fields > self.limits.trailer_fields {
            return Err(Ending::TooLarge(Limit::Trailers));
        }
        if !is_kept {
            self.trailers.truncate(self.trailer_line);
        }
        self.trailer_line = self.trailers.len();
        Ok(State::Trailer)
    }

    /// The fault for a byte that has no place here; a bare LF and NUL are named as such.
    fn refuse(&self, byte: u8, what: Malformation) -> Result<State, Ending> {
        match byte {
            b'\n' => self.fail(Malformation::BareLf),
            0 => self.fail(Malformation::Nul),
            _ => self.fail(what),
        }
    }

    fn fail(&self, what: Malformation) -> Result<State, Ending> {
        Err(Ending::Malformed(Fault { what, at: self.position }))
    }

    fn fail_before(&self, what: Malformation) -> Result<State, Ending> {
        Err(Ending::Malformed(Fault { what, at: self.position.saturating_sub(1) }))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Size,
    /// Whitespace after the size: only before an extension.
    AfterSize,
    /// After `;`.
    BeforeName,
    ExtensionName,
    /// Whitespace after a name.
    AfterName,
    /// After `=`.
    BeforeValue,
    ExtensionToken,
    Quoted,
    Escaped,
    /// After a quoted value, or whitespace after any.
    AfterValue,
    /// Whitespace after a value: only before another extension.
    SpaceAfterValue,
    /// After the CR of a chunk line.
    SizeLf,
    Data,
    DataCr,
    DataLf,
    Trailer,
    Done,
}

/// `chunk-ext = *( BWS ";" BWS chunk-ext-name [ BWS "=" BWS chunk-ext-val ] )` (RFC 9112 §7.1.1).
fn extension(state: State, byte: u8) -> Option<State> {
    let is_token = ascii::is(byte, TOKEN);
    let is_space = matches!(byte, b' ' | b'\t');
    match state {
        State::Size | State::AfterSize if is_space => Some(State::AfterSize),
        State::Size | State::AfterSize if byte == b';' => Some(State::BeforeName),
        State::BeforeName if is_space => Some(State::BeforeName),
        State::BeforeName | State::ExtensionName if is_token => Some(State::ExtensionName),
        State::ExtensionName | State::AfterName => match byte {
            b'=' => Some(State::BeforeValue),
            b';' => Some(State::BeforeName),
            b' ' | b'\t' => Some(State::AfterName),
            _ => None,
        },
        State::BeforeValue if is_space => Some(State::BeforeValue),
        State::BeforeValue if byte == b'"' => Some(State::Quoted),
        State::BeforeValue | State::ExtensionToken if is_token => Some(State::ExtensionToken),
        State::ExtensionToken | State::AfterValue | State::SpaceAfterValue => match byte {
            b';' => Some(State::BeforeName),
            b' ' | b'\t' => Some(State::SpaceAfterValue),
            _ => None,
        },
        State::Quoted if byte == b'"' => Some(State::AfterValue),
        State::Quoted if byte == b'\\' => Some(State::Escaped),
        State::Quoted | State::Escaped if !ascii::is_control(byte) => Some(State::Quoted),
        _ => None,
    }
}

/// A blank line, or the end of any line.
const BLANK_LINE: usize = 2;
