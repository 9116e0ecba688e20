//! A client that writes HTTP/2 frame by frame, right ones and wrong ones.

use crate::PATIENCE;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};

pub(super) const DATA: u8 = 0;
pub(super) const HEADERS: u8 = 1;
pub(super) const PRIORITY: u8 = 2;
pub(super) const RST_STREAM: u8 = 3;
pub(super) const SETTINGS: u8 = 4;
pub(super) const PUSH_PROMISE: u8 = 5;
pub(super) const PING: u8 = 6;
pub(super) const GOAWAY: u8 = 7;
pub(super) const WINDOW_UPDATE: u8 = 8;
pub(super) const CONTINUATION: u8 = 9;

pub(super) const END_STREAM: u8 = 1;
pub(super) const ACK: u8 = 1;
pub(super) const END_HEADERS: u8 = 4;
pub(super) const PADDED: u8 = 8;

pub(super) const PROTOCOL_ERROR: u32 = 1;
pub(super) const FLOW_CONTROL_ERROR: u32 = 3;
pub(super) const STREAM_CLOSED: u32 = 5;
pub(super) const FRAME_SIZE_ERROR: u32 = 6;
pub(super) const REFUSED_STREAM: u32 = 7;
pub(super) const COMPRESSION_ERROR: u32 = 9;
pub(super) const ENHANCE_YOUR_CALM: u32 = 11;

/// The head of a request that is beyond doubt.
pub(super) const GOOD: &[(&str, &str)] =
    &[(":method", "GET"), (":scheme", "http"), (":path", "/good"), (":authority", "a.example")];

/// A connection.
pub(super) struct Raw {
    stream: TcpStream,
}

/// A frame that came.
#[derive(Debug)]
pub(super) struct Frame {
    pub(super) kind: u8,
    pub(super) flags: u8,
    pub(super) stream: u32,
    pub(super) payload: Vec<u8>,
}

/// What came of something that was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The stream was answered with this status.
    Answered(u16),
    /// The stream was reset.
    Reset(u32),
    /// The connection was ended with this.
    GoAway(u32),
    /// It was ended without a word.
    Closed,
}

/// A frame as bytes.
pub(super) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let [_, length @ ..] = u32::try_from(payload.len()).expect("is short").to_be_bytes();
    let mut bytes = length.to_vec();
    bytes.extend_from_slice(&[kind, flags]);
    bytes.extend_from_slice(&stream.to_be_bytes());
    bytes.extend_from_slice(payload);
    bytes
}

/// Fields as literals that go into no table (RFC 7541 §6.2.2).
pub(super) fn block(fields: &[(&str, &str)]) -> Vec<u8> {
    let mut block = Vec::new();
    for (name, value) in fields {
        block.push(0);
        for text in [name, value] {
            number(text.len(), &mut block);
            block.extend_from_slice(text.as_bytes());
        }
    }
    block
}

/// A number with a prefix of seven bits (RFC 7541 §5.1).
fn number(number: usize, out: &mut Vec<u8>) {
    let Some(mut rest) = number.checked_sub(127) else { return out.push(number as u8) };
    out.push(127);
    while rest >= 128 {
        out.push(128 | (rest % 128) as u8);
        rest /= 128;
    }
    out.push(rest as u8);
}

/// A request's HEADERS frame.
pub(super) fn head(stream: u32, flags: u8, fields: &[(&str, &str)]) -> Vec<u8> {
    frame(HEADERS, flags | END_HEADERS, stream, &block(fields))
}

impl Raw {
    /// A connection on which both sides have said their settings.
    pub(super) fn open(address: SocketAddr) -> Self {
        Self::open_with(address, &[])
    }

