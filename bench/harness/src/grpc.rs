//! The upstream's side of gRPC without TLS: every call gets one message and `grpc-status: 0` in trailers.
//!
//! As trusting as the rest of the origin: heads are not decoded, windows not counted. Whatever came in one read is
//! answered in one write, so that several calls on one connection are as cheap as they can be.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// What a connection that is not HTTP/1.1 begins with (RFC 9113 §3.4).
pub(crate) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Serves a connection until it ends; `filled` bytes of the buffer, which begin with the preface, were read already.
pub(crate) async fn serve(stream: &mut TcpStream, buffer: &mut [u8], mut filled: usize) -> Option<()> {
    let mut out = frame(SETTINGS, 0, 0, &[]);
    // As much as there is: nobody uploads that much here (RFC 9113 §6.9.1).
    out.extend(frame(WINDOW_UPDATE, 0, 0, &0x7fff_0000_u32.to_be_bytes()));
    let mut read = PREFACE.len();
    loop {
        let mut rest = buffer.get(read..filled).unwrap_or_default();
        while let Some((&[a, b, c, kind, flags, id @ ..], payload)) = rest.split_first_chunk::<9>() {
            let length = usize::from(a) << 16 | usize::from(b) << 8 | usize::from(c);
            let Some(payload) = payload.get(..length) else { break };
            rest = rest.get(9 + length..)?;
            match kind {
                DATA | HEADERS if flags & END_STREAM != 0 => answer(u32::from_be_bytes(id), &mut out),
                SETTINGS if flags & ACK == 0 => out.extend(frame(SETTINGS, ACK, 0, &[])),
                PING if flags & ACK == 0 => out.extend(frame(PING, ACK, 0, payload)),
                _ => {}
            }
        }
        let kept = rest.len();
        buffer.copy_within(filled - kept..filled, 0);
        (read, filled) = (0, kept);
        stream.write_all(&out).await.ok()?;
        out.clear();
        filled += stream.read(buffer.get_mut(filled..)?).await.ok().filter(|count| *count > 0)?;
    }
}

/// A message of 128 bytes between head and trailers.
fn answer(id: u32, out: &mut Vec<u8>) {
    // Entries 8 (`:status: 200`) and 31 (`content-type`) of the static table; nothing enters the other (RFC 7541 §6.2.2).
    out.extend(frame(HEADERS, END_HEADERS, id, b"\x88\x0f\x10\x10application/grpc"));
    let mut message = [b'x'; 5 + MESSAGE as usize];
    message[..5].copy_from_slice(&[0, 0, 0, 0, MESSAGE]);
    out.extend(frame(DATA, 0, id, &message));
    out.extend(frame(HEADERS, END_HEADERS | END_STREAM, id, b"\0\x0bgrpc-status\x010"));
}

/// A frame; all of them are short here.
fn frame(kind: u8, flags: u8, id: u32, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0, 0, u8::try_from(payload.len()).unwrap_or(u8::MAX), kind, flags];
    bytes.extend(id.to_be_bytes());
    bytes.extend_from_slice(payload);
    bytes
}

const MESSAGE: u8 = 128;
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const WINDOW_UPDATE: u8 = 8;
const ACK: u8 = 1;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
