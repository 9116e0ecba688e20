//! Certificates that are issued and renewed by themselves (ACME, RFC 8555).
//!
//! A [`Keeper`] looks after the certificates of all sites that want one: it proves their names to the CA, keeps what is
//! issued on disk, and renews in good time. Whoever shows certificates and proofs to clients is behind [`Showcase`], so the
//! crate knows no gateway. Whatever fails, the certificate that is there stays in use; the failure is told in words,
//! kept as state, and tried again later.

mod account;
mod courier;
mod failure;
mod hook;
mod job;
mod keeper;
mod order;
mod proof;
mod schedule;
mod settings;
mod showcase;
mod store;

pub use keeper::Keeper;
pub use settings::{Settings, Wanted};
pub use showcase::Showcase;
