//! The crate `policy`.

pub mod header_rules;
pub mod language;
pub mod path;
pub mod rewrite;
pub mod route;
pub mod template;
