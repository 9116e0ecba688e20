//! From the file an operator writes to the plan a gateway runs on.
//!
//! [`check`] turns TOML into a [`Plan`] and [`Complaint`]s, all of them at once, each with place, sentence and hint in
//! English and German. A plan is valid by construction. The crate reads no files, no clock and no environment.

mod complaint;
pub mod defaults;
mod lang;
pub mod plan;
mod size;
mod source;

pub use complaint::{Complaint, Severity};
pub use lang::Lang;
pub use plan::Plan;
pub use size::ByteSize;
pub use source::{Checked, Place, Source, check};
