//! HTTP/2 frames as they come, read as simply as possible: what kind, and whether a stream ends.
//!
//! Nothing is decoded: the lab's scripts answer with bytes of their own, and only need to know when it is their turn.

use crate::reception::{Request, Seen};

/// Frames being read.
#[derive(Debug, Default)]
pub(crate) struct Frames {
    bytes: Vec<u8>,
    had_preface: bool,
}

/// A frame that has come whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) kind: u8,
    flags: u8,
    length: usize,
}

impl Frames {
    /// Takes bytes in.
    pub(crate) fn take(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
        if !self.had_preface && self.bytes.len() >= PREFACE {
            self.bytes.drain(..PREFACE);
            self.had_preface = true;
        }
    }

    /// Whether HTTP/2 is spoken.
    pub(crate) fn have_begun(&self) -> bool {
        self.had_preface
    }

    /// The next frame.
    pub(crate) fn next(&mut self) -> Option<Frame> {
        if !self.had_preface {
            return None;
        }
        let &[high, middle, low, kind, flags, ..] = self.bytes.get(..HEAD)? else { return None };
        let length = usize::from(high) << 16 | usize::from(middle) << 8 | usize::from(low);
        if self.bytes.len() < HEAD + length {
            return None;
        }
        self.bytes.drain(..HEAD + length);
        Some(Frame { kind, flags, length })
    }
}

impl Frame {
    /// Notes what it means for what has reached the upstream.
    pub(crate) fn note(self, seen: &mut Seen) {
        let ends = self.flags & END_STREAM != 0;
        match self.kind {
            HEADERS => {
                seen.requests.push(Request { is_whole: ends, ..Request::default() });
                seen.is_inside = !ends;
            }
            DATA => {
                if let Some(request) = seen.requests.last_mut() {
                    request.body_bytes += self.length as u64;
                    request.is_whole |= ends;
                }
                seen.is_inside &= !ends;
            }
            _ => {}
        }
    }
}

/// The length of what a client begins with (RFC 9113 §3.4).
const PREFACE: usize = 24;
const HEAD: usize = 9;
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const END_STREAM: u8 = 1;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_found_however_they_are_cut() {
        let mut bytes = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
        bytes.extend_from_slice(b"\0\0\0\x04\0\0\0\0\0");
        bytes.extend_from_slice(b"\0\0\x02\x01\x04\0\0\0\x01ab");
        bytes.extend_from_slice(b"\0\0\x01\0\x01\0\0\0\x01c");
        let mut frames = Frames::default();
        let mut seen = Seen::default();
        let mut kinds = Vec::new();
        for byte in bytes {
            frames.take(&[byte]);
            while let Some(frame) = frames.next() {
                frame.note(&mut seen);
                kinds.push(frame.kind);
            }
        }
        assert_eq!(kinds, [4, 1, 0]);
        assert!(!seen.is_inside && seen.requests.len() == 1 && seen.requests[0].is_whole);
    }
}
