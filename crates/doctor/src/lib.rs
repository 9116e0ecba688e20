//! Walks the way of a request as a very good engineer would, and ends with one verdict.
//!
//! [`Question`] is what is asked: a URL, and what is known of what stands behind it. [`Case`] makes each observation
//! once, politely ([`Budget`]), however many checks ask for it. A [`Check`] is one file below `checks/`: it interprets
//! observations, finds [`torwart_cause::finding`]s or says what it could not tell. [`walk()`] runs them all at once and
//! gives the [`Diagnosis`]. Nothing here changes anything anywhere, prints, or reads the environment.

pub mod case;
pub mod check;
pub mod checks;
pub mod observe;
pub mod question;
pub mod verdict;
pub mod walk;

mod budget;
mod memo;
mod together;

pub use budget::{Budget, Spent};
pub use case::{Case, Source, Upstream};
pub use check::{Check, Checked, NotChecked};
pub use memo::Memo;
pub use question::{Control, Controls, Family, Place, Question, Scheme, SiteUrl, UpstreamAddress};
pub use torwart_cause::finding::Diagnosis;
pub use walk::{Event, walk, walk_until};
