//! The gateway: the path of a request, on one thread per core.
//!
//! Read [`flow`] first; it calls the stages in the order in which things happen, one file each. Around it stand
//! [`gateway`] (start, new plans, drain), [`worker`] (one thread), [`serve`] (one client connection), [`per_core`] (what a
//! core owns), [`snapshot`] (a plan made ready). Shared between cores is only what [`shared`] holds.

mod accept;
mod admit;
mod answer;
mod body;
mod certificates;
mod client;
mod connect;
mod exchange;
mod flow;
mod gateway;
mod guard;
mod listeners;
mod names;
mod outbox;
mod outcome;
mod parse;
mod per_core;
mod pick;
mod pool;
mod relay;
mod request_head;
mod response_head;
mod route;
mod serve;
mod shared;
mod snapshot;
mod spare;
mod upstream;
mod wheel;
mod worker;

pub use gateway::{Gateway, Options, StartProblem, rehearse};
pub use listeners::Bound;
pub use snapshot::BuildProblem;
pub use upstream::place;
