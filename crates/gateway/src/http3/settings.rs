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
        .receive_window(VarInt::from_u32(SMALL_WINDOW))
        .send_window(SMALL_WINDOW.into())
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

/// The same for all streams together at first, and what may be under way to the client without its having said that it
/// arrived.
pub(super) const SMALL_WINDOW: u32 = 64 << 10;

/// What streams may send on connections with large uploads, or with several: enough for fast ones far away.
pub(super) const LARGE_WINDOW: u32 = 1 << 20;

/// What that costs.
pub(super) const LARGE_WINDOW_COST: usize = (LARGE_WINDOW - SMALL_WINDOW) as usize;

/// What may be under way to the client where answers are large.
pub(super) const LARGE_SEND_WINDOW: u64 = 2 << 20;

/// What that costs.
pub(super) const LARGE_SEND_WINDOW_COST: usize = (LARGE_SEND_WINDOW - SMALL_WINDOW as u64) as usize;

/// An answer of that length does not fit into a small window with what else is under way.
pub(super) const LARGE_ANSWER: usize = 32 << 10;

/// Milliseconds after which a client that says nothing at all is gone. Its own requests have their own deadlines.
const SILENCE: u32 = 60_000;

/// A client that waits for an answer has nothing to say by itself.
const ASK_WHETHER_ALIVE: Duration = Duration::from_secs(25);