    /// The same with these settings of the client.
    pub(super) fn open_with(address: SocketAddr, settings: &[(u16, u32)]) -> Self {
        let stream = TcpStream::connect(address).expect("the gateway listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a socket has deadlines");
        stream.set_write_timeout(Some(PATIENCE)).expect("a socket has deadlines");
        stream.set_nodelay(true).expect("a socket has options");
        let mut raw = Self { stream };
        let mut said = Vec::new();
        for (id, value) in settings {
            said.extend_from_slice(&id.to_be_bytes());
            said.extend_from_slice(&value.to_be_bytes());
        }
        raw.send(&[b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".as_slice(), &frame(SETTINGS, 0, 0, &said)].concat());
        loop {
            let frame = raw.next().expect("the gateway says its settings");
            if frame.kind == SETTINGS && frame.flags & ACK == 0 {
                break;
            }
        }
        raw.send(&frame(SETTINGS, ACK, 0, &[]));
        raw
    }

    /// Sends bytes; `false` where nobody takes them any more.
    pub(super) fn send(&mut self, bytes: &[u8]) -> bool {
        self.stream.write_all(bytes).is_ok()
    }

    /// The next frame; `None` at the end.
    pub(super) fn next(&mut self) -> Option<Frame> {
        let mut head = [0; 9];
        if let Err(error) = self.stream.read_exact(&mut head) {
            assert!(error.kind() != ErrorKind::WouldBlock, "nothing came in time");
            return None;
        }
        let [a, b, c, kind, flags, id @ ..] = head;
        let mut payload = vec![0; u32::from_be_bytes([0, a, b, c]) as usize];
        self.stream.read_exact(&mut payload).ok()?;
        Some(Frame { kind, flags, stream: u32::from_be_bytes(id), payload })
    }

    /// Reads until a frame of this kind comes.
    pub(super) fn next_of(&mut self, kind: u8) -> Frame {
        loop {
            let frame = self.next().expect("the connection lives");
            if frame.kind == kind {
                return frame;
            }
        }
    }

    /// What becomes of this stream.
    pub(super) fn outcome(&mut self, stream: u32) -> Outcome {
        while let Some(frame) = self.next() {
            match frame.kind {
                HEADERS if frame.stream == stream => match status(&frame.payload) {
                    100..=199 => {}
                    status => return Outcome::Answered(status),
                },
                RST_STREAM if frame.stream == stream => return Outcome::Reset(code(&frame.payload)),
                GOAWAY => return Outcome::GoAway(code(&frame.payload[4..])),
                _ => {}
            }
        }
        Outcome::Closed
    }
}

fn code(payload: &[u8]) -> u32 {
    u32::from_be_bytes(payload[..4].try_into().expect("a code has four bytes"))
}

/// The status, which comes first: as one of the static table's, or by its name there with a value.
fn status(block: &[u8]) -> u16 {
    // The size of the table may be said before.
    let block = if block[0] & 0xe0 == 0x20 { &block[1..] } else { block };
    match block[0] {
        byte @ 0x88..=0x8e => [200, 204, 206, 304, 400, 404, 500][usize::from(byte - 0x88)],
        // Digits are five or six bits long in Huffman's code, so this tells them apart well enough.
        0x08 | 0x48 => digits(&block[2..2 + usize::from(block[1] & 0x7f)], block[1] & 0x80 != 0),
        byte => panic!("no status: {byte:#x}"),
    }
}

/// Three digits, plain or in Huffman's code (RFC 7541 appendix B).
fn digits(text: &[u8], is_huffman: bool) -> u16 {
    if !is_huffman {
        return std::str::from_utf8(text).expect("is text").parse().expect("is a number");
    }
    let mut bits =
        text.iter().fold((0_u32, 0), |(bits, count), byte| (bits << 8 | u32::from(*byte), count + 8));
    let mut take = |count: u32| {
        bits.1 -= count;
        bits.0 >> bits.1 & ((1 << count) - 1)
    };
    let mut number = 0;
    for _ in 0..3 {
        let first = take(5);
        // 0, 1 and 2 have five bits; 3 to 9 have six, from 0x19 on.
        let digit = if first < 3 { first } else { (first << 1 | take(1)) - 0x19 + 3 };
        number = number * 10 + u16::try_from(digit).expect("is a digit");
    }
    number
}
