//! Upstreams that misbehave on purpose, by script.
//!
//! Everything here works below HTTP, on raw sockets, because the faults that matter cannot be produced by an HTTP
//! library. A [`Script`] says step by step what an upstream does with a connection; an [`Upstream`] plays it on a
//! listener and keeps what reached it; the [`catalogue`] holds every known fault with the behaviour to be expected of
//! an ideal gateway; [`Lab`] serves the whole catalogue on one address. Nothing outlives the handles: dropping one
//! ends its listener, its connections and its tasks.

pub mod catalogue;
pub mod certificates;
pub mod dns;
pub mod origin;
pub mod reception;
pub mod script;
pub mod server;

mod frames;
mod ground;
mod hole;
mod player;
mod stream;
mod upstream;

pub use catalogue::{Catalogue, Expected, Family, Fault, Place};
pub use certificates::{Certificate, Certificates};
pub use ground::Ground;
pub use hole::{Hole, HoleKind, overrides_permissions};
pub use reception::{Reached, Request, Seen};
pub use script::{Script, Step};
pub use server::{Lab, LabOptions, Target};
pub use upstream::{Place as Address, Upstream};
