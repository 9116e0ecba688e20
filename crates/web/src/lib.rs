//! The admin address: metrics, health, the failed exchanges with their evidence, and the upstreams, over HTTP.
//!
//! It changes nothing but which upstreams are used and, where the binary lets it, the binary itself; each by POST. It is
//! meant for the loopback interface or, with a token, a management network, and guards itself against web pages that try
//! to reach it through the operator's browser. It knows the gateway only through its records, its
//! [`Status`](torwart_record::Status) and its [`Roster`](torwart_gateway::Roster). [`client`] is the other end.

pub mod client;
mod host;
mod pages;
mod purge;
mod reply;
mod server;
mod steering;
mod story;
mod token;
mod words;

pub use server::{Admin, AdminOptions, AdminState};
pub use steering::UpgradeWish;
pub use story::story;
pub use token::Token;
