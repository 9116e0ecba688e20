//! Thin safe wrappers around what Linux offers beyond the standard library: pipes and splice, socket options and
//! socket facts, the system's resolver, process limits, users and privileges.
//!
//! No policy and no waiting lives here: every call returns at once (but for [`resolver::lookup`], which says so).
//! This is the only crate where `unsafe` may stand, each block with its reason; `rustix` and `socket2` come first.

pub mod confinement;
pub mod error_queue;
pub mod folder;
pub mod handover;
pub mod identity;
pub mod interfaces;
pub mod limits;
mod memory_file;
pub mod pipe;
pub mod privilege;
pub mod program;
pub mod resolver;
pub mod socket;
pub mod tcp_info;
pub mod untaken;

mod option;

pub use error_queue::{ErrorOrigin, QueuedError};
pub use memory_file::MemoryFile;
pub use pipe::{Pipe, splice_in, splice_out};
pub use tcp_info::TcpInfo;
