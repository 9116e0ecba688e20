//! The HTTP/1.1 codec (RFC 9112), sans-IO: heads, framing and chunks of requests and responses.
//!
//! [`parse_request`] and [`parse_response`] look at the unread bytes of a `Head`'s buffer and either ask for more, or
//! leave a parsed head, or say what is wrong and at which byte. They go on where they stopped, so a head that arrives
//! byte by byte costs no more than one in one piece and gives the same result. Lines are read once: names by table,
//! values by a search for control bytes; nothing is allocated once the list of fields has grown to its usual size.
//! What is passed on must be written anew from the parsed form; chunk lines and framing fields are never copied.
//!
//! Where the RFCs leave room: a request target may hold `|`, `^`, `` ` ``, `{`, `}`, `[` and `]`, and a backslash in its
//! query, because browsers send them as typed; quotes, angle brackets, `#` and bytes above 0x7e are refused. Minor versions
//! above 1 are read as 1.1. A 1xx or 204 answer has no body whatever its fields say, but after a 204 that announces one
//! the link is not used again. A `Connection` option removes only fields that are not meant for every recipient.

mod chunk;
mod connection;
mod field_lines;
mod framing;
mod host;
mod leniency;
mod limits;
mod request;
mod response;
mod start_line;
mod trailer;
mod write;

pub use chunk::{ChunkDecoder, Piece};
pub use leniency::Leniency;
pub use limits::{ChunkLimits, RequestLimits, ResponseLimits};
pub use request::{Request, parse_request};
pub use response::{Asked, Response, parse_response};
pub use start_line::TargetForm;
pub use write::{
    CHUNK_END, LAST_CHUNK, write_chunk_size, write_field, write_last_chunk, write_number, write_request_line,
    write_status_line,
};

use torwart_cause::{Ending, Fault, Malformation};

/// The ending for a broken rule at an offset.
fn fault(what: Malformation, at: usize) -> Ending {
    Ending::Malformed(Fault { what, at: at as u64 })
}
