//! What a client may do on a QUIC connection: every limit of the layer below that matters is set here.

use quinn::{TransportConfig, VarInt};
use std::time::Duration;
use torwart_config::plan::ClientLimits;

/// The settings for a connection under these limits.
pub(super) fn transport(limits: &ClientLimits) -> TransportConfig {
    let mut settings = TransportConfig::default();
    settings
        .max_concurrent_bidi_streams(VarInt::from_u32(limits.streams))
        .max_concurrent_uni_streams(VarInt::from_u32(STREAMS_BESIDE))
        .stream_receive_window(VarInt::from_u32(STREAM_WINDOW))
        .receive_window(VarInt::from_u32(CONNECTION_WINDOW))
        .send_window(SEND_WINDOW)
        .max_idle_timeout(Some(VarInt::from_u32(SILENCE).into()))
        .keep_alive_interval(Some(ASK_WHETHER_ALIVE))
        // Nothing of HTTP/3 that we speak uses them.
        .datagram_receive_buffer_size(None);
    settings
}

/// How long a list of fields may be for the layer below. Fields cost more here than in the engine, which shall be the one
/// to refuse: it answers and makes a record.
pub(super) fn field_list(limits: &ClientLimits) -> usize {
    limits.head.as_usize().saturating_mul(2)
}

/// Three that HTTP/3 needs (RFC 9114 §6.2), and some that clients try.
const STREAMS_BESIDE: u32 = 8;

/// What a stream may send before we have read it.
const STREAM_WINDOW: u32 = 256 << 10;

/// The same for all streams together: large enough for fast uploads far away.
const CONNECTION_WINDOW: u32 = 1 << 20;

/// What may be under way to the client without its having said that it arrived.
const SEND_WINDOW: u64 = 2 << 20;

/// Milliseconds after which a client that says nothing at all is gone. Its own requests have their own deadlines.
const SILENCE: u32 = 60_000;

/// A client that waits for an answer has nothing to say by itself.
const ASK_WHETHER_ALIVE: Duration = Duration::from_secs(25);
