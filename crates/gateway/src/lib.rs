//! The gateway: the path of a request, on one thread per core.
//!
//! Read `flow.rs` first; it calls the stages in the order in which things happen, one file each. Around it stand
//! `gateway.rs` (start, new plans, drain), `worker.rs` (one thread), `serve.rs` (one client connection), `per_core.rs`
//! (what a core owns) and `snapshot.rs` (a plan made ready). Cores share only what `shared.rs` holds.

mod accept;
mod admit;
mod again;
mod answer;
mod apart;
mod balance;
mod body;
mod cache;
mod certificates;
mod client;
mod clock;
mod compress;
mod connect;
mod control;
mod exchange;
mod files;
mod flow;
mod gates;
mod gateway;
mod grpc;
mod guard;
mod health;
mod http2;
mod http3;
mod identity;
mod learn;
mod listeners;
mod multiplex;
mod names;
mod origin;
mod outage;
mod outbox;
mod outcome;
mod parse;
mod per_core;
mod pick;
mod place;
mod pool;
mod queue;
mod relay;
mod renewal;
mod request_head;
mod response_head;
mod roster;
mod route;
mod script;
mod send_out;
mod serve;
mod server_timing;
mod shared;
mod snapshot;
mod spare;
mod stated;
mod sticky;
mod streams;
mod upstream;
mod view;
mod waiting_room;
mod wheel;
mod windows;
mod worker;

pub use cache::{Purge, Purger};
pub use gateway::{Gateway, Options, StartProblem, rehearse};
pub use guard::DoorProblem;
pub use listeners::inherited::Inherited;
pub use listeners::{Bound, Listeners};
pub use renewal::Renewal;
pub use roster::{ChangeProblem, Condition, PoolStatus, Roster, UpstreamStatus};
pub use snapshot::BuildProblem;
pub use upstream::place;
