//! What an error of the `h2` crate says about how a stream ended.

use h2::Reason;
use torwart_cause::{Ending, Fault, Malformation};

/// The ending of a stream that failed with this error; `connection` is how the whole connection ended, if it did.
pub(super) fn stream_ending(error: &h2::Error, connection: Option<Ending>) -> Ending {
    if error.is_go_away() && error.is_remote() {
        // Only streams above the last one that the peer worked on are told so; all others go on (RFC 9113 §6.8).
        return Ending::StreamRefused;
    }
    if error.is_reset() && error.is_remote() {
        return reset_ending(error.reason().unwrap_or(Reason::NO_ERROR));
    }
    if let Some(ending) = connection {
        return ending;
    }
    if error.is_library() {
        return bad_frame();
    }
    // The connection ended below the streams, and its task has not yet said how.
    Ending::Closed
}

/// The ending of a stream that the peer reset.
pub(super) fn reset_ending(reason: Reason) -> Ending {
    match reason {
        Reason::REFUSED_STREAM => Ending::StreamRefused,
        reason => Ending::StreamReset(u64::from(u32::from(reason))),
    }
}

/// The ending of whatever broke the protocol.
pub(super) fn bad_frame() -> Ending {
    Ending::Malformed(Fault { what: Malformation::BadFrame, at: 0 })
}

/// The ending of a connection whose first bytes are not those of HTTP/2.
pub(super) fn not_http2(first: &[u8]) -> Option<Ending> {
    (!may_be_http2(first)).then_some(Ending::Malformed(Fault { what: Malformation::NotHttp2, at: 0 }))
}

/// Whether these may be the first bytes of a server: a SETTINGS frame of stream 0 comes first (RFC 9113 §3.4).
fn may_be_http2(first: &[u8]) -> bool {
    let is = |at: usize, wanted: u8| first.get(at).is_none_or(|byte| *byte == wanted);
    // A length above 16 KiB is not allowed before we have said that it is.
    is(0, 0) && is(3, SETTINGS) && is(5, 0) && is(6, 0) && is(7, 0) && is(8, 0)
}

const SETTINGS: u8 = 4;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_of_another_protocol_is_told_from_settings() {
        assert!(may_be_http2(b""));
        assert!(may_be_http2(b"\x00\x00\x12\x04\x00\x00\x00\x00\x00\x00\x03"));
        assert!(!may_be_http2(b"HTTP/1.1 400 Bad Request\r\n"));
        assert!(!may_be_http2(b"\x00\x00\x12\x00\x00\x00\x00\x00\x01"));
    }
}
