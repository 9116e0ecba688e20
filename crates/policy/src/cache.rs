//! What a shared cache may do (RFC 9111), as decisions about heads: what is kept, how long it is fresh, whom it answers.
//!
//! Nothing here holds an answer or knows the time: heads, the operator's rules and the moment are arguments. Times are
//! durations since 1970, because what lies on a disk outlives a process. A request is asked for its [`Wishes`], an answer
//! whether it is [`storable`]; a stored one is judged by [`Freshness::judge`].

pub mod conditional;
mod dictionary;
mod directives;
mod freshness;
pub mod invalidate;
pub mod key;
pub mod status;
mod store;
mod tags;
pub mod validate;
pub mod vary;

pub use directives::{Directives, Scope, Wishes};
pub use freshness::{Freshness, Use};
pub use store::{Answered, Refused, kept_fields, storable};
pub use tags::{tags, tags_named};

#[cfg(test)]
mod tests;
