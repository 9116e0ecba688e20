//! Messages of HTTP/2 and HTTP/3 told in the words of HTTP/1.1, and back (RFC 9113 §8, RFC 9114 §4).
//!
//! The engine speaks HTTP/1.1 on both sides of an exchange. A stream of another version presents itself to it as a
//! connection that carries one message each way: what came as a list of fields is written as a head and read by the
//! strict parser like any other, and a head that the engine wrote becomes a list of fields again. So there is one set of
//! rules about what is passed on, and nothing that one version forbids can be smuggled in through another.
//!
//! What the framing layers (`h2`, `h3`) have checked is not checked again, but for what they leave to us: fields about
//! the connection, white space around values, and a `Host` that contradicts `:authority`.

mod body;
mod fields;
mod reading;
mod request;
mod response;

pub use body::BodyWriter;
pub use fields::{Untold, write_trailers};
pub use reading::{ResponseReader, Told, Unreadable};
pub use request::{Ask, read_request, write_request};
pub use response::{Reply, read_response, read_trailers, write_response};

use crate::Framing;

/// How the body of a message is framed where it is told in HTTP/1.1, when its head came over a version that frames
/// bodies by itself.
fn told_framing(length: Option<u64>, ends: bool) -> Framing {
    match (length, ends) {
        (Some(length), _) => Framing::Length(length),
        (None, true) => Framing::None,
        (None, false) => Framing::Chunked,
    }
}
