//! The conversation with the upstream: the request goes out and the answer comes back, both at once.
//!
//! [`ask`] sends the request and waits for the final head; whatever fails here can still be retried or answered.
//! [`pass_on`] chooses one passage for the body: *hold* (small answers are complete before the first byte goes out),
//! *copy*, *splice* (large bodies of known length between plain sockets), *transform* (compressed for clients that take
//! it) or *tunnel* (upgrades).

mod ask;
mod copy;
mod hedge;
mod hold;
mod pass_on;
mod splice;
mod transform;
mod tunnel;
mod untaken;
mod upload;
mod waiting;

pub use ask::{Reply, ask};
pub use pass_on::{Link, abort, pass_on};
