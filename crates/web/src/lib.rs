//! The admin address: metrics, health, and the failed exchanges with their evidence, over HTTP.
//!
//! It only reads. It is meant for the loopback interface or, with a token, a management network, and guards itself against
//! web pages that try to reach it through the operator's browser. It knows the gateway only through the records and the
//! [`Status`](torwart_record::Status) that the gateway writes. [`client`] is the other end, for `torwart explain`.

pub mod client;
mod host;
mod pages;
mod reply;
mod server;
mod story;
mod token;
mod words;

pub use server::{Admin, AdminOptions, AdminState};
pub use story::story;
pub use token::Token;
