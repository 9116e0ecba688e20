//! Reaching out to upstreams, always with evidence.
//!
//! Three layers, each usable alone: [`resolve`] turns a name into addresses, [`connect`] and [`tls`] turn addresses
//! into an established [`Stream`], [`ask`] makes one whole HTTP/1.1 exchange; [`http2`] puts many on one stream. [`open`] does the first two for a
//! [`Target`] and writes what it observed into a [`torwart_cause::Attempt`]. How an operating system or TLS error
//! reads as an [`torwart_cause::Ending`] is decided in one file, [`ending_of`](mod@ending_of).
//! Nothing here retries or chooses between upstreams: that is policy.

pub mod ask;
pub mod connect;
pub mod dns;
pub mod ending_of;
pub mod fastcgi;
pub mod http2;
pub mod link_local;
pub mod overhear;
pub mod ping;
pub mod resolve;
pub mod tls;

mod open;
mod stream;
mod tap;

pub use connect::{ConnectFailure, Connected, Observed, SocketPlan, observe};
pub use ending_of::ending_of;
pub use open::{Place, Stop, Target, open};
pub use resolve::{Answer, Resolver, SystemFiles};
pub use stream::{Idle, Stream};
pub use tls::{TlsClient, TlsConfigProblem};
pub use torwart_config::plan::LinkDeadlines as Deadlines;
