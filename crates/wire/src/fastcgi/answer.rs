//! An application's answer as one of HTTP/1.1: its records in, head and framed body out.
//!
//! What ends how is kept. A body without stated length goes out in chunks, whose last one is written only when the
//! record came that ends the request. One of stated length keeps it; its last byte waits for that record, so that a
//! connection is not used again before the application is done with it.

use super::{Piece, Protocol, Records};
use crate::cgi::{CgiHead, parse_head};
use crate::http1::{CHUNK_END, LAST_CHUNK, ResponseLimits, write_chunk_size, write_number};
use torwart_cause::{Ending, FIRST_BYTES, Fault, Malformation};

/// Translates one answer.
#[derive(Debug)]
pub struct Answer {
    records: Records,
    limits: ResponseLimits,
    /// Whether the request was HEAD.
    is_head: bool,
    /// Whether the connection can carry another request.
    keeps: bool,
    state: State,
    /// The CGI head so far, then empty.
    head: Vec<u8>,
    told: Told,
}

/// What an application told, kept as evidence: never more than [`FIRST_BYTES`] of either.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// The first bytes of its answer as they came.
    pub first: Vec<u8>,
    /// The last bytes of its complaints.
    pub errors: Vec<u8>,
    /// The exit code of the script, once the request is over.
    pub exit: Option<u32>,
}

#[derive(Debug)]
enum State {
    Head,
    /// No body may follow the head, which waits for the end.
    NoBody(Vec<u8>),
    /// Bytes that are still to come, and the last one where it is here already.
    Length(u64, Option<u8>),
    Chunks,
    Whole,
    Cut,
}

impl Answer {
    /// An answer that has not begun.
    pub fn new(limits: ResponseLimits, is_head: bool, keeps: bool) -> Self {
        Self {
            records: Records::default(),
            limits,
            is_head,
            keeps,
            state: State::Head,
            head: Vec::new(),
            told: Told::default(),
        }
    }

    /// Whether the record that ends the request came.
    pub fn is_over(&self) -> bool {
        matches!(self.state, State::Whole | State::Cut)
    }

    /// Whether the answer came whole.
    pub fn is_whole(&self) -> bool {
        matches!(self.state, State::Whole)
    }

    /// Whether nothing was received yet.
    pub fn is_untouched(&self) -> bool {
        self.records.position() == 0
    }

    /// What the application told.
    pub fn told(&self) -> &Told {
        &self.told
    }

    /// Translates bytes of the connection, appending to `out`. Returns how many belong to this answer; those behind it
    /// were sent unasked.
    ///
    /// # Errors
    /// Broken records or a broken head with the exact byte, a head above its limits, or a request that was refused.
    pub fn translate(&mut self, input: &[u8], out: &mut Vec<u8>) -> Result<usize, Ending> {
        let mut used = 0;
        while !self.is_over() {
            let rest = input.get(used..).unwrap_or_default();
            match self.records.read(rest)? {
                Piece::More { skip } => return Ok(used + skip),
                Piece::Stdout { skip, len } => {
                    used += skip + len;
                    self.pass(rest.get(skip..skip + len).unwrap_or_default(), out)?;
                }
                Piece::Stderr { skip, len } => {
                    used += skip + len;
                    self.hear(rest.get(skip..skip + len).unwrap_or_default());
                }
                Piece::End { skip, exit, protocol } => {
                    used += skip;
                    self.told.exit = Some(exit);
                    self.end(protocol, out)?;
                }
            }
        }
        Ok(used)
    }

    /// The connection ended before the request did: what is still held back goes out as far as it may.
    pub fn close(&mut self, out: &mut Vec<u8>) {
        if !self.is_over() {
            self.cut(out);
        }
    }

