//! What a client may do on an HTTP/2 connection: every limit of the layer below is set here, none left to its defaults.

use h2::server::Builder;
use std::time::Duration;
use torwart_config::plan::ClientLimits;

/// The settings for a connection under these limits.
pub(super) fn of(limits: &ClientLimits) -> Builder {
    let streams = usize::try_from(limits.streams).unwrap_or(usize::MAX);
    let list = limits.head.as_usize().saturating_mul(2);
    let mut settings = Builder::new();
    settings
        .initial_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_frame_size(FRAME)
        .header_table_size(FIELD_TABLE)
        .max_concurrent_streams(limits.streams)
        // Fields cost more here than in the engine, which shall be the one to refuse: it answers and makes a record.
        // CONTINUATION frames are limited to what such a list needs; one of four times the size ends the connection.
        .max_header_list_size(u32::try_from(list).unwrap_or(u32::MAX))
        .max_send_buffer_size(SEND_BUFFER)
        .max_concurrent_reset_streams(RESETS_REMEMBERED)
        .reset_stream_duration(RESETS_REMEMBERED_FOR)
        // As many as can come in one read from somebody who gives up all requests at once.
        .max_pending_accept_reset_streams(streams)
        .max_local_error_reset_streams(Some(FAULTS))
        .data_frame_budget(SMALL_DATA)
        .enable_connect_protocol();
    settings
}

/// What a stream may send before we have read it; one buffer of the engine and some.
const STREAM_WINDOW: u32 = 64 << 10;

/// The same for all streams together at first: the smallest there is (RFC 9113 §6.9.2).
const CONNECTION_WINDOW: u32 = 65_535;

/// The same for connections with large uploads, or with several: enough for fast ones far away.
pub(super) const LARGE_WINDOW: u32 = 1 << 20;

/// What that costs.
pub(super) const LARGE_WINDOW_COST: usize = (LARGE_WINDOW - CONNECTION_WINDOW) as usize;

/// The smallest there is (RFC 9113 §6.5.2): no stream's data hold up another's for long.
const FRAME: u32 = 16 << 10;

/// What clients count on (RFC 7541 §4.2); a larger table is memory of ours that they fill.
const FIELD_TABLE: u32 = 4 << 10;

/// What a stream may have waiting to be sent: one buffer of the engine. The upstream is read only as fast as the client
/// reads.
const SEND_BUFFER: usize = 32 << 10;

/// Streams that we have reset and whose late frames are still ignored.
const RESETS_REMEMBERED: usize = 50;

/// Longer than a frame is under way.
const RESETS_REMEMBERED_FOR: Duration = Duration::from_secs(1);

/// Malformed messages and frames that cost their stream only, in the life of a connection. Making the server reset
/// streams is as cheap as resetting them; a client that is only unlucky never comes near.
const FAULTS: usize = 256;

/// What small frames that wait to be read may take besides their data: two thousand of them.
const SMALL_DATA: usize = 512 << 10;
