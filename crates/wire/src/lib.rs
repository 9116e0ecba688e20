//! The bytes of HTTP: a sans-IO HTTP/1.1 codec, the one form of a message head, and the fields a gateway has to write.
//!
//! The crate does no I/O, knows no clock, has no unsafe code, never panics on input and never allocates by a length it
//! has not yet received. Toward clients it is strict: whatever two parties could read differently is refused. From
//! upstreams it is strict where meaning is at stake and as lenient as the RFCs demand elsewhere. Everything it refuses
//! it names by an [`torwart_cause::Ending`] with the exact byte.
#![cfg_attr(not(test), deny(clippy::indexing_slicing))]

mod ascii;
mod buffer;
pub mod cgi;
pub mod fastcgi;
pub mod fields;
mod head;
pub mod http1;
mod known;
pub mod proxy_protocol;
pub mod tls_record;
pub mod translate;

pub use buffer::Buffer;
pub use head::{Field, Head};
pub use known::Known;

/// The HTTP/1 version of a message. Later minor versions count as 1.1 (RFC 9110 §2.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Version {
    /// HTTP/1.0.
    Http10,
    /// HTTP/1.1.
    Http11,
}

/// How the end of a body is found (RFC 9112 §6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Framing {
    /// There is no body.
    None,
    /// Exactly this many bytes, as `Content-Length` says.
    Length(u64),
    /// Chunks; see [`http1::ChunkDecoder`].
    Chunked,
    /// Everything until the connection closes: responses only.
    UntilClose,
}
