//! Request heads: what a client asks, refused whenever two parties could read it differently.

use super::{Leniency, RequestLimits, TargetForm};
use crate::{Framing, Head, Version};
use torwart_cause::Ending;

/// What a request head says beyond its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request {
    /// The version it was sent with; later minor versions count as 1.1.
    pub version: Version,
    /// How its body ends; never [`Framing::UntilClose`].
    pub framing: Framing,
    /// Whether the client wants the connection kept.
    pub keeps_alive: bool,
    /// Whether it waits for 100 before it sends its body.
    pub expects_continue: bool,
    /// Whether it offers an upgrade we could tunnel; an offer of `h2c` alone does not count.
    pub wants_upgrade: bool,
    /// Whether it takes trailers (`TE: trailers`).
    pub accepts_trailers: bool,
    /// The form of its target.
    pub form: TargetForm,
    /// `Max-Forwards`, for TRACE and OPTIONS only (RFC 9110 §7.6.2).
    pub max_forwards: Option<u32>,
}

/// Parses the request head at the front of the buffer; `None` asks for more bytes.
///
/// # Errors
/// [`Ending::Malformed`] with rule and byte, or [`Ending::TooLarge`]. The connection is of no further use then.
pub fn parse_request(
    head: &mut Head,
    limits: &RequestLimits,
    lenient: &Leniency,
) -> Result<Option<Request>, Ending> {
    let _ = (head, limits, lenient);
    Ok(None)
}
