//! Requests by HTTP/2 as prepared bytes: for connections that are held idle afterwards, and for attackers. Load comes from
//! `h2load`.

use crate::client::{Failure, Stream, read};
use tokio::io::AsyncWriteExt as _;

/// The preface, the client's settings and the first request of a connection.
pub(crate) fn request(host: &str, path: &str) -> Vec<u8> {
    // GET and https have entries of their own in the static table, path and authority by name (RFC 7541 appendix A).
    let mut block = vec![0x82, 0x87];
    for (name, value) in [(0x04, path), (0x01, host)] {
        // Command lines hold shorter ones than the prefix of seven bits.
        block.extend_from_slice(&[name, u8::try_from(value.len()).unwrap_or(0) & 0x7f]);
        block.extend_from_slice(value.as_bytes());
    }
    let mut bytes = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    bytes.extend_from_slice(&[0, 0, 0, SETTINGS, 0, 0, 0, 0, 0]);
    bytes.extend_from_slice(&[0, 0, u8::try_from(block.len()).unwrap_or(0), HEADERS, 5, 0, 0, 0, 1]);
    bytes.extend_from_slice(&block);
    bytes
}

/// A request for `/`, and that it is not wanted any more.
pub(crate) fn write_given_up(id: u32, bytes: &mut Vec<u8>) {
    let id = id.to_be_bytes();
    // GET, https, `/`, and the host by name.
    let block = b"\x82\x87\x84\x01\x09localhost";
    bytes.extend_from_slice(&[0, 0, block.len() as u8, HEADERS, 5]);
    bytes.extend_from_slice(&id);
    bytes.extend_from_slice(block);
    bytes.extend_from_slice(&[0, 0, 4, RST_STREAM, 0]);
    bytes.extend_from_slice(&id);
    bytes.extend_from_slice(&CANCEL);
}

/// Reads the answer to the first request, and says that the proxy's settings are understood; the body's length.
pub(crate) async fn answer(stream: &mut dyn Stream, buffer: &mut [u8]) -> Result<usize, Failure> {
    let (mut filled, mut body) = (0, 0);
    loop {
        filled += read(stream, buffer.get_mut(filled..).unwrap_or_default()).await?;
        let mut rest = buffer.get(..filled).unwrap_or_default();
        while let Some((&[a, b, c, kind, flags, _, _, _, id], payload)) = rest.split_first_chunk() {
            let length = usize::from(a) << 16 | usize::from(b) << 8 | usize::from(c);
            let Some(payload) = payload.get(..length) else { break };
            rest = rest.get(9 + length..).unwrap_or_default();
            match kind {
                SETTINGS if flags & ACK == 0 => {
                    let understood = [0, 0, 0, SETTINGS, ACK, 0, 0, 0, 0];
                    stream.write_all(&understood).await.map_err(|_| Failure::Cut)?;
                }
                HEADERS if !payload.contains(&STATUS_200) => return Err(Failure::Wrong),
                DATA => body += length,
                RST_STREAM | GOAWAY => return Err(Failure::Wrong),
                _ => {}
            }
            if id == 1 && kind <= HEADERS && flags & END_STREAM != 0 {
                return Ok(body);
            }
        }
        let kept = rest.len();
        buffer.copy_within(filled - kept..filled, 0);
        filled = kept;
    }
}

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;
const CANCEL: [u8; 4] = 8_u32.to_be_bytes();
const ACK: u8 = 1;
const END_STREAM: u8 = 1;
const STATUS_200: u8 = 0x88;