    /// Bytes of the answer itself.
    fn pass(&mut self, mut bytes: &[u8], out: &mut Vec<u8>) -> Result<(), Ending> {
        let room = FIRST_BYTES - self.told.first.len();
        self.told.first.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
        if matches!(self.state, State::Head) {
            let before = self.head.len();
            self.head.extend_from_slice(bytes);
            // Only a line end can complete a head.
            if !bytes.contains(&b'\n') && self.head.len() <= self.limits.head_bytes {
                return Ok(());
            }
            let Some(head) = parse_head(&self.head, &self.limits)? else { return Ok(()) };
            self.begin(&head, out);
            bytes = bytes.get(head.len.saturating_sub(before)..).unwrap_or_default();
            self.head = Vec::new();
        }
        match &mut self.state {
            State::Chunks if !bytes.is_empty() => {
                write_chunk_size(out, bytes.len());
                out.extend_from_slice(bytes);
                out.extend_from_slice(CHUNK_END);
            }
            State::Length(left, last) => {
                // What is too much follows the body, so that nobody uses the link again.
                out.extend(last.take());
                let goes = match usize::try_from(*left) {
                    Ok(all) if all > 0 && bytes.len() == all => {
                        *last = bytes.last().copied();
                        all - 1
                    }
                    _ => bytes.len(),
                };
                out.extend_from_slice(bytes.get(..goes).unwrap_or_default());
                *left = left.saturating_sub(bytes.len() as u64);
            }
            // A body that may not be there is left out.
            _ => {}
        }
        Ok(())
    }

    /// The head is complete.
    fn begin(&mut self, head: &CgiHead, out: &mut Vec<u8>) {
        let mut written = Vec::new();
        head.write(&self.head, &mut written);
        if !self.keeps {
            written.extend_from_slice(b"Connection: close\r\n");
        }
        let has_body = !self.is_head && head.status != 204 && head.status != 304;
        if let Some(length) = head.length.filter(|_| head.status != 204) {
            written.extend_from_slice(b"Content-Length: ");
            write_number(&mut written, length);
            written.extend_from_slice(b"\r\n");
        }
        if !has_body || head.length == Some(0) {
            // Nothing else would wait for the end of the request, so the head does.
            written.extend_from_slice(b"\r\n");
            self.state = State::NoBody(written);
            return;
        }
        self.state = match head.length {
            Some(length) => State::Length(length, None),
            None => {
                written.extend_from_slice(b"Transfer-Encoding: chunked\r\n");
                State::Chunks
            }
        };
        written.extend_from_slice(b"\r\n");
        out.append(&mut written);
    }

    /// The request is over.
    fn end(&mut self, protocol: Protocol, out: &mut Vec<u8>) -> Result<(), Ending> {
        match protocol {
            Protocol::Complete => {}
            Protocol::CannotMultiplex => return Err(Ending::StreamRefused),
            Protocol::Overloaded => return Err(Ending::QueueFull),
            Protocol::UnknownRole => {
                let at = self.records.position().saturating_sub(4);
                return Err(Ending::Malformed(Fault { what: Malformation::BadRecord, at }));
            }
        }
        match &mut self.state {
            State::NoBody(head) => out.append(head),
            State::Chunks => out.extend_from_slice(LAST_CHUNK),
            State::Length(0, last) => out.extend(last.take()),
            State::Head | State::Length(..) => {
                self.cut(out);
                return Ok(());
            }
            State::Whole | State::Cut => return Ok(()),
        }
        self.state = State::Whole;
        Ok(())
    }

    fn cut(&mut self, out: &mut Vec<u8>) {
        match &mut self.state {
            // A head that had begun is shown to have begun.
            State::Head if !self.head.is_empty() => out.extend_from_slice(b"HTTP/1.1 200 \r\n"),
            State::NoBody(head) => {
                head.truncate(head.len().saturating_sub(2));
                out.append(head);
            }
            // All that was promised is here; only the link is lost.
            State::Length(0, last) => out.extend(last.take()),
            State::Head | State::Length(..) | State::Chunks | State::Whole | State::Cut => {}
        }
        self.state = State::Cut;
    }

    /// Bytes of complaints: the last ones are kept, for the one that matters mostly comes last.
    fn hear(&mut self, bytes: &[u8]) {
        let errors = &mut self.told.errors;
        errors.extend_from_slice(bytes.get(bytes.len().saturating_sub(FIRST_BYTES)..).unwrap_or(bytes));
        let surplus = errors.len().saturating_sub(FIRST_BYTES);
        errors.drain(..surplus);
    }
}
