//! The vocabulary of Torwart: what can happen to a request, and how we know.
//!
//! Whatever Torwart looks at (live traffic, a log, a capture, a probe) becomes [`Evidence`]; one pure function,
//! [`diagnose`], turns it into a [`Verdict`] that names a [`Cause`] or says which observation is missing.
//! Everything shown to anybody is derived from these. The crate does no I/O and knows neither clock nor chance.
//! Texts about causes live in the crate `report`; this crate holds names, tables and the reasoning only.

mod actor;
mod cause;
mod diagnose;
mod ending;
mod error_type;
mod evidence;
mod fault;
pub mod finding;
mod retry;
mod stage;
mod step;
mod verdict;

pub use actor::Actor;
pub use cause::Cause;
pub use diagnose::{attempt_cause, diagnose};
pub use ending::{By, CertificateFault, Deadline, Decision, Ending, Limit, NameFault, TlsFault};
pub use error_type::ErrorType;
pub use evidence::{Address, Attempt, ClientSide, Evidence, FIRST_BYTES, Local};
pub use fault::{Fault, Malformation};
pub use retry::Retry;
pub use stage::Stage;
pub use step::Step;
pub use verdict::{Certainty, Observation, Verdict};
