//! From the file an operator writes to the plan a gateway runs on.
//!
//! [`check`] turns TOML into a [`Plan`] and [`Complaint`]s, all of them at once, each with place, sentence and hint in
//! English and German. A plan is valid by construction. The crate reads no files, no clock and no environment.

mod complaint;
pub mod defaults;
mod file;
mod for_upstreams;
mod keys;
mod lang;
mod meaning;
pub mod plan;
mod reference;
mod schema;
mod size;
mod source;
mod text;

pub use complaint::{Arg, Complaint, Severity};
pub use file::duration::{DurationFault, parse as parse_duration, show as show_duration};
pub use lang::Lang;
pub use plan::Plan;
pub use reference::reference_page;
pub use schema::schema;
pub use size::ByteSize;
pub use source::{Checked, Place, Source, check};
