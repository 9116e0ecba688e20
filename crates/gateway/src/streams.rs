//! What the streams of HTTP/2 and HTTP/3 have in common: requests laid on a desk as HTTP/1.1 has them, and answers taken
//! as HTTP/1.1 until the layer below has enough.

use crate::per_core::{Core, Desk};
use std::io;
use std::task::Poll;
use torwart_cause::{Ending, Fault, Malformation};
use torwart_dial::ending_of::ended;
use torwart_wire::translate::{Ask, Untold, write_request};
use torwart_wire::{Framing, Head};

/// Writes the head of a request on a desk. `key` is for [`write_request`]; `running` tells how many requests of the same
/// connection are under way.
///
/// # Errors
///
/// What cannot be told in HTTP/1.1 is malformed (RFC 9113 §8.1.1, RFC 9114 §4.1.2).
pub fn lay(core: &Core, ask: &Ask<'_>, key: &str, running: usize) -> Result<(Box<Desk>, Framing), Untold> {
    let mut head = core.scratch.borrow_mut();
    head.clear();
    let framing = write_request(ask, key, &mut head)?;
    let has_no_body = framing == Framing::None && ask.protocol.is_none();
    let mut desk = if running >= FEW && has_no_body {
        Box::new(Desk { request: Head::with_capacity(head.len() + LEAST_SPARE), ..Desk::default() })
    } else {
        core.take_desk()
    };
    let buffer = &mut desk.request.buffer;
    if buffer.capacity() < head.len() {
        buffer.grow(head.len());
    }
    if let Some(room) = buffer.spare().get_mut(..head.len()) {
        room.copy_from_slice(&head);
        buffer.commit(head.len());
    }
    Ok((desk, framing))
}

/// Gives a desk of [`lay`] back to the core, unless it was made for one request.
pub fn clear_away(core: &Core, desk: Box<Desk>) {
    if desk.request.buffer.capacity() >= SHARED {
        core.give_desk(desk);
    }
}

/// Has `take` take pieces of `bytes` until it has to wait; says how much it took in all.
pub fn poll_pieces(
    bytes: &[u8],
    mut take: impl FnMut(&[u8]) -> Poll<io::Result<usize>>,
) -> Poll<io::Result<usize>> {
    let mut taken = 0;
    while let Some(rest) = bytes.get(taken..).filter(|rest| !rest.is_empty()) {
        match take(rest) {
            Poll::Ready(Ok(count)) => taken += count,
            Poll::Ready(Err(error)) if taken == 0 => return Poll::Ready(Err(error)),
            Poll::Pending if taken == 0 => return Poll::Pending,
            // What was taken is told first; the rest is asked for again.
            Poll::Ready(Err(_)) | Poll::Pending => break,
        }
    }
    Poll::Ready(Ok(taken))
}

/// The client has broken the rules of its protocol.
pub fn broken(what: Malformation) -> io::Error {
    ended(Ending::Malformed(Fault { what, at: 0 }))
}

/// Requests of one connection that get a desk of the core, which is warm and large. Further ones that have no body get
/// just what their head needs, so that a hundred that wait are no hundred large buffers.
const FEW: usize = 16;

/// As without room to read into, nobody would notice that the client has gone.
const LEAST_SPARE: usize = 16;

/// Desks with less room than this were made for one request.
const SHARED: usize = 16 << 10;
