//! The records an application sends, read byte by byte without keeping them.

use super::{Kind, REQUEST, VERSION};
use torwart_cause::{Ending, Fault, Malformation};

/// Reads the records of one answer.
#[derive(Clone, Debug, Default)]
pub struct Records {
    header: [u8; 8],
    /// Bytes of the header that are here.
    have: usize,
    /// Content of the record that is still to come.
    content: u16,
    /// Padding behind it.
    padding: u8,
    state: State,
    /// What the record that ends the request says.
    end: [u8; 8],
    position: u64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Header,
    Stdout,
    Stderr,
    End,
    Padding {
        is_last: bool,
    },
    Over,
}

/// What the next unread bytes are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Skip `skip` bytes; then `len` bytes of the answer follow.
    Stdout {
        /// Bytes that belong to the protocol.
        skip: usize,
        /// Bytes of the answer.
        len: usize,
    },
    /// Skip `skip` bytes; then `len` bytes of complaints follow.
    Stderr {
        /// Bytes that belong to the protocol.
        skip: usize,
        /// Bytes of complaints.
        len: usize,
    },
    /// All belonged to the protocol: skip it and feed more.
    More {
        /// Bytes that belong to the protocol.
        skip: usize,
    },
    /// The request is over.
    End {
        /// The last bytes that belong to it.
        skip: usize,
        /// What the application said at the end: the exit code of the script.
        exit: u32,
        /// How the protocol sees it.
        protocol: Protocol,
    },
}

/// How the application ended a request, as the protocol sees it (FastCGI 1.0 §5.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// It was worked on.
    Complete,
    /// It was refused: the connection carries another one.
    CannotMultiplex,
    /// It was refused: the application has too much to do.
    Overloaded,
    /// It was refused: the application is no responder.
    UnknownRole,
}

impl Records {
    /// Looks at unread bytes. The caller consumes what the answer names, `skip` and `len`, before it asks again.
    ///
    /// # Errors
    /// [`Ending::Malformed`], whose offset counts from the first byte of the answer.
    pub fn read(&mut self, input: &[u8]) -> Result<Piece, Ending> {
        let mut rest = input;
        loop {
            let skip = input.len() - rest.len();
            match self.state {
                State::Header => {
                    let Some((&byte, after)) = rest.split_first() else { return Ok(Piece::More { skip }) };
                    rest = after;
                    self.take_header(byte)?;
                }
                State::Stdout | State::Stderr => {
                    let len = rest.len().min(usize::from(self.content));
                    if len == 0 {
                        return Ok(Piece::More { skip });
                    }
                    self.content -= len as u16;
                    self.position += len as u64;
                    let is_stdout = self.state == State::Stdout;
                    if self.content == 0 {
                        self.state = State::Padding { is_last: false };
                    }
                    return Ok(if is_stdout {
                        Piece::Stdout { skip, len }
                    } else {
                        Piece::Stderr { skip, len }
                    });
                }
                State::End => {
                    let Some((&byte, after)) = rest.split_first() else { return Ok(Piece::More { skip }) };
                    rest = after;
                    self.position += 1;
                    if let Some(place) = self.end.get_mut(8 - usize::from(self.content)) {
                        *place = byte;
                    }
                    self.content -= 1;
                    if self.content == 0 {
                        self.state = State::Padding { is_last: true };
                    }
                }
                State::Padding { is_last } => {
                    let len = rest.len().min(usize::from(self.padding));
                    rest = rest.get(len..).unwrap_or_default();
                    self.position += len as u64;
                    self.padding -= len as u8;
                    if self.padding > 0 {
                        return Ok(Piece::More { skip: input.len() - rest.len() });
                    }
                    self.state = if is_last { State::Over } else { State::Header };
                }
                State::Over => return self.ended(skip),
            }
        }
    }

    /// Bytes read so far.
    pub const fn position(&self) -> u64 {
        self.position
    }

    fn ended(&self, skip: usize) -> Result<Piece, Ending> {
        let [a, b, c, d, protocol, ..] = self.end;
        let protocol = match protocol {
            0 => Protocol::Complete,
            1 => Protocol::CannotMultiplex,
            2 => Protocol::Overloaded,
            3 => Protocol::UnknownRole,
            _ => return Err(fault(Malformation::BadRecord, self.position.saturating_sub(4))),
        };
        Ok(Piece::End { skip, exit: u32::from_be_bytes([a, b, c, d]), protocol })
    }

    fn take_header(&mut self, byte: u8) -> Result<(), Ending> {
        let is_right = match self.have {
            0 => byte == VERSION,
            1 => [Kind::EndRequest, Kind::Stdout, Kind::Stderr].iter().any(|kind| *kind as u8 == byte),
            2 => byte == 0,
            3 => byte == REQUEST,
            _ => true,
        };
        if !is_right {
            let is_first = self.position < 2;
            let what = if is_first { Malformation::NotFastCgi } else { Malformation::BadRecord };
            return Err(fault(what, self.position));
        }
        if let Some(place) = self.header.get_mut(self.have) {
            *place = byte;
        }
        self.have += 1;
        self.position += 1;
        if self.have == self.header.len() {
            self.begin()?;
        }
        Ok(())
    }

    /// The header is complete.
    fn begin(&mut self) -> Result<(), Ending> {
        let [_, kind, _, _, high, low, padding, _] = self.header;
        self.have = 0;
        self.content = u16::from_be_bytes([high, low]);
        self.padding = padding;
        self.state = if kind == Kind::EndRequest as u8 {
            if self.content != 8 {
                return Err(fault(Malformation::BadRecord, self.position.saturating_sub(4)));
            }
            State::End
        } else if self.content == 0 {
            State::Padding { is_last: false }
        } else if kind == Kind::Stdout as u8 {
            State::Stdout
        } else {
            State::Stderr
        };
        Ok(())
    }
}

fn fault(what: Malformation, at: u64) -> Ending {
    Ending::Malformed(Fault { what, at })
}
