//! Decisions of the gateway as pure functions: where a request goes, how it is rewritten, whether it is tried again.
//!
//! Nothing here does I/O or reads clock or chance: time and chance are arguments, so every decision can be tested and
//! explained afterwards. The request path in the crate `gateway` asks; the answer becomes part of the evidence.

pub mod address_list;
pub mod balance;
pub mod budget;
pub mod cache;
pub mod compress;
pub mod cookie;
pub mod crawler;
pub mod files;
pub mod header_rules;
pub mod health;
pub mod idle;
pub mod language;
pub mod outlier;
pub mod overload;
pub mod path;
pub mod patience;
pub mod rate;
pub mod request_id;
pub mod retry;
pub mod rewrite;
pub mod route;
pub mod script;
pub mod slow_start;
pub mod tally;
pub mod template;
pub mod users;
pub mod visitor;
pub mod who;
